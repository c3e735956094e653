package cachefile_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// isSealed reports which cache a path is for: children are told the path.
func isSealed(path string) bool { return filepath.Ext(path) == ".sealed" }

// folderOf is where the temporary files of a cache are.
func folderOf(path string) string {
	if isSealed(path) {
		return path
	}
	return filepath.Dir(path)
}

// verify calls the Verify of either cache.
func verify(ctx context.Context, t testing.TB, path string) (err error) {
	t.Helper()
	c, err := openCache(path)
	if err != nil {
		t.Fatal(err)
	}
	return verifies(ctx, c)
}

func verifies(ctx context.Context, c ports.TokenCache) (err error) {
	switch c := c.(type) {
	case *cachefile.TokenCache:
		_, err = c.Verify(ctx)
	case *cachefile.SealedTokenCache:
		_, err = c.Verify(ctx)
	default:
		err = fmt.Errorf("a %T has no Verify", c)
	}
	return err
}

// contentOf is all that a cache has in its files.
func contentOf(t testing.TB, path string) string {
	t.Helper()
	files := []string{path}
	if isSealed(path) {
		files = sealedFiles(t, path)
	}
	var all bytes.Buffer
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		all.Write(data)
	}
	return all.String()
}

// hasBystander reports whether the token of one is there who has no part in a test.
func hasBystander(t testing.TB, path string) bool {
	t.Helper()
	if !isSealed(path) {
		return strings.Contains(contentOf(t, path), "bystander")
	}
	set, err := openSealed(t, path).Load(t.Context(), theirs)
	return err == nil && secretsOf(set) == "bystander"
}

// storedSealed is what stored is for a file.
func storedSealed(t *testing.T, folder string) (set domain.TokenSet, whole bool) {
	t.Helper()
	p := &told{}
	c := openSealed(t, folder, telling(p))
	set, err := c.Load(t.Context(), userKey)
	whole = err == nil
	for _, err := range c.Keys(t.Context(), domain.PartitionFilter{}) {
		whole = whole && err == nil
	}
	return set, whole && len(p.problems) == 0
}

// openCache opens either cache, in a process that is no test.
func openCache(path string) (ports.TokenCache, error) {
	if !isSealed(path) {
		return cachefile.NewTokenCache(cachefile.TokenCacheOptions{Path: path})
	}
	keys, err := childKeys()
	if err != nil {
		return nil, err
	}
	return cachefile.NewSealedTokenCache(cachefile.SealedTokenCacheOptions{Folder: path, Sealer: keys})
}

func childKeys() (*cachekit.KeyRing, error) {
	secret := domain.NewSecret(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("a", 31) + "!"))) // as sealedKey's
	return cachekit.NewKeyRing(cachekit.KeyRingOptions{Active: cachekit.Key{ID: "k1", Secret: secret}})
}

func openSealedWithBug(folder, bug string) (updater, error) {
	if bug == bugNone {
		return openCache(folder)
	}
	keys, err := childKeys()
	return brokenFolder{folder, bug, keys}, err
}

// brokenFolder is a folder of sealed files as one would write it at first, with a bug in it.
type brokenFolder struct {
	folder, bug string
	keys        ports.Sealer
}

func (b brokenFolder) Update(ctx context.Context, key domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error)) error {
	if err := os.MkdirAll(b.folder, 0o700); err != nil {
		return err
	}
	if b.bug != bugNoLock {
		unlock, err := broken{b.folder + "/", b.bug}.lock()
		if err != nil {
			return err
		}
		defer unlock()
	}
	c, err := cachekit.FromBlobStore(b, cachekit.TokenCacheOptions{CodecOptions: cachekit.CodecOptions{Sealer: b.keys}})
	if err != nil {
		return err
	}
	return c.Update(ctx, key, change)
}

// ReadBlob takes the value itself for its version.
func (b brokenFolder) ReadBlob(_ context.Context, name string) (value []byte, version string, err error) {
	value, err = os.ReadFile(filepath.Join(b.folder, name))
	if os.IsNotExist(err) {
		return nil, "", nil
	}
	return value, string(value), err
}

func (b brokenFolder) SwapBlob(ctx context.Context, name, version string, value []byte, _ time.Time) (swapped bool, err error) {
	if _, is, err := b.ReadBlob(ctx, name); err != nil || is != version {
		return false, err
	}
	if b.bug == bugNoLock || b.bug == bugUnlink {
		letOthers()
	}
	path := filepath.Join(b.folder, name)
	switch {
	case value == nil:
		err = os.Remove(path)
	case b.bug == bugInPlace:
		err = writeInPlace(path, value)
	default:
		err = broken{path, b.bug}.replace(value)
	}
	return err == nil, err
}

// TestProcessesLoseNoUpdateOfSealedFiles is TestProcessesLoseNoUpdate for a folder. Each update opens and seals the
// counters of all, so 80 processes make fewer: what must be over before the last of them waits for too long. The
// long form makes 12,400.
func TestProcessesLoseNoUpdateOfSealedFiles(t *testing.T) { loseNoUpdate(t, sealedIn, 50) }

// TestLostUpdatesOfSealedFilesAreSeen: comparing before the swap is no lock.
func TestLostUpdatesOfSealedFilesAreSeen(t *testing.T) { lostUpdatesAreSeen(t, sealedIn) }

// TestKilledProcessesLeaveTheOldOrTheNewSealedFile: and the next one goes on at once.
func TestKilledProcessesLeaveTheOldOrTheNewSealedFile(t *testing.T) {
	killedLeaveTheOldOrTheNew(t, sealedIn)
}

func TestDamageOfSealedFilesByKilledProcessesIsSeen(t *testing.T) { damageIsSeen(t, sealedIn) }

// TestOneProcessRedeemsWithSealedFiles is TestOneProcessRedeems for a folder.
func TestOneProcessRedeemsWithSealedFiles(t *testing.T) { oneProcessRedeems(t, sealedIn) }

func TestSecondRedemptionsWithSealedFilesAreSeen(t *testing.T) {
	secondRedemptionsAreSeen(t, sealedIn)
}
