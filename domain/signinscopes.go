package domain

import "strings"

// signInScopes are what makes a token response one about a user: an ID token with a
// profile, and a refresh token (OIDC Core §3.1.2.1, §5.4, §11).
var signInScopes = newScopes([]string{ScopeOpenID, ScopeProfile, ScopeOfflineAccess})

// ForSignIn returns the scopes as they are sent for a user: with "openid", "profile"
// and "offline_access", less what the client excludes.
func (s Scopes) ForSignIn(exclude Scopes) Scopes { return s.Union(signInScopes).Minus(exclude) }

// Lookup returns the scopes by which a user's access token is filed and found: those
// of a resource. What only shapes the sign-in is left out, because servers do not
// report it as granted ("offline_access") or always do; a request for nothing else is
// one for "openid".
func (s Scopes) Lookup() Scopes {
	for token := range strings.FieldsSeq(s.key) {
		if containsToken(signInScopes.key, token) {
			rest := s.Minus(signInScopes)
			if rest.IsZero() {
				return newScopes([]string{ScopeOpenID})
			}
			return rest
		}
	}
	if s.IsZero() {
		return newScopes([]string{ScopeOpenID})
	}
	return s
}
