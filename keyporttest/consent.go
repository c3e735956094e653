package keyporttest

import (
	"slices"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// consentKey says who let whom.
type consentKey struct{ userID, tenantID, clientID string }

func (x *exchange) consentOf(p person, t Tenant) consentKey {
	return consentKey{p.ID, t.ID, x.app.ClientID}
}

// scopeKey is a scope as consents compare it: Entra ID does not look at letter case,
// and a scope without a resource is Microsoft Graph's.
func scopeKey(kind domain.AuthorityKind, scope string) string {
	if kind == domain.KindOIDC {
		return scope
	}
	scope = strings.ToLower(scope)
	if resource, _ := cutScope(scope); resource == "" && !slices.Contains(signInScopes, scope) && !isGUID(scope) {
		return Graph + "/" + scope
	}
	return scope
}

// missingConsent lists the scopes that nobody has consented to yet.
func (a *Authority) missingConsent(x *exchange, key consentKey, scopes []string) []string {
	if !x.app.RequireConsent {
		return nil
	}
	kind := x.authority.Kind()
	a.mu.Lock()
	defer a.mu.Unlock()
	given := a.flows.consents[key]
	return slices.DeleteFunc(slices.Clone(scopes), func(scope string) bool {
		return given[scopeKey(kind, scope)] || slices.ContainsFunc(x.app.ConsentedScopes, func(s string) bool {
			return scopeKey(kind, s) == scopeKey(kind, scope)
		})
	})
}

// consent remembers what the user has let the client do.
func (a *Authority) consent(x *exchange, key consentKey, scopes []string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	given := a.flows.consents[key]
	if given == nil {
		given = map[string]bool{}
		a.flows.consents[key] = given
	}
	for _, scope := range scopes {
		given[scopeKey(x.authority.Kind(), scope)] = true
	}
}

// WithdrawConsent forgets what a user has let a client do: the next sign-in asks
// again. What was issued stays good, as at Entra ID.
func (a *Authority) WithdrawConsent(username, clientID string) {
	p, _ := a.personCalled(username)
	a.mu.Lock()
	defer a.mu.Unlock()
	for key := range a.flows.consents {
		if key.userID == p.ID && key.clientID == clientID {
			delete(a.flows.consents, key)
		}
	}
}
