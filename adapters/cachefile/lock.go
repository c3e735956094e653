package cachefile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

const (
	// lockTimeout is how long an update waits for other processes when its context has no end. The turns of this
	// one's callers do not count: a thousand of them may take longer.
	lockTimeout = 30 * time.Second

	// abandoned is the age at which a lock file of another library is one that a crash has
	// left. They hold it for as long as it takes to read and write a file.
	abandoned = 30 * time.Second

	// unmarked is that age for an empty one: its maker writes into it at once, but a power cut
	// takes what it wrote, and the name of ours may outlive our own lock file.
	unmarked = 2 * time.Second

	// ownMark tells our lock files from those of others.
	ownMark = " keyport"

	minPause, maxPause = time.Millisecond, 8 * time.Millisecond
)

// errReplaced says that the locked file is no longer the one of its name.
var errReplaced = errors.New("the lock file was replaced")

// take takes this handle's turn, and then the lock.
func (f *file) take(ctx context.Context, lock func(context.Context) (func(), error)) (unlock func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case f.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	ctx, cancel := context.WithTimeout(ctx, lockTimeout)
	defer cancel()
	if err = f.ready(); err == nil { // a folder that was deleted is made again
		var release func()
		if release, err = lock(ctx); err == nil {
			return func() { release(); <-f.turn }, nil
		}
	}
	<-f.turn
	return nil, err
}

// lock excludes every other process, and every other handle of this one, from writing.
func (f *file) lock(ctx context.Context) (unlock func(), err error) {
	for {
		own, err := lockFile(ctx, f.path+".lock")
		if err != nil {
			return nil, f.lockError(ctx, err)
		}
		others, err := f.lockForOthers(ctx, own)
		if err == nil {
			return func() {
				others()
				own.release()
			}, nil
		}
		own.release()
		if !errors.Is(err, errReplaced) {
			return nil, f.lockError(ctx, err)
		}
	}
}

// lockItself excludes whoever locks the same file.
func (f *file) lockItself(ctx context.Context) (unlock func(), err error) {
	h, err := lockFile(ctx, f.path)
	if err != nil {
		return nil, f.lockError(ctx, err)
	}
	return h.release, nil
}

func (f *file) lockError(ctx context.Context, err error) error {
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return &Error{
			Operation: "lock", Path: f.path, Err: fmt.Errorf("%w: %w", ErrLocked, err),
			Remedy: "see whether a process that uses the file hangs",
		}
	}
	return failed("lock", f.path, err)
}

// held is a locked file.
type held struct{ *flock.Flock }

// release tries twice, because a failed call leaves the file locked and open until it is collected.
func (h held) release() {
	if h.Close() != nil {
		_ = h.Close()
	}
}

// lockFile waits for the lock of a file. The lock counts only while the file is the one
// that others find under its name.
func lockFile(ctx context.Context, path string) (held, error) {
	for {
		if err := ctx.Err(); err != nil {
			return held{}, err
		}
		h, err := tryLock(path)
		if err != nil || h.Flock != nil {
			return h, err
		}
		if err := pause(ctx); err != nil {
			return held{}, err
		}
	}
}

// tryLock returns the zero value when another has the lock.
func tryLock(path string) (held, error) { return tryLockAs(path, os.O_CREATE) }

func tryLockAs(path string, create int) (held, error) {
	if info, err := os.Lstat(path); err == nil {
		if err := checkFile(path, info); err != nil {
			return held{}, err
		}
	}
	h := held{flock.New(path, flock.SetFlag(create|os.O_RDWR|openFlags), flock.SetPermissions(fileMode))}
	locked, err := h.TryLock()
	if err != nil {
		return held{}, err
	}
	if locked && h.isCurrent() {
		return h, nil
	}
	h.release()
	return held{}, nil
}

// isCurrent reports whether the locked file still has its name.
func (h held) isCurrent() bool { return h.hasName(h.Path()) }

