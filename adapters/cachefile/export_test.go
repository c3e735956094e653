package cachefile

import (
	"context"
	"os"

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
