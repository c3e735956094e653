package cachekit_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
)

// Run with
//
//	go test -run '^$' -bench . -benchmem -cpu 1,2 ./adapters/cachekit
//
// and compare within one run: "map" is what a lookup costs at all.

func ownerKey(i int) domain.PartitionKey {
	return domain.UserKey("client", fmt.Sprintf("user-%06d.tenant", i))
}

// tokens is a set of n access tokens of a usual size.
func tokens(owner string, n int) domain.TokenSet {
	var rs []domain.Record
	for i := range n {
		scopes := domain.ScopesFromResponse(fmt.Sprintf("api://%d/read", i))
		rs = append(rs, domain.AccessToken{
			Key: domain.RecordKey{
				Kind: domain.AccessTokenRecord, Environment: "login.microsoftonline.com", Tenant: "tenant", ClientID: "client", Scopes: scopes.Key(),
			},
			Secret: domain.NewSecret(strings.Repeat("t", 1700)), Type: "Bearer", Scopes: scopes, HomeAccountID: owner,
			ExpiresOn: time.Unix(4_000_000_000, 0),
		})
	}
	return domain.NewTokenSet(rs...)
}

// fill stores a set for each of n users.
func fill(b *testing.B, c *cachekit.TokenCache, n int) {
	b.Helper()
	for i := range n {
		if err := c.Update(b.Context(), ownerKey(i), to(tokens(ownerKey(i).Owner(), 1))); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNearHit: a map, a lock and the order of use, at any number of sets.
func BenchmarkNearHit(b *testing.B) {
	for _, n := range []int{1, 1000, 10_000} {
		keys := make([]domain.PartitionKey, n)
		m := make(map[domain.PartitionKey]domain.TokenSet, n)
		for i := range keys {
			keys[i] = ownerKey(i)
			m[keys[i]] = tokens(keys[i].Owner(), 1)
		}
		b.Run(fmt.Sprintf("map/%d", n), func(b *testing.B) {
			var mu sync.RWMutex
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					mu.RLock()
					set := m[keys[i*7919%n]]
					mu.RUnlock()
					if set.IsZero() {
						b.Error("none")
					}
				}
			})
		})
		b.Run(fmt.Sprintf("near/%d", n), func(b *testing.B) {
			store := open(b, newBlobs(), plain())
			fill(b, store, n)
			near, err := cachekit.NewNearCache(store, cachekit.NearCacheOptions{MaxAge: time.Hour})
			if err != nil {
				b.Fatal(err)
			}
			for _, key := range keys {
				if _, err := near.Load(b.Context(), key); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				for i := 0; pb.Next(); i++ {
					if set, err := near.Load(b.Context(), keys[i*7919%n]); err != nil || set.IsZero() {
						b.Error(err)
					}
				}
			})
		})
	}
}

// BenchmarkLoad reads a set of n records from a store that costs nothing: what decoding costs, and what seals add.
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{1, 10} {
		for name, o := range map[string]cachekit.TokenCacheOptions{"plain": plain(), "sealed": sealedWith(b)} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				c := open(b, newBlobs(), o)
				if err := c.Update(b.Context(), ownerKey(0), to(tokens(ownerKey(0).Owner(), n))); err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if set, err := c.Load(b.Context(), ownerKey(0)); err != nil || set.Len() != n {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
