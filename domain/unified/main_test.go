package unified_test

import (
	"os"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestMain fails when the output of the tests shows a token of the recorded files.
func TestMain(m *testing.M) {
	keyporttest.Plant("recorded access token", "lab-access-token")
	keyporttest.Plant("recorded refresh token", "lab-refresh-token")
	os.Exit(keyporttest.ScanOutput(m))
}
