package portstest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

// HTTPCache checks an implementation of [ports.HTTPCache] against its contract.
// Each call of newCache returns an empty cache. A store may drop entries at any
// time; the suite expects that a cache of a few entries keeps what it was given a
// moment ago.
func HTTPCache(t *testing.T, newCache func(t *testing.T) ports.HTTPCache) {
	t.Helper()
	for _, c := range httpCacheChecks {
		t.Run(c.name, func(t *testing.T) { c.run(t, newCache(t)) })
	}
}

var httpCacheChecks = []check[ports.HTTPCache]{
	alone("absent is nil", absentIsNil),
	alone("what was set is got", whatWasSetIsGot),
	alone("expired entries are got", expiredEntriesAreGot),
	alone("Set replaces", setReplaces),
	alone("Delete removes", deleteRemoves),
	alone("keys do not meet", httpKeysDoNotMeet),
	alone("values do not change", valuesDoNotChange),
	alone("values and expiry stay together", valuesAndExpiryStayTogether),
}

const document = "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration"

func set(t *testing.T, c ports.HTTPCache, key, value string, expires time.Time) {
	t.Helper()
	if err := c.Set(t.Context(), key, []byte(value), expires); err != nil {
		t.Fatalf("Set: %v", err)
	}
}

func wantEntry(t *testing.T, c ports.HTTPCache, key, value string, expires time.Time) {
	t.Helper()
	got, until, err := c.Get(t.Context(), key)
	switch {
	case err != nil:
		t.Errorf("Get %q: %v", key, err)
	case got == nil:
		t.Errorf("Get %q: the entry is absent", key)
	case string(got) != value:
		t.Errorf("Get %q returns %d bytes that are not the %d bytes of the value", key, len(got), len(value))
	case !sameTime(until, expires):
		t.Errorf("Get %q: expires %v, want %v", key, until, expires)
	}
}

func wantAbsent(t *testing.T, c ports.HTTPCache, key string) {
	t.Helper()
	if got, _, err := c.Get(t.Context(), key); err != nil || got != nil {
		t.Errorf("Get of an absent key returns %d bytes (nil: %v), error %v; want nil and no error", len(got), got == nil, err)
	}
}

func absentIsNil(t *testing.T, c ports.HTTPCache) {
	wantAbsent(t, c, document)
	if err := c.Delete(t.Context(), document); err != nil {
		t.Errorf("Delete of an absent key: %v", err)
	}
}

func whatWasSetIsGot(t *testing.T, c ports.HTTPCache) {
	var every [256]byte
	for i := range every {
		every[i] = byte(i)
	}
	for _, value := range []string{`{"issuer":"https://login.microsoftonline.com"}`, string(every[:]), strings.Repeat("document ", 64<<10/9)} {
		set(t, c, document, value, ahead)
		wantEntry(t, c, document, value, ahead)
	}
}

// expiredEntriesAreGot: they are served while a server fails.
func expiredEntriesAreGot(t *testing.T, c ports.HTTPCache) {
	hourAgo := time.Now().Add(-time.Hour)
	set(t, c, "an hour ago", "stale", hourAgo)
	set(t, c, "long ago", "very stale", past)
	set(t, c, "alive", "fresh", ahead)
	wantEntry(t, c, "an hour ago", "stale", hourAgo)
	wantEntry(t, c, "long ago", "very stale", past)
}

func setReplaces(t *testing.T, c ports.HTTPCache) {
	set(t, c, document, "first, which is longer", ahead)
	set(t, c, document, "second", ahead.Add(-time.Hour))
	wantEntry(t, c, document, "second", ahead.Add(-time.Hour))
}

func deleteRemoves(t *testing.T, c ports.HTTPCache) {
	set(t, c, document, "value", ahead)
	set(t, c, "other", "other value", ahead)
	if err := c.Delete(t.Context(), document); err != nil {
		t.Fatalf("Delete: %v", err)
	}
	wantAbsent(t, c, document)
	wantEntry(t, c, "other", "other value", ahead)
}

func httpKeysDoNotMeet(t *testing.T, c ports.HTTPCache) {
	keys := []string{
		document, document + "/", document + "?a=b", document + "?A=b", "a|b", "a%7Cb", "a b", "a+b", "a", "A", "a ",
		"a/b", "a/../b", "b", "caf\u00e9", "cafe\u0301", strings.Repeat("k", 300) + "1", strings.Repeat("k", 300) + "2",
	}
	for i, key := range keys {
		set(t, c, key, fmt.Sprint("value ", i), ahead)
	}
	for i, key := range keys {
		wantEntry(t, c, key, fmt.Sprint("value ", i), ahead)
	}
}

// valuesDoNotChange: neither side modifies a value after the call, so a store that
// fills the same buffer again breaks its reader.
func valuesDoNotChange(t *testing.T, c ports.HTTPCache) {
	set(t, c, document, "first value", ahead)
	first, _, err := c.Get(t.Context(), document)
	if err != nil {
		t.Fatalf("Get: %v", err)
	}
	set(t, c, document, "other value", ahead)
	wantEntry(t, c, document, "other value", ahead)
	if string(first) != "first value" {
		t.Errorf("a value that Get returned has become %q", first)
	}
}

// valuesAndExpiryStayTogether lets callers set and get one key at once: the value
// says when it expires.
func valuesAndExpiryStayTogether(t *testing.T, c ports.HTTPCache) {
	together(t, "Get and Set by many callers", callers, func(caller int) error {
		for round := range rounds {
			expires := ahead.Add(time.Duration(caller*rounds+round) * time.Minute)
			value := binary.BigEndian.AppendUint64(nil, uint64(expires.Unix())) //nolint:gosec // a time after 1970
			if err := c.Set(t.Context(), document, bytes.Repeat(value, 100), expires); err != nil {
				return err
			}
			got, until, err := c.Get(t.Context(), document)
			if err != nil {
				return err
			}
			want := bytes.Repeat(binary.BigEndian.AppendUint64(nil, uint64(until.Unix())), 100) //nolint:gosec // as above
			if got != nil && !bytes.Equal(got, want) {
				return errors.New("the value of one Set comes with the expiry of another")
			}
		}
		return nil
	})
}
