//go:build unix

package cachefile_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/ports"
)

// coarseTicks are those of file systems that know no fractions of a second.
var coarseTicks = []time.Duration{time.Second, 2 * time.Second}

// TestEachFileHasALaterTime even where times are whole seconds: the number of an inode comes again with the next
// file but one, and a reader that has not seen the one between would take it for the one that it has.
func TestEachFileHasALaterTime(t *testing.T) {
	for _, tick := range coarseTicks {
		cachefile.WithTimesOf(t, tick)
		sealed, plain := sealedIn(t), newPath(t)
		for name, c := range map[string]struct {
			writer, reader ports.TokenCache
			path           func() string
		}{
			"sealed": {openSealed(t, sealed), openSealed(t, sealed), func() string { return sealedFiles(t, sealed)[0] }},
			"plain":  {open(t, plain), open(t, plain), func() string { return plain }},
		} {
			var last time.Time
			for i := range 6 {
				secret := fmt.Sprint("token-", i)
				if err := c.writer.Update(t.Context(), userKey, replacing(secret)); err != nil {
					t.Fatal(err)
				}
				info, err := os.Stat(c.path())
				if err != nil {
					t.Fatal(err)
				}
				if !info.ModTime().After(last) {
					t.Errorf("%v, %s: file %d is of %v, and the one before of %v", tick, name, i, info.ModTime(), last)
				}
				last = info.ModTime()
				if i%2 != 0 {
					continue
				}
				if set, err := c.reader.Load(t.Context(), userKey); err != nil || secretsOf(set) != secret {
					t.Errorf("%v, %s: Load: %q %v, want %q", tick, name, secretsOf(set), err, secret)
				}
			}
		}
	}
}

// TestASetThatIsMadeAnew within one tick, and often in the inode of the one that was deleted, is another: who reads does
// not serve the old one, and who writes does not bring it back.
func TestASetThatIsMadeAnew(t *testing.T) {
	for _, tick := range coarseTicks {
		cachefile.WithTimesOf(t, tick)
		for range 3 {
			folder := sealedIn(t)
			writer, other := openSealed(t, folder), openSealed(t, folder)
			err := writer.Update(t.Context(), userKey, replacing("first"))
			if set, loadErr := other.Load(t.Context(), userKey); loadErr != nil || secretsOf(set) != "first" {
				t.Fatalf("Load: %v %v", set, loadErr)
			}
			err = errors.Join(err, writer.Update(t.Context(), userKey, signingOut), writer.Update(t.Context(), userKey, replacing("other")))
			if err != nil {
				t.Fatal(err)
			}
			if set, err := other.Load(t.Context(), userKey); err != nil || secretsOf(set) != "other" {
				t.Errorf("%v, Load: %q %v, want the other", tick, secretsOf(set), err)
			}
			if err := other.Update(t.Context(), userKey, adding("third")); err != nil {
				t.Fatal(err)
			}
			if set, err := writer.Load(t.Context(), userKey); err != nil || secretsOf(set) != "other third" {
				t.Errorf("%v, Load after an update: %q %v, want the other and the third", tick, secretsOf(set), err)
			}
		}
	}
}

// TestFilesOfTheFarFuture have times that Go cannot set, or none that are later: the next has one of now. Other MSALs do
// not read a file of the distant past again.
func TestFilesOfTheFarFuture(t *testing.T) {
	for _, year := range []int{2100, 2261, 2300, 2446, 2500} {
		path := newPath(t)
		c := open(t, path)
		if err := c.Update(t.Context(), userKey, replacing("first")); err != nil {
			t.Fatal(err)
		}
		far := syscall.Timespec{Sec: time.Date(year, 12, 1, 0, 0, 0, 0, time.UTC).Unix()}
		if err := syscall.UtimesNano(path, []syscall.Timespec{far, far}); err != nil {
			t.Fatal(err)
		}
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		if err := c.Update(t.Context(), userKey, replacing("second")); err != nil {
			t.Fatal(err)
		}
		after, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if after.ModTime().Before(now) || after.ModTime().Equal(before.ModTime()) {
			t.Errorf("a file of %v is replaced by one of %v", before.ModTime(), after.ModTime())
		}
	}
}

// TestAFolderWhoseNameCouldNotBeSynced is not there: the next update makes it again, and syncs its name.
func TestAFolderWhoseNameCouldNotBeSynced(t *testing.T) {
	path := newPath(t)
	c, folder := open(t, path), filepath.Dir(path)
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	t.Run("while the disk fails", func(t *testing.T) {
		cachefile.WhenFoldersCannotBeSynced(t, errors.New("a bad disk"))
		if err := c.Update(t.Context(), userKey, adding("token")); err == nil {
			t.Error("no error")
		}
	})
	synced := cachefile.SyncedFolders(t)
	if err := c.Update(t.Context(), userKey, adding("token")); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(synced(), filepath.Dir(folder)) {
		t.Errorf("synced are %v, and not the folder above", synced())
	}
}
