package portstest_test

import (
	"context"

	"github.com/seed57855a68/keyport/domain"
)

// brokenContexts do not obey contexts, or hide that they did.
var brokenContexts = []broken{
	{"stores for callers who have left", tokenCache(patched{update: func(ctx context.Context, s *store, key domain.PartitionKey, c change) error {
		return s.Update(context.WithoutCancel(ctx), key, c)
	}}), []string{"Update with a context that has ended stores nothing"}},
	{"stores first and looks at the context then", tokenCache(patched{update: func(ctx context.Context, s *store, key domain.PartitionKey, c change) error {
		if err := s.Update(context.WithoutCancel(ctx), key, c); err != nil {
			return err
		}
		return ctx.Err()
	}}), []string{"Update with a context that has ended stores nothing"}},
	{"stops half way when the context ends", tokenCache(patched{update: func(ctx context.Context, s *store, key domain.PartitionKey, c change) error {
		return s.Update(ctx, key, func(current domain.TokenSet) (domain.TokenSet, error) {
			set, err := c(current)
			if err != nil || ctx.Err() == nil {
				return set, err
			}
			for r := range set.Records() {
				return add(current, r), nil
			}
			return set, nil
		})
	}}), []string{whole}},
	{"reports success of what it gave up", tokenCache(patched{update: func(ctx context.Context, s *store, key domain.PartitionKey, c change) error {
		return s.Update(ctx, key, func(current domain.TokenSet) (domain.TokenSet, error) {
			set, err := c(current)
			if ctx.Err() != nil {
				return current, err
			}
			return set, err
		})
	}}), []string{whole}},
	{"takes the end of a context for absence", tokenCache(patched{load: func(ctx context.Context, s *store, key domain.PartitionKey) (domain.TokenSet, error) {
		if ctx.Err() != nil {
			return domain.TokenSet{}, nil
		}
		return s.Load(ctx, key)
	}}), []string{"Load with a context that has ended does not report absence"}},
	{"lists for callers who have left", listing(func(ctx context.Context, s *store, f domain.PartitionFilter) keySeq {
		return s.Keys(context.WithoutCancel(ctx), f)
	}), []string{"Keys with a context that has ended fails"}},
}
