package cachefile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// grace is what a holder is given beyond its lease before others believe that it hangs:
// it ends the lease itself when it runs.
const grace = time.Second

// Lock implements [ports.Locker] among all processes that share the file. The lock ends with
// the process that holds it; one that is stopped loses it after the lease.
func (c *TokenCache) Lock(ctx context.Context, key string, atMost time.Duration) (unlock func(), err error) {
	return lockLease(ctx, c.file.path+".leases", key, atMost)
}

// lockLease waits for the lease of a key in a folder of leases.
func lockLease(ctx context.Context, folder, key string, atMost time.Duration) (unlock func(), err error) {
	if err := makeFolder(folder); err != nil { // the one above may hold the tokens, and have been deleted
		return nil, failed("lock", folder, err)
	}
	info, err := os.Lstat(folder)
	if err != nil {
		return nil, failed("lock", folder, err)
	}
	if err := checkFolder(folder, info); err != nil {
		return nil, err
	}
	sum := sha256.Sum256([]byte(key)) // names of files have limits, and the key may name a person
	path := filepath.Join(folder, hex.EncodeToString(sum[:16]))
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		h, err := tryLock(path)
		if err != nil {
			return nil, failed("lock", path, err)
		}
		if h.Flock != nil {
			unlock, err := h.lease(atMost) //nolint:contextcheck // what comes next is over in a moment, and is not left half done
			if unlock != nil || err != nil {
				return unlock, err
			}
		}
		removeOverdue(path) //nolint:contextcheck // likewise
		if err := pause(ctx); err != nil {
			return nil, err
		}
	}
}

// lease notes the end of the lease in the file, for those who wait. It returns nil and nil when
// one of them has deleted the file, because its last holder's lease was over.
func (h held) lease(atMost time.Duration) (unlock func(), err error) {
	current := false
	err = guarded(h.Path(), func() error {
		if current = h.isCurrent(); !current {
			return nil
		}
		end := time.Now().Add(atMost).Add(grace)
		return os.WriteFile(h.Path(), strconv.AppendInt(nil, end.UnixNano(), 10), fileMode)
	})
	if err != nil || !current {
		h.release()
		return nil, err
	}
	var once sync.Once
	over := func() {
		once.Do(func() {
			h.remove()
			h.release()
		})
	}
	timer := time.AfterFunc(atMost, over)
	return func() {
		timer.Stop()
		over()
	}, nil
}

// remove deletes the file while it is locked and has its name, so that who waits for it notices.
func (h held) remove() {
	_ = guarded(h.Path(), func() error {
		if h.isCurrent() {
			_ = os.Remove(h.Path())
		}
		return nil
	})
}

// removeOverdue takes a lease away from a process that hangs.
func removeOverdue(path string) {
	if !isOverdue(path) {
		return
	}
	_ = guarded(path, func() error {
		if isOverdue(path) {
			_ = os.Remove(path)
		}
		return nil
	})
}

func isOverdue(path string) bool {
	opened, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0) //nolint:gosec // the path is the program's
	if err != nil {
		return false
	}
	defer func() { _ = opened.Close() }()
	data, err := io.ReadAll(io.LimitReader(opened, 32))
	if err != nil {
		return false
	}
	end, err := strconv.ParseInt(string(data), 10, 64)
	return err == nil && time.Now().UnixNano() > end // empty: its holder has just come
}

// guarded lets one process at a time look at a lock file and change or delete it. A file that is
// not deleted, because the guard cannot be had, does no harm.
func guarded(path string, work func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	guard, err := lockFile(ctx, filepath.Join(filepath.Dir(path), "guard"))
	if err == nil {
		defer guard.release()
		err = work()
	}
	if err != nil {
		return failed("lock", path, err)
	}
	return nil
}
