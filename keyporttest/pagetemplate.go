package keyporttest

import html "html/template"

var pageTitles = map[string]string{
	pageSignIn: "Sign in", pageCreate: "Create an account", pageChoose: "Choose an account", pageConsent: "Permissions requested",
	pageError: "The request cannot be served", pageReturn: "Returning to the application", pageSignOut: "Sign out", pageGone: "You are signed out",
	pageDeviceCode: "Enter the code", pageDeviceConfirm: "Sign in on another device?", pageDeviceDone: "You have signed in",
	pageDeviceDeclined: "You have not signed in",
}

const pageStyle html.CSS = `
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: #1b1b1b; background: #f2f2f2; }
main { max-width: 26rem; margin: 4rem auto; padding: 2rem; background: #fff; border: 1px solid #767676; }
label, input { display: block; width: 100%; box-sizing: border-box; font: inherit; }
input { margin: 0 0 1rem; padding: .5rem; border: 1px solid #5c5c5c; }
button { font: inherit; padding: .5rem 1rem; margin: 0 .5rem .5rem 0; border: 1px solid #0b5cad; background: #fff; color: #0b5cad; }
button.main { background: #0b5cad; color: #fff; }
[role=alert] { padding: .5rem; border-left: .25rem solid #b00020; white-space: pre-line; }
`

const submitScript html.JS = `document.forms[0].submit();`

// pageTemplate is all the pages. They are of well-formed markup, so that a test can
// read them with a parser for XML too.
var pageTemplate = html.Must(html.New("page").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<style>{{.Style}}</style>
</head>
<body>
<main id="{{.Page}}">
<h1>{{.Title}}</h1>
{{if .Alert}}<p role="alert">{{.Alert}}</p>{{end}}
{{if eq .Page "sign-in"}}
<p>to continue to {{.App}}{{if .Hint}}, with an account of {{.Hint}}{{end}}</p>
<form method="post" action="{{.Action}}">
<label for="username">User name</label>
<input id="username" name="username" type="text" autocomplete="username" autocapitalize="none" spellcheck="false" required="required" value="{{.Username}}">
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required="required">
<button class="main" name="do" value="sign-in">Sign in</button>
<button name="do" value="cancel" formnovalidate="formnovalidate">Cancel</button>
{{if .Forgot}}<button name="do" value="forgot" formnovalidate="formnovalidate">Forgot your password?</button>{{end}}
</form>
{{else if eq .Page "create-account"}}
<p>to continue to {{.App}}</p>
<form method="post" action="{{.Action}}">
<label for="username">User name</label>
<input id="username" name="username" type="text" autocomplete="username" autocapitalize="none" spellcheck="false" required="required" value="{{.Username}}">
<label for="name">Full name</label>
<input id="name" name="name" type="text" autocomplete="name">
<label for="password">New password</label>
<input id="password" name="password" type="password" autocomplete="new-password" required="required">
<button class="main" name="do" value="create">Create</button>
<button name="do" value="cancel" formnovalidate="formnovalidate">Cancel</button>
</form>
{{else if eq .Page "choose-account"}}
<p>to continue to {{.App}}</p>
{{range .Accounts}}<form method="post" action="{{$.Action}}">
<input type="hidden" name="account" value="{{.ID}}">
<button class="main" name="do" value="choose" aria-label="Continue as {{.Username}}">{{.Username}}</button>
</form>
{{end}}<form method="post" action="{{.Action}}">
<input type="hidden" name="account" value="">
<button name="do" value="choose">Use another account</button>
<button name="do" value="cancel">Cancel</button>
</form>
{{else if eq .Page "consent"}}
<p>{{.App}} would like to:</p>
<ul>
{{range .Scopes}}<li>{{.}}</li>
{{end}}</ul>
<form method="post" action="{{.Action}}">
<input type="hidden" name="account" value="{{.Account}}">
<button class="main" name="do" value="accept">Accept</button>
<button name="do" value="deny">Deny</button>
</form>
{{else if eq .Page "device-code"}}
<p>A device or program shows it to you.</p>
<form method="post" action="{{.Action}}">
<label for="user_code">Code</label>
<input id="user_code" name="user_code" type="text" autocomplete="off" autocapitalize="characters" spellcheck="false" required="required" value="{{.Code}}">
<button class="main" name="do" value="next">Next</button>
</form>
{{else if eq .Page "device-confirm"}}
<p>{{.App}} on another device will act for you, {{.Username}}. Go on only if you have started it yourself and it shows the code <strong>{{.Code}}</strong>.</p>
<form method="post" action="{{.Action}}">
<input type="hidden" name="user_code" value="{{.Code}}">
<input type="hidden" name="account" value="{{.Account}}">
<button class="main" name="do" value="confirm">Continue</button>
<button name="do" value="deny">Cancel</button>
</form>
<form method="post" action="{{.Action}}">
<input type="hidden" name="account" value="">
<button name="do" value="choose">Use another account</button>
</form>
{{else if eq .Page "device-done"}}
<p>Go back to your device. You can close this page.</p>
{{else if eq .Page "device-declined"}}
<p>The device was told so. You can close this page.</p>
{{else if eq .Page "sign-out"}}
<p>Do you want to sign out?</p>
<form method="post" action="{{.Action}}">
{{range .Fields}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{end}}<button class="main" name="do" value="sign-out">Sign out</button>
<button name="do" value="stay">Stay signed in</button>
</form>
{{else if eq .Page "return"}}
<p>If nothing happens, press the button.</p>
<form method="post" action="{{.Action}}">
{{range .Fields}}<input type="hidden" name="{{.Name}}" value="{{.Value}}">
{{end}}<button class="main">Continue</button>
</form>
<script>{{.Script}}</script>
{{end}}
</main>
</body>
</html>
`))
