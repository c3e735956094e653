package cachefile_test

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// childEnv makes a process of the test binary one of the children below instead.
const childEnv = "KEYPORT_CACHEFILE_CHILD"

func TestMain(m *testing.M) {
	if work, ok := children[os.Getenv(childEnv)]; ok {
		if err := work(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}
