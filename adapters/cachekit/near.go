package cachekit

import (
	"container/list"
	"context"
	"fmt"
	"io"
	"iter"
	"sync"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

var (
	_ ports.TokenCache = (*NearCache)(nil)
	_ ports.Locker     = (*NearCache)(nil)
)

const (
	defaultMaxSets = 10_000
	defaultMaxAge  = time.Minute
)

// NearCacheOptions configures a [NearCache]. The zero value is ready to use.
type NearCacheOptions struct {
	// MaxSets bounds the number of token sets in memory; when zero or less, 10,000. Those
	// that were not used for longest make room.
	MaxSets int
	// MaxAge is how old a set in memory may be, and so how long this process may go on with what
	// another has replaced or signed out; when zero or less, a minute.
	MaxAge time.Duration
	// Clock tells how old sets are; when nil, the machine's.
	Clock ports.Clock
}

// NearCache keeps what a slow store holds in the memory of the process as well. It is safe for
// concurrent use. Make it with [NewNearCache].
//
// In its process it keeps the contract of [ports.TokenCache]. Of what other processes
// store, Load may miss what is younger than MaxAge; Update, Keys, and whatever is read
// while a refresh token is locked come from the store. So nobody redeems a refresh token
// that the memory alone knows of, and an old access token is served for MaxAge at most. A program that
// hears of changes from its store calls [NearCache.Invalidate].
type NearCache struct {
	store   ports.TokenCache
	maxSets int
	maxAge  time.Duration
	now     func() time.Time
	leases  leases

	mu      sync.Mutex // guards what follows
	sets    map[domain.PartitionKey]*list.Element
	used    list.List // of nearSet, the last used in front
	loads   map[domain.PartitionKey]*load
	updates map[domain.PartitionKey]*updates
	locked  map[string]int // locks of refresh tokens that this process holds
}

type nearSet struct {
	key domain.PartitionKey
	set domain.TokenSet
	at  time.Time // when it was certainly current
}

// load is a read of the store that callers share.
type load struct {
	done    chan struct{} // closed when set and err are there
	set     domain.TokenSet
	err     error
	waiters int
	cancel  context.CancelFunc
}

// updates are those of one key that are under way.
type updates struct {
	running int
	unclear bool // which of several results is the last one, or whether somebody invalidated
}

// NewNearCache returns a cache in front of a store.
func NewNearCache(store ports.TokenCache, o NearCacheOptions) (*NearCache, error) {
	if store == nil {
		return nil, &domain.ConfigError{Field: "TokenCache", Problem: "is nil", Remedy: "pass the store that is to be kept near"}
	}
	c := &NearCache{
		store: store, maxSets: o.MaxSets, maxAge: o.MaxAge, now: time.Now,
		sets: map[domain.PartitionKey]*list.Element{}, loads: map[domain.PartitionKey]*load{},
		updates: map[domain.PartitionKey]*updates{}, locked: map[string]int{},
	}
	if c.maxSets <= 0 {
		c.maxSets = defaultMaxSets
	}
	if c.maxAge <= 0 {
		c.maxAge = defaultMaxAge
	}
	if o.Clock != nil {
		c.now = o.Clock.Now
	}
	return c, nil
}

// Load implements [ports.TokenCache]. Callers who want the same set while it is read
// share one read, which ends when the last of them has left.
func (c *NearCache) Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	if err := ctx.Err(); err != nil {
		return domain.TokenSet{}, err
	}
	if key.Kind() == domain.FamilyPartition { // its tokens are redeemed under the locks of its users
		return c.store.Load(ctx, key)
	}
	c.mu.Lock()
	if set, ok := c.near(key); ok {
		c.mu.Unlock()
		return set, nil
	}
	l := c.loads[key]
	if l == nil {
		l = c.begin(ctx, key)
	}
	l.waiters++
	c.mu.Unlock()

	select {
	case <-l.done:
		return l.set, l.err
	case <-ctx.Done():
		c.leave(key, l)
		return domain.TokenSet{}, ctx.Err()
	}
}

// near returns what is in memory and may be used. The caller holds c.mu.
func (c *NearCache) near(key domain.PartitionKey) (domain.TokenSet, bool) {
	e := c.sets[key]
	if e == nil || c.mustAsk(key) {
		return domain.TokenSet{}, false
	}
	known, _ := e.Value.(nearSet)
	if age := c.now().Sub(known.at); age < 0 || age >= c.maxAge { // a clock that was set back proves nothing
		c.drop(key)
		return domain.TokenSet{}, false
	}
	c.used.MoveToFront(e)
	return known.set, true
}

