package cachefile_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// sealedKey returns a key of the given id; the same for the same letter.
func sealedKey(id, letter string) cachekit.Key {
	bytes := []byte(strings.Repeat(letter, 31) + "!")
	return cachekit.Key{ID: id, Secret: domain.NewSecret(base64.StdEncoding.EncodeToString(bytes))}
}

func ringOf(t testing.TB, active cachekit.Key, accepted ...cachekit.Key) *cachekit.KeyRing {
	t.Helper()
	r, err := cachekit.NewKeyRing(cachekit.KeyRingOptions{Active: active, Accepted: accepted})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// told collects what OnProblem is told.
type told struct {
	mu       sync.Mutex // guards problems
	problems []cachekit.Problem
}

func (p *told) add(_ context.Context, problem cachekit.Problem) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, problem)
}

// has reports whether err was told of since it was last asked.
func (p *told) has(err error) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	found := slices.ContainsFunc(p.problems, func(q cachekit.Problem) bool { return errors.Is(q.Err, err) })
	p.problems = nil
	return found
}

func openSealed(t testing.TB, folder string, change ...func(*cachefile.SealedTokenCacheOptions)) *cachefile.SealedTokenCache {
	t.Helper()
	o := cachefile.SealedTokenCacheOptions{Folder: folder, Sealer: ringOf(t, sealedKey("k1", "a"))}
	for _, change := range change {
		change(&o)
	}
	c, err := cachefile.NewSealedTokenCache(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// sealedBy makes the cache seal and open with other keys.
func sealedBy(s ports.Sealer) func(*cachefile.SealedTokenCacheOptions) {
	return func(o *cachefile.SealedTokenCacheOptions) { o.Sealer = s }
}

func telling(p *told) func(*cachefile.SealedTokenCacheOptions) {
	return func(o *cachefile.SealedTokenCacheOptions) { o.OnProblem = p.add }
}

// sealedIn returns the path of a folder that is made by the cache.
func sealedIn(t testing.TB) string { return filepath.Join(t.TempDir(), "tokens", "cache.sealed") }

func TestSealedTokenCacheConforms(t *testing.T) {
	portstest.TokenCache(t, func(t *testing.T) ports.TokenCache { return openSealed(t, sealedIn(t)) })
}

func TestSealedTokenCacheConformsWithANameKey(t *testing.T) {
	portstest.TokenCache(t, func(t *testing.T) ports.TokenCache {
		return openSealed(t, sealedIn(t), func(o *cachefile.SealedTokenCacheOptions) { o.NameKey = domain.NewSecret("sixteen bytes or more") })
	})
}

func TestSealedTokenCacheConformsWhenShared(t *testing.T) {
	portstest.SharedTokenCache(t, func(t *testing.T) (a, b ports.TokenCache) {
		folder := sealedIn(t)
		return openSealed(t, folder), openSealed(t, folder)
	})
}

func TestSealedTokenCacheConformsAsLocker(t *testing.T) {
	portstest.Locker(t, func(t *testing.T) ports.Locker { return openSealed(t, sealedIn(t)) })
}

// TestSealedOptions: a bad one gives an error that names the field and the remedy, and makes no folder.
func TestSealedOptions(t *testing.T) {
	folder := sealedIn(t)
	keys := ringOf(t, sealedKey("k1", "a"))
	for field, o := range map[string]cachefile.SealedTokenCacheOptions{
		"Sealer":  {Folder: folder},
		"Folder":  {Sealer: keys},
		"Folder ": {Sealer: keys, Folder: folder + "\x00"},
		"NameKey": {Sealer: keys, Folder: folder, NameKey: domain.NewSecret("too short")},
	} {
		_, err := cachefile.NewSealedTokenCache(o)
		var typed *domain.ConfigError
		if !errors.As(err, &typed) || typed.Field != strings.TrimSpace(field) || typed.Remedy == "" {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := os.Stat(folder); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder was made: %v", err)
	}
}

// sealedFiles returns the paths of the sets' files in a folder.
func sealedFiles(t testing.TB, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(files, func(path string) bool { return strings.HasPrefix(filepath.Base(path), ".") })
}

// TestSealedFilesShowNothing: neither in their names nor in their content, nor does the cache when it is printed.
func TestSealedFilesShowNothing(t *testing.T) {
	folder := sealedIn(t)
	c := openSealed(t, folder)
	if err := c.Update(t.Context(), userKey, adding("planted-token")); err != nil {
		t.Fatal(err)
	}
	files := sealedFiles(t, folder)
	if len(files) != 1 {
		t.Fatalf("%d files, want 1", len(files))
	}
	data, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	seen := filepath.Base(files[0]) + string(data) + fmt.Sprintf("%v %+v %#v %s", c, c, c, c)
	for _, hidden := range []string{"planted-token", "user.home", "login.microsoftonline.com", "aaaaa"} {
		if strings.Contains(seen, hidden) {
			t.Errorf("%q can be seen", hidden)
		}
	}
}

// TestTheLastTokenTakesTheFileAlong: an empty set has no file.
func TestTheLastTokenTakesTheFileAlong(t *testing.T) {
	folder := sealedIn(t)
	c := openSealed(t, folder)
	for range 2 {
		if err := c.Update(t.Context(), userKey, adding("token")); err != nil {
			t.Fatal(err)
		}
		if n := len(sealedFiles(t, folder)); n != 1 {
			t.Errorf("%d files, want 1", n)
		}
		if err := c.Update(t.Context(), userKey, signingOut); err != nil {
			t.Fatal(err)
		}
		if n := len(sealedFiles(t, folder)); n != 0 {
			t.Errorf("%d files, want none", n)
		}
		if set, err := c.Load(t.Context(), userKey); err != nil || !set.IsZero() {
			t.Errorf("Load: %v %v", set, err)
		}
	}
}

// opens counts how often a seal is opened.
type opens struct {
	ports.Sealer
	n int
}

func (o *opens) Open(ctx context.Context, sealed, associated []byte) ([]byte, error) {
	o.n++
	return o.Sealer.Open(ctx, sealed, associated)
}

// TestASealedHitOpensNoSeal: what was read once is served while its file is the same, also by Keys; and what
// another process writes is seen at once.
func TestASealedHitOpensNoSeal(t *testing.T) {
	folder := sealedIn(t)
	counted := &opens{Sealer: ringOf(t, sealedKey("k1", "a"))}
	c := openSealed(t, folder, sealedBy(counted))
	other := openSealed(t, folder)
	for i := range 3 {
		if err := other.Update(t.Context(), userKey, adding(fmt.Sprint("token-", i))); err != nil {
			t.Fatal(err)
		}
		before := counted.n
		if set, err := c.Load(t.Context(), userKey); err != nil || set.Len() != i+1 {
			t.Fatalf("Load: %v %v", set, err)
		}
		if counted.n == before {
			t.Error("a new file is not opened")
		}
		before = counted.n
		for range 5 {
			set, err := c.Load(t.Context(), userKey)
			if err != nil || set.Len() != i+1 {
				t.Fatalf("Load: %v %v", set, err)
			}
			for _, err := range c.Keys(t.Context(), domain.PartitionFilter{}) {
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		if counted.n != before {
			t.Errorf("%d seals are opened of a file that is the same", counted.n-before)
		}
	}
}

// TestASealedFolderIsLocked during an update, for all its files, and the error says so. Readers do not wait. A lock file that
// was deleted is made again.
func TestASealedFolderIsLocked(t *testing.T) {
	folder := sealedIn(t)
	c := openSealed(t, folder)
	if err := c.Update(t.Context(), theirs, ofOther(adding("theirs"))); err != nil {
		t.Fatal(err)
	}
	err := c.Update(t.Context(), userKey, func(s domain.TokenSet) (domain.TokenSet, error) {
		other := openSealed(t, folder)
		err := other.Update(shortly(t), theirs, ofOther(adding("more")))
		var typed *cachefile.Error
		if !errors.Is(err, cachefile.ErrLocked) || !errors.As(err, &typed) || typed.Remedy == "" {
			t.Errorf("a second handle gets the lock: %v", err)
		}
		if set, err := other.Load(t.Context(), theirs); err != nil || secretsOf(set) != "theirs" {
			t.Errorf("Load meanwhile: %v", err)
		}
		return s, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(folder, ".lock")); err != nil {
		t.Fatal(err)
	}
	if err := c.Update(shortly(t), userKey, adding("token")); err != nil {
		t.Errorf("after the lock file was deleted: %v", err)
	}
}
