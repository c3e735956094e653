//go:build !windows && !plan9

package redirectloopback

import "syscall"

// What the system says when a port cannot be opened.
var (
	taken  = []error{syscall.EADDRINUSE}
	absent = []error{syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, syscall.EPROTONOSUPPORT}
	denied = []error{syscall.EACCES, syscall.EPERM}
)

// exclusive has nothing to do: two programs cannot listen at one address and port.
func exclusive(uintptr) error { return nil }
