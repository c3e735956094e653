package domain_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/seed57855a68/keyport/domain"
)

// genToken draws access tokens of a small world, so that they meet often.
var genToken = rapid.Custom(func(t *rapid.T) domain.AccessToken {
	granted := rapid.SampledFrom([]string{"a", "b", "A b", "a b c", "c", ""}).Draw(t, "scopes")
	token := accessToken(rapid.StringMatching(`[a-z]{4}`).Draw(t, "secret"), granted, time.Duration(rapid.IntRange(-10, 60).Draw(t, "minutes"))*time.Minute)
	token.Key.Tenant = rapid.SampledFrom([]string{"one", "two"}).Draw(t, "tenant")
	token.Key.TokenType = rapid.SampledFrom([]string{"", "pop"}).Draw(t, "type")
	token.Key.Scopes = token.Scopes.Key()
	if rapid.Bool().Draw(t, "stale") {
		token.RefreshOn = noon.Add(-time.Minute)
	}
	return token
})

var genRecord = rapid.Custom(func(t *rapid.T) domain.Record {
	name := rapid.SampledFrom([]string{"x", "y", "z"}).Draw(t, "name")
	client := rapid.SampledFrom([]string{"c1", "c2"}).Draw(t, "client")
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		r := refreshToken(name)
		r.Key.ClientID = client
		return r
	case 1:
		r := idToken(name)
		r.Key.ClientID = client
		return r
	case 2:
		r := account(name)
		r.Tenant = client
		return r
	case 3:
		r := appMetadata(name)
		r.Key.ClientID = client
		return r
	}
	return genToken.Draw(t, "token")
})

// genSet draws sets below and above the size from which there is an index.
var genSet = rapid.Custom(func(t *rapid.T) domain.TokenSet {
	return domain.NewTokenSet(rapid.SliceOfN(genRecord, 0, 40).Draw(t, "records")...)
})

var genGrant = rapid.Custom(func(t *rapid.T) domain.Grant {
	g := domain.Grant{Forced: rapid.Bool().Draw(t, "forced")}
	for _, record := range rapid.SliceOfN(genRecord, 0, 5).Draw(t, "granted") {
		switch r := record.(type) {
		case domain.AccessToken:
			g.AccessToken = &r
		case domain.RefreshToken:
			g.RefreshToken = &r
		case domain.IDToken:
			g.IDToken = &r
		case domain.Account:
			g.Account = &r
		case domain.AppMetadata:
			g.AppMetadata = &r
		}
	}
	g.Redeemed = domain.NewSecret(rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "redeemed"))
	return g
})

// The order in which two writers get their turn does not matter: the token that
// ends later stays.
func TestWithOrderProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := genSet.Draw(t, "set")
		one, two := genToken.Draw(t, "one"), genToken.Draw(t, "two")
		two.Key = one.Key
		if one.ExpiresOn.Equal(two.ExpiresOn) || !one.ExpiresOn.After(noon) || !two.ExpiresOn.After(noon) {
			t.Skip("neither ends later, or one is over")
		}
		first, second := domain.Grant{AccessToken: &one}, domain.Grant{AccessToken: &two}
		a, b := set.With(first, noon).With(second, noon), set.With(second, noon).With(first, noon)
		if !a.Equal(b) {
			t.Fatalf("the order of %v and %v makes a difference", one.ExpiresOn, two.ExpiresOn)
		}
		longest := one
		if two.ExpiresOn.After(one.ExpiresOn) {
			longest = two
		}
		for r := range a.Records() {
			if t2, ok := r.(domain.AccessToken); ok && t2.Key == one.Key && t2.ExpiresOn.Before(longest.ExpiresOn) {
				t.Fatalf("the one until %s stayed, that until %s went", t2.ExpiresOn, longest.ExpiresOn)
			}
		}
	})
}

func TestWithIsIdempotentProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := genGrant.Draw(t, "grant")
		once := genSet.Draw(t, "set").With(g, noon)
		if g.AccessToken != nil && !g.AccessToken.ExpiresOn.After(noon) {
			t.Skip("what is over goes the next time")
		}
		if twice := once.With(g, noon); !twice.Equal(once) {
			t.Fatalf("once it is %d records, twice %d", once.Len(), twice.Len())
		}
	})
}

func TestDiffProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		old, now := genSet.Draw(t, "old"), genSet.Draw(t, "new")
		put, deleted := now.Diff(old)
		rebuilt := domain.NewTokenSet(append(snapshot(old.Without(deleted...)), put...)...)
		if !rebuilt.Equal(now) || rebuilt.Len() != now.Len() {
			t.Fatalf("put %d and delete %d records gives other records", len(put), len(deleted))
		}
		if put, deleted := now.Diff(now); put != nil || deleted != nil {
			t.Fatalf("a set differs from itself")
		}
	})
}

func TestTokenSetIsImmutableProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := genSet.Draw(t, "set")
		before := snapshot(set)
		key := keyOf("none")
		if len(before) > 0 {
			key = rapid.SampledFrom(before).Draw(t, "gone").RecordKey()
		}
		grant := genGrant.Draw(t, "grant")
		next := set.With(grant, noon)
		next.With(genGrant.Draw(t, "second grant"), noon) // a set made of it does not share what it may change
		set.Without(key)
		set.WithoutToken(domain.NewSecret("aaaa"))
		set.Diff(next)
		if diff := cmp.Diff(before, snapshot(set), bySpelling); diff != "" {
			t.Fatalf("the set was changed (-before +after):\n%s", diff)
		}
	})
}

// What Select returns agrees with the request, and nothing in the set would serve
// it better.
func TestSelectProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		set := genSet.Draw(t, "set")
		key := genToken.Draw(t, "like").Key
		got, state := set.Select(key, noon)
		serves := func(o *domain.AccessToken) bool {
			other := o.Key
			other.Scopes = key.Scopes
			return o.Key == key || key.Scopes != "" && other == key && o.Scopes.Contains(domain.ScopesFromResponse(key.Scopes))
		}
		if got == nil && state != domain.Absent || got != nil && (!serves(got) || state != got.FreshnessAt(noon)) {
			t.Fatalf("%q gets %v, %s", key.Scopes, got.Key, state)
		}
		for r := range set.Records() {
			o, ok := r.(domain.AccessToken)
			if !ok || !serves(&o) {
				continue
			}
			if better := o.FreshnessAt(noon); better > state && (state < domain.Stale || got.Key != key) {
				t.Fatalf("%q gets one that is %s, and there is one that is %s", key.Scopes, state, better)
			}
		}
	})
}
