package keyporttest

import "net/http"

// revocation takes tokens back (RFC 7009). With a refresh token goes all that came of
// its sign-in; an access token goes alone.
func (a *Authority) revocation(x *exchange) answer {
	if x.request.Method != http.MethodPost {
		return notAllowedHere("POST")
	}
	if problem := a.authenticate(x); problem != nil {
		return a.refuse(x, problem)
	}
	text := x.form.Get("token")
	if text == "" {
		return a.refuse(x, missing.because("the body must contain the parameter 'token'"))
	}
	a.learn(kindRefreshToken, text)
	if problem := a.revoke(x, text); problem != nil {
		return a.refuse(x, problem)
	}
	// RFC 7009 §2.2: "The authorization server responds with HTTP status code 200 if the
	// token has been revoked successfully or if the client submitted an invalid token."
	return empty(http.StatusOK)
}

func (a *Authority) revoke(x *exchange, text string) *problem {
	a.mu.Lock()
	t, isRefresh := a.flows.refresh[text]
	a.mu.Unlock()
	if isRefresh {
		if t.delegation.clientID != x.app.ClientID {
			return badGrant.because("the token was issued to another client")
		}
		a.end(t.delegation, &revokedGrant)
		return nil
	}
	claims, ok := a.verified(text)
	if !ok {
		return nil
	}
	if claims["client_id"] != x.app.ClientID {
		return badGrant.because("the token was issued to another client")
	}
	now := a.clock.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	prune(a.flows.revoked, now.After)
	a.flows.revoked[tokenID(claims)] = expiry(claims)
	return nil
}
