package main

import (
	"bytes"
	"errors"
	"html/template"
	"net/http"
	"strings"

	"github.com/seed57855a68/keyport"
)

// page is what a page shows. All of it is escaped.
type page struct {
	Name, Title string
	Text        string // of an error
	Code, ID    string // of an error, for support
	User        session
	Token       tokenFacts
	Calls       []callLink
	Emulated    bool

	Scope, Answer string // of a call
	Status        int
}

type callLink struct{ Scope, URL string }

// tokenFacts are what may be shown of a token. The token may not.
type tokenFacts struct{ Scopes, Ends, Source string }

func facts(r keyport.Result) tokenFacts {
	return tokenFacts{r.Scopes.String(), r.ExpiresOn.UTC().Format("2006-01-02 15:04:05 UTC"), r.Metadata.Source.String()}
}

// render writes a page under a policy that loads nothing but the style sheet and sends
// forms nowhere but here, and to the given origins.
func (a *app) render(w http.ResponseWriter, status int, p page, formsTo ...string) {
	var b bytes.Buffer
	if err := pages.Execute(&b, p); err != nil {
		a.log.Error("could not write the page", "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	forms := strings.TrimSpace("'self' " + strings.Join(formsTo, " "))
	for name, value := range map[string]string{
		"Content-Type":            "text/html; charset=utf-8",
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action " + forms,
		"Cache-Control":           "no-store",
		"Referrer-Policy":         "same-origin",
		"X-Content-Type-Options":  "nosniff",
	} {
		w.Header().Set(name, value)
	}
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes())
}

func (a *app) notSignedIn(w http.ResponseWriter) {
	a.render(w, http.StatusUnauthorized, page{Name: "error", Title: "You are not signed in", Text: "Please sign in first."})
}

// fail shows what a person can do about an error. What happened goes to the log; no
// error of the library holds a secret.
func (a *app) fail(w http.ResponseWriter, r *http.Request, err error) {
	a.log.WarnContext(r.Context(), "the request failed", "path", r.URL.Path, "error", err)
	status, p := explain(err)
	var refused *keyport.OAuthError
	if errors.As(err, &refused) {
		p.Code, p.ID = refused.Code, refused.CorrelationID
	}
	a.render(w, status, p)
}

// explain says what a person can do.
func explain(err error) (status int, p page) {
	var config *keyport.ConfigError
	say := func(status int, title, text string) (int, page) {
		return status, page{Name: "error", Title: title, Text: text}
	}
	switch {
	case errors.Is(err, keyport.ErrResponseMismatch):
		return say(http.StatusBadRequest, "Please sign in again", "This was not the answer to a sign-in of yours. It may have taken too long, or you have come here twice.")
	case errors.Is(err, keyport.ErrAccessDenied):
		return say(http.StatusForbidden, "You have not been signed in", "You said no, or a policy did.")
	case errors.Is(err, keyport.ErrInvalidClient), errors.As(err, &config):
		return say(http.StatusInternalServerError, "This application is not set up correctly", "Only its operator can help.")
	case errors.Is(err, keyport.ErrThrottled), errors.Is(err, keyport.ErrUnavailable), errors.Is(err, errAPI):
		return say(http.StatusServiceUnavailable, "Please try again later", "A server that is needed does not answer.")
	}
	return say(http.StatusBadGateway, "You could not be signed in", "Please try again.")
}

func style(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write([]byte(styleSheet))
}

const styleSheet = `
body { margin: 0; font: 1rem/1.5 system-ui, sans-serif; color: #1b1b1b; background: #fafafa; }
main { max-width: 44rem; margin: 3rem auto; padding: 0 1rem; }
dt { font-weight: bold; } dd { margin: 0 0 .5rem; overflow-wrap: anywhere; }
pre { padding: 1rem; background: #fff; border: 1px solid #767676; white-space: pre-wrap; overflow-wrap: anywhere; }
a, button { font: inherit; color: #0b5cad; }
button { padding: .4rem .8rem; border: 1px solid #0b5cad; background: #fff; }
form { display: inline-block; margin: 0 .5rem .5rem 0; }
`

var pages = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{.Title}}</title>
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main id="{{.Name}}">
<h1>{{.Title}}</h1>
{{define "token"}}<dl>
<dt>Permissions</dt><dd id="permissions">{{.Scopes}}</dd>
<dt>The token ends</dt><dd id="ends">{{.Ends}}</dd>
<dt>It came from</dt><dd id="source">{{.Source}}</dd>
</dl>{{end}}
{{if eq .Name "welcome"}}
<p>Nobody is signed in.</p>
<p><a id="signin" href="/signin">Sign in</a></p>
{{else if eq .Name "home"}}
<dl>
<dt>Name</dt><dd id="name">{{.User.Name}}</dd>
<dt>User name</dt><dd id="username">{{.User.Username}}</dd>
<dt>Tenant</dt><dd id="tenant">{{.User.Tenant}}</dd>
</dl>
{{template "token" .Token}}
<ul>{{range .Calls}}
<li><a href="{{.URL}}">Call the API with {{.Scope}}</a></li>{{end}}
</ul>
<form method="post" action="/renew"><button id="renew">Renew the token now</button></form>
<form method="post" action="/signout"><button id="signout">Sign out</button></form>
{{if .Emulated}}
<h2>The authority inside this program</h2>
<form method="post" action="/emulator">
<button name="do" value="hour">Let an hour pass</button>
<button name="do" value="challenge">Have the API want more claims</button>
<button name="do" value="revoke">Revoke the user's sessions</button>
</form>
{{end}}
{{else if eq .Name "call"}}
<p>Asked with {{.Scope}}{{if .Status}}; the status is <span id="status">{{.Status}}</span>{{end}}:</p>
<pre id="answer">{{.Answer}}</pre>
{{template "token" .Token}}
<p><a id="back" href="/">Back</a></p>
{{else}}
<p>{{.Text}}</p>
{{if .Code}}<p>For support: <code id="code">{{.Code}}</code> <code id="correlation">{{.ID}}</code></p>{{end}}
<p><a id="signin" href="/signin">Sign in</a> <a id="back" href="/">Back</a></p>
{{end}}
</main>
</body>
</html>
`))
