package portstest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// contextChecks are about callers that do not wait.
var contextChecks = []check[ports.TokenCache]{
	alone("Update with a context that has ended stores nothing", endedUpdateStoresNothing),
	alone("Update whose context ends is not half done", endingUpdateIsWhole),
	alone("Load with a context that has ended does not report absence", endedLoadIsNoAbsence),
	alone("Keys with a context that has ended fails", endedKeysFails),
	alone("Keys whose context ends does not pretend to be complete", endingKeysIsHonest),
}

func canceled(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

func endedUpdateStoresNothing(t *testing.T, c ports.TokenCache) {
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Hour))
	defer cancel()
	for _, ended := range []struct {
		ctx  context.Context
		want error
	}{{canceled(t), context.Canceled}, {late, context.DeadlineExceeded}} {
		for _, before := range []domain.TokenSet{{}, setFor(userKey, "stored")} {
			store(t, c, userKey, before)
			if err := c.Update(ended.ctx, userKey, to(setFor(userKey, "too late"))); !errors.Is(err, ended.want) {
				t.Errorf("Update returns %v, want %v", err, ended.want)
			}
			wantSet(t, "after an Update whose context had ended", load(t, c, userKey), before)
		}
	}
}

// endingUpdateIsWhole ends the context from inside change, so that it is over when
// the store begins to write.
func endingUpdateIsWhole(t *testing.T, c ports.TokenCache) {
	before, after := domain.NewTokenSet(bare()...), domain.NewTokenSet(append(full(), variants()...)...)
	store(t, c, userKey, before)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := c.Update(ctx, userKey, func(domain.TokenSet) (domain.TokenSet, error) {
		cancel()
		return after, nil
	})
	got := load(t, c, userKey)
	if err == nil {
		wantSet(t, "after an Update that reports success", got, after)
		return
	}
	if len(differences(got, before)) > 0 && len(differences(got, after)) > 0 {
		t.Errorf("an Update whose context ended has left something between old and new: %v", differences(got, after))
	}
}

// endedLoadIsNoAbsence: a caller who is told that there is no token asks the server
// for one, or the user.
func endedLoadIsNoAbsence(t *testing.T, c ports.TokenCache) {
	set := setFor(userKey, "stored")
	store(t, c, userKey, set)
	got, err := c.Load(canceled(t), userKey)
	if err == nil {
		wantSet(t, "Load without an error", got, set)
	} else if !errors.Is(err, context.Canceled) {
		t.Errorf("Load returns %v, want the set or %v", err, context.Canceled)
	}
}

func endedKeysFails(t *testing.T, c ports.TokenCache) {
	store(t, c, userKey, setFor(userKey, "stored"))
	ctx := canceled(t)
	var last error
	for _, err := range c.Keys(ctx, domain.PartitionFilter{}) {
		if last != nil {
			t.Error("Keys goes on after an error")
		}
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("Keys ends with %v, want %v", last, context.Canceled)
	}
}

// endingKeysIsHonest: a list that is cut short without an error would let a removal
// of everything leave something.
func endingKeysIsHonest(t *testing.T, c ports.TokenCache) {
	want := manyKeys(20)
	for _, key := range want {
		store(t, c, key, setFor(key, "stored"))
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	listed, failed := 0, false
	for _, err := range c.Keys(ctx, domain.PartitionFilter{}) {
		cancel()
		if failed {
			t.Fatal("Keys goes on after an error")
		}
		if failed = err != nil; !failed {
			listed++
		}
	}
	if !failed && listed < len(want) {
		t.Errorf("Keys whose context ended yields %d of %d keys and no error", listed, len(want))
	}
}
