package cachefile

import (
	"context"
	"os"

	"github.com/gofrs/flock"
)

// LockForTest locks a file as the cache does. When naive, it deletes the file at the end and does not
// look whether what it has locked is still the file of that name.
func LockForTest(path string, naive bool) (unlock func(), err error) {
	if !naive {
		h, err := lockFile(context.Background(), path)
		return h.release, err
	}
	f := flock.New(path)
	if err := f.Lock(); err != nil {
		return nil, err
	}
	return func() {
		_ = os.Remove(path)
		_ = f.Unlock()
	}, nil
}
