package domain

import (
	"slices"
	"time"
)

// Grant is what one successful token response adds to a set. Nil fields add nothing.
type Grant struct {
	AccessToken  *AccessToken
	RefreshToken *RefreshToken
	IDToken      *IDToken
	Account      *Account // nil for a refresh: it creates no account
	AppMetadata  *AppMetadata

	// Redeemed is the refresh token that was spent for this response; zero for a new
	// sign-in or an application's own token.
	Redeemed Secret
	// Forced says that the caller had refused the cached access token, which is
	// therefore replaced even by one that ends sooner.
	Forced bool
}

// With returns the set with a token response merged in, and without access tokens
// whose life is over at now, or that a clock in the future wrote. It decides every
// race between writers:
//
//   - Of two access tokens for the same request the one that ends later stays,
//     unless the new one was forced.
//   - A refresh stores nothing when the set no longer knows the user, neither by an
//     account nor by a refresh token: the account was removed meanwhile.
//   - The refresh token that was redeemed is replaced only while it is the stored
//     one. One from a newer sign-in, or that a peer stored first, stays.
//   - What is known of an account or client is not erased by a response that says less.
func (s TokenSet) With(g Grant, now time.Time) TokenSet {
	if !g.Redeemed.IsZero() && g.Account == nil && !s.knowsUserOf(g) {
		return s
	}
	u := s.userRecords()
	return newSet(
		withAccessToken(s.accessTokens(), g, now),
		userRecords{
			refresh:  withRefreshToken(u.refresh, g),
			ids:      withRecord(u.ids, g.IDToken, nil),
			accounts: withRecord(u.accounts, g.Account, Account.merged),
			apps:     withRecord(u.apps, g.AppMetadata, AppMetadata.merged),
		},
	)
}

// knowsUserOf reports whether the set has an account or a refresh token where the
// grant's tokens belong: in their cloud, and for plain issuers, of which a host may have
// several, at their issuer.
func (s TokenSet) knowsUserOf(g Grant) bool {
	key := g.place()
	u := s.userRecords()
	return slices.ContainsFunc(u.accounts, func(a Account) bool {
		return key.Environment == "" || a.Environment == key.Environment && (a.AuthorityType != accountGeneric || a.Tenant == key.Tenant)
	}) || slices.ContainsFunc(u.refresh, func(t RefreshToken) bool {
		return key.Environment == "" || t.Key.Environment == key.Environment && (t.Key.Tenant == "" || key.Tenant == "" || t.Key.Tenant == key.Tenant)
	})
}

// place is a key of the grant's tokens; zero for a grant without tokens.
func (g Grant) place() RecordKey {
	switch {
	case g.AccessToken != nil:
		return g.AccessToken.Key
	case g.RefreshToken != nil:
		return g.RefreshToken.Key
	case g.IDToken != nil:
		return g.IDToken.Key
	}
	return RecordKey{}
}

// withRecord returns a copy of list with record in place of the one of its key.
func withRecord[R Record](list []R, record *R, merge func(fresh, old R) R) []R {
	if record == nil {
		return list
	}
	list = slices.Clone(list)
	fresh := *record
	if i := slices.IndexFunc(list, func(r R) bool { return r.RecordKey() == fresh.RecordKey() }); i >= 0 && merge != nil {
		fresh = merge(fresh, list[i])
	}
	return put(list, fresh)
}

func withAccessToken(list []AccessToken, g Grant, now time.Time) []AccessToken {
	live := make([]AccessToken, 0, len(list)+1)
	for _, t := range list {
		if now.Before(t.retainUntil()) && !t.isPostdated(now) {
			live = append(live, t)
		}
	}
	t := g.AccessToken
	if t == nil {
		return live
	}
	if i := slices.IndexFunc(live, func(o AccessToken) bool { return o.Key == t.Key }); i >= 0 {
		if g.Forced || !live[i].ExpiresOn.After(t.ExpiresOn) {
			live[i] = *t
		}
		return live
	}
	for len(live) >= maxAccessTokens {
		first := endsFirst(live)
		live = slices.Delete(live, first, first+1)
	}
	return append(live, *t)
}

func endsFirst(list []AccessToken) int {
	first := 0
	for i := range list {
		if list[i].ExpiresOn.Before(list[first].ExpiresOn) {
			first = i
		}
	}
	return first
}

func withRefreshToken(list []RefreshToken, g Grant) []RefreshToken {
	t := g.RefreshToken
	if t == nil {
		return list
	}
	if !g.Redeemed.IsZero() {
		i := slices.IndexFunc(list, func(o RefreshToken) bool { return o.Key == t.Key })
		if i >= 0 && !list[i].Secret.Equal(g.Redeemed) {
			return list // a newer sign-in or a peer was here first
		}
	}
	return withRecord(list, t, nil)
}

// merged keeps a family once it is known: later responses may not repeat it.
func (m AppMetadata) merged(old AppMetadata) AppMetadata {
	if m.FamilyID == "" {
		m.FamilyID = old.FamilyID
	}
	return m
}
