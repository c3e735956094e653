package portstest

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// togetherChecks are about many callers at once. Given two handles on one store,
// half of the callers use each.
var togetherChecks = []check[ports.TokenCache]{
	{"concurrent updates of a key lose nothing", updatesOfAKeyLoseNothing},
	{"concurrent updates of different keys lose nothing", updatesOfKeysLoseNothing},
	{"concurrent creation and deletion lose nothing", creationAndDeletionLoseNothing},
	{"Load sees completed updates, whole", loadSeesCompletedUpdates},
}

const (
	callers = 8
	rounds  = 25
)

func handle(caches []ports.TokenCache, i int) ports.TokenCache { return caches[i%len(caches)] }

// numbered returns a token of its own for each caller and round.
func numbered(caller, round int) domain.AccessToken {
	name := fmt.Sprintf("token-%d-%d", caller, round)
	return accessToken(userKey, name, name)
}

func updatesOfAKeyLoseNothing(t *testing.T, caches ...ports.TokenCache) {
	together(t, "Update of one key by many callers", callers, func(caller int) error {
		for round := range rounds {
			if err := handle(caches, caller).Update(t.Context(), userKey, slowly(add(numbered(caller, round)))); err != nil {
				return err
			}
		}
		return nil
	})
	var want []domain.Record
	for caller := range callers {
		for round := range rounds {
			want = append(want, numbered(caller, round))
		}
	}
	for i := range caches {
		wantAll(t, caches[i], want)
	}
}

// wantAll reports how many records were lost, and no more lines than that.
func wantAll(t *testing.T, c ports.TokenCache, want []domain.Record) {
	t.Helper()
	problems := differences(load(t, c, userKey), domain.NewTokenSet(want...))
	if len(problems) > 0 {
		t.Errorf("%d updates succeeded, %d of their records are wrong; the first: %s", len(want), len(problems), problems[0])
	}
}

// updatesOfKeysLoseNothing finds stores that keep everything in one place and
// write back what others have changed meanwhile.
func updatesOfKeysLoseNothing(t *testing.T, caches ...ports.TokenCache) {
	keys := manyKeys(callers)
	last := func(caller int) domain.TokenSet {
		return setFor(keys[caller], fmt.Sprintf("token %d of %d", rounds-1, caller))
	}
	together(t, "Update of many keys by many callers", callers, func(caller int) error {
		for round := range rounds {
			set := setFor(keys[caller], fmt.Sprintf("token %d of %d", round, caller))
			if err := handle(caches, caller).Update(t.Context(), keys[caller], slowly(to(set))); err != nil {
				return err
			}
		}
		return nil
	})
	for i, key := range keys {
		wantSet(t, key.Text(), load(t, handle(caches, i+1), key), last(i))
	}
}

// creationAndDeletionLoseNothing lets all callers create the key at once, and delete
// it at once. Stores that insert and update in different ways race here.
func creationAndDeletionLoseNothing(t *testing.T, caches ...ports.TokenCache) {
	for round := range 10 {
		together(t, "Update of a new key by many callers", callers, func(caller int) error {
			return handle(caches, caller).Update(t.Context(), userKey, slowly(add(numbered(caller, round))))
		})
		var want []domain.Record
		for caller := range callers {
			want = append(want, numbered(caller, round))
		}
		wantAll(t, handle(caches, round), want)
		together(t, "Update that deletes, by many callers", callers, func(caller int) error {
			return handle(caches, caller).Update(t.Context(), userKey, slowly(without(numbered(caller, round))))
		})
		wantKeys(t, handle(caches, round), domain.PartitionFilter{}, nil)
	}
	for _, c := range caches {
		if left := load(t, c, userKey).Len(); left > 0 {
			t.Errorf("%d records are left of a set that every caller has emptied", left)
		}
	}
}

// slowly gives other callers a chance between what change is given and what it
// returns.
func slowly(c change) change {
	return func(current domain.TokenSet) (domain.TokenSet, error) {
		runtime.Gosched()
		return c(current)
	}
}

// loadSeesCompletedUpdates writes a growing number, as two records, and reads
// meanwhile: never a number older than the last one that was written before, and
// never two that differ.
func loadSeesCompletedUpdates(t *testing.T, caches ...ports.TokenCache) {
	const versions, readers = 50, 3
	writer := caches[0]
	var written atomic.Int64
	var gaveUp atomic.Bool
	store(t, writer, userKey, version(0))
	together(t, "one writer and its readers", 1+readers, func(i int) error {
		if i == 0 {
			defer gaveUp.Store(true)
			return writeVersions(t.Context(), writer, versions, &written)
		}
		for written.Load() < versions && !gaveUp.Load() {
			if err := readVersion(t.Context(), handle(caches, i), written.Load()); err != nil {
				return err
			}
		}
		return nil
	})
	for _, c := range caches {
		wantSet(t, "after the last Update", load(t, c, userKey), version(versions))
	}
}

func version(n int64) domain.TokenSet {
	text := strconv.FormatInt(n, 10)
	return domain.NewTokenSet(accessToken(userKey, "orders.read", text), refreshToken(userKey, text))
}

func writeVersions(ctx context.Context, c ports.TokenCache, versions int64, written *atomic.Int64) error {
	for n := range versions {
		if err := c.Update(ctx, userKey, to(version(n+1))); err != nil {
			return err
		}
		written.Store(n + 1)
	}
	return nil
}

func readVersion(ctx context.Context, c ports.TokenCache, atLeast int64) error {
	set, err := c.Load(ctx, userKey)
	if err != nil {
		return err
	}
	var seen []string
	for r := range set.Records() {
		switch r := r.(type) {
		case domain.AccessToken:
			seen = append(seen, r.Secret.Reveal())
		case domain.RefreshToken:
			seen = append(seen, r.Secret.Reveal())
		}
	}
	if len(seen) != 2 || seen[0] != seen[1] {
		return fmt.Errorf("parts of two updates are loaded: %v", seen)
	}
	if n, err := strconv.ParseInt(seen[0], 10, 64); err != nil || n < atLeast {
		return fmt.Errorf("update %v is loaded although update %d had returned", seen[0], atLeast)
	}
	return nil
}
