package portstest_test

import (
	"context"
	"maps"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

const (
	updatesOfOne   = "concurrent updates of a key lose nothing"
	updatesOfMany  = "concurrent updates of different keys lose nothing"
	comingAndGoing = "concurrent creation and deletion lose nothing"
	readsMeanwhile = "Load sees completed updates, whole"
)

func add(set domain.TokenSet, rs ...domain.Record) domain.TokenSet {
	return domain.NewTokenSet(append(slices.Collect(set.Records()), rs...)...)
}

// brokenTogether are right as long as one caller at a time uses them.
var brokenTogether = []broken{
	{"loses updates", tokenCache(patched{update: readThenWrite}), []string{updatesOfOne, comingAndGoing}},
	{"loses updates of other keys", ofOneBlob, []string{updatesOfOne, updatesOfMany, comingAndGoing}},
	{"loses updates when the key is new", tokenCache(patched{update: func(ctx context.Context, s *store, key domain.PartitionKey, c change) error {
		if set, err := s.Load(ctx, key); err == nil && set.IsZero() {
			return readThenWrite(ctx, s, key, c)
		}
		return s.Update(ctx, key, c)
	}}), []string{comingAndGoing}},
	{"writes record by record", tokenCache(patched{update: func(ctx context.Context, s *store, key domain.PartitionKey, c change) error {
		return s.Update(ctx, key, func(current domain.TokenSet) (domain.TokenSet, error) {
			set, err := c(current)
			if err != nil || ctx.Err() != nil {
				return set, err
			}
			for r := range set.Records() { // readers look in between
				current = add(current, r)
				s.put(key, current)
				s.mu.Unlock()
				runtime.Gosched()
				s.mu.Lock()
			}
			return set, nil
		})
	}}), []string{readsMeanwhile}},
	{"reads what was", stale, []string{readsMeanwhile}},
}

// readThenWrite is Update without what makes it one step.
func readThenWrite(ctx context.Context, s *store, key domain.PartitionKey, c change) error {
	current, err := s.Load(ctx, key)
	if err != nil {
		return err
	}
	runtime.Gosched()
	set, err := c(current)
	if err != nil {
		return err
	}
	return s.Update(ctx, key, func(domain.TokenSet) (domain.TokenSet, error) { return set, nil })
}

// blob keeps everything in one value, which each Update reads, changes and replaces.
type blob struct{ *store }

func (b blob) Update(ctx context.Context, key domain.PartitionKey, change change) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	all := store{sets: maps.Clone(b.sets)}
	b.mu.Unlock()
	if err := all.Update(ctx, key, change); err != nil {
		return err
	}
	runtime.Gosched()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sets = all.sets
	return nil
}

func ofOneBlob(t *testing.T) {
	portstest.TokenCache(t, func(*testing.T) ports.TokenCache { return blob{newStore()} })
}

// behind serves reads from a copy that follows each write by one.
type behind struct {
	*store
	copyOf sync.Map
}

func (b *behind) Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	if set, ok := b.copyOf.Load(key); ok && ctx.Err() == nil {
		return set.(domain.TokenSet), nil
	}
	return b.store.Load(ctx, key)
}

func (b *behind) Update(ctx context.Context, key domain.PartitionKey, change change) error {
	if before, err := b.store.Load(ctx, key); err == nil && !before.IsZero() {
		b.copyOf.Store(key, before)
	}
	return b.store.Update(ctx, key, change)
}

func stale(t *testing.T) {
	portstest.TokenCache(t, func(*testing.T) ports.TokenCache { return &behind{store: newStore()} })
}

// shared runs the suite on two handles that a function makes of one store.
func shared(handle func(*store) ports.TokenCache) func(*testing.T) {
	return func(t *testing.T) {
		portstest.SharedTokenCache(t, func(*testing.T) (a, b ports.TokenCache) {
			s := newStore()
			return handle(s), handle(s)
		})
	}
}

// brokenShared are right as long as there is one of them.
var brokenShared = []broken{
	{"shares nothing", shared(func(*store) ports.TokenCache { return newStore() }), []string{
		"each sees what the other stores", "each lists what the other stores", "change sees what the other stores",
		"each sees what the other deletes",
		updatesOfOne, updatesOfMany, readsMeanwhile,
	}},
	{"locks its own handle only", shared(func(s *store) ports.TokenCache { return &locking{store: s} }), []string{
		updatesOfOne, comingAndGoing,
	}},
	{"remembers what it has read", shared(func(s *store) ports.TokenCache { return &remembering{store: s} }), []string{
		"each sees what the other stores", "each sees what the other deletes",
	}},
}

// locking has a lock for each handle.
type locking struct {
	*store
	own sync.Mutex
}

func (l *locking) Update(ctx context.Context, key domain.PartitionKey, change change) error {
	l.own.Lock()
	defer l.own.Unlock()
	return readThenWrite(ctx, l.store, key, change)
}

// remembering has a near cache that hears of its own writes only.
type remembering struct {
	*store
	near sync.Map
}

func (r *remembering) Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	if set, ok := r.near.Load(key); ok {
		return set.(domain.TokenSet), nil
	}
	set, err := r.store.Load(ctx, key)
	if err == nil {
		r.near.Store(key, set)
	}
	return set, err
}

func (r *remembering) Update(ctx context.Context, key domain.PartitionKey, change change) error {
	defer r.near.Delete(key)
	return r.store.Update(ctx, key, change)
}
