package main

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/seed57855a68/keyport"
)

const callbackPath = "/callback"

// signIn is a sign-in under way. It stays here, on the server, because the flow holds
// secrets; the browser has its state, by which the answer finds it.
type signIn struct {
	flow    keyport.AuthCodeFlow
	browser string   // that began it
	scopes  []string // that the user is asked for, with those of the session
	then    string   // the page that wanted it
}

// startSignIn begins the sign-in of somebody of whom nothing is known.
func (a *app) startSignIn(w http.ResponseWriter, r *http.Request) {
	request := keyport.AuthCodeFlowRequest{Scopes: a.firstScope()}
	if len(a.scopes) > 1 {
		request.ExtraScopesToConsent = a.scopes[1:]
	}
	a.begin(w, r, request, "/")
}

// begin sends the browser to the server.
//
// The answer may come as a form that the server's page posts (form_post), which keeps
// the code out of histories and logs. That is a POST from another site, and browsers
// send no SameSite=Lax cookie along with it, so the session cookie is of no use at the
// callback. The state finds the sign-in, and a short-lived cookie of its own, with
// SameSite=None, shows that the browser is the one that began it: without that check,
// somebody could have your browser complete a sign-in of theirs, and you would go on
// under their name (RFC 6749 §10.12).
func (a *app) begin(w http.ResponseWriter, r *http.Request, request keyport.AuthCodeFlowRequest, then string) {
	request.RedirectURI, request.ResponseMode, request.Prompt = a.baseURL+callbackPath, a.mode, a.prompt
	flow, err := a.client.InitiateAuthCodeFlow(r.Context(), request)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	browser := browserOf(r)
	if browser == "" {
		browser = newName()
	}
	a.signIns.put(flow.State, signIn{flow, browser, slices.Concat(request.Scopes, request.ExtraScopesToConsent), then})
	http.SetCookie(w, a.cookie(browserCookie, browser, int(a.signIns.life.Seconds()), http.SameSiteNoneMode))
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, flow.AuthorizationURL, http.StatusSeeOther)
}

// browserOf is what begin called this browser; "" when it did not. Sign-ins in several
// tabs share it.
func browserOf(r *http.Request) string {
	c, err := r.Cookie(browserCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// maxAnswer is how large the answer of a sign-in may be, in bytes.
const maxAnswer = 64 << 10

// callback takes the answer of a sign-in: the query, or the form of a POST.
func (a *app) callback(w http.ResponseWriter, r *http.Request) {
	answer := r.URL.Query()
	if r.Method == http.MethodPost {
		r.Body = http.MaxBytesReader(w, r.Body, maxAnswer)
		if err := r.ParseForm(); err != nil {
			a.fail(w, r, fmt.Errorf("%w: the form cannot be read", keyport.ErrResponseMismatch))
			return
		}
		answer = r.PostForm
	}
	under, err := a.underWay(r, answer)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	result, err := a.client.AcquireTokenByAuthCodeFlow(r.Context(), under.flow, answer)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	s, err := a.sessionOf(r, result, under)
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.startSession(w, r, s)
	http.Redirect(w, r, under.then, http.StatusSeeOther)
}

// underWay finds the sign-in that an answer belongs to, in the browser that began it.
// It is gone then: an answer that comes a second time finds nothing.
func (a *app) underWay(r *http.Request, answer url.Values) (signIn, error) {
	state := answer.Get("state")
	under, ok := a.signIns.get(state)
	if !ok || subtle.ConstantTimeCompare([]byte(under.browser), []byte(browserOf(r))) != 1 {
		return signIn{}, fmt.Errorf("%w: this browser has no such sign-in under way", keyport.ErrResponseMismatch)
	}
	if under, ok = a.signIns.take(state); !ok {
		return signIn{}, fmt.Errorf("%w: it was completed a moment ago", keyport.ErrResponseMismatch)
	}
	return under, nil
}

// sessionOf is the session of who has signed in.
func (a *app) sessionOf(r *http.Request, result keyport.Result, under signIn) (session, error) {
	claims, err := result.IDTokenClaims()
	if err != nil {
		return session{}, err
	}
	if result.Account.IsZero() {
		return session{}, errors.New("the server did not say who has signed in")
	}
	s := session{
		account: result.Account, name: claims.Name, tenant: claims.TenantID, loginHint: claims.LoginHint, idToken: result.IDToken,
		scopes: under.scopes,
	}
	if s.tenant == "" {
		s.tenant = claims.Issuer
	}
	if s.name == "" { // many providers keep names for the userinfo endpoint
		if info, err := a.client.UserInfo(r.Context(), result); err == nil {
			s.name = info.Name
			if s.account.Username == "" {
				s.account.Username = info.PreferredUsername
			}
		}
	}
	if s.name == "" {
		s.name = s.account.Username
	}
	return s, nil
}
