package main

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/seed57855a68/keyport"
)

// app is the application. One client serves all users: it keeps their tokens, and
// renews them.
type app struct {
	client *keyport.ConfidentialClient

	baseURL       string // where browsers find it, without a slash at the end
	mode          keyport.ResponseMode
	prompt        keyport.Prompt
	scopes, later []string
	api           string // called with the tokens; "" for none
	http          *http.Client
	log           *slog.Logger
	emulator      *emulator // nil with a real provider

	sessions *store[session]
	signIns  *store[signIn] // under way, by their state
}

// remember makes the stores. now is the clock that the client goes by.
func (a *app) remember(now func() time.Time) {
	a.sessions = newStore[session](8*time.Hour, 10_000, now)
	a.signIns = newStore[signIn](10*time.Minute, 10_000, now)
}

// checkBaseURL refuses what browsers would not send the cookies to: they are for
// HTTPS only, and browsers take "localhost" for as good. (Not all: Safari does not.)
func checkBaseURL(base string) error {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("the base URL is not one")
	}
	if u.Scheme != "https" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback() {
		return errors.New("the base URL is not https: pass -tls-cert and -tls-key, or -base-url with that of the proxy that serves TLS")
	}
	return nil
}

func (a *app) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", a.home)
	mux.HandleFunc("GET /signin", a.startSignIn)
	mux.HandleFunc("GET "+callbackPath, a.callback)
	mux.HandleFunc("POST "+callbackPath, a.callback)
	mux.HandleFunc("GET /call", a.call)
	mux.HandleFunc("POST /renew", a.renew)
	mux.HandleFunc("POST /signout", a.signOut)
	mux.HandleFunc("GET /style.css", style)
	if a.emulator != nil {
		mux.HandleFunc("POST /emulator", a.emulator.press)
	}
	// Forms of other sites must not sign anybody out. The answer of a sign-in does come
	// from another site; its state and its cookie protect it.
	protection := http.NewCrossOriginProtection()
	protection.AddInsecureBypassPattern("POST " + callbackPath)
	return protection.Handler(mux)
}

// home shows who is signed in.
func (a *app) home(w http.ResponseWriter, r *http.Request) {
	_, s, ok := a.session(r)
	if !ok {
		a.render(w, http.StatusOK, page{Name: "welcome", Title: "Welcome"})
		return
	}
	token, err := a.client.AcquireTokenSilent(r.Context(), keyport.SilentRequest{Scopes: a.firstScope(), Account: s.account})
	switch {
	case needsUser(err): // the server has ended what this session lives on
		a.startSignIn(w, r)
		return
	case err != nil:
		a.fail(w, r, err)
		return
	}
	p := page{Name: "home", Title: "Signed in", User: s, Token: facts(token), Emulated: a.emulator != nil}
	for _, scope := range slices.Concat(a.scopes, a.later) {
		p.Calls = append(p.Calls, callLink{Scope: scope, URL: "/call?" + url.Values{"scope": {scope}}.Encode()})
	}
	a.render(w, http.StatusOK, p, a.signOutOrigin(r))
}

// firstScope is what the home page shows the token of.
func (a *app) firstScope() []string {
	if len(a.scopes) == 0 {
		return []string{"openid"}
	}
	return a.scopes[:1]
}

// renew gets a new token although the old one is good: for who has just been given
// more rights, and for demonstrations.
func (a *app) renew(w http.ResponseWriter, r *http.Request) {
	_, s, ok := a.session(r)
	if !ok {
		a.notSignedIn(w)
		return
	}
	_, err := a.client.AcquireTokenSilent(r.Context(), keyport.SilentRequest{Scopes: a.firstScope(), Account: s.account, ForceRefresh: true})
	switch {
	case needsUser(err):
		a.startSignIn(w, r)
	case err != nil:
		a.fail(w, r, err)
	default:
		http.Redirect(w, r, "/", http.StatusSeeOther)
	}
}

// signOut ends the session here, and then the one at the server.
func (a *app) signOut(w http.ResponseWriter, r *http.Request) {
	id, s, ok := a.session(r)
	if !ok {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	a.endSession(r, id)
	http.SetCookie(w, a.cookie(sessionCookie, "", -1, http.SameSiteLaxMode))
	to, err := a.client.LogoutURL(r.Context(), a.logout(s))
	if err != nil { // a server without such an endpoint
		a.log.WarnContext(r.Context(), "signed out here only", "error", err)
		to = "/"
	}
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // the authority's own document says where
}

func (a *app) logout(s session) keyport.LogoutRequest {
	return keyport.LogoutRequest{IDTokenHint: s.idToken, LogoutHint: s.loginHint, PostLogoutRedirectURI: a.baseURL + "/"}
}

// signOutOrigin is where the sign-out form leads: browsers hold redirects of a form to
// the page's policy too. "" when it cannot be told.
func (a *app) signOutOrigin(r *http.Request) string {
	to, err := a.client.LogoutURL(r.Context(), keyport.LogoutRequest{})
	if err != nil {
		return ""
	}
	u, err := url.Parse(to)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
