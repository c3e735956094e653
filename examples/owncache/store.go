package main

import (
	"context"
	"iter"
	"maps"
	"sync"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

var _ ports.TokenCache = (*Store)(nil)

// Store is a cache of one's own: three methods. Put your database where the map
// is, its transaction or compare-and-swap where the mutex is, and let package
// portstest tell you what you forgot.
type Store struct {
	mu   sync.Mutex // guards sets
	sets map[domain.PartitionKey]domain.TokenSet
}

// NewStore returns an empty store.
func NewStore() *Store { return &Store{sets: make(map[domain.PartitionKey]domain.TokenSet)} }

// Load implements [ports.TokenCache].
func (s *Store) Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sets[key], ctx.Err()
}

// Update implements [ports.TokenCache].
func (s *Store) Update(ctx context.Context, key domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	set, err := change(s.sets[key])
	switch {
	case err != nil:
		return err
	case set.IsZero():
		delete(s.sets, key)
	default:
		s.sets[key] = set
	}
	return nil
}

// Keys implements [ports.TokenCache]. It works on a copy, so that the caller may
// delete what it is given.
func (s *Store) Keys(ctx context.Context, f domain.PartitionFilter) iter.Seq2[domain.PartitionKey, error] {
	s.mu.Lock()
	sets := maps.Clone(s.sets)
	s.mu.Unlock()
	return func(yield func(domain.PartitionKey, error) bool) {
		for key := range sets {
			if err := ctx.Err(); err != nil {
				yield(domain.PartitionKey{}, err)
				return
			}
			if f.Admits(key) && !yield(key, nil) {
				return
			}
		}
	}
}
