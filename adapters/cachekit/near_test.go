package cachekit_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
)

// counted counts what crosses to the store, and can hold it up.
type counted struct {
	ports.TokenCache
	loads, updates, lists atomic.Int32
	hold                  chan struct{} // when not nil, Load waits until it is closed, or its context ends
	ended                 atomic.Int32  // loads whose context ended
	before                func()        // when not nil, runs after a Load has read, and before it returns
}

func memory() *cachememory.TokenCache {
	return cachememory.NewTokenCache(cachememory.TokenCacheOptions{})
}

func (c *counted) Load(ctx context.Context, k domain.PartitionKey) (domain.TokenSet, error) {
	c.loads.Add(1)
	set, err := c.TokenCache.Load(ctx, k)
	if c.hold != nil {
		select {
		case <-c.hold:
		case <-ctx.Done():
			c.ended.Add(1)
			return domain.TokenSet{}, ctx.Err()
		}
	}
	if c.before != nil {
		c.before()
	}
	return set, err
}

func (c *counted) Update(ctx context.Context, k domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error)) error {
	c.updates.Add(1)
	return c.TokenCache.Update(ctx, k, change)
}

func (c *counted) Keys(ctx context.Context, f domain.PartitionFilter) iter.Seq2[domain.PartitionKey, error] {
	c.lists.Add(1)
	return c.TokenCache.Keys(ctx, f)
}

func wantLoaded(t *testing.T, c ports.TokenCache, k domain.PartitionKey, want domain.TokenSet, when string) {
	t.Helper()
	if set, err := c.Load(t.Context(), k); err != nil || !set.Equal(want) {
		t.Errorf("%s: %v, %v, want %v", when, set, err, want)
	}
}

func wantLoads(t *testing.T, s *counted, want int32, when string) {
	t.Helper()
	if got := s.loads.Load(); got != want {
		t.Errorf("%s: the store was asked %d times, want %d", when, got, want)
	}
}

func update(t *testing.T, c ports.TokenCache, k domain.PartitionKey, set domain.TokenSet) {
	t.Helper()
	if err := c.Update(t.Context(), k, to(set)); err != nil {
		t.Fatal(err)
	}
}

func TestNewNearCacheRefuses(t *testing.T) {
	var config *domain.ConfigError
	if _, err := cachekit.NewNearCache(nil, cachekit.NearCacheOptions{}); !errors.As(err, &config) {
		t.Errorf("got %v, want a ConfigError", err)
	}
}

func TestNearCacheSparesTheStore(t *testing.T) {
	clock := keyporttest.NewClock(noon)
	s := &counted{TokenCache: memory()}
	c := near(t, s, cachekit.NearCacheOptions{MaxAge: time.Minute, Clock: clock})
	elsewhere := func(secret string) { update(t, s.TokenCache, user, signedIn(secret)) }

	wantLoaded(t, c, user, domain.TokenSet{}, "nothing is stored")
	wantLoaded(t, c, user, domain.TokenSet{}, "absence is remembered")
	wantLoads(t, s, 1, "absence is remembered")
	elsewhere("first")
	clock.Advance(time.Minute - 1)
	wantLoaded(t, c, user, domain.TokenSet{}, "as old as it may be")
	clock.Advance(1)
	wantLoaded(t, c, user, signedIn("first"), "older than it may be")
	wantLoads(t, s, 2, "older than it may be")

	update(t, c, user, signedIn("second"))
	wantLoaded(t, c, user, signedIn("second"), "after an update of one's own")
	wantLoads(t, s, 2, "after an update of one's own")
	clock.Advance(time.Minute)
	elsewhere("third")
	wantLoaded(t, c, user, signedIn("third"), "what an update left is no younger than it")

	elsewhere("fourth")
	clock.Advance(-time.Hour)
	wantLoaded(t, c, user, signedIn("fourth"), "a clock that was set back")
	if s.lists.Load() != 0 {
		t.Error("the store was listed")
	}
	for range c.Keys(t.Context(), domain.PartitionFilter{}) {
	}
	if s.lists.Load() != 1 {
		t.Error("Keys does not ask the store")
	}
}

