package cachememory_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/domain"
)

// stopped is a clock that a test sets.
type stopped struct{ now time.Time }

func (c *stopped) Now() time.Time { return c.now }

func (c *stopped) Sleep(context.Context, time.Duration) error { return nil }

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func newCache(most int) (*cachememory.TokenCache, *stopped) {
	clock := &stopped{noon}
	return cachememory.NewTokenCache(cachememory.TokenCacheOptions{MaxPartitions: most, Clock: clock}), clock
}

// until is a set with one access token that ends then.
func until(end time.Time) domain.TokenSet {
	return domain.NewTokenSet(domain.AccessToken{
		Key: domain.RecordKey{Kind: domain.AccessTokenRecord}, Secret: domain.NewSecret(canary), ExpiresOn: end,
	})
}

// forever is a user's set: a refresh token without an end.
func forever() domain.TokenSet {
	return domain.NewTokenSet(domain.RefreshToken{Key: domain.RecordKey{Kind: domain.RefreshTokenRecord}, Secret: domain.NewSecret(canary)})
}

func holds(t *testing.T, c *cachememory.TokenCache, key domain.PartitionKey) bool {
	t.Helper()
	set, err := c.Load(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return !set.IsZero()
}

func TestTheBoundHolds(t *testing.T) {
	for _, most := range []int{1, 7, 1000, 20_000} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			c, _ := newCache(most)
			set := until(noon.Add(time.Hour))
			for i := range 2*most + 10 {
				put(t, c, tenantKey(i), set)
				if !holds(t, c, tenantKey(i)) {
					t.Fatalf("set %d is gone as soon as it is stored", i)
				}
			}
			if n := c.Len(); n > most || n < most*9/10 {
				t.Errorf("%d sets are held, want at most %d and not many fewer", n, most)
			}
		})
	}
}

// TestWhatMakesRoom stores two sets in a cache of two, and a third: one must go.
func TestWhatMakesRoom(t *testing.T) {
	app, user := tenantKey(1), domain.UserKey(clientID, "user")
	account := domain.NewTokenSet(domain.Account{HomeAccountID: "user"})
	rows := []struct {
		name         string
		stays, goes  domain.PartitionKey
		stay, gone   domain.TokenSet
		readTheFirst bool
	}{
		{"a token that is over, before one that is not", app, tenantKey(2), until(noon.Add(time.Hour)), until(noon.Add(-time.Hour)), false},
		{"an application's token, before a user's", user, app, forever(), until(noon.Add(time.Hour)), false},
		{"an application's token that is in use, before a user's that is not", user, app, forever(), until(noon.Add(time.Hour)), false},
		{"what was not read, before what was", app, tenantKey(2), until(noon.Add(time.Hour)), until(noon.Add(time.Hour)), true},
		{"an account without a token, first of all", app, user, until(noon.Add(time.Minute)), account, false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			c, _ := newCache(2)
			put(t, c, row.stays, row.stay)
			put(t, c, row.goes, row.gone)
			if row.readTheFirst {
				holds(t, c, row.stays)
			}
			put(t, c, tenantKey(3), until(noon.Add(time.Hour)))
			if !holds(t, c, row.stays) || holds(t, c, row.goes) {
				t.Errorf("the wrong one made room")
			}
		})
	}
}

func TestSetsThatAreOverAreSweptAway(t *testing.T) {
	c, clock := newCache(100_000)
	const over, live = 10_000, 100
	for i := range over {
		put(t, c, tenantKey(i), until(noon.Add(time.Hour)))
	}
	for i := range live {
		put(t, c, tenantKey(over+i), until(noon.Add(48*time.Hour)))
	}
	clock.now = noon.Add(2 * time.Hour)
	for i := range 1000 {
		put(t, c, tenantKey(over+i%live), until(noon.Add(48*time.Hour+time.Duration(i))))
	}
	if n := c.Len(); n > live*12/10 {
		t.Errorf("%d sets are held after 1,000 calls, want about the %d that live", n, live)
	}
	for i := range live {
		if !holds(t, c, tenantKey(over+i)) {
			t.Fatalf("live set %d is gone", i)
		}
	}
}

// TestASetIsKeptToItsLastSecond: times are cut to seconds inside.
func TestASetIsKeptToItsLastSecond(t *testing.T) {
	c, clock := newCache(10)
	put(t, c, tenantKey(1), until(noon.Add(900*time.Millisecond)))
	clock.now = noon.Add(899 * time.Millisecond)
	for range 100 {
		put(t, c, tenantKey(2), until(noon.Add(time.Hour)))
	}
	if !holds(t, c, tenantKey(1)) {
		t.Error("the set was dropped before its end")
	}
}

