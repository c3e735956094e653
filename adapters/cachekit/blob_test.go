package cachekit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

func TestFromBlobStoreRefuses(t *testing.T) {
	sealer := ring(t, key("k1", "a"))
	for _, c := range []struct {
		name  string
		store cachekit.BlobStore
		o     cachekit.CodecOptions
		field string
	}{
		{"no store", nil, cachekit.CodecOptions{Sealer: sealer}, "BlobStore"},
		{"neither sealed nor plain", newBlobs(), cachekit.CodecOptions{}, "Sealer"},
		{"sealed and plain", newBlobs(), cachekit.CodecOptions{Sealer: sealer, InsecurePlaintext: true}, "InsecurePlaintext"},
		{"a migration to nowhere", newBlobs(), cachekit.CodecOptions{InsecurePlaintext: true, InsecureAcceptPlaintextUntil: noon}, "InsecureAcceptPlaintextUntil"},
		{"a short key for names", newBlobs(), cachekit.CodecOptions{Sealer: sealer, NameKey: domain.NewSecret("fifteen bytes..")}, "NameKey"},
	} {
		_, err := cachekit.FromBlobStore(c.store, cachekit.TokenCacheOptions{CodecOptions: c.o})
		var config *domain.ConfigError
		if !errors.As(err, &config) || config.Field != c.field || config.Remedy == "" {
			t.Errorf("%s: got %v, want a ConfigError that names %s and a remedy", c.name, err, c.field)
		}
	}
}

// patchedStore is a store with another idea of one method.
type patchedStore struct {
	*blobs
	read func(context.Context, string) ([]byte, string, error)
	swap func(context.Context, string, string, []byte, time.Time) (bool, error)
	list func(context.Context, string) iter.Seq2[string, error]
}

func (s patchedStore) ReadBlob(ctx context.Context, name string) (value []byte, version string, err error) {
	if s.read != nil {
		return s.read(ctx, name)
	}
	return s.blobs.ReadBlob(ctx, name)
}

func (s patchedStore) SwapBlob(ctx context.Context, name, version string, value []byte, expires time.Time) (bool, error) {
	if s.swap != nil {
		return s.swap(ctx, name, version, value, expires)
	}
	return s.blobs.SwapBlob(ctx, name, version, value, expires)
}

func (s patchedStore) ListBlobs(ctx context.Context, prefix string) iter.Seq2[string, error] {
	if s.list != nil {
		return s.list(ctx, prefix)
	}
	return s.blobs.ListBlobs(ctx, prefix)
}

func TestStoreErrorsPassThrough(t *testing.T) {
	away := errors.New("the store is away")
	c := open(t, patchedStore{
		blobs: newBlobs(),
		read:  func(context.Context, string) ([]byte, string, error) { return nil, "", away },
		list: func(context.Context, string) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) { yield("", away) }
		},
	}, sealedWith(t))
	_, loadErr := c.Load(t.Context(), user)
	changed := false
	updateErr := c.Update(t.Context(), user, func(domain.TokenSet) (domain.TokenSet, error) { changed = true; return domain.TokenSet{}, nil })
	var listErr error
	for _, listErr = range c.Keys(t.Context(), domain.PartitionFilter{}) {
	}
	for operation, err := range map[string]error{"load": loadErr, "update": updateErr, "list": listErr} {
		var own *cachekit.Error
		if !errors.Is(err, away) || !errors.As(err, &own) || own.Operation != operation || strings.Contains(err.Error(), home) {
			t.Errorf("%s: got %v, want an Error of the store's that names nobody", operation, err)
		}
	}
	if changed {
		t.Error("a set that could not be read was changed")
	}
	c = open(t, patchedStore{blobs: newBlobs(), swap: func(context.Context, string, string, []byte, time.Time) (bool, error) { return false, away }}, sealedWith(t))
	if err := c.Update(t.Context(), user, to(signedIn("adele"))); !errors.Is(err, away) {
		t.Errorf("a write that fails: %v", err)
	}
}

