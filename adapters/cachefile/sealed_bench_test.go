package cachefile_test

import (
	"fmt"
	"testing"

	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// ofSize is a change that stores a set of n tokens.
func ofSize(b *testing.B, n int) func(domain.TokenSet) (domain.TokenSet, error) {
	b.Helper()
	var all []domain.Record
	for i := range n {
		all = append(all, tokenOf(domain.ScopesFromResponse(fmt.Sprint("scope-", i)), "token"))
	}
	return func(domain.TokenSet) (domain.TokenSet, error) { return domain.NewTokenSet(all...), nil }
}

// BenchmarkSealedHit: one stat and a look-up more than memory, at any size; no seal is opened.
func BenchmarkSealedHit(b *testing.B) {
	for _, n := range []int{1, 100} {
		for name, c := range map[string]ports.TokenCache{
			"sealed": openSealed(b, sealedIn(b)), "plain": open(b, newPath(b)), "memory": cachememory.NewTokenCache(cachememory.TokenCacheOptions{}),
		} {
			b.Run(fmt.Sprint(name, " ", n), func(b *testing.B) {
				if err := c.Update(b.Context(), userKey, ofSize(b, n)); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if set, err := c.Load(b.Context(), userKey); err != nil || set.IsZero() {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkSealedUpdate changes one token of a set: all of its records are sealed anew.
func BenchmarkSealedUpdate(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := openSealed(b, sealedIn(b))
			if err := c.Update(b.Context(), userKey, ofSize(b, n)); err != nil {
				b.Fatal(err)
			}
			i := 0
			for b.Loop() {
				i++
				token := tokenOf(domain.ScopesFromResponse("scope-0"), fmt.Sprint(i))
				err := c.Update(b.Context(), userKey, func(s domain.TokenSet) (domain.TokenSet, error) {
					return s.Merged(domain.NewTokenSet(token)).Without(token.Key).Merged(domain.NewTokenSet(token)), nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