func TestInvalidate(t *testing.T) {
	s := &counted{TokenCache: memory()}
	c := near(t, s, cachekit.NearCacheOptions{})
	for _, k := range []domain.PartitionKey{user, otherUser} {
		update(t, c, k, signedIn("first"))
		update(t, s.TokenCache, k, signedIn("second"))
	}
	c.Invalidate(user)
	wantLoaded(t, c, user, signedIn("second"), "invalidated")
	wantLoaded(t, c, otherUser, signedIn("first"), "another key was invalidated")
	c.Invalidate()
	wantLoaded(t, c, otherUser, signedIn("second"), "everything was invalidated")
	wantLoads(t, s, 2, "in all")
}

func TestInvalidateReachesWhatIsUnderWay(t *testing.T) {
	for name, invalidate := range map[string]func(*cachekit.NearCache){
		"one key":    func(c *cachekit.NearCache) { c.Invalidate(user) },
		"everything": func(c *cachekit.NearCache) { c.Invalidate() },
	} {
		s := &counted{TokenCache: memory()}
		c := near(t, s, cachekit.NearCacheOptions{})
		s.before = func() { // the store tells of a change that this Load has not read
			update(t, s.TokenCache, user, signedIn("loaded too early"))
			invalidate(c)
		}
		wantLoaded(t, c, user, domain.TokenSet{}, name)
		s.before = nil
		wantLoaded(t, c, user, signedIn("loaded too early"), name+", after a Load under way")

		err := c.Update(t.Context(), user, func(domain.TokenSet) (domain.TokenSet, error) { invalidate(c); return signedIn("ours"), nil })
		if err != nil {
			t.Fatal(err)
		}
		update(t, s.TokenCache, user, signedIn("theirs"))
		wantLoaded(t, c, user, signedIn("theirs"), name+", while an Update was under way")
	}
}

func TestNearCacheIsBounded(t *testing.T) {
	s := &counted{TokenCache: memory()}
	c := near(t, s, cachekit.NearCacheOptions{MaxSets: 3})
	keys := make([]domain.PartitionKey, 10)
	for i := range keys {
		keys[i] = domain.UserKey(clientID, fmt.Sprint("user ", i))
		update(t, c, keys[i], signedIn("adele"))
		wantLoaded(t, c, keys[0], signedIn("adele"), "the one in use")
	}
	wantLoads(t, s, 0, "the one in use stays")
	if c.Len() != 3 {
		t.Errorf("%d sets are held, want 3", c.Len())
	}
	wantLoaded(t, c, keys[9], signedIn("adele"), "the last one")
	wantLoads(t, s, 0, "the last one stays")
	wantLoaded(t, c, keys[5], signedIn("adele"), "one that made room")
	wantLoads(t, s, 1, "one that made room")
}

// loading starts a Load and returns what tells how it ended.
func loading(ctx context.Context, c ports.TokenCache) func() error {
	done := make(chan error, 1)
	go func() { _, err := c.Load(ctx, user); done <- err }()
	return func() error { return <-done }
}

func TestLoadsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &counted{TokenCache: memory(), hold: make(chan struct{})}
		c := near(t, s, cachekit.NearCacheOptions{})
		leader, cancel := context.WithCancel(t.Context())
		first := loading(leader, c)
		synctest.Wait()
		var others []func() error
		for range 20 {
			others = append(others, loading(t.Context(), c))
		}
		synctest.Wait()
		wantLoads(t, s, 1, "21 callers")
		cancel()
		if err := first(); !errors.Is(err, context.Canceled) {
			t.Errorf("who left got %v", err)
		}
		close(s.hold)
		for _, ended := range others {
			if err := ended(); err != nil {
				t.Errorf("who stayed got %v", err)
			}
		}
		wantLoads(t, s, 1, "21 callers")
	})
}

func TestALoadEndsWithItsLastCaller(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &counted{TokenCache: memory(), hold: make(chan struct{})}
		c := near(t, s, cachekit.NearCacheOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		one, two := loading(ctx, c), loading(ctx, c)
		synctest.Wait()
		cancel()
		if err := errors.Join(one(), two()); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if s.ended.Load() != 1 {
			t.Error("the store goes on although nobody waits")
		}
		close(s.hold)
		wantLoaded(t, c, user, domain.TokenSet{}, "the next caller") // does not board what is going down
		wantLoads(t, s, 2, "the next caller")
	})
}

