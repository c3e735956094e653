package cachefile

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"
)

// KindOfLock is how LockForTest locks.
type KindOfLock int

// A plain lock is as the cache's; a deleting one is as a lease's; a naive one deletes the file too, and does
// not look whether what it has locked is still the file of that name.
const (
	PlainLock KindOfLock = iota
	DeletingLock
	NaiveLock
)

// LockForTest locks a file.
func LockForTest(path string, kind KindOfLock) (unlock func(), err error) {
	h := held{flock.New(path)}
	if kind == NaiveLock {
		err = h.Lock()
	} else {
		h, err = lockFile(context.Background(), path)
	}
	return func() {
		if kind != PlainLock {
			_ = os.Remove(path)
		}
		h.release()
	}, err
}

// WithoutSecondNames lets a test run as on a file system that gives a file one name only.
func WithoutSecondNames(t *testing.T) {
	was := link
	t.Cleanup(func() { link = was })
	link = func(_, _ string) error { return errors.ErrUnsupported }
}

// WithNamesForFiles lets a test run as on a file system that gives each name of a file a number of its own, as
// some have that are mounted from a server.
func WithNamesForFiles(t *testing.T) {
	was := link
	t.Cleanup(func() { link = was })
	link = func(old, name string) error {
		info, err := os.Lstat(old)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(old)
		if err != nil {
			return err
		}
		twin, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fileMode)
		if err != nil {
			return err
		}
		_, err = twin.Write(data)
		return errors.Join(err, twin.Close(), os.Chtimes(name, info.ModTime(), info.ModTime()))
	}
}

// WhenFoldersCannotBeSynced lets a test run as on a disk that fails after a file was replaced or deleted.
func WhenFoldersCannotBeSynced(t *testing.T, err error) {
	was := syncFolder
	t.Cleanup(func() { syncFolder = was })
	syncFolder = func(string) error { return err }
}

// WithTimesOf lets a test run as on a file system that cuts off what is finer than a tick.
func WithTimesOf(t *testing.T, tick time.Duration) {
	was := chtimes
	t.Cleanup(func() { chtimes = was })
	chtimes = func(path string, accessed, changed time.Time) error {
		return was(path, accessed.Truncate(tick), changed.Truncate(tick))
	}
}

// SyncedFolders returns the folders that were synced since it was called.
func SyncedFolders(t *testing.T) func() []string {
	was := syncFolder
	t.Cleanup(func() { syncFolder = was })
	var synced []string
	syncFolder = func(path string) error {
		synced = append(synced, path)
		return was(path)
	}
	return func() []string { return synced }
}

// TakeOverForTest does what is done about another's lock file while our own is held.
func TakeOverForTest(path string) error {
	own, err := lockFile(context.Background(), path+".lock")
	if err != nil {
		return err
	}
	defer own.release()
	takeOver(path+".lockfile", own)
	return nil
}

// BeforeTheSecondName lets a test do something once, after the lock was taken.
func BeforeTheSecondName(t *testing.T, do func()) {
	was, once := link, sync.Once{}
	t.Cleanup(func() { link = was })
	link = func(old, name string) error {
		once.Do(do)
		return was(old, name)
	}
}
