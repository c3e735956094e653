package authority_test

import (
	"os"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestMain fails when the output of the tests shows a secret.
func TestMain(m *testing.M) {
	keyporttest.Plant("canary", "canary-3e90")
	os.Exit(keyporttest.ScanOutput(m))
}
