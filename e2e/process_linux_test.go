//go:build e2e

package e2e_test

import (
	"os/exec"
	"syscall"
)

// endsWithTest has a program that is about to be started end when the test is killed.
func endsWithTest(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
}
