//go:build unix

package cachefile_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// TestUnsafeSealedFilesAreRefused: with an error that names the remedy; nothing is written, through a link least of all,
// and the other user's file serves on.
func TestUnsafeSealedFilesAreRefused(t *testing.T) {
	for name, prepare := range map[string]func(w attackedFolder) error{
		"a link to the older file": func(w attackedFolder) error {
			target := filepath.Join(w.folder, "target")
			return errors.Join(os.Rename(w.mine, target), os.Symlink(target, w.mine))
		},
		"a link to another user's file": func(w attackedFolder) error {
			return errors.Join(os.Remove(w.mine), os.Symlink(w.theirs, w.mine))
		},
		"a dangling link": func(w attackedFolder) error {
			return errors.Join(os.Remove(w.mine), os.Symlink(filepath.Join(w.folder, "target"), w.mine))
		},
		"a pipe":                          func(w attackedFolder) error { return errors.Join(os.Remove(w.mine), syscall.Mkfifo(w.mine, 0o600)) },
		"a file that the group may write": func(w attackedFolder) error { return os.Chmod(w.mine, 0o620) },
		"a file that all may write":       func(w attackedFolder) error { return os.Chmod(w.mine, 0o602) },
	} {
		t.Run(name, func(t *testing.T) {
			w, c, _ := attackable(t)
			if _, err := c.Load(t.Context(), userKey); err != nil {
				t.Fatal(err)
			}
			if err := prepare(w); err != nil {
				t.Fatal(err)
			}
			_, loadErr := c.Load(t.Context(), userKey)
			problems, verifyErr := c.Verify(shortly(t))
			updateErr := c.Update(shortly(t), userKey, adding("token"))
			for what, err := range map[string]error{"Load": loadErr, "Verify": verifyErr, "Update": updateErr} {
				var typed *cachefile.Error
				if !errors.Is(err, cachefile.ErrUnsafe) || !errors.As(err, &typed) || typed.Remedy == "" {
					t.Errorf("%s: %v", what, err)
				}
			}
			if len(problems) != 1 {
				t.Errorf("Verify tells of %v", problems)
			}
			if set, err := c.Load(t.Context(), theirs); err != nil || secretsOf(set) != "theirs" {
				t.Errorf("another user's set: %v", err)
			}
			if _, err := os.Stat(filepath.Join(w.folder, "target")); strings.Contains(name, "dangling") && !errors.Is(err, fs.ErrNotExist) {
				t.Error("what the link leads to was written")
			}
		})
	}
}

