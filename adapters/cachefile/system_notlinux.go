//go:build !linux

package cachefile

import (
	"io/fs"
	"os"
)

// isStill reports whether a path leads to what info tells of, neither replaced nor written since.
func isStill(path string, info fs.FileInfo) bool {
	is, err := os.Lstat(path)
	return err == nil && os.SameFile(info, is) && is.Size() == info.Size() && is.ModTime().Equal(info.ModTime()) && is.Mode() == info.Mode()
}
