package portstest

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// storeChecks are about what goes in and comes out again.
var storeChecks = []check[ports.TokenCache]{
	alone("absent is empty", absentIsEmpty),
	alone("what was stored is loaded", whatWasStoredIsLoaded),
	alone("keys do not meet", keysDoNotMeet),
	alone("loaded sets do not change", loadedSetsDoNotChange),
	alone("sets are kept while they are of use", setsAreKept),
	alone("printing shows no token", printingShowsNoToken),
}

func load(t *testing.T, c ports.TokenCache, key domain.PartitionKey) domain.TokenSet {
	t.Helper()
	set, err := c.Load(t.Context(), key)
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return set
}

func store(t *testing.T, c ports.TokenCache, key domain.PartitionKey, set domain.TokenSet) {
	t.Helper()
	if err := c.Update(t.Context(), key, to(set)); err != nil {
		t.Fatalf("Update: %v", err)
	}
}

// to is a change whose result does not depend on what is stored.
func to(set domain.TokenSet) change {
	return func(domain.TokenSet) (domain.TokenSet, error) { return set, nil }
}

func absentIsEmpty(t *testing.T, c ports.TokenCache) {
	if set := load(t, c, userKey); !set.IsZero() {
		t.Errorf("Load of an absent key returns %d records", set.Len())
	}
	err := c.Update(t.Context(), userKey, func(current domain.TokenSet) (domain.TokenSet, error) {
		if !current.IsZero() {
			return current, fmt.Errorf("change is given %d records", current.Len())
		}
		return current, nil
	})
	if err != nil {
		t.Errorf("Update of an absent key: %v", err)
	}
}

func whatWasStoredIsLoaded(t *testing.T, c ports.TokenCache) {
	app := domain.AppKey(clientID, tenantID, graph)
	family := domain.FamilyKey("1", homeAccountID)
	assertion := domain.AssertionKey(clientID, domain.NewSecret("incoming"))
	session := domain.SessionKey(clientID, "web session 1")
	machine := domain.MachineKey("system", "https://vault.azure.net")
	for _, s := range []struct {
		name string
		key  domain.PartitionKey
		set  domain.TokenSet
	}{
		{"every kind of record", userKey, domain.NewTokenSet(full()...)},
		{"empty fields and zero times", userKey, domain.NewTokenSet(bare()...)},
		{"several of a kind", userKey, domain.NewTokenSet(append(full(), variants()...)...)},
		{"long values", userKey, longValues()},
		{"unicode", userKey, unicodeValues()},
		{"an application's token", app, setFor(app, "app")},
		{"a family's token", family, setFor(family, "family")},
		{"an assertion's token", assertion, setFor(assertion, "assertion")},
		{"a session's token", session, setFor(session, "session")},
		{"a machine's token", machine, setFor(machine, "machine")},
	} {
		store(t, c, s.key, s.set)
		wantSet(t, s.name, load(t, c, s.key), s.set)
	}
}

func keysDoNotMeet(t *testing.T, c ports.TokenCache) {
	keys := lookAlikes()
	for i, key := range keys {
		store(t, c, key, setFor(key, fmt.Sprintf("token %d", i)))
	}
	for i, key := range keys {
		wantSet(t, "key "+key.Text(), load(t, c, key), setFor(key, fmt.Sprintf("token %d", i)))
	}
	wantKeys(t, c, domain.PartitionFilter{}, keys)

	store(t, c, keys[0], domain.TokenSet{})
	for i, key := range keys[1:] {
		wantSet(t, "key "+key.Text()+" after another was deleted", load(t, c, key), setFor(key, fmt.Sprintf("token %d", i+1)))
	}
}

// loadedSetsDoNotChange finds stores that hand out strings in a buffer which they
// use again.
func loadedSetsDoNotChange(t *testing.T, c ports.TokenCache) {
	store(t, c, userKey, setFor(userKey, "first token"))
	first := load(t, c, userKey)
	store(t, c, userKey, setFor(userKey, "other token"))
	wantSet(t, "the set loaded last", load(t, c, userKey), setFor(userKey, "other token"))
	wantSet(t, "the set loaded first", first, setFor(userKey, "first token"))
}

func printingShowsNoToken(t *testing.T, c ports.TokenCache) {
	const planted = "planted-secret-0123456789"
	assertion := domain.AssertionKey(clientID, domain.NewSecret(planted))
	for _, key := range []domain.PartitionKey{userKey, assertion, domain.FamilyKey("1", homeAccountID)} {
		store(t, c, key, setFor(key, planted))
		load(t, c, key)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		text := fmt.Sprintf(verb, c)
		if strings.Contains(text, planted) || strings.Contains(text, hex.EncodeToString([]byte(planted))) {
			t.Errorf("fmt shows a token under %s; implement fmt.Formatter", verb)
		}
	}
}
