package cachememory_test

import (
	"os"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

const canary = "canary-c0de" // stands for every token

// TestMain fails when the output of the tests shows a secret.
func TestMain(m *testing.M) {
	keyporttest.Plant("canary", canary)
	os.Exit(keyporttest.ScanOutput(m))
}
