package portstest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// brokenUpdates do something else with change than the contract says.
var brokenUpdates = []broken{
	{"reports absence as an error", tokenCache(patched{load: func(ctx context.Context, s *store, key domain.PartitionKey) (domain.TokenSet, error) {
		set, err := s.Load(ctx, key)
		if set.IsZero() && err == nil {
			err = errors.New("not found")
		}
		return set, err
	}}), []string{"absent is empty"}},
	{"stores in spite of an error", tokenCache(patched{update: func(ctx context.Context, s *store, key domain.PartitionKey, c change) error {
		var failed error
		err := s.Update(ctx, key, func(current domain.TokenSet) (set domain.TokenSet, err error) {
			set, failed = c(current)
			return set, nil
		})
		return errors.Join(err, failed)
	}}), []string{"an error of change stores nothing"}},
	{"hides the error of change", tokenCache(patched{update: func(ctx context.Context, s *store, key domain.PartitionKey, c change) error {
		return s.Update(ctx, key, func(current domain.TokenSet) (domain.TokenSet, error) {
			set, err := c(current)
			if err != nil {
				err = fmt.Errorf("update failed: %v", err) //nolint:errorlint // the mistake
			}
			return set, err
		})
	}}), []string{"an error of change stores nothing"}},
	{"gives change nothing", tokenCache(patched{update: func(ctx context.Context, s *store, key domain.PartitionKey, c change) error {
		return s.Update(ctx, key, func(domain.TokenSet) (domain.TokenSet, error) { return c(domain.TokenSet{}) })
	}}), []string{sees, same}},
	{"adds and never removes", tokenCache(patched{stored: func(old, fresh domain.TokenSet) domain.TokenSet {
		if fresh.IsZero() {
			return fresh
		}
		return domain.NewTokenSet(append(slices.Collect(old.Records()), slices.Collect(fresh.Records())...)...)
	}}), []string{replaces}},
	{"ignores empty results", tokenCache(patched{stored: func(old, fresh domain.TokenSet) domain.TokenSet {
		if fresh.IsZero() {
			return old
		}
		return fresh
	}}), []string{"an empty result deletes the key"}},
	{"keeps the keys of empty sets", tokenCache(patched{update: func(ctx context.Context, s *store, key domain.PartitionKey, c change) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		set, err := c(s.sets[key])
		if err = errors.Join(err, ctx.Err()); err == nil {
			s.sets[key] = set
		}
		return err
	}}), []string{"an empty result deletes the key"}},
	{"brings deleted sets back", bringsBack, []string{"a deleted set does not come back"}},
	{"deletes what does not change", tokenCache(patched{stored: func(old, fresh domain.TokenSet) domain.TokenSet {
		if old.Equal(fresh) {
			return domain.TokenSet{}
		}
		return fresh
	}}), []string{same}},
	{"keeps its lock when change panics", tokenCache(patched{update: func(ctx context.Context, s *store, key domain.PartitionKey, c change) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.mu.Lock()
		set, err := c(s.sets[key])
		if err == nil {
			s.put(key, set)
		}
		s.mu.Unlock()
		return err
	}}), []string{"a panic of change does no harm"}},
	{"reports success when change panics", tokenCache(patched{update: func(ctx context.Context, s *store, key domain.PartitionKey, c change) error {
		defer func() { _ = recover() }()
		return s.Update(ctx, key, c)
	}}), []string{"a panic of change does no harm"}},
	{"stores half when change panics", tokenCache(patched{update: func(ctx context.Context, s *store, key domain.PartitionKey, c change) error {
		done := false
		defer func() {
			if !done {
				s.put(key, domain.TokenSet{})
			}
		}()
		err := s.Update(ctx, key, c)
		done = true
		return err
	}}), []string{"a panic of change does no harm"}},
}

// hiding deletes by a mark; what is marked still reaches change.
type hiding struct {
	*store
	hidden map[domain.PartitionKey]domain.TokenSet
}

func (h *hiding) Update(ctx context.Context, key domain.PartitionKey, change change) error {
	return h.store.Update(ctx, key, func(current domain.TokenSet) (domain.TokenSet, error) {
		if current.IsZero() {
			current = h.hidden[key]
		}
		set, err := change(current)
		if err == nil && set.IsZero() {
			h.hidden[key] = current
		}
		return set, err
	})
}

func bringsBack(t *testing.T) {
	portstest.TokenCache(t, func(*testing.T) ports.TokenCache {
		return &hiding{newStore(), map[domain.PartitionKey]domain.TokenSet{}}
	})
}
