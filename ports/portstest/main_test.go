package portstest_test

import (
	"os"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestMain fails when the output of the tests shows a secret.
func TestMain(m *testing.M) {
	os.Exit(keyporttest.ScanOutput(m))
}
