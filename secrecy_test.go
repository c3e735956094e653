package keyport_test

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// holdNoSecrets are the packages whose tests handle nothing that must not be seen.
var holdNoSecrets = []string{
	"adapters/system", "application/internal/flight", "application/internal/skew", "application/internal/strictjson", "application/internal/telemetry",
	"application/internal/turn",
}

// TestEveryPackageScansWhatItsTestsPrint: a TestMain with keyporttest.ScanOutput looks for
// secrets and personal data in all that the tests of a package print or log. A new package
// has one, or a line above.
func TestEveryPackageScansWhatItsTestsPrint(t *testing.T) {
	scanned, err := scannedPackages(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	if len(scanned) < 20 {
		t.Errorf("found %d packages with tests; is this still the way to find them?", len(scanned))
	}
	for _, dir := range slices.Sorted(maps.Keys(scanned)) {
		switch exempt := slices.Contains(holdNoSecrets, dir); {
		case !scanned[dir] && !exempt:
			t.Errorf("the tests of %s print what they like: give it a main_test.go with `func TestMain(m *testing.M) { os.Exit(keyporttest.ScanOutput(m)) }`", dir)
		case scanned[dir] && exempt:
			t.Errorf("%s is scanned: take it off the list of those that are not", dir)
		}
	}
	for _, dir := range holdNoSecrets {
		if _, exists := scanned[dir]; !exists {
			t.Errorf("there are no tests in %s: take it off the list", dir)
		}
	}
}

// scannedPackages tells of every package of this module that has tests whether a TestMain
// of it scans the output.
func scannedPackages(root fs.FS) (map[string]bool, error) {
	scanned := map[string]bool{}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			_, nested := fs.Stat(root, path.Join(name, "go.mod"))
			if name != "." && (nested == nil || strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata" || entry.Name() == "bin") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, "_test.go") {
			return nil
		}
		text, err := fs.ReadFile(root, name)
		scans := strings.Contains(string(text), "func TestMain(m *testing.M)") && strings.Contains(string(text), "os.Exit(keyporttest.ScanOutput(")
		scanned[path.Dir(name)] = scanned[path.Dir(name)] || scans
		return err
	})
	return scanned, err
}
