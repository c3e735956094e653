package cachefile_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// sealedScenarios are scenarios in a folder of sealed files; in each, another user's file is there as well.
var sealedScenarios = []scenario{
	{"sealed files", "count", sealedIn, aFile},
	{"no sealed file", "count", sealedIn, nothing},
	{"two updates of sealed files", "count count", sealedIn, aFile},
	{"deleting sealed files", "count delete count", sealedIn, aFile},
	{"a lease of sealed files", "lease", sealedIn, aFile},
	{"a damaged sealed file", "count", sealedIn, func(t *testing.T, folder string) error {
		t.Helper()
		err := aFile(t, folder)
		for _, path := range sealedFiles(t, folder) {
			if set, _ := storedSealed(t, folder); count(set, "x") > 0 {
				data, readErr := os.ReadFile(path)
				err = errors.Join(err, readErr, os.WriteFile(path, data[:len(data)-3], 0o600))
				if set, _ := storedSealed(t, folder); count(set, "x") > 0 { // it was the bystander's
					err = errors.Join(err, os.WriteFile(path, data, 0o600))
				}
			}
		}
		return err
	}},
	{"what a crash left of sealed files", "count", sealedIn, func(t *testing.T, folder string) error {
		t.Helper()
		old, temporary := time.Now().Add(-2*time.Hour), filepath.Join(folder, leftByACrash)
		return errors.Join(aFile(t, folder), os.WriteFile(temporary, nil, 0o600), os.Chtimes(temporary, old, old))
	}},
}

// TestKilledAtEachSystemCallOnSealedFiles: as for the one file.
func TestKilledAtEachSystemCallOnSealedFiles(t *testing.T) {
	killedAtEachSystemCall(t, sealedScenarios)
}

// TestErrorsAtEachSystemCallOnSealedFiles: as for the one file.
func TestErrorsAtEachSystemCallOnSealedFiles(t *testing.T) {
	errorsAtEachSystemCall(t, sealedScenarios)
}

// TestBugsOfSealedFilesAreSeenByKills: each bug is found by kills at the system calls of one update.
func TestBugsOfSealedFilesAreSeenByKills(t *testing.T) {
	for bug, want := range map[string]string{bugInPlace: "neither old nor new", bugRemoved: "the counter is"} {
		t.Run(bug, func(t *testing.T) { seen(t, sealedScenarios[0], bug, want, fault{kill: true}) })
	}
}

// TestBugsOfSealedFilesAreSeenByErrors: each bug is found by errors at the system calls of one update.
func TestBugsOfSealedFilesAreSeenByErrors(t *testing.T) {
	for bug, want := range map[string]string{
		bugInPlace: "neither old nor new", bugLeftOver: "temporary files are left", bugIgnored: "neither old nor new", bugNoLock: "the error is untyped",
	} {
		t.Run(bug, func(t *testing.T) { seen(t, sealedScenarios[0], bug, want, fault{errno: syscall.ENOSPC}) })
	}
}
