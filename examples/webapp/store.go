package main

import (
	"crypto/rand"
	"sync"
	"time"
)

// store keeps values by names that nobody can guess, for a while, and no more than
// max of them: what strangers can fill must have an end. It is in memory, so one
// process must serve a user from beginning to end; several want a store that they
// share.
type store[V any] struct {
	life time.Duration
	max  int
	now  func() time.Time

	mu      sync.Mutex // guards entries
	entries map[string]entry[V]
}

type entry[V any] struct {
	value V
	ends  time.Time
}

func newStore[V any](life time.Duration, most int, now func() time.Time) *store[V] {
	return &store[V]{life: life, max: most, now: now, entries: map[string]entry[V]{}}
}

// newName returns a name for a value: 130 random bits.
func newName() string { return rand.Text() }

// put files a value. When there is no room, the one that ends first makes some.
func (s *store[V]) put(name string, value V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if _, known := s.entries[name]; !known && len(s.entries) >= s.max {
		s.makeRoom(now)
	}
	s.entries[name] = entry[V]{value, now.Add(s.life)}
}

// makeRoom drops what has ended, or else one. The caller holds mu.
func (s *store[V]) makeRoom(now time.Time) {
	first, ends := "", time.Time{}
	for name, e := range s.entries {
		switch {
		case !now.Before(e.ends):
			delete(s.entries, name)
		case first == "" || e.ends.Before(ends):
			first, ends = name, e.ends
		}
	}
	if len(s.entries) >= s.max {
		delete(s.entries, first)
	}
}

// get returns a value that has not ended.
func (s *store[V]) get(name string) (value V, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(name)
}

// take returns a value and forgets it: of many who take one, one gets it.
func (s *store[V]) take(name string) (value V, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, ok = s.find(name)
	delete(s.entries, name)
	return value, ok
}

// find is get. The caller holds mu.
func (s *store[V]) find(name string) (value V, ok bool) {
	e, ok := s.entries[name]
	if !ok || !s.now().Before(e.ends) {
		return value, false
	}
	return e.value, true
}

// has reports whether there is a value that has not ended, of which is says yes.
func (s *store[V]) has(is func(V) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for _, e := range s.entries {
		if now.Before(e.ends) && is(e.value) {
			return true
		}
	}
	return false
}