// onlyBytes hides that a store can list.
type onlyBytes struct{ cachekit.BlobStore }

func TestKeysOfAStoreThatCannotList(t *testing.T) {
	c := open(t, onlyBytes{newBlobs()}, sealedWith(t))
	storeSet(t, c, user, signedIn("adele"))
	n := 0
	for k, err := range c.Keys(t.Context(), domain.PartitionFilter{}) {
		n++
		if !errors.Is(err, cachekit.ErrCannotList) || !k.IsZero() || !strings.Contains(err.Error(), "BlobLister") {
			t.Errorf("got %v, %v, want ErrCannotList with its remedy", k, err)
		}
	}
	if n != 1 {
		t.Errorf("%d errors, want 1", n)
	}
}

func TestKeysReadsOnlyItsOwn(t *testing.T) {
	store, p := newBlobs(), &told{}
	o := sealedWith(t)
	o.OnProblem = p.add
	c := open(t, store, o)
	storeSet(t, c, user, signedIn("adele"))
	storeSet(t, c, otherUser, signedIn("zoe"))
	for _, name := range []string{"backup", "user.", "user.123", "user." + strings.Repeat("G", 64), "someone." + strings.Repeat("0", 64)} {
		store.put(name, []byte("another program's"))
	}
	name := newCodec(t, o.CodecOptions).Name(otherUser)
	store.put(name, []byte("nonsense"))
	read := 0
	c = open(t, patchedStore{blobs: store, read: func(ctx context.Context, name string) ([]byte, string, error) {
		read++
		return store.ReadBlob(ctx, name)
	}}, o)
	var keys []domain.PartitionKey
	for k, err := range c.Keys(t.Context(), domain.PartitionFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	if len(keys) != 1 || keys[0] != user || read != 2 || len(p.problems) != 1 || p.problems[0].Name != name || !errors.Is(p.problems[0].Err, cachekit.ErrDamaged) {
		t.Errorf("%d keys, %d reads, problems %v; want one key, two reads and the damaged set", len(keys), read, p.problems)
	}
	for range c.Keys(t.Context(), domain.PartitionFilter{Kind: domain.AppPartition}) {
		t.Error("a key of another kind")
	}
	if read != 2 {
		t.Error("sets of another kind are read")
	}
}

func TestUpdateThatChangesNothingWritesNothing(t *testing.T) {
	store := newBlobs()
	c := open(t, store, sealedWith(t))
	same := func(set domain.TokenSet) (domain.TokenSet, error) { return set, nil }
	for _, set := range []domain.TokenSet{{}, signedIn("adele")} {
		storeSet(t, c, user, set)
		before := store.writes
		if err := c.Update(t.Context(), user, same); err != nil || store.writes != before {
			t.Errorf("%v: %v, %d writes", set, err, store.writes-before)
		}
	}
}

func TestStoreIsToldWhenSetsEnd(t *testing.T) {
	store := newBlobs()
	c := open(t, store, sealedWith(t))
	token := accessToken("orders.read", "access")
	for name, s := range map[string]struct {
		set  domain.TokenSet
		want time.Time
	}{
		"an access token":                {domain.NewTokenSet(token), token.ExpiresOn},
		"a refresh token without an end": {domain.NewTokenSet(token, refreshToken("refresh")), time.Time{}},
		"an account":                     {domain.NewTokenSet(account("adele")), time.Time{}},
	} {
		storeSet(t, c, user, s.set)
		blob, _ := store.only(t)
		if got := store.expires[blob]; !got.Equal(s.want) {
			t.Errorf("%s: the store may drop it after %v, want %v", name, got, s.want)
		}
	}
}

// TestKeysRotateLazily: what is opened with an older key is sealed with the active one at the next write.
func TestKeysRotateLazily(t *testing.T) {
	store := newBlobs()
	storeSet(t, open(t, store, sealedWith(t)), user, signedIn("adele"))
	o := sealedWith(t)
	o.Sealer = ring(t, key("k2", "b"), key("k1", "a"))
	c := open(t, store, o)
	add := func(set domain.TokenSet) (domain.TokenSet, error) { // one record of six is new
		return domain.NewTokenSet(append(recordsOf(set), accessToken("orders.write", "new"))...), nil
	}
	if set, err := c.Load(t.Context(), user); err != nil || !set.Equal(signedIn("adele")) {
		t.Fatalf("with the older key: %v, %v", set, err)
	}
	if err := c.Update(t.Context(), user, add); err != nil {
		t.Fatal(err)
	}
	o.Sealer = ring(t, key("k2", "b")) // the older key is thrown away
	p := &told{}
	o.OnProblem = p.add
	if set, err := open(t, store, o).Load(t.Context(), user); err != nil || set.Len() != 6 || len(p.problems) > 0 {
		t.Errorf("without the older key: %v, %v, problems %v", set, err, p.problems)
	}
}

func recordsOf(set domain.TokenSet) (rs []domain.Record) {
	for r := range set.Records() {
		rs = append(rs, r)
	}
	return rs
}

// TestPlaintextMigrates: read for a while, told of each time, sealed at the next write.
func TestPlaintextMigrates(t *testing.T) {
	clock := keyporttest.NewClock(noon)
	store, p := newBlobs(), &told{}
	for _, k := range []domain.PartitionKey{user, otherUser} {
		storeSet(t, open(t, store, plain()), k, signedIn("adele"))
	}
	o := sealedWith(t)
	o.Clock, o.OnProblem, o.InsecureAcceptPlaintextUntil = clock, p.add, noon.Add(time.Hour)
	c := open(t, store, o)
	if set, err := c.Load(t.Context(), user); err != nil || !set.Equal(signedIn("adele")) || !p.has(cachekit.ErrPlaintext) {
		t.Fatalf("while plain text is accepted: %v, %v, told of %v", set, err, p.problems)
	}
	storeSet(t, c, user, domain.NewTokenSet(refreshToken("refresh")))
	if value := store.values[newCodec(t, o.CodecOptions).Name(user)]; bytes.Contains(value, []byte("plain")) || bytes.Contains(value, []byte("refresh token")) {
		t.Error("what was written is not sealed")
	}
	clock.Advance(time.Hour)
	if set, err := c.Load(t.Context(), user); err != nil || set.Len() != 1 {
		t.Errorf("what was sealed in time: %v, %v", set, err)
	}
	if set, err := c.Load(t.Context(), otherUser); !errors.Is(err, cachekit.ErrPlaintext) || !set.IsZero() || !strings.Contains(err.Error(), "InsecureAcceptPlaintextUntil") {
		t.Errorf("after the time: %v, %v, want ErrPlaintext with its remedy", set, err)
	}
	// Who has no key does not overwrite what is sealed.
	if err := open(t, store, plain()).Update(t.Context(), user, to(domain.NewTokenSet(refreshToken("plain")))); !errors.Is(err, cachekit.ErrUnknownKey) {
		t.Errorf("a plain cache on a sealed store: %v, want ErrUnknownKey", err)
	}
}

// TestSetsMadeAnewAreNoRollback: another machine, whose clock is a little behind, signs the user in again.
func TestSetsMadeAnewAreNoRollback(t *testing.T) {
	for _, c := range []struct {
		behind time.Duration
		ok     bool
	}{{4 * time.Minute, true}, {6 * time.Minute, false}} {
		store := newBlobs()
		at := func(d time.Duration) *cachekit.TokenCache {
			o := sealedWith(t)
			o.Clock = keyporttest.NewClock(noon.Add(d))
			return open(t, store, o)
		}
		here, there := at(0), at(-c.behind)
		storeSet(t, here, user, signedIn("first"))
		storeSet(t, here, user, domain.TokenSet{})
		storeSet(t, there, user, signedIn("second"))
		for range 2 { // what was seen once is seen again
			if _, err := here.Load(t.Context(), user); errors.Is(err, cachekit.ErrRolledBack) == c.ok {
				t.Errorf("made anew by a clock that is %v behind: %v", c.behind, err)
			}
		}
		storeSet(t, here, user, signedIn("third")) // heals in either case
		for name, cache := range map[string]*cachekit.TokenCache{"here": here, "there": there} {
			if set, err := cache.Load(t.Context(), user); err != nil || !set.Equal(signedIn("third")) {
				t.Errorf("%v behind, %s: %v, %v", c.behind, name, set, err)
			}
		}
	}
}

// TestFormerSetsDoNotComeBack: one who can write the store puts back what the user signed out of a moment before signing in
// again, here or elsewhere. Clocks cannot tell the two sets apart.
func TestFormerSetsDoNotComeBack(t *testing.T) {
	for where, elsewhere := range map[string]bool{"here": false, "elsewhere": true} {
		store := newBlobs()
		o := sealedWith(t)
		o.Clock = keyporttest.NewClock(noon)
		c := open(t, store, o)
		writer := c
		if elsewhere {
			writer = open(t, store, o)
		}
		var former [][]byte
		var name string
		for i := range 8 {
			secret := fmt.Sprint("token ", i)
			storeSet(t, writer, user, signedIn(secret))
			if set, err := c.Load(t.Context(), user); err != nil || !set.Equal(signedIn(secret)) {
				t.Fatalf("%s, signed in: %v, %v", where, set, err)
			}
			var value []byte
			name, value = store.only(t)
			former = append(former, value)
			storeSet(t, writer, user, domain.TokenSet{})
		}
		storeSet(t, writer, user, signedIn("last"))
		_, last := store.only(t)
		if set, err := c.Load(t.Context(), user); err != nil || !set.Equal(signedIn("last")) {
			t.Fatalf("%s, signed in: %v, %v", where, set, err)
		}
		for i, value := range former {
			store.put(name, value)
			if set, err := c.Load(t.Context(), user); !errors.Is(err, cachekit.ErrRolledBack) || !set.IsZero() {
				t.Errorf("signed in again %s, and set %d put back: %v, %v, want ErrRolledBack", where, i+1, set, err)
			}
		}
		store.put(name, last)
		if set, err := c.Load(t.Context(), user); err != nil || !set.Equal(signedIn("last")) {
			t.Errorf("%s, after the attack: %v, %v", where, set, err)
		}
	}
}

// TestACacheRemembersWhatItWrote: others signed the user out and in since it looked, and one who can write the store puts
// back what they wrote. Be it that the cache finds none, or that another of its callers had, and comes late to say so.
func TestACacheRemembersWhatItWrote(t *testing.T) {
	for name, test := range map[string]struct {
		signedOut bool // before the cache writes
		written   domain.TokenSet
	}{
		"after others signed out": {true, signedIn("ours")},
		"over what others wrote":  {false, signedIn("ours")},
		"to sign out":             {false, domain.TokenSet{}},
	} {
		t.Run(name, func(t *testing.T) {
			store, clock := newBlobs(), keyporttest.NewClock(noon)
			o := sealedWith(t)
			o.Clock = clock
			late := false // another caller, who found none, comes between reading and what follows
			var c *cachekit.TokenCache
			var foundNone bool
			c = open(t, patchedStore{blobs: store, read: func(ctx context.Context, name string) ([]byte, string, error) {
				if foundNone {
					return nil, "", nil
				}
				value, version, err := store.ReadBlob(ctx, name)
				if late {
					late, foundNone = false, true
					_, _ = c.Load(ctx, user)
					foundNone = false
				}
				return value, version, err
			}}, o)
			others := open(t, store, o)
			storeSet(t, c, user, signedIn("first"))
			storeSet(t, others, user, domain.TokenSet{})
			clock.Advance(time.Hour)
			storeSet(t, others, user, signedIn("theirs"))
			blob, old := store.only(t)
			if test.signedOut {
				storeSet(t, others, user, domain.TokenSet{})
				clock.Advance(time.Hour)
			}
			late = !test.signedOut
			storeSet(t, c, user, test.written)
			store.put(blob, old)
			if set, err := c.Load(t.Context(), user); !errors.Is(err, cachekit.ErrRolledBack) || !set.IsZero() {
				t.Errorf("%v, %v, want ErrRolledBack", set, err)
			}
		})
	}
}

// TestSignedOutSetsDoNotComeBack: one who can write the store puts back what was deleted.
func TestSignedOutSetsDoNotComeBack(t *testing.T) {
	store := newBlobs()
	o := sealedWith(t)
	clock := keyporttest.NewClock(noon)
	o.Clock = clock
	c := open(t, store, o)
	storeSet(t, c, user, signedIn("first"))
	name, old := store.only(t)
	clock.Advance(time.Hour)
	storeSet(t, c, user, signedIn("second"))
	_, last := store.only(t)
	for what, value := range map[string][]byte{"the last": last, "an older": old} {
		storeSet(t, c, user, domain.TokenSet{})
		store.put(name, value)
		if set, err := c.Load(t.Context(), user); !errors.Is(err, cachekit.ErrRolledBack) || !set.IsZero() {
			t.Errorf("%s set was put back after its deletion: %v, %v, want ErrRolledBack", what, set, err)
		}
	}
	storeSet(t, c, user, domain.TokenSet{}) // signing out again removes it, unread
	if len(store.values) > 0 {
		t.Error("a set that cannot be used is left after its deletion")
	}
}

// TestNewerRecordsAreKept rolls a program back: an older version changes what a newer one stored.
func TestNewerRecordsAreKept(t *testing.T) {
	for mode, o := range map[string]cachekit.TokenCacheOptions{"sealed": sealedWith(t), "plain": plain()} {
		t.Run(mode, func(t *testing.T) {
			p := &told{}
			o.OnProblem = p.add
			store := newBlobs()
			device := `{"v":1,"kind":"device","key":{},"text":"<é &>"}`
			named := `{"v":1,"kind":"account","key":{"environment":"login.microsoftonline.com","tenant":"contoso"},"home_account_id":"adele.contoso","username":"adele","photo":"p"}`
			token := `{"v":1,"kind":"refresh_token","key":{"environment":"login.microsoftonline.com","client_id":"my-app"},"secret":"old","of_device":"d"}`
			name := newCodec(t, o.CodecOptions).Name(user)
			store.put(name, ofLater(t, o, user, device, named, token))
			c := open(t, store, o)
			if set, err := c.Load(t.Context(), user); err != nil || set.Len() != 2 || !p.has(cachekit.ErrNewer) {
				t.Fatalf("got %v, %v, told of %v; want two records, and to be told of the third", set, err, p.problems)
			}
			same := refreshToken("old")
			same.HomeAccountID, same.ClientID, same.LastModified = "", "", time.Time{}
			storeSet(t, c, user, domain.NewTokenSet(account("adele v."), same))
			if !strings.Contains(payloadsOf(t, o, name, store.values[name]), `"of_device":"d"`) {
				t.Error("a token that did not change has lost what only a newer version understands")
			}
			storeSet(t, c, user, domain.NewTokenSet(account("adele v."), refreshToken("new")))
			payloads := payloadsOf(t, o, name, store.values[name])
			for _, want := range []string{`"kind":"device"`, `"photo":"p"`, `"username":"adele v."`, `"secret":"new"`} {
				if !strings.Contains(payloads, want) {
					t.Errorf("%s is not in what was written: %s", want, payloads)
				}
			}
			p.problems = nil
			wantLoaded(t, c, user, domain.NewTokenSet(account("adele v."), refreshToken("new")), "what was written")
			if len(p.problems) != 1 || !p.has(cachekit.ErrNewer) {
				t.Errorf("of what was written, one is told %v, want the newer record only", p.problems)
			}
			if strings.Contains(payloads, "of_device") {
				t.Error("what was said of one token is said of the next")
			}
			storeSet(t, c, user, domain.TokenSet{})
			if len(store.values) > 0 {
				t.Error("signing out leaves what only a newer version understands")
			}
		})
	}
}

// TestAHeaderHasItsName: one with the key, or without one in a plain store, who mixes users up.
func TestAHeaderHasItsName(t *testing.T) {
	for mode, o := range map[string]cachekit.TokenCacheOptions{"sealed": sealedWith(t), "plain": plain()} {
		store := newBlobs()
		store.put(newCodec(t, o.CodecOptions).Name(user), ofLater(t, o, otherUser))
		if set, err := open(t, store, o).Load(t.Context(), user); !errors.Is(err, cachekit.ErrDamaged) {
			t.Errorf("%s: %v, %v, want ErrDamaged", mode, set, err)
		}
	}
}

// TestAClockThatWasSetBack: what is written over a broken set is newer than what was seen all the same.
func TestAClockThatWasSetBack(t *testing.T) {
	store, clock := newBlobs(), keyporttest.NewClock(noon)
	o := sealedWith(t)
	o.Clock = clock
	c := open(t, store, o)
	storeSet(t, c, user, signedIn("first"))
	name, _ := store.only(t)
	store.put(name, []byte("nonsense"))
	clock.Advance(-time.Hour)
	storeSet(t, c, user, signedIn("second"))
	wantLoaded(t, c, user, signedIn("second"), "after the clock was set back")
}

// TestErrorsOfChangeAreItsOwn: they are not the store's, and are not wrapped as such.
func TestErrorsOfChangeAreItsOwn(t *testing.T) {
	refused := errors.New("refused")
	err := open(t, newBlobs(), sealedWith(t)).Update(t.Context(), user, func(domain.TokenSet) (domain.TokenSet, error) { return domain.TokenSet{}, refused })
	var own *cachekit.Error
	if !errors.Is(err, refused) || errors.As(err, &own) {
		t.Errorf("got %v, want the error as it is", err)
	}
}

// TestSlowReadersAreNotBelieved: while a Load is under way, an Update of the same process is quicker.
func TestSlowReadersAreNotBelieved(t *testing.T) {
	for _, what := range []string{"nothing", "an older set"} {
		store := newBlobs()
		var quicker func()
		c := open(t, patchedStore{blobs: store, read: func(ctx context.Context, name string) ([]byte, string, error) {
			value, version, err := store.ReadBlob(ctx, name)
			if quick := quicker; quick != nil {
				quicker = nil
				quick()
			}
			return value, version, err
		}}, sealedWith(t))
		var before domain.TokenSet
		if what == "an older set" {
			before = signedIn("first")
			storeSet(t, c, user, before)
		}
		old := bytes.Clone(store.values[goldenName])
		quicker = func() { storeSet(t, c, user, signedIn("second")) }
		wantLoaded(t, c, user, before, "what a slow reader has read: "+what)
		if old == nil {
			wantLoaded(t, c, user, signedIn("second"), "after a slow reader has read "+what)
			continue
		}
		store.put(goldenName, old)
		if _, err := c.Load(t.Context(), user); !errors.Is(err, cachekit.ErrRolledBack) {
			t.Errorf("put back after a slow reader has read it: %v, want ErrRolledBack", err)
		}
	}
}

// TestNothingIsWrittenForWhoHasLeft: the context ends while change runs.
func TestNothingIsWrittenForWhoHasLeft(t *testing.T) {
	store := newBlobs()
	ctx, cancel := context.WithCancel(t.Context())
	err := open(t, store, plain()).Update(ctx, user, func(domain.TokenSet) (domain.TokenSet, error) {
		cancel()
		return signedIn("adele"), nil
	})
	if !errors.Is(err, context.Canceled) || store.writes != 0 {
		t.Errorf("got %v and %d writes, want none", err, store.writes)
	}
}

// TestSwapIsBounded: it waits on the clock, ever longer, and gives up.
func TestSwapIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries, start, last := 0, time.Now(), time.Duration(0)
		err := cachekit.Swap(t.Context(), nil, func(context.Context) (bool, error) {
			tries++
			last = time.Since(start)
			return false, nil
		})
		if !errors.Is(err, cachekit.ErrConflict) || tries != 32 || last < 100*time.Millisecond || last > 32*256*time.Millisecond {
			t.Errorf("got %v after %d tries in %v", err, tries, last)
		}
	})
	ctx, cancel := context.WithCancel(t.Context())
	tries := 0
	err := cachekit.Swap(ctx, keyporttest.NewClock(noon), func(context.Context) (bool, error) {
		tries++
		cancel()
		return false, nil
	})
	if !errors.Is(err, context.Canceled) || tries != 1 {
		t.Errorf("a context that ends: %v after %d tries", err, tries)
	}
}

