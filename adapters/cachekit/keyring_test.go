package cachekit_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
)

func TestNewKeyRingRefuses(t *testing.T) {
	good := key("k1", "a")
	of := func(id string, secret []byte) cachekit.Key {
		return cachekit.Key{ID: id, Secret: domain.NewSecret(base64.StdEncoding.EncodeToString(secret))}
	}
	for _, c := range []struct {
		name  string
		o     cachekit.KeyRingOptions
		field string
	}{
		{"nothing", cachekit.KeyRingOptions{}, "KeyRingOptions.Active.ID"},
		{"a blank in the id", cachekit.KeyRingOptions{Active: key("k 1", "a")}, "KeyRingOptions.Active.ID"},
		{"a long id", cachekit.KeyRingOptions{Active: key(strings.Repeat("k", 65), "a")}, "KeyRingOptions.Active.ID"},
		{"an id that is not ASCII", cachekit.KeyRingOptions{Active: key("clé", "a")}, "KeyRingOptions.Active.ID"},
		{"no key", cachekit.KeyRingOptions{Active: cachekit.Key{ID: "k1"}}, "KeyRingOptions.Active.Secret"},
		{"no base64", cachekit.KeyRingOptions{Active: cachekit.Key{ID: "k1", Secret: domain.NewSecret("not base64!")}}, "KeyRingOptions.Active.Secret"},
		{"a short key", cachekit.KeyRingOptions{Active: of("k1", make([]byte, 31))}, "KeyRingOptions.Active.Secret"},
		{"a long key", cachekit.KeyRingOptions{Active: of("k1", make([]byte, 33))}, "KeyRingOptions.Active.Secret"},
		{"zeros", cachekit.KeyRingOptions{Active: of("k1", make([]byte, 32))}, "KeyRingOptions.Active.Secret"},
		{"a bad older key", cachekit.KeyRingOptions{Active: good, Accepted: []cachekit.Key{key("k0", "b"), {ID: "k2"}}}, "KeyRingOptions.Accepted[1].Secret"},
		{"an id twice", cachekit.KeyRingOptions{Active: good, Accepted: []cachekit.Key{key("k1", "b")}}, "KeyRingOptions.Accepted[0].ID"},
	} {
		_, err := cachekit.NewKeyRing(c.o)
		var config *domain.ConfigError
		if !errors.As(err, &config) || config.Field != c.field || config.Remedy == "" {
			t.Errorf("%s: got %v, want a ConfigError that names %s and a remedy", c.name, err, c.field)
		}
	}
	padded := cachekit.Key{ID: "k1", Secret: domain.NewSecret(" " + good.Secret.Reveal() + "\n")} // as a file has it
	ring(t, padded)
}

func TestKeyRingOpensWithOlderKeys(t *testing.T) {
	old := ring(t, key("k1", "a"))
	rotated := ring(t, key("k2", "b"), key("k1", "a"))
	sealed, err := old.Seal(t.Context(), []byte("plaintext"), []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := rotated.Open(t.Context(), sealed, []byte("place")); err != nil || string(got) != "plaintext" {
		t.Errorf("with the older key: %q, %v", got, err)
	}
	sealed, err = rotated.Seal(t.Context(), []byte("plaintext"), []byte("place"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := old.Open(t.Context(), sealed, []byte("place")); !errors.Is(err, cachekit.ErrUnknownKey) || errors.Is(err, domain.ErrSealBroken) || got != nil {
		t.Errorf("a key that is not in the ring: %q, %v, want ErrUnknownKey", got, err)
	}
	if got, err := ring(t, key("k2", "c")).Open(t.Context(), sealed, []byte("place")); !errors.Is(err, domain.ErrSealBroken) || got != nil {
		t.Errorf("another key of the same id: %q, %v, want ErrSealBroken", got, err)
	}
}

func TestKeyRingRefusesToGuess(t *testing.T) {
	r := ring(t, key("k1", "a"))
	sealed, err := r.Seal(t.Context(), []byte("plaintext"), nil)
	if err != nil {
		t.Fatal(err)
	}
	newer, older := bytes.Clone(sealed), bytes.Clone(sealed)
	newer[3], older[3] = 2, 0
	if _, err := r.Open(t.Context(), newer, nil); !errors.Is(err, cachekit.ErrNewer) || errors.Is(err, domain.ErrSealBroken) {
		t.Errorf("a newer envelope: %v, want ErrNewer", err)
	}
	if _, err := r.Open(t.Context(), older, nil); !errors.Is(err, domain.ErrSealBroken) {
		t.Errorf("an envelope of version 0: %v, want ErrSealBroken", err)
	}
	for name, empty := range map[string]*cachekit.KeyRing{"nil": nil, "zero": {}} {
		if _, err := empty.Seal(t.Context(), []byte("plaintext"), nil); err == nil {
			t.Errorf("the %s ring seals, with no key", name)
		}
		if _, err := empty.Open(t.Context(), sealed, nil); !errors.Is(err, cachekit.ErrUnknownKey) {
			t.Errorf("the %s ring: %v, want ErrUnknownKey", name, err)
		}
	}
}

// TestKeyRingReadsWhatWasSealedBefore has bytes that version 1 sealed: they open for ever.
func TestKeyRingReadsWhatWasSealedBefore(t *testing.T) {
	sealed, err := base64.StdEncoding.DecodeString(goldenSealed)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ring(t, key("k1", "a")).Open(t.Context(), sealed, []byte("place"))
	if err != nil || string(got) != "sealed by version 1" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestSaltsAndNoncesDoNotRepeat looks at what must differ for AES-GCM to be safe.
func TestSaltsAndNoncesDoNotRepeat(t *testing.T) {
	r := ring(t, key("k1", "a"))
	salts, nonces := map[string]bool{}, map[string]bool{}
	const n = 20_000
	for range n {
		sealed, err := r.Seal(t.Context(), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		const header = 3 + 2 + len("k1")
		salts[string(sealed[header:header+32])], nonces[string(sealed[header+32:header+44])] = true, true
	}
	if len(salts) != n || len(nonces) != n {
		t.Errorf("of %d records, %d salts and %d nonces differ", n, len(salts), len(nonces))
	}
}

func TestKeysDoNotPrint(t *testing.T) {
	k := key("k1", "a")
	r := ring(t, k)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, v := range []any{k, &k, r, cachekit.KeyRingOptions{Active: k, Accepted: []cachekit.Key{k}}, sealedWith(t), open(t, newBlobs(), sealedWith(t))} {
			text := fmt.Sprintf(verb, v)
			if strings.Contains(text, k.Secret.Reveal()) || strings.Contains(text, strings.Repeat("a", 31)) ||
				strings.Contains(text, strings.Repeat("61", 31)) || strings.Contains(text, strings.Repeat("0x61, ", 31)) {
				t.Errorf("%s of a %T shows a key", verb, v)
			}
		}
	}
}
