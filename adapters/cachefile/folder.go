package cachefile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachekit"
)

var (
	_ cachekit.BlobStore     = (*folder)(nil)
	_ cachekit.BlobLister    = (*folder)(nil)
	_ cachekit.BlobVersioner = (*folder)(nil)
)

// folder keeps each blob in a file of its own. Who swaps one has locked the folder, so the
// comparison there fails only when somebody writes who knows no locks.
type folder struct {
	path  string
	guard *file                       // is locked, and stays empty; it has the latest time of change of the files that were deleted
	known atomic.Pointer[fs.FileInfo] // the guard, as it was when this handle last locked it or read a file beside it
	swept atomic.Bool                 // left-over temporary files were looked for

	mu   sync.RWMutex // guards read
	read map[string]version
}

// version is what a file was when it was read, and what that is called.
type version struct {
	path string
	info fs.FileInfo
	name string
}

// maxVersions bounds what is known of files.
const maxVersions = 4096

// newFolder checks the path.
func newFolder(path string) (*folder, error) {
	path, err := absolute("Folder", path, "pass the path of a folder in one of the program's user's")
	if err != nil {
		return nil, err
	}
	return &folder{path: path, guard: fileAt(filepath.Join(path, ".lock"))}, nil
}

// file is the one of a name. Left-overs are swept for all files at once.
func (f *folder) file(name string) *file { return sweptFile(filepath.Join(f.path, name)) }

// leases is the folder of the locks of redemptions.
func (f *folder) leases() string { return filepath.Join(f.path, ".leases") }

func (f *folder) lock(ctx context.Context) (unlock func(), err error) {
	unlock, err = f.guard.take(ctx, f.guard.lockItself)
	if err == nil {
		f.know()
	}
	return unlock, err
}

// know remembers the guard.
func (f *folder) know() {
	if info, err := f.guard.look(); err == nil && info != nil {
		f.known.Store(&info)
	}
}

// errAway says that the folder is not there, as when it is unmounted.
var errAway = fmt.Errorf("its folder is away: %w", fs.ErrNotExist)

// absent fails with errAway when a file is missing because the folder is: who took it for deleted would refuse
// it when the folder is back. The guard is never deleted, and so tells another folder, as the mount point.
func (f *folder) absent() error {
	info, err := f.guard.look()
	if err != nil {
		return err
	}
	if known := f.known.Load(); info == nil || known != nil && !os.SameFile(*known, info) {
		return &Error{Operation: "read", Path: f.path, Err: errAway, Remedy: "mount it, or let an update make it anew"}
	}
	return nil
}

// ReadBlob implements [cachekit.BlobStore]. It fails with errAway when the folder is.
func (f *folder) ReadBlob(_ context.Context, name string) (value []byte, is string, err error) {
	named := f.file(name)
	value, info, err := named.read()
	if err != nil {
		return nil, "", err
	}
	if info == nil {
		return nil, "", f.absent()
	}
	f.know()
	v := version{path: named.path, info: info, name: versionOf(info)}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.read == nil || len(f.read) >= maxVersions {
		f.read = make(map[string]version)
	}
	f.read[name] = v
	return value, v.name, nil
}

// BlobVersion implements [cachekit.BlobVersioner]. Each hit costs this call, which is one stat when
// the file is the same.
func (f *folder) BlobVersion(_ context.Context, name string) (is string, err error) {
	f.mu.RLock()
	v, known := f.read[name]
	f.mu.RUnlock()
	if known && isStill(v.path, v.info) {
		return v.name, nil
	}
	info, err := f.file(name).stat()
	if info == nil || err != nil {
		return "", err
	}
	return versionOf(info), nil
}

// versionOf tells a file from every one that had its name before: while it is replaced, both exist and their
// inodes differ, and each has a later time of change than the one before, or than the guard's, which has
// that of one that was deleted.
func versionOf(info fs.FileInfo) string {
	var text [64]byte
	v := strconv.AppendUint(text[:0], inodeOf(info), 36)
	v = strconv.AppendInt(append(v, '.'), info.ModTime().UnixNano(), 36)
	v = strconv.AppendInt(append(v, '.'), info.Size(), 36)
	return string(v)
}

// SwapBlob implements [cachekit.BlobStore].
func (f *folder) SwapBlob(_ context.Context, name, expected string, value []byte, _ time.Time) (swapped bool, err error) {
	named := f.file(name)
	info, err := named.stat()
	if err != nil {
		return false, err
	}
	was := ""
	if info != nil {
		was = versionOf(info)
	}
	if was != expected {
		return false, nil
	}
	if f.swept.CompareAndSwap(false, true) {
		sweep(f.path, ".*.tmp")
	}
	guard, err := f.guard.look()
	switch {
	case err != nil:
		return false, err
	case value == nil:
		return f.remove(named, info, guard)
	case info == nil: // it may come after one that was deleted
		info = guard
	}
	info, err = named.write(value, info)
	return info != nil, err
}

// remove deletes a file for good. An error once it is gone says that it may come back after a power cut.
func (f *folder) remove(named *file, info, guard fs.FileInfo) (gone bool, err error) {
	if info != nil && guard != nil && info.ModTime().After(guard.ModTime()) {
		if _, err := setTime(f.guard.path, info.ModTime()); err != nil {
			return false, failed("write", f.guard.path, err)
		}
	}
	err = os.Remove(named.path)
	if gone = err == nil || errors.Is(err, fs.ErrNotExist); gone {
		err = syncFolder(f.path)
	}
	if err != nil {
		err = failed("write", named.path, err)
	}
	return gone, err
}

// ListBlobs implements [cachekit.BlobLister]. Who reads the files tells which are ours.
func (f *folder) ListBlobs(_ context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		entries, err := os.ReadDir(f.path)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				yield("", failed("read", f.path, err))
			}
			return
		}
		for _, entry := range entries {
			if strings.HasPrefix(entry.Name(), prefix) && !yield(entry.Name(), nil) {
				return
			}
		}
	}
}

// tryWriting writes a file beside the others and removes it.
func (f *folder) tryWriting() error { return f.file(".verify").tryWriting() }
