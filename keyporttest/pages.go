package keyporttest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	html "html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// The pages, by the id of their main element.
const (
	pageSignIn  = "sign-in"
	pageCreate  = "create-account"
	pageChoose  = "choose-account"
	pageConsent = "consent"
	pageError   = "error"
	pageReturn  = "return"
	pageSignOut = "sign-out"
	pageGone    = "signed-out"
)

// pageData is what a page shows. All of it is escaped.
type pageData struct {
	Page, Title string
	App         string
	Alert       string   // what went wrong with the form before
	Action      html.URL // where the form goes
	Username    string   // to fill in
	Hint        string   // where the account is expected
	Account     string   // the user's id, for the pages that ask for consent
	Code        string   // of a device, to type or to compare
	Accounts    []pageAccount
	Scopes      []string
	Forgot      bool // there is a way out for who has forgotten the password
	Fields      []field
	Style       html.CSS
	Script      html.JS
}

type pageAccount struct{ ID, Username string }

type field struct{ Name, Value string }

// page shows what the user must do.
func (a *Authority) page(x *exchange, r authorization, v visitor, name, alert string) answer {
	d := pageData{
		Page: name, Title: pageTitles[name], App: x.app.ClientID, Alert: alert, Forgot: x.authority.Kind() == domain.KindB2C,
		Action: html.URL(x.formAction(r, v)), Hint: r.get("domain_hint"), Scopes: r.scopes, //nolint:gosec // a path of our own with an encoded query
	}
	if hint := r.get("login_hint"); !strings.HasPrefix(hint, "O.") {
		d.Username = hint
	}
	if x.form.Get("username") != "" {
		d.Username = x.form.Get("username")
	}
	for _, s := range v.accounts {
		if p, known := a.personOf(s.id); known {
			d.Accounts = append(d.Accounts, pageAccount{p.ID, p.Username})
		}
	}
	if v.chosen != nil {
		d.Account = v.chosen.id
	}
	return render(http.StatusOK, d, originOf(r.redirectURI))
}

// errorPage shows a problem that the client cannot be told.
func (a *Authority) errorPage(x *exchange, p *problem) answer {
	return render(http.StatusBadRequest, pageData{Page: pageError, Title: pageTitles[pageError], Alert: a.explain(x, p)})
}

// formPost has the browser send the answer in a form (OAuth 2.0 Form Post Response
// Mode): at once by a script, or by a button where there are no scripts.
func formPost(redirectURI string, values url.Values) answer {
	d := pageData{
		Page: pageReturn, Title: pageTitles[pageReturn], Action: html.URL(redirectURI), Script: submitScript, //nolint:gosec // a registered URI
	}
	for name := range values {
		d.Fields = append(d.Fields, field{name, values.Get(name)})
	}
	slices.SortFunc(d.Fields, func(a, b field) int { return strings.Compare(a.Name, b.Name) })
	return render(http.StatusOK, d, originOf(redirectURI))
}

// render writes a page, with a policy under which it can load nothing, run nothing but
// its own script, be framed by nobody, and send forms only where they belong. That
// includes where a form's answer redirects to.
func render(status int, d pageData, formsTo ...string) answer {
	d.Style = pageStyle
	var b bytes.Buffer
	if err := pageTemplate.Execute(&b, d); err != nil {
		panic("keyporttest: " + err.Error())
	}
	policy := "default-src 'none'; style-src " + hashOf(string(pageStyle)) + "; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
	for _, to := range formsTo {
		if to != "" {
			policy += " " + to
		}
	}
	if d.Script != "" {
		policy += "; script-src " + hashOf(string(d.Script))
	}
	out := text(status, b.String())
	for name, value := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy, "X-Frame-Options": "DENY",
		"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		out.header.Set(name, value)
	}
	return out
}

// hashOf names a script or style to a Content-Security-Policy.
func hashOf(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
