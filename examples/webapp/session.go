package main

import (
	"net/http"

	"github.com/seed57855a68/keyport"
)

// Cookies whose names begin with __Host- are taken only over HTTPS, from this very
// host, for all of it; no neighbour under the same domain can plant one.
const (
	sessionCookie = "__Host-session"
	browserCookie = "__Host-browser"
)

// session is somebody who is signed in. It does not change; a sign-in makes a new one.
type session struct {
	account   keyport.Account
	name      string
	tenant    string // the tenant, or the issuer where there are none
	loginHint string
	idToken   keyport.Secret // says at the sign-out whose session is meant
	scopes    []string       // that the user was asked for so far
}

// Name is who is signed in, for pages.
func (s session) Name() string { return s.name }

// Username is what they sign in with.
func (s session) Username() string { return s.account.Username }

// Tenant is where they belong.
func (s session) Tenant() string { return s.tenant }

// session finds the session of a request.
func (a *app) session(r *http.Request) (id string, s session, ok bool) {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return "", session{}, false
	}
	s, ok = a.sessions.get(c.Value)
	return c.Value, s, ok
}

// startSession signs somebody in. The session has a name of its own, whatever the
// browser brought along: a name that somebody else has planted or seen is worth nothing
// after a sign-in (session fixation).
func (a *app) startSession(w http.ResponseWriter, r *http.Request, s session) {
	id := newName()
	a.sessions.put(id, s) // before the old one ends, which may be the same user's last
	if old, _, ok := a.session(r); ok {
		a.endSession(r, old)
	}
	// Lax: other sites may link here, but their forms and images come without the
	// cookie. The answer of a sign-in is such a form; it brings another one.
	http.SetCookie(w, a.cookie(sessionCookie, id, int(a.sessions.life.Seconds()), http.SameSiteLaxMode))
}

// endSession ends a session and, with a user's last one, forgets their tokens. Those
// of users who only stay away end with the cache, which has bounds of its own.
func (a *app) endSession(r *http.Request, id string) {
	s, ok := a.sessions.take(id)
	if !ok || a.sessions.has(func(other session) bool { return other.account.HomeAccountID == s.account.HomeAccountID }) {
		return
	}
	if err := a.client.RemoveAccount(r.Context(), s.account); err != nil {
		a.log.ErrorContext(r.Context(), "could not forget the user", "error", err)
	}
}

func (a *app) cookie(name, value string, seconds int, site http.SameSite) *http.Cookie {
	return &http.Cookie{Name: name, Value: value, MaxAge: seconds, Path: "/", Secure: true, HttpOnly: true, SameSite: site} //nolint:gosec // with all three
}
