package system

import (
	"os/exec"
	"time"
)

// Machine is a machine for tests. A nil field is the real one.
type Machine struct {
	GOOS         string
	Env          map[string]string // when nil, the real one
	Release      string            // of the kernel
	Programs     map[string]string // paths by name; when nil, the real ones
	Start        func(path string, args, env []string) (wait func() error, err error)
	ShellExecute func(address string) error
	Patience     time.Duration
}

// NewBrowser returns the browser of a machine.
func NewBrowser(t Machine) Browser {
	m := (*machine)(nil).orReal()
	m.goos = t.GOOS
	m.kernelRelease = func() string { return t.Release }
	if t.Env != nil {
		m.getenv = func(name string) string { return t.Env[name] }
	}
	if t.Programs != nil {
		m.find = func(program string) (string, error) {
			if path, ok := t.Programs[program]; ok {
				return path, nil
			}
			return "", exec.ErrNotFound
		}
	}
	if t.Start != nil {
		m.start = func(c command) (func() error, error) { return t.Start(c.path, c.args, c.env) }
	}
	if t.ShellExecute != nil {
		m.shellExecute = t.ShellExecute
	}
	if t.Patience > 0 {
		m.patience = t.Patience
	}
	return Browser{machine: m}
}
