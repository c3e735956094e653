package cachememory_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/domain"
)

// Run with
//
//	go test -run '^$' -bench . -benchmem -cpu 1,2 -count 6 ./adapters/cachememory
//
// and compare within one run: "map" is what a lookup costs at all at that size.

var sizes = []int{1, 1_000, 100_000, 1_000_000}

const clientID = "11111111-2222-3333-4444-555555555555"

// tenantKey returns the key of one of many tenants of one application, as a caller
// makes it: the tenant's name is a string of its own.
func tenantKey(i int) domain.PartitionKey {
	return domain.AppKey(clientID, fmt.Sprintf("%08x-0000-4000-8000-%012x", i, i), "https://graph.microsoft.com")
}

func benchSet() domain.TokenSet {
	expires := time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
	return domain.NewTokenSet(domain.AccessToken{
		Key:    domain.RecordKey{Kind: domain.AccessTokenRecord, ClientID: clientID},
		Secret: domain.NewSecret("t"), ExpiresOn: expires,
	})
}

func put(tb testing.TB, c *cachememory.TokenCache, key domain.PartitionKey, set domain.TokenSet) {
	tb.Helper()
	err := c.Update(context.Background(), key, func(domain.TokenSet) (domain.TokenSet, error) { return set, nil })
	if err != nil {
		tb.Fatal(err)
	}
}

// access is the order in which benchmarks look keys up: each in turn, in an order
// that no cache line foresees.
func access(n int) []int {
	order := make([]int, max(n, 1024))
	for i := range order {
		order[i] = i * 7919 % n
	}
	return order
}

func filled(b *testing.B, n int) (*cachememory.TokenCache, []domain.PartitionKey) {
	b.Helper()
	c := cachememory.NewTokenCache(cachememory.TokenCacheOptions{MaxPartitions: 2_000_000})
	set := benchSet()
	keys := make([]domain.PartitionKey, n)
	for i := range n {
		put(b, c, tenantKey(i), set)
	}
	for i := range n { // strings of their own, as those of a request are
		keys[i] = tenantKey(i)
	}
	return c, keys
}

func BenchmarkRead(b *testing.B) {
	for _, n := range sizes {
		order := access(n)
		b.Run(fmt.Sprintf("map/%d", n), func(b *testing.B) {
			var mu sync.RWMutex
			m := make(map[string]domain.TokenSet, n)
			set, keys := benchSet(), make([]string, n)
			for i := range n {
				m[tenantKey(i).Text()] = set
			}
			for i := range n {
				keys[i] = tenantKey(i).Text()
			}
			runtime.GC()
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				mu.RLock()
				found := m[keys[order[i]]]
				mu.RUnlock()
				if found.IsZero() {
					b.Fatal("absent")
				}
				if i++; i == len(order) {
					i = 0
				}
			}
		})
		b.Run(fmt.Sprintf("cache/%d", n), func(b *testing.B) {
			ctx := context.Background()
			c, keys := filled(b, n)
			runtime.GC()
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				found, _ := c.Load(ctx, keys[order[i]])
				if found.IsZero() {
					b.Fatal("absent")
				}
				if i++; i == len(order) {
					i = 0
				}
			}
		})
	}
}

// BenchmarkHotKey shows what goroutines that read one token do to each other: with
// -cpu 1,2 the second figure is half of the first where they do nothing.
func BenchmarkHotKey(b *testing.B) {
	b.Run("map", func(b *testing.B) {
		var mu sync.RWMutex
		key := tenantKey(1).Text()
		m := map[string]domain.TokenSet{key: benchSet()}
		b.RunParallel(func(pb *testing.PB) {
			key := strings.Clone(key)
			for pb.Next() {
				mu.RLock()
				found := m[key]
				mu.RUnlock()
				if found.IsZero() {
					panic("absent")
				}
			}
		})
	})
	b.Run("cache", func(b *testing.B) {
		c, _ := filled(b, 1)
		b.RunParallel(func(pb *testing.PB) {
			ctx, key := context.Background(), tenantKey(0)
			for pb.Next() {
				if found, _ := c.Load(ctx, key); found.IsZero() {
					panic("absent")
				}
			}
		})
	})
}

// BenchmarkUpdate replaces sets that are there. The slowest call counts too: it has
// to sweep.
func BenchmarkUpdate(b *testing.B) {
	for _, n := range []int{1, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			ctx := context.Background()
			c, keys := filled(b, n)
			order, sets := access(n), [2]domain.TokenSet{benchSet(), benchSet()}
			runtime.GC()
			b.ReportAllocs()
			i, calls := 0, 0
			for b.Loop() {
				calls++
				set := sets[calls&1]
				_ = c.Update(ctx, keys[order[i]], func(domain.TokenSet) (domain.TokenSet, error) { return set, nil })
				if i++; i == len(order) {
					i = 0
				}
			}
		})
	}
}

// BenchmarkUpdateFull stores ever new sets in a full cache: each call evicts one.
func BenchmarkUpdateFull(b *testing.B) {
	const n = 100_000
	ctx := context.Background()
	c := cachememory.NewTokenCache(cachememory.TokenCacheOptions{MaxPartitions: n})
	set := benchSet()
	for i := range n {
		put(b, c, tenantKey(i), set)
	}
	b.ReportAllocs()
	i := n
	for b.Loop() {
		i++
		key := domain.AppKey(clientID, fmt.Sprint(i), "")
		_ = c.Update(ctx, key, func(domain.TokenSet) (domain.TokenSet, error) { return set, nil })
	}
}

// BenchmarkFill puts 100,000 sets into an empty cache and reports what one of them
// costs: time, and heap beside the set and the strings of its key.
func BenchmarkFill(b *testing.B) {
	const n = 100_000
	set, keys := benchSet(), make([]domain.PartitionKey, n)
	for i := range n {
		keys[i] = tenantKey(i)
	}
	var before, after runtime.MemStats
	for b.Loop() {
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&before)
		c := cachememory.NewTokenCache(cachememory.TokenCacheOptions{})
		b.StartTimer()
		for _, key := range keys {
			put(b, c, key, set)
		}
		b.StopTimer()
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(c)
		b.StartTimer()
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "heap-B/set")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/set")
}
