package domain

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// withoutIndex is the same set, in which everything is found by scanning.
func withoutIndex(s TokenSet) TokenSet {
	if s.r == nil {
		return s
	}
	return TokenSet{r: &records{access: s.r.access, user: s.r.user}}
}

func TestIndexBegins(t *testing.T) {
	for size, want := range map[int]bool{0: false, 1: false, 11: false, 12: true, 13: true, 100: true} {
		s := numberedTokens(size)
		if hasIndex := s.r != nil && s.r.index != nil; hasIndex != want {
			t.Errorf("%d tokens: there is an index: %v, want %v", size, hasIndex, want)
		}
	}
}

func numberedTokens(n int) TokenSet {
	var list []Record
	for i := range n {
		scope := fmt.Sprint("s", i)
		list = append(list, AccessToken{
			Key: RecordKey{Kind: AccessTokenRecord, Scopes: scope}, Secret: NewSecret(scope), Scopes: ScopesFromResponse(scope + " all"),
			ExpiresOn: time.Unix(int64(i%7)*600, 0),
		})
	}
	return NewTokenSet(list...)
}

// However a set came about and however large it is, index and scan find the same.
func TestIndexAndScanAgreeProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(int64(rapid.IntRange(-600, 3600).Draw(t, "now")), 0)
		set := numberedTokens(rapid.IntRange(0, 2*indexFrom).Draw(t, "size"))
		for range rapid.IntRange(0, 6).Draw(t, "steps") {
			scope := fmt.Sprint("s", rapid.IntRange(0, 3*indexFrom).Draw(t, "scope"))
			token := AccessToken{
				Key: RecordKey{Kind: AccessTokenRecord, Scopes: scope}, Secret: NewSecret("new " + scope), Scopes: ScopesFromResponse(scope),
				ExpiresOn: now.Add(time.Hour),
			}
			if rapid.Bool().Draw(t, "remove") {
				set = set.Without(token.Key)
			} else {
				set = set.With(Grant{AccessToken: &token}, now)
			}
		}
		for i := range 3*indexFrom + 1 {
			for _, scopes := range []string{fmt.Sprint("s", i), fmt.Sprint("all s", i), "all"} {
				key := RecordKey{Kind: AccessTokenRecord, Scopes: scopes}
				got, state := set.Select(key, now)
				want, wantState := withoutIndex(set).Select(key, now)
				if got != want || state != wantState {
					t.Fatalf("%q of %d tokens: by index %v %s, by scan %v %s", scopes, set.Len(), got, state, want, wantState)
				}
			}
		}
	})
}