func TestAChangeMayUseTheCacheAndPanic(t *testing.T) {
	c, _ := newCache(10)
	put(t, c, tenantKey(1), until(noon.Add(time.Hour)))
	err := c.Update(t.Context(), tenantKey(2), func(domain.TokenSet) (domain.TokenSet, error) {
		put(t, c, tenantKey(3), until(noon.Add(time.Hour)))
		return c.Load(t.Context(), tenantKey(1))
	})
	if err != nil || !holds(t, c, tenantKey(2)) || !holds(t, c, tenantKey(3)) {
		t.Errorf("a change that uses the cache: %v", err)
	}
	func() {
		defer func() { _ = recover() }()
		_ = c.Update(t.Context(), tenantKey(1), func(domain.TokenSet) (domain.TokenSet, error) { panic("change") })
	}()
	put(t, c, tenantKey(1), until(noon.Add(2*time.Hour))) // no lock is held
}

// TestReadersAndWritersTogether is for the race detector: sets come, go and are
// replaced while others read, and a reader never gets another key's set.
func TestReadersAndWritersTogether(t *testing.T) {
	c, _ := newCache(64)
	var all sync.WaitGroup
	for w := range 4 {
		all.Go(func() {
			for i := range 2000 {
				n := (i*7 + w) % 100
				err := c.Update(context.Background(), tenantKey(n), func(s domain.TokenSet) (domain.TokenSet, error) {
					if i%5 == 0 {
						return domain.TokenSet{}, nil
					}
					return domain.NewTokenSet(domain.Account{HomeAccountID: fmt.Sprint(n)}), nil
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
		all.Go(func() {
			for i := range 5000 {
				n := i % 100
				set, _ := c.Load(context.Background(), tenantKey(n))
				for _, a := range set.Accounts() {
					if a.HomeAccountID != fmt.Sprint(n) {
						t.Errorf("key %d has the set of %s", n, a.HomeAccountID)
					}
				}
			}
		})
	}
	all.Wait()
}

func TestItPrintsWithoutItsContent(t *testing.T) {
	c, _ := newCache(10)
	put(t, c, domain.UserKey(clientID, "a-user"), forever())
	if got := fmt.Sprintf("%+v", c); got != "memory token cache of 1 partitions" {
		t.Errorf("printed as %q", got)
	}
	h := cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{})
	_ = h.Set(t.Context(), "key", []byte("value"), noon)
	if got := fmt.Sprintf("%+v", h); got != "memory HTTP cache of 1 entries" {
		t.Errorf("printed as %q", got)
	}
}

func TestAnEndedContextStopsAnUpdate(t *testing.T) {
	c, _ := newCache(10)
	ctx, cancel := context.WithCancel(t.Context())
	err := c.Update(ctx, tenantKey(1), func(domain.TokenSet) (domain.TokenSet, error) {
		cancel() // while the change runs; it runs again only if another was quicker
		return until(noon.Add(time.Hour)), nil
	})
	if err != nil {
		t.Errorf("the update was under way: %v", err)
	}
	if err := c.Update(ctx, tenantKey(2), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestTheHTTPCacheIsBounded(t *testing.T) {
	c := cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{MaxEntries: 3, MaxBytes: 100})
	set := func(key, value string, in time.Duration) {
		t.Helper()
		if err := c.Set(t.Context(), key, []byte(value), noon.Add(in)); err != nil {
			t.Fatal(err)
		}
	}
	has := func(key string) bool {
		value, _, err := c.Get(t.Context(), key)
		return err == nil && value != nil
	}
	set("a", "1", 3*time.Hour)
	set("b", "1", time.Hour)
	set("c", "1", 2*time.Hour)
	set("d", "1", 4*time.Hour)
	if has("b") || !has("a") || !has("c") || !has("d") {
		t.Error("what expires first should have made room")
	}
	set("e", strings.Repeat("x", 99), 5*time.Hour)
	if has("a") || has("c") || has("d") || !has("e") {
		t.Error("the bound in bytes should have pushed out the others")
	}
	set("e", strings.Repeat("x", 200), 5*time.Hour)
	if has("e") {
		t.Error("a value beyond the bound replaces nothing and is not kept")
	}
}
