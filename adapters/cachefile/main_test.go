package cachefile_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed57855a68/keyport/keyporttest"
)

// childEnv makes a process of the test binary one of the children instead.
const childEnv = "KEYPORT_CACHEFILE_CHILD"

// TestMain fails when the output of the tests shows a secret, or when a goroutine outlives them.
func TestMain(m *testing.M) {
	if work, ok := children[os.Getenv(childEnv)]; ok {
		if err := work(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	keyporttest.Plant("client secret", "my-app's secret", "secret of client-a", "secret of client-b")
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
