package keyset_test

import (
	"os"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestMain fails when the output of the tests shows a secret.
func TestMain(m *testing.M) {
	keyporttest.Plant("canary", "hunter2-canary")
	os.Exit(keyporttest.ScanOutput(m))
}
