package portstest

import (
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// sharedChecks are about what one handle sees of another's work, when it has read
// or written the same partition before.
var sharedChecks = []check[ports.TokenCache]{
	{"each sees what the other stores", eachSeesWhatTheOtherStores},
	{"each sees what the other deletes", eachSeesWhatTheOtherDeletes},
	{"each lists what the other stores", eachListsWhatTheOtherStores},
	{"change sees what the other stores", changeSeesWhatTheOtherStores},
}

func eachSeesWhatTheOtherStores(t *testing.T, caches ...ports.TokenCache) {
	a, b := caches[0], caches[1]
	load(t, b, userKey)
	for _, secret := range []string{"first", "second", "third"} {
		store(t, a, userKey, setFor(userKey, secret))
		wantSet(t, "the other handle", load(t, b, userKey), setFor(userKey, secret))
		a, b = b, a
	}
}

func eachSeesWhatTheOtherDeletes(t *testing.T, caches ...ports.TokenCache) {
	a, b := caches[0], caches[1]
	for range 2 {
		store(t, a, userKey, setFor(userKey, "stored"))
		load(t, a, userKey)
		load(t, b, userKey)
		store(t, b, userKey, domain.TokenSet{})
		if left := load(t, a, userKey).Len(); left > 0 {
			t.Errorf("Load returns %d records that the other handle has deleted", left)
		}
		a, b = b, a
	}
}

func eachListsWhatTheOtherStores(t *testing.T, caches ...ports.TokenCache) {
	a, b := caches[0], caches[1]
	keys := manyKeys(6)
	wantKeys(t, b, domain.PartitionFilter{}, nil)
	for i, key := range keys {
		store(t, a, key, setFor(key, "stored"))
		wantKeys(t, b, domain.PartitionFilter{}, keys[:i+1])
		a, b = b, a
	}
	store(t, a, keys[0], domain.TokenSet{})
	wantKeys(t, b, domain.PartitionFilter{ClientID: clientID}, keys[1:])
}

func changeSeesWhatTheOtherStores(t *testing.T, caches ...ports.TokenCache) {
	a, b := caches[0], caches[1]
	var want []domain.Record
	for round := range 6 {
		wantSet(t, "what change is given", current(t, a, userKey), domain.NewTokenSet(want...))
		token := numbered(0, round)
		want = append(want, token)
		if err := a.Update(t.Context(), userKey, add(token)); err != nil {
			t.Fatalf("Update: %v", err)
		}
		a, b = b, a
	}
	wantSet(t, "the set", load(t, a, userKey), domain.NewTokenSet(want...))
}
