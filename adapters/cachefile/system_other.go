//go:build !unix

package cachefile

import (
	"errors"
	"io/fs"
)

// Elsewhere there are no owners and modes to look at, and folders cannot be synced.
const openFlags = 0

// link is not tried: what a lock of one name does to the other has not been seen here.
var link = func(_, _ string) error { return errors.ErrUnsupported }

func isFull(error) bool     { return false }
func isReadOnly(error) bool { return false }

// isBeingDeleted reports what Windows says of a file that was deleted and is still open somewhere.
func isBeingDeleted(err error) bool { return errors.Is(err, fs.ErrPermission) }

func checkOwner(string, fs.FileInfo) error { return nil }

func checkFolder(path string, info fs.FileInfo) error {
	if !info.IsDir() {
		return unsafe(path, "is not a folder", "choose another path")
	}
	return nil
}

var syncFolder = func(string) error { return nil }
