package tokenendpoint_test

import (
	"os"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestMain fails when the output of the tests shows a secret.
func TestMain(m *testing.M) {
	keyporttest.Plant("canary", "canary-7d42")
	os.Exit(keyporttest.ScanOutput(m))
}