// TestNobodyBoardsWhatGoesDown: a store that does not heed its context is still at work for those who left.
func TestNobodyBoardsWhatGoesDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		end := make(chan struct{})
		s := &counted{TokenCache: memory(), before: func() { <-end }}
		c := near(t, s, cachekit.NearCacheOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		left := loading(ctx, c)
		synctest.Wait()
		cancel()
		if err := left(); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		next := loading(t.Context(), c)
		synctest.Wait()
		wantLoads(t, s, 2, "the next caller")
		close(end)
		if err := next(); err != nil {
			t.Errorf("the next caller got %v", err)
		}
	})
}

func TestFailuresAreNotKept(t *testing.T) {
	away := errors.New("the store is away")
	fails := true
	s := &counted{TokenCache: memory()}
	c := near(t, failing{s, func() error {
		if fails {
			return away
		}
		return nil
	}}, cachekit.NearCacheOptions{})
	if err := c.Update(t.Context(), user, to(signedIn("not stored"))); !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
	if _, err := c.Load(t.Context(), user); !errors.Is(err, away) {
		t.Errorf("got %v", err)
	}
	update(t, s.TokenCache, user, signedIn("adele"))
	fails = false
	wantLoaded(t, c, user, signedIn("adele"), "after the failures")

	panics := near(t, failing{s, func() error { panic("planted") }}, cachekit.NearCacheOptions{})
	var own *cachekit.Error
	if _, err := panics.Load(t.Context(), user); !errors.As(err, &own) {
		t.Errorf("a store that panics: %v, want an Error", err)
	}
}

// failing is a store that fails after it was asked.
type failing struct {
	*counted
	fail func() error
}

func (f failing) Load(ctx context.Context, k domain.PartitionKey) (domain.TokenSet, error) {
	set, err := f.counted.Load(ctx, k)
	return set, errors.Join(err, f.fail())
}

func (f failing) Update(ctx context.Context, k domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error)) error {
	if _, err := change(domain.TokenSet{}); err != nil {
		return err
	}
	return f.fail()
}

// TestAnUpdateOutdatesLoads: a Load that began before an Update does not hide what that stored.
func TestAnUpdateOutdatesLoads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &counted{TokenCache: memory(), hold: make(chan struct{})}
		c := near(t, s, cachekit.NearCacheOptions{})
		slow := loading(t.Context(), c) // has read the empty set
		synctest.Wait()
		update(t, c, user, signedIn("adele"))
		wantLoaded(t, c, user, signedIn("adele"), "after the Update, while the Load is under way")
		close(s.hold)
		if err := slow(); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		wantLoaded(t, c, user, signedIn("adele"), "after the Load")
		wantLoads(t, s, 1, "in all")
	})
}

// TestOverlappingUpdates: of two Updates, the one that returns last need not have stored last.
func TestOverlappingUpdates(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow, stored := make(chan struct{}), make(chan error, 1)
		s := &counted{TokenCache: memory()}
		c := near(t, slowReturns{s, slow}, cachekit.NearCacheOptions{})
		wantLoaded(t, c, user, domain.TokenSet{}, "before") // and is near
		go func() {
			stored <- c.Update(context.WithValue(t.Context(), slowKey{}, true), user, to(signedIn("first")))
		}()
		synctest.Wait()
		update(t, c, user, signedIn("second"))
		wantLoaded(t, c, user, signedIn("second"), "while the first has not returned")
		close(slow)
		if err := <-stored; err != nil {
			t.Fatal(err)
		}
		wantLoads(t, s, 2, "before, and between the two") // what the first left is not near
		wantLoaded(t, c, user, signedIn("second"), "after both")
	})
}

type slowKey struct{}

// slowReturns keeps some Updates from returning.
type slowReturns struct {
	*counted
	slow chan struct{}
}

func (s slowReturns) Update(ctx context.Context, k domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error)) error {
	err := s.counted.Update(ctx, k, change)
	if ctx.Value(slowKey{}) != nil {
		<-s.slow
	}
	return err
}

