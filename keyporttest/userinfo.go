package keyporttest

import (
	"maps"
	"net/http"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// bearer is the access token of a request (RFC 6750 §2.1, §2.2).
func bearer(r *http.Request, form string) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return form
}

// userInfo says what the server knows of the user whose token it is shown (OIDC Core
// §5.3). That of Entra ID is a part of Microsoft Graph.
func (a *Authority) userInfo(x *exchange) answer {
	if m := x.request.Method; m != http.MethodGet && m != http.MethodPost {
		return notAllowedHere("GET, POST")
	}
	text := bearer(x.request, x.form.Get("access_token"))
	if text == "" {
		return unauthorizedBy("")
	}
	claims, t, ok := a.current(text)
	if !ok || t == nil || !x.serves(t) {
		return unauthorizedBy(`error="invalid_token", error_description="the access token is not one that serves here"`)
	}
	if !t.asked.has(domain.ScopeOpenID) {
		out := unauthorizedBy(`error="insufficient_scope", scope="openid"`)
		out.status = http.StatusForbidden
		return out
	}
	p, _ := a.personOf(t.delegation.userID) // who is there, or the token were not current
	members := map[string]any{"sub": claims["sub"]}
	if x.authority.Kind() != domain.KindADFS { // which says nothing more
		maps.Copy(members, p.standardClaims(t.asked.signIn))
		maps.Copy(members, p.Claims)
	}
	return object(http.StatusOK, members)
}

// serves reports whether a token is for this userinfo endpoint.
func (x *exchange) serves(t *issuedToken) bool {
	if x.authority.IsZero() { // Microsoft Graph's
		return len(t.asked.audience) > 0 && resourceKey(t.asked.audience[0]) == Graph
	}
	return t.at == x.authority
}

// unauthorizedBy is a refusal with a challenge (RFC 6750 §3).
func unauthorizedBy(challenge string) answer {
	out := empty(http.StatusUnauthorized)
	out.header.Set("WWW-Authenticate", strings.TrimSpace(`Bearer realm="keyporttest" `+challenge))
	if challenge != "" {
		out.header.Set("WWW-Authenticate", `Bearer realm="keyporttest", `+challenge)
	}
	return out
}

// current reads an access token that is good now: it has not expired, and neither it
// nor the sign-in that it came from was revoked. issuedToken is nil for an
// application's own token.
func (a *Authority) current(token string) (map[string]any, *issuedToken, bool) {
	claims, ok := a.verified(token)
	if !ok || a.isIDToken(token) || !a.clock.Now().Before(expiry(claims)) {
		return nil, nil, false
	}
	id := tokenID(claims)
	t := a.issuedAs(id)
	a.mu.Lock()
	_, gone := a.flows.revoked[id]
	a.mu.Unlock()
	if gone || t != nil && a.endedBy(t.delegation) != nil {
		return claims, t, false
	}
	return claims, t, true
}
