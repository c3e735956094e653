//go:build !unix

package system

import "syscall"

func ownSession() *syscall.SysProcAttr { return nil }