// TestUnsafeSealedFoldersAreRefused: at the start, and before each write.
func TestUnsafeSealedFoldersAreRefused(t *testing.T) {
	for name, prepare := range map[string]func(folder string) error{
		"that everybody may write": func(folder string) error { return os.Chmod(folder, 0o777) },
		"that the group may write": func(folder string) error { return os.Chmod(folder, 0o770) },
		"that is a file":           func(folder string) error { return errors.Join(os.RemoveAll(folder), os.WriteFile(folder, nil, 0o600)) },
		"with a link for its lock": func(folder string) error {
			return errors.Join(os.RemoveAll(folder+"/.lock"), os.Symlink("target", folder+"/.lock"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			folder := sealedIn(t)
			c := openSealed(t, folder)
			if err := prepare(folder); err != nil {
				t.Fatal(err)
			}
			_, newErr := cachefile.NewSealedTokenCache(cachefile.SealedTokenCacheOptions{Folder: folder, Sealer: ringOf(t, sealedKey("k1", "a"))})
			_, verifyErr := c.Verify(shortly(t))
			updateErr := c.Update(shortly(t), userKey, adding("token"))
			for what, err := range map[string]error{"New": newErr, "Verify": verifyErr, "Update": updateErr} {
				var typed *cachefile.Error
				if !errors.As(err, &typed) || !errors.Is(err, cachefile.ErrUnsafe) && !errors.Is(err, syscall.ENOTDIR) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

// TestSealedFilesOfAnotherUser needs to be root, as TestFilesOfAnotherUser says.
func TestSealedFilesOfAnotherUser(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	w, c, _ := attackable(t)
	if err := os.Chown(w.mine, stranger, stranger); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Load(t.Context(), userKey); !errors.Is(err, cachefile.ErrUnsafe) || !strings.Contains(err.Error(), "another user") {
		t.Errorf("Load: %v", err)
	}
}

// TestSealedModes: 0600 and 0700 under every umask.
func TestSealedModes(t *testing.T) {
	for _, mask := range []int{0, 0o022, 0o077} {
		t.Run(fmt.Sprintf("%03o", mask), func(t *testing.T) {
			old := syscall.Umask(mask)
			defer syscall.Umask(old)
			folder := sealedIn(t)
			c := openSealed(t, folder)
			unlock, err := c.Lock(t.Context(), "key", time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			defer unlock()
			if err := c.Update(t.Context(), userKey, adding("token")); err != nil {
				t.Fatal(err)
			}
			want := map[string]fs.FileMode{
				folder: 0o700 | fs.ModeDir, filepath.Dir(folder): 0o700 | fs.ModeDir,
				folder + "/.lock": 0o600, folder + "/.leases": 0o700 | fs.ModeDir, sealedFiles(t, folder)[0]: 0o600,
			}
			for path, mode := range want {
				if info, err := os.Lstat(path); err != nil || info.Mode() != mode {
					t.Errorf("%q has mode %v, want %v: %v", path, info.Mode(), mode, err)
				}
			}
		})
	}
}

// TestSealedLeftOvers: temporary files of crashes go, whichever set they were for; fresh ones and other files stay.
func TestSealedLeftOvers(t *testing.T) {
	folder := sealedIn(t)
	c := openSealed(t, folder)
	old := time.Now().Add(-2 * time.Hour)
	for name, age := range map[string]time.Time{".user.aa.1.tmp": old, ".app.bb.1.tmp": old, ".verify.1.tmp": old, ".user.aa.2.tmp": time.Now(), "notes.tmp": old} {
		file := filepath.Join(folder, name)
		if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Chtimes(file, age, age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Update(t.Context(), userKey, adding("token")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), ".tmp") {
			left = append(left, entry.Name())
		}
	}
	if want := []string{".user.aa.2.tmp", "notes.tmp"}; !slices.Equal(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
	if problems, err := c.Verify(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("Verify takes other files for ours: %v %v", problems, err)
	}
}

// TestDeletedSealedFolders are made again.
func TestDeletedSealedFolders(t *testing.T) {
	folder := sealedIn(t)
	c := openSealed(t, folder)
	for _, name := range []string{"first", "second"} {
		if err := c.Update(t.Context(), userKey, adding(name)); err != nil {
			t.Fatal(err)
		}
		if set, err := c.Load(t.Context(), userKey); err != nil || secretsOf(set) != name {
			t.Errorf("Load: %v %v", set, err)
		}
		if err := os.RemoveAll(filepath.Dir(folder)); err != nil {
			t.Fatal(err)
		}
		if set, err := c.Load(t.Context(), userKey); err != nil || !set.IsZero() {
			t.Errorf("Load after the folder was deleted: %v %v", set, err)
		}
		for _, err := range c.Keys(t.Context(), domain.PartitionFilter{}) {
			t.Errorf("Keys after the folder was deleted: %v", err)
		}
	}
}

// TestASealedFolderThatWasAway is as it was when it is back, be it that the folder was moved or what was mounted on it.
func TestASealedFolderThatWasAway(t *testing.T) {
	for what, c := range map[string]struct{ leave, comeBack func(folder string) error }{
		"moved": {
			func(folder string) error { return os.Rename(folder, folder+".away") },
			func(folder string) error { return os.Rename(folder+".away", folder) },
		},
		"unmounted": {
			func(folder string) error {
				return errors.Join(os.Rename(folder, folder+".away"), os.Mkdir(folder, 0o700))
			},
			func(folder string) error { return errors.Join(os.Remove(folder), os.Rename(folder+".away", folder)) },
		},
	} {
		t.Run(what, func(t *testing.T) {
			folder := sealedIn(t)
			cache := openSealed(t, folder)
			if err := cache.Update(t.Context(), userKey, adding("token")); err != nil {
				t.Fatal(err)
			}
			if err := c.leave(folder); err != nil {
				t.Fatal(err)
			}
			if set, err := cache.Load(t.Context(), userKey); err != nil || !set.IsZero() {
				t.Errorf("Load while the folder is away: %v %v, want nothing", set, err)
			}
			if err := c.comeBack(folder); err != nil {
				t.Fatal(err)
			}
			if set, err := cache.Load(t.Context(), userKey); err != nil || secretsOf(set) != "token" {
				t.Errorf("Load when it is back: %v %v, want the token", set, err)
			}
			if err := cache.Update(t.Context(), userKey, adding("another")); err != nil {
				t.Fatal(err)
			}
			if set, err := cache.Load(t.Context(), userKey); err != nil || secretsOf(set) != "another token" {
				t.Errorf("Load after an update: %v %v, want both tokens", set, err)
			}
		})
	}
}

// TestALeaseMakesTheFolderForGood: when it is what makes a deleted folder again, the folder's name is synced as when an update does.
func TestALeaseMakesTheFolderForGood(t *testing.T) {
	folder := sealedIn(t)
	c := openSealed(t, folder)
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	synced := cachefile.SyncedFolders(t)
	unlock, err := c.Lock(t.Context(), "key", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	defer unlock()
	if err := c.Update(t.Context(), userKey, adding("token")); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{filepath.Dir(folder), folder} {
		if !slices.Contains(synced(), want) {
			t.Errorf("%s is not synced", want)
		}
	}
}

// TestAReplacedSealedFileIsRead although size and time of change are the same: clocks of file systems tick.
func TestAReplacedSealedFileIsRead(t *testing.T) {
	folder := sealedIn(t)
	c := openSealed(t, folder)
	path, _ := stores(t, c, folder, "first")
	was, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if set, err := c.Load(t.Context(), userKey); err != nil || secretsOf(set) != "first" {
		t.Fatalf("Load: %v %v", set, err)
	}
	stores(t, openSealed(t, folder), folder, "other")
	is, err := os.Stat(path)
	if err != nil || is.Size() != was.Size() {
		t.Fatalf("the files have %d and %d bytes: %v", was.Size(), is.Size(), err)
	}
	if err := os.Chtimes(path, was.ModTime(), was.ModTime()); err != nil {
		t.Fatal(err)
	}
	if set, err := c.Load(t.Context(), userKey); err != nil || secretsOf(set) != "other" {
		t.Errorf("Load: %v %v", set, err)
	}
}

// TestEachFileHasALaterTime even where times are whole seconds: the number of an inode comes again with the next
// file but one, and a reader that has not seen the one between would take it for the one that it has.
func TestEachFileHasALaterTime(t *testing.T) {
	cachefile.WithTimesInSeconds(t)
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
			err := c.writer.Update(t.Context(), userKey, func(domain.TokenSet) (domain.TokenSet, error) { return adding(secret)(domain.TokenSet{}) })
			if err != nil {
				t.Fatal(err)
			}
			info, err := os.Stat(c.path())
			if err != nil {
				t.Fatal(err)
			}
			if !info.ModTime().After(last) {
				t.Errorf("%s: file %d is of %v, and the one before of %v", name, i, info.ModTime(), last)
			}
			last = info.ModTime()
			if i%2 != 0 {
				continue
			}
			if set, err := c.reader.Load(t.Context(), userKey); err != nil || secretsOf(set) != secret {
				t.Errorf("%s: Load: %q %v, want %q", name, secretsOf(set), err, secret)
			}
		}
	}
}

// TestWhenWritingSealedFilesFails is TestWhenWritingFails for a folder.
func TestWhenWritingSealedFilesFails(t *testing.T) {
	whenWritingFails(t, func(t *testing.T) string {
		folder := sharedDir(t) + ".sealed" // which another user can reach, too
		t.Cleanup(func() { _ = os.RemoveAll(folder) })
		return folder
	})
}
