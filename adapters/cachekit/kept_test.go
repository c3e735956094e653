package cachekit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// versioned is a store whose versions cost little to ask for.
type versioned struct {
	*blobs
	reads int
	err   error // of asking
}

func (v *versioned) BlobVersion(_ context.Context, name string) (version string, err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.versions[name], v.err
}

func (v *versioned) ReadBlob(ctx context.Context, name string) (value []byte, version string, err error) {
	v.mu.Lock()
	v.reads++
	v.mu.Unlock()
	return v.blobs.ReadBlob(ctx, name)
}

func TestTokenCacheConformsWithVersions(t *testing.T) {
	for mode, o := range modes(t) {
		t.Run(mode, func(t *testing.T) {
			portstest.TokenCache(t, func(t *testing.T) ports.TokenCache { return open(t, &versioned{blobs: newBlobs()}, o) })
		})
	}
}

// readsOf is how often the store is read by a Load of a user's set.
func readsOf(t *testing.T, v *versioned, c *cachekit.TokenCache, want domain.TokenSet) int {
	t.Helper()
	before := v.reads
	set, err := c.Load(t.Context(), user)
	if err != nil || !set.Equal(want) {
		t.Errorf("Load: %v %v, want %v", set, err, want)
	}
	return v.reads - before
}

// TestAnUnchangedSetIsKept until its version is another, and read when that cannot be told.
func TestAnUnchangedSetIsKept(t *testing.T) {
	store := &versioned{blobs: newBlobs()}
	c, other := open(t, store, sealedWith(t)), open(t, store, sealedWith(t))
	storeSet(t, other, user, signedIn("first"))
	if n := readsOf(t, store, c, signedIn("first")); n != 1 {
		t.Errorf("the first Load reads %d times", n)
	}
	if n := readsOf(t, store, c, signedIn("first")); n != 0 {
		t.Errorf("the second Load reads %d times", n)
	}
	storeSet(t, other, user, signedIn("second"))
	if n := readsOf(t, store, c, signedIn("second")); n != 1 {
		t.Errorf("after a change, Load reads %d times", n)
	}
	store.err = errors.New("no answer")
	if n := readsOf(t, store, c, signedIn("second")); n != 1 {
		t.Errorf("while versions cannot be told, Load reads %d times", n)
	}
	store.err = nil
	storeSet(t, other, user, domain.TokenSet{})
	if n := readsOf(t, store, c, domain.TokenSet{}); n != 1 {
		t.Errorf("after it was deleted, Load reads %d times", n)
	}
}

// away is a sealer whose service answers only the first calls of Open.
type away struct {
	ports.Sealer
	answers int
}

var errAway = errors.New("the key service is away")

func (a *away) Open(ctx context.Context, sealed, associated []byte) ([]byte, error) {
	if a.answers--; a.answers < 0 {
		return nil, errAway
	}
	return a.Sealer.Open(ctx, sealed, associated)
}

// TestWhatWasNotOpenedWholeIsNotKept: the rest may open the next time.
func TestWhatWasNotOpenedWholeIsNotKept(t *testing.T) {
	store := &versioned{blobs: newBlobs()}
	storeSet(t, open(t, store, sealedWith(t)), user, signedIn("adele"))
	p, service := &told{}, &away{ring(t, key("k1", "a")), 2}
	c := open(t, store, cachekit.TokenCacheOptions{CodecOptions: cachekit.CodecOptions{Sealer: service}, OnProblem: p.add})
	if set, err := c.Load(t.Context(), user); err != nil || set.Len() != 1 || !p.has(errAway) {
		t.Errorf("while the service goes away: %v %v, tells of %v", set, err, p.problems)
	}
	service.answers = 100
	readsOf(t, store, c, signedIn("adele"))
}

// TestPlainTextIsNotKept beyond the time in which it is accepted.
func TestPlainTextIsNotKept(t *testing.T) {
	store := &versioned{blobs: newBlobs()}
	storeSet(t, open(t, store, plain()), user, signedIn("adele"))
	clock := keyporttest.NewClock(noon)
	o := sealedWith(t)
	o.Clock, o.InsecureAcceptPlaintextUntil = clock, noon.Add(time.Hour)
	c := open(t, store, o)
	readsOf(t, store, c, signedIn("adele"))
	clock.Advance(2 * time.Hour)
	if set, err := c.Load(t.Context(), user); !errors.Is(err, cachekit.ErrPlaintext) || !set.IsZero() {
		t.Errorf("after that time: %v %v, want ErrPlaintext", set, err)
	}
}

// TestWhatIsKeptIsNotRolledBack: a version that comes back, as it must not, brings no set that is older than what was seen.
func TestWhatIsKeptIsNotRolledBack(t *testing.T) {
	store := &versioned{blobs: newBlobs()}
	c := open(t, store, sealedWith(t))
	storeSet(t, c, user, signedIn("first"))
	readsOf(t, store, c, signedIn("first"))
	name, value := store.only(t)
	version := store.versions[name]
	storeSet(t, c, user, signedIn("second")) // what is kept is the first
	store.values[name], store.versions[name] = value, version
	if set, err := c.Load(t.Context(), user); !errors.Is(err, cachekit.ErrRolledBack) || !set.IsZero() {
		t.Errorf("Load: %v %v, want ErrRolledBack", set, err)
	}
}

// TestVerify opens all: what the next write mends is no error, and what stands in its way is, whatever comes first.
func TestVerify(t *testing.T) {
	for name, c := range map[string]struct {
		damaged, foreign bool
		problems         int
		want             error
	}{
		"whole":       {},
		"damaged":     {damaged: true, problems: 1},
		"missing key": {foreign: true, problems: 1, want: cachekit.ErrUnknownKey},
		"both":        {damaged: true, foreign: true, problems: 2, want: cachekit.ErrUnknownKey},
	} {
		t.Run(name, func(t *testing.T) {
			store := newBlobs()
			cache := open(t, store, sealedWith(t))
			storeSet(t, cache, user, signedIn("adele"))
			ofUser, _ := store.only(t)
			if c.damaged {
				store.put(ofUser, []byte("damaged"))
			}
			if c.foreign {
				storeSet(t, open(t, store, cachekit.TokenCacheOptions{CodecOptions: cachekit.CodecOptions{Sealer: ring(t, key("k9", "x"))}}), otherUser, signedIn("zoe"))
			} else {
				storeSet(t, cache, otherUser, signedIn("zoe"))
			}
			problems, err := cache.Verify(t.Context())
			if len(problems) != c.problems || !errors.Is(err, c.want) || c.want == nil && err != nil {
				t.Errorf("Verify: %v %v, want %d problems and %v", problems, err, c.problems, c.want)
			}
		})
	}
	if _, err := open(t, onlyBytes{newBlobs()}, sealedWith(t)).Verify(t.Context()); !errors.Is(err, cachekit.ErrCannotList) {
		t.Errorf("a store that cannot list: %v", err)
	}
}