// mustAsk reports whether the store is to be asked whatever is known: a refresh token of
// the set may be about to be redeemed.
func (c *NearCache) mustAsk(key domain.PartitionKey) bool {
	return len(c.locked) > 0 && c.locked[key.RedemptionLock()] > 0
}

// begin starts a read of the store, which no single caller can end. The caller holds c.mu.
func (c *NearCache) begin(ctx context.Context, key domain.PartitionKey) *load {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l := &load{done: make(chan struct{}), cancel: cancel}
	c.loads[key] = l
	at := c.now()
	go func() {
		defer cancel()
		defer close(l.done)
		l.set, l.err = c.loadSafely(ctx, key)
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.loads[key] != l { // meanwhile it was updated, invalidated, or left by all
			return
		}
		delete(c.loads, key)
		if l.err == nil {
			c.keep(nearSet{key, l.set, at})
		}
	}()
	return l
}

// loadSafely turns a panic of the store into an error: nobody could recover it in this goroutine.
func (c *NearCache) loadSafely(ctx context.Context, key domain.PartitionKey) (set domain.TokenSet, err error) {
	defer func() {
		if p := recover(); p != nil {
			set, err = domain.TokenSet{}, &Error{Operation: "load", Err: fmt.Errorf("the store panicked: a %T", p)}
		}
	}()
	return c.store.Load(ctx, key)
}

// leave ends a read that nobody waits for any more.
func (c *NearCache) leave(key domain.PartitionKey, l *load) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l.waiters--; l.waiters > 0 {
		return
	}
	l.cancel()
	if c.loads[key] == l {
		delete(c.loads, key)
	}
}

// Update implements [ports.TokenCache]: in the store, and then in memory.
func (c *NearCache) Update(
	ctx context.Context, key domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error),
) error {
	c.mu.Lock()
	u := c.updates[key]
	if u == nil {
		u = &updates{}
		c.updates[key] = u
	}
	u.running++
	u.unclear = u.unclear || u.running > 1
	c.mu.Unlock()

	result, known := nearSet{key: key}, false
	defer func() { c.updated(u, result, known) }() // also after a panic
	err := c.store.Update(ctx, key, func(current domain.TokenSet) (domain.TokenSet, error) {
		at := c.now()
		set, err := change(current)
		result.set, result.at = set, at
		return set, err
	})
	known = err == nil
	return err
}

// updated takes note that an Update has ended, and of its result when that is clear.
func (c *NearCache) updated(u *updates, result nearSet, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.loads, result.key) // what is being read may be older
	c.drop(result.key)
	if known && !u.unclear && !result.at.IsZero() {
		c.keep(result)
	}
	if u.running--; u.running == 0 {
		delete(c.updates, result.key)
	}
}

// Invalidate forgets the sets of the given keys, or everything when there are none: call it when the store
// tells that they have changed, and without keys when it may have told more than was heard.
func (c *NearCache) Invalidate(keys ...domain.PartitionKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(keys) == 0 {
		clear(c.sets)
		clear(c.loads)
		c.used.Init()
		for _, u := range c.updates {
			u.unclear = true
		}
		return
	}
	for _, key := range keys {
		c.drop(key)
		delete(c.loads, key)
		if u := c.updates[key]; u != nil {
			u.unclear = true
		}
	}
}

// keep puts a set into memory, and the longest unused one out. The caller holds c.mu.
func (c *NearCache) keep(s nearSet) {
	c.drop(s.key)
	c.sets[s.key] = c.used.PushFront(s)
	for c.used.Len() > c.maxSets {
		if last, ok := c.used.Back().Value.(nearSet); ok {
			c.drop(last.key)
		}
	}
}

func (c *NearCache) drop(key domain.PartitionKey) {
	if e := c.sets[key]; e != nil {
		c.used.Remove(e)
		delete(c.sets, key)
	}
}

// Keys implements [ports.TokenCache]. It asks the store.
func (c *NearCache) Keys(ctx context.Context, f domain.PartitionFilter) iter.Seq2[domain.PartitionKey, error] {
	return c.store.Keys(ctx, f)
}

// Len returns the number of sets in memory.
func (c *NearCache) Len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.sets)
}

// Format implements [fmt.Formatter] without any token.
func (c *NearCache) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "near token cache") }