// TestRefreshTokensAreReadFromTheStore: who holds the lock sees what others have stored.
func TestRefreshTokensAreReadFromTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &counted{TokenCache: memory()}
		c := near(t, s, cachekit.NearCacheOptions{MaxAge: time.Hour})
		update(t, c, user, signedIn("first"))
		update(t, s.TokenCache, user, signedIn("second"))
		other, err := c.Lock(t.Context(), otherUser.RedemptionLock(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		wantLoaded(t, c, user, signedIn("first"), "while another's is locked")
		other()

		s.hold = make(chan struct{})
		c.Invalidate()
		early := loading(t.Context(), c)
		synctest.Wait()
		update(t, s.TokenCache, user, signedIn("third"))
		unlock, err := c.Lock(t.Context(), user.RedemptionLock(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		close(s.hold)
		wantLoaded(t, c, user, signedIn("third"), "with the lock, while an older Load is under way")
		if err := early(); err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"fourth", "fifth"} {
			update(t, s.TokenCache, user, signedIn(secret))
			wantLoaded(t, c, user, signedIn(secret), "with the lock")
		}
		unlock()
		loads := s.loads.Load()
		wantLoaded(t, c, user, signedIn("fifth"), "after the lock")
		wantLoads(t, s, loads, "after the lock")

		if _, err := c.Lock(t.Context(), user.RedemptionLock(), time.Minute); err != nil { // and never unlock
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		loads = s.loads.Load()
		wantLoaded(t, c, user, signedIn("fifth"), "after a lease")
		wantLoads(t, s, loads, "after a lease")
	})
}

// TestFamiliesAreReadFromTheStore: their refresh tokens are redeemed under the locks of users.
func TestFamiliesAreReadFromTheStore(t *testing.T) {
	s := &counted{TokenCache: memory()}
	c := near(t, s, cachekit.NearCacheOptions{})
	family := domain.FamilyKey("1", home)
	update(t, c, family, domain.NewTokenSet(refreshToken("first")))
	update(t, s.TokenCache, family, domain.NewTokenSet(refreshToken("second")))
	wantLoaded(t, c, family, domain.NewTokenSet(refreshToken("second")), "a family")
}

// TestNearCacheAgreesWithAModel draws what one process does through the cache and others beside it: what
// is loaded was stored no longer ago than the bound, and is never older than one's own last Update.
func TestNearCacheAgreesWithAModel(t *testing.T) {
	const maxAge = 10 * time.Second
	type stored struct {
		set   domain.TokenSet
		until time.Time // when it was replaced; zero while it is current
		own   int       // the number of one's own updates when it was stored
	}
	rapid.Check(t, func(rt *rapid.T) {
		clock := keyporttest.NewClock(noon)
		s := memory()
		c := near(t, s, cachekit.NearCacheOptions{MaxAge: maxAge, MaxSets: rapid.IntRange(1, 3).Draw(rt, "size"), Clock: clock})
		keys := []domain.PartitionKey{user, otherUser}
		history, own, n := map[domain.PartitionKey][]stored{}, map[domain.PartitionKey]int{}, 0
		for _, k := range keys {
			history[k] = []stored{{}}
		}
		replace := func(k domain.PartitionKey, cache ports.TokenCache) {
			n++
			set := signedIn(fmt.Sprint("version ", n))
			update(t, cache, k, set)
			history[k][len(history[k])-1].until = clock.Now()
			history[k] = append(history[k], stored{set: set, own: own[k]})
		}
		rt.Repeat(map[string]func(*rapid.T){
			"own update": func(rt *rapid.T) {
				k := rapid.SampledFrom(keys).Draw(rt, "key")
				own[k]++
				replace(k, c)
			},
			"another's update": func(rt *rapid.T) { replace(rapid.SampledFrom(keys).Draw(rt, "key"), s) },
			"time passes": func(rt *rapid.T) {
				clock.Advance(time.Duration(rapid.IntRange(0, 12).Draw(rt, "seconds")) * time.Second)
			},
			"invalidate": func(rt *rapid.T) {
				k := rapid.SampledFrom(keys).Draw(rt, "key")
				c.Invalidate(k)
				wantLoaded(t, c, k, history[k][len(history[k])-1].set, "after Invalidate")
			},
			"load": func(rt *rapid.T) {
				k := rapid.SampledFrom(keys).Draw(rt, "key")
				set, err := c.Load(t.Context(), k)
				if err != nil {
					rt.Fatal(err)
				}
				for _, h := range history[k] {
					if h.set.Equal(set) && h.own == own[k] && (h.until.IsZero() || clock.Now().Sub(h.until) < maxAge) {
						return
					}
				}
				rt.Fatalf("a set is loaded that is too old, or older than an update of one's own")
			},
		})
	})
}
