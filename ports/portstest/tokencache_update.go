package portstest

import (
	"errors"
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// updateChecks are about what Update does with the result of change.
var updateChecks = []check[ports.TokenCache]{
	alone("change sees the current set", changeSeesTheCurrentSet),
	alone("the result replaces the set", theResultReplacesTheSet),
	alone("an unchanged result changes nothing", unchangedChangesNothing),
	alone("an error of change stores nothing", anErrorStoresNothing),
	alone("an empty result deletes the key", anEmptyResultDeletes),
	alone("a deleted set does not come back", deletedDoesNotComeBack),
	alone("a panic of change does no harm", aPanicDoesNoHarm),
}

type change = func(domain.TokenSet) (domain.TokenSet, error)

// add is a change that puts a token into what is there.
func add(token domain.AccessToken) change {
	return func(current domain.TokenSet) (domain.TokenSet, error) {
		return current.With(domain.Grant{AccessToken: &token}, past), nil
	}
}

func without(r domain.Record) change {
	return func(current domain.TokenSet) (domain.TokenSet, error) { return current.Without(r.RecordKey()), nil }
}

// current returns what change is given. It deletes nothing and stores nothing.
func current(t *testing.T, c ports.TokenCache, key domain.PartitionKey) domain.TokenSet {
	t.Helper()
	var seen domain.TokenSet
	err := c.Update(t.Context(), key, func(current domain.TokenSet) (domain.TokenSet, error) {
		seen = current
		return current, nil
	})
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
	return seen
}

func changeSeesTheCurrentSet(t *testing.T, c ports.TokenCache) {
	first, second := accessToken(userKey, "first", "first"), accessToken(userKey, "second", "second")
	store(t, c, userKey, domain.NewTokenSet(first))
	wantSet(t, "what change is given", current(t, c, userKey), domain.NewTokenSet(first))
	if err := c.Update(t.Context(), userKey, add(second)); err != nil {
		t.Fatalf("Update: %v", err)
	}
	wantSet(t, "what change is given", current(t, c, userKey), domain.NewTokenSet(first, second))
	wantSet(t, "the set", load(t, c, userKey), domain.NewTokenSet(first, second))

	full := domain.NewTokenSet(full()...)
	store(t, c, userKey, full)
	wantSet(t, "what change is given", current(t, c, userKey), full)
}

// theResultReplacesTheSet finds stores that write what is new and leave what is gone.
func theResultReplacesTheSet(t *testing.T, c ports.TokenCache) {
	all := append(full(), variants()...)
	store(t, c, userKey, domain.NewTokenSet(all...))
	for _, r := range all[1:] {
		want := load(t, c, userKey).Without(r.RecordKey())
		if err := c.Update(t.Context(), userKey, without(r)); err != nil {
			t.Fatalf("Update: %v", err)
		}
		wantSet(t, "after a record was removed", load(t, c, userKey), want)
	}
	store(t, c, userKey, domain.NewTokenSet(all...))
	store(t, c, userKey, domain.NewTokenSet(bare()...))
	wantSet(t, "after a set was replaced", load(t, c, userKey), domain.NewTokenSet(bare()...))
}

func unchangedChangesNothing(t *testing.T, c ports.TokenCache) {
	set := domain.NewTokenSet(full()...)
	store(t, c, userKey, set)
	for range 3 {
		current(t, c, userKey)
		wantSet(t, "after an Update that changes nothing", load(t, c, userKey), set)
	}
}

func anErrorStoresNothing(t *testing.T, c ports.TokenCache) {
	refused := errors.New("refused by the test")
	failing := func(domain.TokenSet) (domain.TokenSet, error) { return setFor(userKey, "not to be stored"), refused }
	for _, before := range []domain.TokenSet{{}, setFor(userKey, "stored")} {
		store(t, c, userKey, before)
		if err := c.Update(t.Context(), userKey, failing); !errors.Is(err, refused) {
			t.Errorf("Update returns %v, want the error of change", err)
		}
		wantSet(t, "after a change that failed", load(t, c, userKey), before)
	}
	emptying := func(domain.TokenSet) (domain.TokenSet, error) { return domain.TokenSet{}, refused }
	if err := c.Update(t.Context(), userKey, emptying); !errors.Is(err, refused) {
		t.Errorf("Update returns %v, want the error of change", err)
	}
	wantSet(t, "after a deletion that failed", load(t, c, userKey), setFor(userKey, "stored"))
}

func anEmptyResultDeletes(t *testing.T, c ports.TokenCache) {
	other := domain.UserKey("another client", homeAccountID)
	store(t, c, other, setFor(other, "kept"))
	store(t, c, userKey, domain.NewTokenSet(full()...))
	for _, state := range []string{"once", "twice"} {
		store(t, c, userKey, domain.TokenSet{})
		if set := load(t, c, userKey); !set.IsZero() {
			t.Errorf("deleted %s: Load returns %d records", state, set.Len())
		}
		wantKeys(t, c, domain.PartitionFilter{}, []domain.PartitionKey{other})
	}
	wantSet(t, "the set under another key", load(t, c, other), setFor(other, "kept"))
}

func deletedDoesNotComeBack(t *testing.T, c ports.TokenCache) {
	store(t, c, userKey, domain.NewTokenSet(full()...))
	store(t, c, userKey, domain.TokenSet{})
	if seen := current(t, c, userKey); !seen.IsZero() {
		t.Errorf("change is given %d records of a deleted set", seen.Len())
	}
	store(t, c, userKey, setFor(userKey, "new"))
	wantSet(t, "a set stored after a deletion", load(t, c, userKey), setFor(userKey, "new"))
}

// aPanicDoesNoHarm: a store may let the panic through or return an error.
func aPanicDoesNoHarm(t *testing.T, c ports.TokenCache) {
	set := setFor(userKey, "stored")
	store(t, c, userKey, set)
	var err error
	mustReturn(t, "an Update whose change panics", func() {
		err = recovered(func() error {
			return c.Update(t.Context(), userKey, func(domain.TokenSet) (domain.TokenSet, error) { panic("by the test") })
		})
	})
	if err == nil {
		t.Error("an Update whose change panics reports success")
	}
	var got domain.TokenSet
	mustReturn(t, "a call after a change that panicked", func() {
		if got, err = c.Load(t.Context(), userKey); err == nil {
			err = c.Update(t.Context(), userKey, to(setFor(userKey, "next")))
		}
	})
	if err != nil {
		t.Fatalf("after a change that panicked: %v", err)
	}
	wantSet(t, "after a change that panicked", got, set)
	wantSet(t, "after the next Update", load(t, c, userKey), setFor(userKey, "next"))
}
