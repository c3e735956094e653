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
	for name, age := range map[string]time.Time{".user.aa.1.tmp": old, ".app.bb.1.tmp": time.Now().AddDate(10, 0, 0), ".verify.1.tmp": old, ".user.aa.2.tmp": time.Now(), "notes.tmp": old} {
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

// TestASealedFolderThatWasAway is as it was when it is back: it was moved, or what was mounted on it is mounted again, and
// another process may have looked meanwhile, and left its lock file in the mount point.
func TestASealedFolderThatWasAway(t *testing.T) {
	verify := func(c *cachefile.SealedTokenCache) error {
		_, err := c.Verify(t.Context())
		return err
	}
	for what, test := range map[string]struct {
		mountPoint bool
		meanwhile  func(*cachefile.SealedTokenCache) error
	}{
		"moved":     {false, nil},
		"unmounted": {true, nil},
		"verified":  {true, verify},
		"written": {true, func(c *cachefile.SealedTokenCache) error {
			return c.Update(t.Context(), theirs, ofOther(adding("theirs")))
		}},
		"not written": {true, func(c *cachefile.SealedTokenCache) error {
			return c.Update(t.Context(), userKey, func(s domain.TokenSet) (domain.TokenSet, error) { return s, nil })
		}},
	} {
		t.Run(what, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "sealed")
			away, mountPoint := folder+".away", folder+".mountpoint"
			if test.mountPoint {
				if err := os.Mkdir(mountPoint, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			c := openSealed(t, folder)
			tokens := ""
			for i := range 3 {
				err := c.Update(t.Context(), userKey, adding(fmt.Sprint("token", i)))
				tokens = strings.TrimSpace(tokens + fmt.Sprint(" token", i))
				err = errors.Join(err, os.Rename(folder, away))
				if test.mountPoint {
					err = errors.Join(err, os.Rename(mountPoint, folder))
				}
				if err == nil && test.meanwhile != nil {
					err = test.meanwhile(openSealed(t, folder))
				}
				if err != nil {
					t.Fatal(err)
				}
				if set, err := c.Load(t.Context(), userKey); err != nil || !set.IsZero() {
					t.Errorf("Load while the folder is away: %v %v, want nothing", set, err)
				}
				if test.mountPoint {
					err = os.Rename(folder, mountPoint)
				}
				if err := errors.Join(err, os.Rename(away, folder)); err != nil {
					t.Fatal(err)
				}
				if set, err := c.Load(t.Context(), userKey); err != nil || secretsOf(set) != tokens {
					t.Errorf("Load when it is back: %v %v, want %s", set, err, tokens)
				}
			}
		})
	}
}

// TestASealedFolderThatIsDeletedDuringAnUpdate is made again, with what the update stores.
func TestASealedFolderThatIsDeletedDuringAnUpdate(t *testing.T) {
	folder := sealedIn(t)
	c := openSealed(t, folder)
	err := c.Update(t.Context(), userKey, adding("first"))
	deleted := false
	err = errors.Join(err, c.Update(t.Context(), userKey, func(s domain.TokenSet) (domain.TokenSet, error) {
		if !deleted {
			deleted = true
			if err := os.RemoveAll(folder); err != nil {
				return s, err
			}
		}
		return adding("second")(s)
	}))
	if err != nil {
		t.Fatal(err)
	}
	if set, err := openSealed(t, folder).Load(t.Context(), userKey); err != nil || secretsOf(set) != "second" {
		t.Errorf("Load: %v %v, want the second token", set, err)
	}
}

// TestASealedFolderThatGoesBetween the list and what is listed: the error says so.
func TestASealedFolderThatGoesBetween(t *testing.T) {
	folder := sealedIn(t)
	c := openSealed(t, folder)
	err := errors.Join(c.Update(t.Context(), userKey, adding("ours")), c.Update(t.Context(), theirs, ofOther(adding("theirs"))))
	if err != nil {
		t.Fatal(err)
	}
	for _, err = range c.Keys(t.Context(), domain.PartitionFilter{}) {
		if err == nil {
			err = os.RemoveAll(folder)
		}
	}
	var typed *cachefile.Error
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &typed) || typed.Remedy == "" {
		t.Errorf("%v, want a *cachefile.Error with a remedy that is fs.ErrNotExist", err)
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
	for _, want := range []string{filepath.Dir(folder), folder} { // for that of its leases
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

// TestWhenWritingSealedFilesFails is TestWhenWritingFails for a folder.
func TestWhenWritingSealedFilesFails(t *testing.T) {
	whenWritingFails(t, func(t *testing.T) string {
		folder := sharedDir(t) + ".sealed" // which another user can reach, too
		t.Cleanup(func() { _ = os.RemoveAll(folder) })
		return folder
	})
}
