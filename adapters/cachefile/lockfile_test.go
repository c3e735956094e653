//go:build unix

package cachefile_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/domain"
)

// onBoth runs a test with the lock file for others as a second name of our own, and as a file of
// its own, where a file system has no second names.
func onBoth(t *testing.T, test func(t *testing.T, path string)) {
	t.Run("second name", func(t *testing.T) { test(t, pathIn(t)) })
	t.Run("marked file", func(t *testing.T) {
		cachefile.WithoutSecondNames(t)
		test(t, pathIn(t))
	})
	t.Run("names that are numbered", func(t *testing.T) {
		cachefile.WithNamesForFiles(t)
		path, old := pathIn(t), time.Now().Add(-time.Hour)
		if err := errors.Join(os.WriteFile(path+".lock", nil, 0o600), os.Chtimes(path+".lock", old, old)); err != nil {
			t.Fatal(err)
		}
		test(t, path)
	})
}

// during runs a check while the cache holds its lock.
func during(t *testing.T, c *cachefile.TokenCache, check func()) {
	t.Helper()
	err := c.Update(t.Context(), userKey, func(s domain.TokenSet) (domain.TokenSet, error) {
		check()
		return s, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOthersSeeTheLock: those who look for the lock file find it, and those who lock it cannot.
func TestOthersSeeTheLock(t *testing.T) {
	onBoth(t, func(t *testing.T, path string) {
		other := flock.New(path + ".lockfile")
		t.Cleanup(func() { _ = other.Close() })
		during(t, open(t, path), func() {
			if _, err := os.OpenFile(path+".lockfile", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); !errors.Is(err, fs.ErrExist) {
				t.Errorf("creating the lock file: %v", err)
			}
			if locked, err := other.TryLock(); locked || err != nil {
				t.Errorf("locking the lock file: %v %v", locked, err)
			}
			if info, err := os.Lstat(path + ".lockfile"); err != nil || info.Mode() != 0o600 {
				t.Errorf("the lock file: %v %v", info, err)
			}
		})
		if _, err := os.Lstat(path + ".lockfile"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the lock file was left: %v", err)
		}
	})
}

// TestOthersHoldTheLock: who created the lock file, or locked it, is waited for.
func TestOthersHoldTheLock(t *testing.T) {
	onBoth(t, func(t *testing.T, path string) {
		c := open(t, path)
		if err := os.WriteFile(path+".lockfile", []byte("123 other"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := c.Update(shortly(t), userKey, adding("token")); !errors.Is(err, cachefile.ErrLocked) {
			t.Errorf("while the file is there: %v", err)
		}
		old := time.Now().Add(-time.Hour)
		if err := os.Chtimes(path+".lockfile", old, old); err != nil {
			t.Fatal(err)
		}
		other := flock.New(path + ".lockfile")
		if locked, err := other.TryLock(); !locked || err != nil {
			t.Fatal(locked, err)
		}
		if err := c.Update(shortly(t), userKey, adding("token")); !errors.Is(err, cachefile.ErrLocked) {
			t.Errorf("while the old file is locked: %v", err)
		}
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
		if err := c.Update(shortly(t), userKey, adding("token")); err != nil {
			t.Errorf("when it is left by a crash: %v", err)
		}
	})
}

// TestLockFilesOfACrash are taken over at once, whatever they look like, and whatever was made of our own lock
// file since.
func TestLockFilesOfACrash(t *testing.T) {
	old := time.Now().Add(-3 * time.Second)
	for name, prepare := range map[string]func(path string) error{
		"second name": func(path string) error {
			return errors.Join(os.WriteFile(path+".lock", nil, 0o600), os.Link(path+".lock", path+".lockfile"))
		},
		"second name of a lock file that another library wrote in": func(path string) error {
			return errors.Join(os.WriteFile(path+".lock", []byte("4711 python"), 0o600), os.Link(path+".lock", path+".lockfile"))
		},
		"second name of a lock file that was deleted": func(path string) error {
			return errors.Join(os.WriteFile(path+".lockfile", nil, 0o600), os.Chtimes(path+".lockfile", old, old))
		},
		"marked file": func(path string) error { return os.WriteFile(path+".lockfile", []byte("4711 keyport"), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, path string) {
				c := open(t, path)
				if err := prepare(path); err != nil {
					t.Fatal(err)
				}
				if err := c.Update(shortly(t), userKey, adding("token")); err != nil {
					t.Error(err)
				}
				if _, err := os.Lstat(path + ".lockfile"); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("the lock file was left: %v", err)
				}
			})
		})
	}
}

// TestOnlyOneHandleHasTheLock when its file is deleted again and again: what is locked is looked at once
// more, also for the second name.
func TestOnlyOneHandleHasTheLock(t *testing.T) {
	onBoth(t, func(t *testing.T, path string) {
		const writers, updates = 4, 25
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		deleted := make(chan struct{})
		go func() {
			defer close(deleted)
			for ctx.Err() == nil {
				// Only while no one has it: who deletes the file of a holder lets the next one in.
				unlock, err := cachefile.LockForTest(path+".lock", cachefile.DeletingLock)
				if err == nil {
					unlock()
				}
			}
		}()
		errs := make(chan error, writers)
		for w := range writers {
			c := open(t, path)
			go func() {
				var err error
				for i := range updates {
					name := strings.Repeat("x", 1+w) + strings.Repeat("y", i)
					err = errors.Join(err, c.Update(ctx, userKey, adding(name)))
				}
				errs <- err
			}()
		}
		for range writers {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		cancel()
		<-deleted
		set, err := open(t, path).Load(t.Context(), userKey)
		if n := set.Len(); err != nil || n != writers*updates {
			t.Errorf("%d of %d updates are there: %v", n, writers*updates, err)
		}
	})
}

// TestALockFileThatIsReplaced after it was locked counts no longer: the lock is taken again.
func TestALockFileThatIsReplaced(t *testing.T) {
	for name, again := range map[string]bool{"deleted": false, "made anew": true} {
		t.Run(name, func(t *testing.T) {
			path := pathIn(t)
			other := flock.New(path + ".lock")
			cachefile.BeforeTheSecondName(t, func() {
				err := os.Remove(path + ".lock")
				if again {
					_, lockErr := other.TryLock() // this one has the lock that counts
					err = errors.Join(err, lockErr)
				}
				if err != nil {
					t.Error(err)
				}
			})
			c := open(t, path)
			if err := c.Update(shortly(t), userKey, adding("token")); again != errors.Is(err, cachefile.ErrLocked) {
				t.Errorf("while the other has the lock: %v", err)
			}
			if err := other.Close(); err != nil {
				t.Fatal(err)
			}
			if err := c.Update(shortly(t), userKey, adding("token")); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestALockFileOfAnother that has taken the place of ours is left to it.
func TestALockFileOfAnother(t *testing.T) {
	onBoth(t, func(t *testing.T, path string) {
		during(t, open(t, path), func() {
			if err := errors.Join(os.Remove(path+".lockfile"), os.WriteFile(path+".lockfile", []byte("123 other"), 0o600)); err != nil {
				t.Error(err)
			}
		})
		if data, err := os.ReadFile(path + ".lockfile"); err != nil || string(data) != "123 other" {
			t.Errorf("it is %q: %v", data, err)
		}
	})
}

// TestALockFileThatIsGone when it is looked at is not made again, as nobody would know whose it is.
func TestALockFileThatIsGone(t *testing.T) {
	path := pathIn(t)
	if err := cachefile.TakeOverForTest(path); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(path + ".lockfile"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it was made: %v", err)
	}
}
