//go:build unix

package system

import "syscall"

// ownSession keeps a browser alive when the user interrupts this program in a terminal.
func ownSession() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
