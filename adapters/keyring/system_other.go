//go:build !unix

package keyring

import "io/fs"

// Elsewhere there are no owners and modes to look at, and folders cannot be synced.
const openFlags = 0

func fileProblem(_ string, info fs.FileInfo) (problem, remedy string) {
	if !info.Mode().IsRegular() {
		return "is not a file", "choose another path"
	}
	return "", ""
}

func folderProblem(_ string, info fs.FileInfo) (problem, remedy string) {
	if !info.IsDir() {
		return "is not a folder", "choose another path"
	}
	return "", ""
}

func syncFolder(string) error { return nil }