// TestUpdateRetriesConflicts: change is given what the other writer left.
func TestUpdateRetriesConflicts(t *testing.T) {
	store := newBlobs()
	theirs := open(t, store, sealedWith(t))
	first := true
	ours := open(t, patchedStore{blobs: store, swap: func(ctx context.Context, name, version string, value []byte, expires time.Time) (bool, error) {
		if first {
			first = false
			storeSet(t, theirs, user, domain.NewTokenSet(account("theirs")))
		}
		return store.SwapBlob(ctx, name, version, value, expires)
	}}, sealedWith(t))
	runs := 0
	err := ours.Update(t.Context(), user, func(set domain.TokenSet) (domain.TokenSet, error) {
		runs++
		return domain.NewTokenSet(append(recordsOf(set), refreshToken("ours"))...), nil
	})
	set, loadErr := theirs.Load(t.Context(), user)
	if err != nil || loadErr != nil || runs != 2 || !set.Equal(domain.NewTokenSet(account("theirs"), refreshToken("ours"))) {
		t.Errorf("got %v, %v, %d runs, %v; want both writers' records after two runs", err, loadErr, runs, set)
	}
}

// TestStoresAgreeWithAModel draws what two processes do to two users.
func TestStoresAgreeWithAModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		store := newBlobs()
		o := sealedWith(t)
		if rapid.Bool().Draw(rt, "plain") {
			o = plain()
		}
		o.OnProblem = func(_ context.Context, p cachekit.Problem) { rt.Fatalf("a problem: %v", p) }
		processes := []*cachekit.TokenCache{open(t, store, o), open(t, store, o)}
		model := map[domain.PartitionKey]domain.TokenSet{}
		pick := func() (*cachekit.TokenCache, domain.PartitionKey) {
			return rapid.SampledFrom(processes).Draw(rt, "process"), rapid.SampledFrom([]domain.PartitionKey{user, otherUser}).Draw(rt, "user")
		}
		rt.Repeat(map[string]func(*rapid.T){
			"update": func(rt *rapid.T) {
				c, k := pick()
				set := domain.NewTokenSet(rapid.SliceOfN(anyRecord, 0, 4).Draw(rt, "records")...)
				err := c.Update(t.Context(), k, func(current domain.TokenSet) (domain.TokenSet, error) {
					if !current.Equal(model[k]) {
						rt.Fatalf("change is given %v, want %v", current, model[k])
					}
					return set, nil
				})
				if err != nil {
					rt.Fatal(err)
				}
				model[k] = set
			},
			"": func(rt *rapid.T) {
				c, k := pick()
				if set, err := c.Load(t.Context(), k); err != nil || !set.Equal(model[k]) {
					rt.Fatalf("loaded %v, %v, want %v", set, err, model[k])
				}
			},
		})
	})
}
