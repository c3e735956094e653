package domain_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/seed57855a68/keyport/domain"
)

// What misses says of a token alone, Select knows as well: a token has a reason other
// than its age exactly when Select never returns it.
func TestPlannedTokensAgreeWithSelect(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		token, wanted := genToken.Draw(t, "token"), genToken.Draw(t, "wanted")
		set := domain.NewTokenSet(token)
		found, _ := set.Select(wanted.Key, noon)
		planned := set.PlannedTokens(wanted.Key, domain.RecordKey{}, noon, false)
		if len(planned) != 1 {
			t.Fatalf("%d tokens of one", len(planned))
		}
		other := slices.ContainsFunc(planned[0].Misses, func(m string) bool { return strings.HasPrefix(m, "other") || strings.HasPrefix(m, "bound") })
		// An expired token that merely has enough scopes is passed over by Select, too.
		if found != nil && other {
			t.Errorf("Select returns a token that misses: %v", planned[0])
		}
		if found == nil && !other && planned[0].State != domain.Expired {
			t.Errorf("Select passes over a token that misses nothing: %v", planned[0])
		}
		if planned[0].State != token.FreshnessAt(noon) || planned[0].Scopes != token.Scopes || planned[0].Tenant != token.Key.Tenant {
			t.Errorf("it is another token: %v", planned[0])
		}
	})
}

func TestPlannedTokens(t *testing.T) {
	wanted := accessToken("wanted", "a", time.Hour)
	wanted.Key.Scopes = "a"
	for _, row := range []struct {
		name   string
		change func(*domain.AccessToken)
		forced bool
		want   string
	}{
		{"nothing wrong", nil, false, "another one serves better"},
		{"forced", nil, true, "the request wants a new one"},
		{"cloud", func(a *domain.AccessToken) { a.Key.Environment = "login.example" }, false, "other cloud"},
		{"tenant", func(a *domain.AccessToken) { a.Key.Tenant = "x" }, false, "other tenant"},
		{"client", func(a *domain.AccessToken) { a.Key.ClientID = "x" }, false, "other client"},
		{"policy", func(a *domain.AccessToken) { a.Key.Policy = "x" }, false, "other user flow"},
		{"type", func(a *domain.AccessToken) { a.Key.TokenType = "pop" }, false, "other token type"},
		{"key", func(a *domain.AccessToken) { a.Key.KeyID = "x" }, false, "bound to another key"},
		{"extra", func(a *domain.AccessToken) { a.Key.Extra = "x" }, false, "other client claims or parameters"},
		{"scopes", func(a *domain.AccessToken) { a.Key.Scopes, a.Scopes = "b", domain.ScopesFromResponse("b") }, false, "other scopes"},
		{"more scopes", func(a *domain.AccessToken) { a.Key.Scopes, a.Scopes = "a b", domain.ScopesFromResponse("B A") }, false, "another one serves better"},
		{"expired", func(a *domain.AccessToken) { a.ExpiresOn = noon }, false, "expired"},
		{"due", func(a *domain.AccessToken) { a.ExpiresOn = noon.Add(time.Second) }, false, "due: ends too soon"},
		{"postdated", func(a *domain.AccessToken) { a.CachedAt = noon.Add(time.Hour) }, false, "cached in the future"},
		{"two things", func(a *domain.AccessToken) { a.Key.Tenant, a.ExpiresOn = "x", noon }, true, "other tenant, expired, the request wants a new one"},
	} {
		token := wanted
		if row.change != nil {
			row.change(&token)
		}
		got := domain.NewTokenSet(token).PlannedTokens(wanted.Key, domain.RecordKey{}, noon, row.forced)
		if len(got) != 1 || strings.Join(got[0].Misses, ", ") != row.want {
			t.Errorf("%s: got %v, want %q", row.name, got, row.want)
		}
	}
	// Where the server chooses the scopes, only the very same request finds the token.
	none := wanted
	none.Key.Scopes = ""
	if got := domain.NewTokenSet(wanted).PlannedTokens(none.Key, domain.RecordKey{}, noon, false); got[0].Misses[0] != "other scopes" {
		t.Errorf("got %v", got)
	}
	if got := (domain.TokenSet{}).PlannedTokens(wanted.Key, wanted.Key, noon, false); len(got) != 0 {
		t.Errorf("the empty set has %v", got)
	}
}

// The nearest comes first: what serves, then what misses least, then what ends last.
func TestPlannedTokensAreInOrder(t *testing.T) {
	key := func(scope, tenant string, life time.Duration) domain.AccessToken {
		token := accessToken(scope, scope, life)
		token.Key.Scopes, token.Key.Tenant = scope, tenant
		return token
	}
	serving := key("a", "one", time.Hour)
	set := domain.NewTokenSet(key("b", "two", 9*time.Hour), key("c", "one", 2*time.Hour), serving, key("d", "one", 3*time.Hour))
	var got []string
	for _, p := range set.PlannedTokens(serving.Key, serving.Key, noon, false) {
		got = append(got, p.Scopes.String())
		if p.Serves != (p.Scopes.String() == "a") {
			t.Errorf("%v", p)
		}
	}
	if want := []string{"a", "d", "c", "b"}; !slices.Equal(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
}
