package main

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"slices"

	"github.com/seed57855a68/keyport"
)

// call is a page that calls the API with the user's token.
func (a *app) call(w http.ResponseWriter, r *http.Request) {
	_, s, ok := a.session(r)
	scope := r.URL.Query().Get("scope")
	switch {
	case !slices.Contains(a.scopes, scope) && !slices.Contains(a.later, scope):
		a.render(w, http.StatusNotFound, page{Name: "error", Title: "There is no such page"})
		return
	case !ok:
		a.notSignedIn(w)
		return
	}
	token, err := a.client.AcquireTokenSilent(r.Context(), keyport.SilentRequest{Scopes: []string{scope}, Account: s.account})
	if needsUser(err) {
		a.ask(w, r, s, scope, claimsOf(err))
		return
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.show(w, r, s, scope, token)
}

// show calls the API and shows what it says. An API that sends a claims challenge is
// asked once more, with a token that meets it: of the server's own accord when it can
// (the session is fresh enough, the second factor was given), and else by the user.
func (a *app) show(w http.ResponseWriter, r *http.Request, s session, scope string, token keyport.Result) {
	got, err := a.askAPI(r, token)
	if claims, challenged := keyport.ClaimsChallenge(got.challenges); err == nil && challenged {
		token, err = a.client.AcquireTokenSilent(r.Context(), keyport.SilentRequest{
			Scopes: []string{scope}, Account: s.account, ClaimsChallenge: claims,
		})
		if needsUser(err) {
			a.ask(w, r, s, scope, cmp.Or(claimsOf(err), claims))
			return
		}
		if err == nil {
			got, err = a.askAPI(r, token)
		}
	}
	if err != nil {
		a.fail(w, r, err)
		return
	}
	a.render(w, http.StatusOK, page{Name: "call", Title: "The API's answer", Scope: scope, Status: got.status, Answer: got.text, Token: facts(token)})
}

// needsUser reports whether only the user can go on. Entra ID says so of a scope that
// nobody has consented to. Other servers find that the scope is not one of the sign-in's
// (RFC 6749 §6), and say invalid_scope.
func needsUser(err error) bool {
	var refused *keyport.OAuthError
	return errors.Is(err, keyport.ErrInteractionRequired) || errors.Is(err, keyport.ErrTokenNotCached) ||
		errors.As(err, &refused) && refused.Code == "invalid_scope"
}

// claimsOf are the claims that the server wants to be asked for; "" for none.
func claimsOf(err error) string {
	var refused *keyport.OAuthError
	if errors.As(err, &refused) {
		return refused.Claims
	}
	return ""
}

// ask has the user sign in for one more scope, or to meet a challenge, and come back to
// this page. The scopes of before are asked for again: at most servers a sign-in brings
// a refresh token for what was asked in it and no more.
func (a *app) ask(w http.ResponseWriter, r *http.Request, s session, scope, claims string) {
	a.begin(w, r, keyport.AuthCodeFlowRequest{
		Scopes:               []string{scope},
		ExtraScopesToConsent: slices.DeleteFunc(slices.Clone(s.scopes), func(old string) bool { return old == scope }),
		ClaimsChallenge:      claims, LoginHint: s.account.Username,
	}, r.URL.RequestURI())
}

// apiAnswer is what the API has said.
type apiAnswer struct {
	status     int
	text       string
	challenges []string // WWW-Authenticate
}

// maxShown is how much of an answer is shown, in bytes.
const maxShown = 4 << 10

func (a *app) askAPI(r *http.Request, token keyport.Result) (apiAnswer, error) {
	if a.api == "" {
		return apiAnswer{text: "There is no API to call: pass -api."}, nil
	}
	request, err := http.NewRequestWithContext(r.Context(), http.MethodGet, a.api, http.NoBody)
	if err != nil {
		return apiAnswer{}, err
	}
	request.Header.Set("Authorization", token.AuthorizationHeader())
	response, err := a.http.Do(request)
	if err != nil {
		return apiAnswer{}, errors.Join(errAPI, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxShown))
	if err != nil {
		return apiAnswer{}, errors.Join(errAPI, err)
	}
	got := apiAnswer{status: response.StatusCode, text: string(body)}
	if response.StatusCode == http.StatusUnauthorized {
		got.challenges = response.Header.Values("WWW-Authenticate")
	}
	return got, nil
}

var errAPI = errors.New("the API did not answer")

// noRedirect has a token go to the API and nowhere else.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
