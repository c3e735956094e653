//go:build !windows

package system

import "errors"

func shellExecute(string) error { return errors.ErrUnsupported }