func (h held) hasName(path string) bool {
	mine, err := h.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(path)
	return err == nil && os.SameFile(mine, named)
}

// pause lets others have their turn.
func pause(ctx context.Context) error {
	timer := time.NewTimer(minPause + rand.N(maxPause-minPause)) //nolint:gosec // not a secret
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// lockForOthers does what the extensions of other MSALs do: it creates a file that must
// not be there, for those that look for it, and locks that, for those that do so. It is a second
// name of our own lock file, which is locked already.
func (f *file) lockForOthers(ctx context.Context, own held) (unlock func(), err error) {
	path := f.path + ".lockfile"
	for {
		unlock, err := createLockFile(path, own)
		if unlock != nil {
			return unlock, nil
		}
		if err != nil && !errors.Is(err, fs.ErrExist) && !isBeingDeleted(err) {
			return nil, err
		}
		takeOver(path, own)
		if err := pause(ctx); err != nil { // also when it is gone: some network file systems tell so too early
			return nil, err
		}
	}
}

// createLockFile returns nil and nil when another was quicker to lock what it created.
func createLockFile(path string, own held) (unlock func(), err error) {
	err = link(own.Path(), path)
	switch {
	case err == nil && own.hasName(path):
		return func() { own.removeName(path) }, nil
	case errors.Is(err, fs.ErrExist):
		return nil, err
	case !own.isCurrent():
		return nil, errReplaced
	case err == nil && own.isLike(path): // some file systems number names and not files, so the second tells nobody whose it is
		_ = os.Remove(path)
	}
	return createMarked(path) // some file systems have no second names
}

// isLike compares what a second name shares with the first, whatever number it has.
func (h held) isLike(path string) bool {
	mine, err := h.Stat()
	if err != nil {
		return false
	}
	named, err := os.Lstat(path)
	return err == nil && mine.Size() == named.Size() && mine.ModTime().Equal(named.ModTime())
}

// removeName leaves what another has put in the place of the locked file.
func (h held) removeName(path string) {
	if h.hasName(path) {
		_ = os.Remove(path)
	}
}

// createMarked makes a lock file that is no second name, with a mark in it: a process may be killed
// at any time, and the next must know whose file that was.
func createMarked(path string) (unlock func(), err error) {
	created, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR|openFlags, fileMode) //nolint:gosec // the path is the program's
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(created, "%d%s", os.Getpid(), ownMark)
	if err = errors.Join(err, created.Close()); err != nil {
		_ = os.Remove(path)
		return nil, err
	}
	h, err := tryLock(path)
	if err != nil {
		_ = os.Remove(path)
		return nil, err
	}
	if h.Flock == nil {
		return nil, nil
	}
	return func() {
		h.removeName(path)
		h.release()
	}, nil
}

// takeOver removes a lock file that nobody holds. Whoever holds our own lock is the only
// one of us who can have one, so one of ours is left by a crash. A process id is not
// believed: it may be that of another process by now.
func takeOver(path string, own held) {
	if own.hasName(path) {
		_ = os.Remove(path)
		return
	}
	h, err := tryLockAs(path, 0) // one that was deleted just now must not be made again: it would look like another's
	if err != nil || h.Flock == nil {
		return
	}
	defer h.release()
	info, err := h.Stat()
	if err == nil && (isOwnMark(path) || isAbandoned(info)) {
		h.removeName(path)
	}
}

// isAbandoned also knows files from the future: after a power cut, some machines have an older time.
func isAbandoned(info fs.FileInfo) bool {
	age := time.Since(info.ModTime()).Abs()
	return age >= abandoned || info.Size() == 0 && age >= unmarked
}

func isOwnMark(path string) bool {
	opened, err := os.OpenFile(path, os.O_RDONLY|openFlags, 0) //nolint:gosec // the path is the program's
	if err != nil {
		return false
	}
	defer func() { _ = opened.Close() }()
	data, err := io.ReadAll(io.LimitReader(opened, 64))
	return err == nil && strings.HasSuffix(string(data), ownMark)
}
