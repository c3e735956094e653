//go:build plan9 || js

package keyporttest

import "os"

// brokenPipe is empty: writing fails here without a signal.
var brokenPipe []os.Signal
