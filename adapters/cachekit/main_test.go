package cachekit_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestMain fails when the output of the tests shows a secret, or when a goroutine outlives them.
func TestMain(m *testing.M) {
	keyporttest.Plant("key", key("k1", "a").Secret.Reveal(), key("k2", "b").Secret.Reveal())
	os.Exit(keyporttest.ScanOutput(leakChecked{m}))
}

type leakChecked struct{ m *testing.M }

// Run runs the tests, and then looks for goroutines that they left behind.
func (l leakChecked) Run() int {
	others := goleak.IgnoreCurrent() // those that scan the output
	code := l.m.Run()
	if err := goleak.Find(others); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
