package domain

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// PlannedTokens returns the access tokens of the set with the reasons why each does
// not serve a request for key at now: the nearest first. serving is the key of the one
// that does, zero for none; forced says that the request wants none of them.
func (s TokenSet) PlannedTokens(key, serving RecordKey, now time.Time, forced bool) []PlannedToken {
	var out []PlannedToken
	for _, t := range s.accessTokens() {
		p := PlannedToken{
			Serves: t.Key == serving, State: t.FreshnessAt(now), Scopes: t.Scopes, Environment: t.Key.Environment, Tenant: t.Key.Tenant,
			ExpiresOn: t.ExpiresOn, RefreshOn: t.RefreshOn,
		}
		if !p.Serves {
			p.Misses = t.misses(key, now, forced)
		}
		out = append(out, p)
	}
	slices.SortStableFunc(out, func(a, b PlannedToken) int {
		return cmp.Or(cmp.Compare(len(a.Misses), len(b.Misses)), b.ExpiresOn.Compare(a.ExpiresOn))
	})
	return out
}

// misses says why t does not serve a request for key.
func (t *AccessToken) misses(key RecordKey, now time.Time, forced bool) []string {
	var why []string
	for _, part := range []struct {
		differs bool
		text    string
	}{
		{t.Key.Environment != key.Environment, "other cloud"},
		{t.Key.Tenant != key.Tenant, "other tenant"},
		{t.Key.ClientID != key.ClientID, "other client"},
		{t.Key.Policy != key.Policy, "other user flow"},
		{t.Key.TokenType != key.TokenType, "other token type"},
		{t.Key.KeyID != key.KeyID, "bound to another key"},
		{t.Key.Extra != key.Extra, "other client claims or parameters"},
		{!t.grants(key), "other scopes"},
		{t.isPostdated(now), "cached in the future"},
	} {
		if part.differs {
			why = append(why, part.text)
		}
	}
	state := t.FreshnessAt(now)
	switch {
	case state == Expired && !t.isPostdated(now):
		why = append(why, "expired")
	case state == Due:
		why = append(why, "due: ends too soon")
	}
	switch {
	case forced:
		why = append(why, "the request wants a new one")
	case len(why) == 0:
		why = append(why, "another one serves better")
	}
	return why
}

// grants reports whether t has the scopes of key: as [TokenSet.Select] sees it.
func (t *AccessToken) grants(key RecordKey) bool {
	if t.Key.Scopes == key.Scopes {
		return true
	}
	if key.Scopes == "" || key.Scopes == ScopeOpenID {
		return false
	}
	return t.Scopes.Contains(ScopesFromResponse(strings.ToLower(key.Scopes)))
}
