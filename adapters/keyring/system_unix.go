//go:build unix

package keyring

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// openFlags: a link that takes the file's place is not followed, and a pipe does not block.
const openFlags = syscall.O_NOFOLLOW | syscall.O_NONBLOCK

const byOthers = 0o077

func fileProblem(path string, info fs.FileInfo) (problem, remedy string) {
	switch {
	case !info.Mode().IsRegular():
		return "is not a file", "choose another path"
	case !isOwn(info):
		return "belongs to another user", "make the program's user its owner, after a look at where it comes from"
	case info.Mode().Perm()&byOthers != 0:
		return "can be read or written by others", "chmod 600 " + path + "; if others have read it, make a new key"
	}
	return "", ""
}

func folderProblem(path string, info fs.FileInfo) (problem, remedy string) {
	switch {
	case !info.IsDir():
		return "is not a folder", "choose another path"
	case !isOwn(info):
		return "belongs to another user", "choose a folder of the program's user"
	case info.Mode().Perm()&byOthers != 0:
		return "can be read or written by others", "chmod 700 " + path + ", or choose a folder for keys alone"
	}
	return "", ""
}

func isOwn(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid()
}

// syncFolder makes a rename outlive a power cut.
func syncFolder(path string) error {
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
