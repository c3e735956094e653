//go:build !plan9 && !js

package keyporttest

import (
	"os"
	"syscall"
)

// brokenPipe is the signal for who writes when nobody reads any more.
var brokenPipe = []os.Signal{syscall.SIGPIPE}
