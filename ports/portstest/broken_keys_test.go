package portstest_test

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/domain"
)

type keySeq = iter.Seq2[domain.PartitionKey, error]

// filedUnder makes stores that file under less than the whole key.
func filedUnder(f func(domain.PartitionKey) domain.PartitionKey) func(*testing.T) {
	return tokenCache(patched{key: f})
}

// listing makes stores with their own idea of Keys.
func listing(f func(context.Context, *store, domain.PartitionFilter) keySeq) func(*testing.T) {
	return tokenCache(patched{keys: f})
}

// brokenKeys confuse keys, or list them wrongly.
var brokenKeys = []broken{
	{"ignores the kind", filedUnder(func(k domain.PartitionKey) domain.PartitionKey {
		return domain.AppKey(k.ClientID(), k.Owner(), k.Resource())
	}), []string{meet}},
	{"ignores the resource", filedUnder(func(k domain.PartitionKey) domain.PartitionKey {
		if k.Kind() == domain.AppPartition {
			return domain.AppKey(k.ClientID(), k.Owner(), "")
		}
		return k
	}), []string{meet}},
	{"takes sessions for assertions", filedUnder(func(k domain.PartitionKey) domain.PartitionKey {
		if k.Owner() == "session" {
			return domain.AssertionKey(k.ClientID(), domain.NewSecret(k.Resource()))
		}
		return k
	}), []string{meet}},
	{"joins parts without escaping", filedUnder(func(k domain.PartitionKey) domain.PartitionKey {
		return domain.SessionKey("", strings.Join([]string{k.Kind().String(), k.ClientID(), k.Owner(), k.Resource()}, "|"))
	}), []string{meet}},
	{"joins parts without a mark between", filedUnder(func(k domain.PartitionKey) domain.PartitionKey {
		return domain.SessionKey(k.Kind().String(), k.ClientID()+k.Owner()+k.Resource())
	}), []string{meet}},
	{"folds letter case in keys", filedUnder(func(k domain.PartitionKey) domain.PartitionKey { return ofText(k, strings.ToLower) }), []string{meet}},
	{"ignores blanks at the end", filedUnder(func(k domain.PartitionKey) domain.PartitionKey {
		return ofText(k, func(s string) string { return strings.TrimRight(s, " ") })
	}), []string{meet}},
	{"cuts long keys", filedUnder(func(k domain.PartitionKey) domain.PartitionKey {
		return ofText(k, func(s string) string { return s[:min(len(s), 200)] })
	}), []string{meet}},
	{"composes accents", filedUnder(func(k domain.PartitionKey) domain.PartitionKey {
		return ofText(k, func(s string) string { return strings.ReplaceAll(s, "e\u0301", "\u00e9") })
	}), []string{meet}},
	{"makes file names of keys", filedUnder(func(k domain.PartitionKey) domain.PartitionKey {
		return ofText(k, func(s string) string { return strings.NewReplacer("/", "_", `\`, "_", ":", "_").Replace(s) })
	}), []string{meet}},

	{"ignores filters", listing(func(ctx context.Context, s *store, _ domain.PartitionFilter) keySeq {
		return s.Keys(ctx, domain.PartitionFilter{})
	}), []string{filters}},
	{"filters by kind only", listing(func(ctx context.Context, s *store, f domain.PartitionFilter) keySeq {
		return s.Keys(ctx, domain.PartitionFilter{Kind: f.Kind})
	}), []string{filters}},
	{"filters by the beginning of a part", listing(func(ctx context.Context, s *store, f domain.PartitionFilter) keySeq {
		return where(s.Keys(ctx, domain.PartitionFilter{Kind: f.Kind}), func(k domain.PartitionKey) bool {
			return strings.HasPrefix(k.ClientID(), f.ClientID) && strings.HasPrefix(k.Owner(), f.Owner)
		})
	}), []string{filters}},
	{"takes the filter for a pattern", listing(func(ctx context.Context, s *store, f domain.PartitionFilter) keySeq {
		prefix, isPattern := strings.CutSuffix(f.ClientID, "*")
		if !isPattern {
			return s.Keys(ctx, f)
		}
		return where(s.Keys(ctx, domain.PartitionFilter{}), func(k domain.PartitionKey) bool { return strings.HasPrefix(k.ClientID(), prefix) })
	}), []string{filters}},
	{"lists one page", listing(func(ctx context.Context, s *store, f domain.PartitionFilter) keySeq {
		n := 0
		return where(s.Keys(ctx, f), func(domain.PartitionKey) bool { n++; return n <= 100 })
	}), []string{"Keys yields each key once"}},
	{"lists keys twice", listing(func(ctx context.Context, s *store, f domain.PartitionFilter) keySeq {
		return func(yield func(domain.PartitionKey, error) bool) {
			for key, err := range s.Keys(ctx, f) {
				if !yield(key, err) || key.Owner() == "user 100" && !yield(key, err) {
					return
				}
			}
		}
	}), []string{"Keys yields each key once"}},
	{"lists pages by offset", listing(pagesByOffset), []string{complete, "the loop over Keys may use the cache"}},
	{"holds its lock while it lists", listing(locksAndLists), []string{complete, "the loop over Keys may use the cache"}},
	{"keeps its lock when the loop is left", listing(forgetsToUnlock), []string{"Keys can be left early"}},
	{"fails on an empty store", listing(func(ctx context.Context, s *store, f domain.PartitionFilter) keySeq {
		if len(s.admitted(f)) == 0 {
			return func(yield func(domain.PartitionKey, error) bool) {
				yield(domain.PartitionKey{}, errors.New("no such table"))
			}
		}
		return s.Keys(ctx, f)
	}), []string{"Keys of an empty cache yields nothing"}},

	{"ends lists early and says nothing", listing(func(ctx context.Context, s *store, f domain.PartitionFilter) keySeq {
		return where(s.Keys(context.WithoutCancel(ctx), f), func(domain.PartitionKey) bool { return ctx.Err() == nil })
	}), []string{"Keys whose context ends does not pretend to be complete"}},
	{"goes on after an error", listing(func(ctx context.Context, s *store, f domain.PartitionFilter) keySeq {
		return func(yield func(domain.PartitionKey, error) bool) {
			for key := range s.Keys(context.WithoutCancel(ctx), f) {
				if err := ctx.Err(); err != nil && !yield(domain.PartitionKey{}, err) {
					return
				}
				if !yield(key, nil) {
					return
				}
			}
		}
	}), []string{"Keys whose context ends does not pretend to be complete"}},
}

// ofText returns the key with each part changed.
func ofText(k domain.PartitionKey, f func(string) string) domain.PartitionKey {
	parts := strings.Split(k.Text(), "|")
	for i, part := range parts[1:] {
		text, err := url.QueryUnescape(part)
		if err != nil {
			panic(err)
		}
		parts[i+1] = url.QueryEscape(f(text))
	}
	changed, err := domain.ParsePartitionKey(strings.Join(parts, "|"))
	if err != nil {
		panic(err)
	}
	return changed
}

// where drops keys from a sequence, and leaves errors.
func where(keys keySeq, keep func(domain.PartitionKey) bool) keySeq {
	return func(yield func(domain.PartitionKey, error) bool) {
		for key, err := range keys {
			if (err != nil || keep(key)) && !yield(key, err) {
				return
			}
		}
	}
}

func pagesByOffset(_ context.Context, s *store, f domain.PartitionFilter) keySeq {
	return func(yield func(domain.PartitionKey, error) bool) {
		for offset := 0; ; offset += 10 {
			keys := s.admitted(f)
			slices.SortFunc(keys, func(a, b domain.PartitionKey) int { return cmp.Compare(a.Text(), b.Text()) })
			if offset >= len(keys) {
				return
			}
			for _, key := range keys[offset:min(offset+10, len(keys))] {
				if !yield(key, nil) {
					return
				}
			}
		}
	}
}

func locksAndLists(ctx context.Context, s *store, f domain.PartitionFilter) keySeq {
	return func(yield func(domain.PartitionKey, error) bool) {
		keys := s.Keys(ctx, f)
		for key, err := range keys {
			s.mu.Lock()
			more := yield(key, err)
			s.mu.Unlock()
			if !more {
				return
			}
		}
	}
}

func forgetsToUnlock(ctx context.Context, s *store, f domain.PartitionFilter) keySeq {
	return func(yield func(domain.PartitionKey, error) bool) {
		for key, err := range s.Keys(ctx, f) {
			if !yield(key, err) {
				s.mu.Lock()
				return
			}
		}
	}
}
