package portstest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// keysChecks are about the list of partitions.
var keysChecks = []check[ports.TokenCache]{
	alone("Keys of an empty cache yields nothing", keysOfAnEmptyCache),
	alone("Keys filters by kind, client and owner", keysFilters),
	alone("Keys yields each key once", keysYieldsEachOnce),
	alone("Keys can be left early", keysCanBeLeft),
	alone("the loop over Keys may use the cache", theLoopMayUseTheCache),
	alone("Keys is complete while others come and go", keysIsComplete),
}

// listed returns how often Keys yields each key.
func listed(ctx context.Context, c ports.TokenCache, f domain.PartitionFilter) (map[domain.PartitionKey]int, error) {
	times := map[domain.PartitionKey]int{}
	for key, err := range c.Keys(ctx, f) {
		if err != nil {
			return times, fmt.Errorf("listing keys: %w", err)
		}
		times[key]++
	}
	return times, nil
}

// wantKeys reports keys that are missing, too many, or yielded more than once.
func wantKeys(t *testing.T, c ports.TokenCache, f domain.PartitionFilter, want []domain.PartitionKey) {
	t.Helper()
	times, err := listed(t.Context(), c, f)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range want {
		if n := times[key]; n != 1 {
			t.Errorf("Keys with %+v yields %s %d times", f, key.Text(), n)
		}
		delete(times, key)
	}
	for key := range times {
		t.Errorf("Keys with %+v yields %s, which it must not", f, key.Text())
	}
}

// manyKeys returns n keys of one client: more than a page of what stores list.
func manyKeys(n int) []domain.PartitionKey {
	keys := make([]domain.PartitionKey, n)
	for i := range keys {
		keys[i] = domain.UserKey(clientID, fmt.Sprintf("user %03d", i))
	}
	return keys
}

func keysOfAnEmptyCache(t *testing.T, c ports.TokenCache) {
	wantKeys(t, c, domain.PartitionFilter{}, nil)
	wantKeys(t, c, domain.PartitionFilter{Kind: domain.UserPartition, ClientID: clientID}, nil)
}

func keysFilters(t *testing.T, c ports.TokenCache) {
	keys := lookAlikes()
	for _, key := range keys {
		store(t, c, key, setFor(key, "stored"))
	}
	filters := []domain.PartitionFilter{
		{}, {Kind: domain.UserPartition}, {Kind: domain.FamilyPartition}, {Kind: domain.AppPartition},
		{Kind: domain.AssertionPartition}, {Kind: domain.MachinePartition},
		{ClientID: "client"}, {ClientID: "Client"}, {ClientID: "client*"}, {ClientID: "client|a"}, {ClientID: "nobody"},
		{Owner: "user"}, {Owner: "user*"}, {Owner: "session"}, {Owner: tenantID}, {Owner: "caf\u00e9"},
		{Kind: domain.UserPartition, ClientID: "client"}, {Kind: domain.AppPartition, ClientID: "client", Owner: tenantID},
		{Kind: domain.UserPartition, Owner: "user"}, {Kind: domain.FamilyPartition, ClientID: "1"},
	}
	for _, f := range filters {
		var want []domain.PartitionKey
		for _, key := range keys {
			if f.Admits(key) {
				want = append(want, key)
			}
		}
		wantKeys(t, c, f, want)
	}
}

func keysYieldsEachOnce(t *testing.T, c ports.TokenCache) {
	keys := manyKeys(250)
	for _, key := range keys {
		store(t, c, key, setFor(key, "stored"))
	}
	for _, key := range keys[:20] {
		store(t, c, key, setFor(key, "stored again"))
	}
	wantKeys(t, c, domain.PartitionFilter{}, keys)
}

func keysCanBeLeft(t *testing.T, c ports.TokenCache) {
	keys := manyKeys(20)
	for _, key := range keys {
		store(t, c, key, setFor(key, "stored"))
	}
	var err error
	mustReturn(t, "a loop over Keys that is left", func() {
		for _, err = range c.Keys(t.Context(), domain.PartitionFilter{}) {
			break
		}
	})
	if err != nil {
		t.Fatalf("Keys: %v", err)
	}
	mustReturn(t, "an Update after a loop over Keys was left", func() {
		err = c.Update(t.Context(), keys[0], to(domain.TokenSet{}))
	})
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	wantKeys(t, c, domain.PartitionFilter{}, keys[1:])
}

// theLoopMayUseTheCache: removing every partition of a client is such a loop.
func theLoopMayUseTheCache(t *testing.T, c ports.TokenCache) {
	for _, key := range manyKeys(60) {
		store(t, c, key, setFor(key, "stored"))
	}
	deleted := 0
	var err error
	mustReturn(t, "a loop over Keys that reads and deletes", func() {
		for key, failed := range c.Keys(t.Context(), domain.PartitionFilter{ClientID: clientID}) {
			if err = failed; err != nil {
				return
			}
			if _, err = c.Load(t.Context(), key); err != nil {
				return
			}
			if err = c.Update(t.Context(), key, to(domain.TokenSet{})); err != nil {
				return
			}
			deleted++
		}
	})
	if err != nil || deleted != 60 {
		t.Errorf("a loop that deletes every key has deleted %d of 60, error %v", deleted, err)
	}
	wantKeys(t, c, domain.PartitionFilter{}, nil)
}

// keysIsComplete lists with one hand and changes with the other: what was there all
// the time is yielded once, wherever the list happens to be cut into pages.
func keysIsComplete(t *testing.T, c ports.TokenCache) {
	const n = 30
	keys := manyKeys(3 * n)
	stays, goes, comes := keys[:0:0], keys[:0:0], keys[:0:0]
	for i := range n { // side by side, in every order that a store may have
		stays, goes, comes = append(stays, keys[3*i]), append(goes, keys[3*i+1]), append(comes, keys[3*i+2])
	}
	for i := range n {
		store(t, c, stays[i], setFor(stays[i], "stored"))
		store(t, c, goes[i], setFor(goes[i], "stored"))
	}
	times := map[domain.PartitionKey]int{}
	left := append(deletions(goes), creations(comes)...)
	var err error
	mustReturn(t, "a loop over Keys while keys come and go", func() {
		for key, failed := range c.Keys(t.Context(), domain.PartitionFilter{}) {
			times[key]++
			for range min(2, len(left)) {
				failed = errors.Join(failed, left[0](t.Context(), c))
				left = left[1:]
			}
			if err = failed; err != nil {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, key := range keys {
		if got := times[key]; got > 1 || got == 0 && i%3 == 0 {
			t.Errorf("Keys yields %s %d times", key.Text(), got)
		}
	}
}

type step = func(context.Context, ports.TokenCache) error

func deletions(keys []domain.PartitionKey) (steps []step) {
	for _, key := range keys {
		steps = append(steps, func(ctx context.Context, c ports.TokenCache) error {
			return c.Update(ctx, key, to(domain.TokenSet{}))
		})
	}
	return steps
}

func creations(keys []domain.PartitionKey) (steps []step) {
	for _, key := range keys {
		steps = append(steps, func(ctx context.Context, c ports.TokenCache) error {
			return c.Update(ctx, key, to(setFor(key, "new")))
		})
	}
	return steps
}
