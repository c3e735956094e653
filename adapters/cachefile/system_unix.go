//go:build unix

package cachefile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// openFlags: a link that takes the file's place is not followed, and a pipe does not block.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

// link gives a file a second name, if it has none of that name yet.
var link = os.Link

func isFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

func isReadOnly(err error) bool { return errors.Is(err, syscall.EROFS) }

// isBeingDeleted tells of a state that files have on Windows.
func isBeingDeleted(error) bool { return false }

const (
	writableByOthers = 0o022
	sticky           = fs.ModeSticky
)

// checkOwner refuses files that another user made or may write: their tokens would be used
// as the program's own.
func checkOwner(path string, info fs.FileInfo) error {
	switch stat, ok := info.Sys().(*syscall.Stat_t); {
	case ok && int(stat.Uid) != os.Geteuid():
		return unsafe(path, "belongs to another user", "delete it, or choose a path in a folder of the program's user")
	case info.Mode().Perm()&writableByOthers != 0:
		return unsafe(path, "can be written by others", "chmod 600 "+path+", after a look at what is in it")
	}
	return nil
}

// checkFolder refuses folders in which others can put a file in the place of ours.
func checkFolder(path string, info fs.FileInfo) error {
	if !info.IsDir() {
		return unsafe(path, "is not a folder", "choose another path")
	}
	switch stat, ok := info.Sys().(*syscall.Stat_t); {
	case ok && int(stat.Uid) != os.Geteuid() && stat.Uid != 0:
		return unsafe(path, "belongs to another user", "choose a folder of the program's user")
	case info.Mode().Perm()&writableByOthers != 0 && info.Mode()&sticky == 0:
		return unsafe(path, "can be written by others", "chmod 700 "+path)
	}
	return nil
}

// syncFolder makes a rename outlive a power cut.
var syncFolder = func(path string) error {
	folder, err := os.Open(path) //nolint:gosec // the path is the program's
	if err != nil {
		return err
	}
	defer func() { _ = folder.Close() }()
	if err := folder.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) { // some file systems have no such thing
		return err
	}
	return nil
}
