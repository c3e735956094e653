package keyporttest

import (
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"
)

// cookieName begins with what makes browsers insist on https and on this very host.
const cookieName = "__Host-keyporttest"

// session is who is signed in, in one browser, on one host.
type session struct{ accounts []signedIn }

// signedIn is a user in a session.
type signedIn struct {
	id  string // object id at home
	at  time.Time
	sid string // of the session, as ID tokens have it
}

// visitor is who stands before a page.
type visitor struct {
	cookie   string
	accounts []signedIn
	chosen   *signedIn // who has just signed in or was picked; nil otherwise
	fresh    bool      // chosen has just signed in
	accepted bool      // the consent page was answered with yes
}

// visitorOf reads the session of a request.
func (a *Authority) visitorOf(x *exchange) visitor {
	c, err := x.request.Cookie(cookieName)
	if err != nil {
		return visitor{}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s, known := a.flows.sessions[c.Value]
	if !known {
		return visitor{}
	}
	return visitor{cookie: c.Value, accounts: slices.Clone(s.accounts)}
}

// signIn puts a user into the visitor's session, which gets a new cookie: one that
// somebody else has planted is worth nothing.
func (a *Authority) signIn(v *visitor, p person) {
	now := a.clock.Now()
	account := signedIn{id: p.ID, at: now, sid: newUUID()}
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.flows.sessions, v.cookie)
	v.accounts = append([]signedIn{account}, slices.DeleteFunc(v.accounts, func(s signedIn) bool { return s.id == p.ID })...)
	v.chosen, v.fresh, v.cookie = &account, true, randomText()
	a.flows.sessions[v.cookie] = &session{slices.Clone(v.accounts)}
}

// signOut takes a user out of a session; everybody when id is empty.
func (a *Authority) signOut(cookie, id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, known := a.flows.sessions[cookie]
	if !known {
		return
	}
	s.accounts = slices.DeleteFunc(s.accounts, func(s signedIn) bool { return id == "" || s.id == id })
	if len(s.accounts) == 0 {
		delete(a.flows.sessions, cookie)
	}
}

// setCookie hands the visitor's session to the browser.
func (a *Authority) setCookie(out *answer, v visitor) {
	if v.cookie == "" {
		return
	}
	a.learn(kindCookie, v.cookie)
	c := http.Cookie{Name: cookieName, Value: v.cookie, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	out.header.Add("Set-Cookie", c.String())
}

// isForged reports whether a form was sent by a page of another origin.
func (x *exchange) isForged() bool {
	origin := x.request.Header.Get("Origin")
	return origin != "" && !strings.EqualFold(origin, "https://"+x.request.URL.Host)
}

// randomText returns 256 bits that nobody can guess.
func randomText() string {
	var b [32]byte
	_, _ = rand.Read(b[:])
	return base64url(b[:])
}
