package cachefile

import (
	"io/fs"
	"syscall"
)

// isStill reports whether a path leads to what info tells of, neither replaced nor written since.
// Each hit of the cache costs this call, so it asks for what is compared and makes no [fs.FileInfo].
func isStill(path string, info fs.FileInfo) bool {
	was, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	var is syscall.Stat_t
	if syscall.Lstat(path, &is) != nil { // also EINTR: then the caller looks again
		return false
	}
	return is.Ino == was.Ino && is.Dev == was.Dev && is.Size == was.Size && is.Mtim == was.Mtim && is.Mode == was.Mode
}
