package portstest_test

import (
	"context"
	"fmt"
	"io"
	"iter"
	"sync"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// store is a token cache that keeps the contract. Broken ones embed it.
type store struct {
	mu   sync.Mutex // guards sets
	sets map[domain.PartitionKey]domain.TokenSet
}

func newStore() *store { return &store{sets: map[domain.PartitionKey]domain.TokenSet{}} }

type change = func(domain.TokenSet) (domain.TokenSet, error)

func (s *store) Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sets[key], ctx.Err()
}

func (s *store) Update(ctx context.Context, key domain.PartitionKey, change change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	set, err := change(s.sets[key])
	if err != nil {
		return err
	}
	s.put(key, set)
	return nil
}

func (s *store) put(key domain.PartitionKey, set domain.TokenSet) {
	if set.IsZero() {
		delete(s.sets, key)
		return
	}
	s.sets[key] = set
}

func (s *store) Keys(ctx context.Context, f domain.PartitionFilter) iter.Seq2[domain.PartitionKey, error] {
	return func(yield func(domain.PartitionKey, error) bool) {
		for _, key := range s.admitted(f) {
			if err := ctx.Err(); err != nil {
				yield(domain.PartitionKey{}, err)
				return
			}
			if !yield(key, nil) {
				return
			}
		}
	}
}

func (s *store) admitted(f domain.PartitionFilter) []domain.PartitionKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []domain.PartitionKey
	for key := range s.sets {
		if f.Admits(key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// documents is an HTTP cache that keeps the contract.
type documents struct {
	mu  sync.Mutex // guards all
	all map[string]entry
}

type entry struct {
	value   []byte
	expires time.Time
}

func newDocuments() *documents { return &documents{all: map[string]entry{}} }

func (d *documents) Get(_ context.Context, key string) (value []byte, expires time.Time, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := d.all[key]
	return e.value, e.expires, nil
}

func (d *documents) Set(_ context.Context, key string, value []byte, expires time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all[key] = entry{value, expires}
	return nil
}

func (d *documents) Delete(_ context.Context, key string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.all, key)
	return nil
}

// realClock is the machine's clock.
type realClock struct{}

func (realClock) Now() time.Time { return time.Now() }

func (realClock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// leases is a locker within the process.
type leases struct {
	mu   sync.Mutex // guards held
	held map[string]*lease
}

// lease ends when done is closed.
type lease struct {
	done chan struct{}
	end  func()
}

func newLeases() *leases { return &leases{held: map[string]*lease{}} }

func (l *leases) Lock(ctx context.Context, key string, atMost time.Duration) (unlock func(), err error) {
	for {
		mine := &lease{done: make(chan struct{})}
		mine.end = sync.OnceFunc(func() { l.release(key, mine) })
		holder := l.take(key, mine)
		if holder == mine {
			timer := time.AfterFunc(atMost, mine.end)
			return func() { timer.Stop(); mine.end() }, nil
		}
		select {
		case <-holder.done:
		case <-ctx.Done():
			return nil, fmt.Errorf("lock %s: %w", key, ctx.Err())
		}
	}
}

// take returns the holder: mine, when the lock was free.
func (l *leases) take(key string, mine *lease) *lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[key] == nil {
		l.held[key] = mine
	}
	return l.held[key]
}

func (l *leases) release(key string, mine *lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[key] == mine {
		delete(l.held, key)
	}
	close(mine.done)
}

var (
	_ ports.TokenCache = (*store)(nil)
	_ ports.HTTPCache  = (*documents)(nil)
	_ ports.Clock      = realClock{}
	_ ports.Locker     = (*leases)(nil)
)

// Format keeps fmt from reading what others write.
func (s *store) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "store of the test") }
