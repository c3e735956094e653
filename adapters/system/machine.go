package system

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// machine is where a [Browser] looks for one.
type machine struct {
	goos          string
	getenv        func(name string) string
	kernelRelease func() string
	find          func(program string) (path string, err error)
	start         func(command) (wait func() error, err error)
	shellExecute  func(address string) error // Windows only
	patience      time.Duration
}

// orReal returns m, or the machine that the program runs on.
func (m *machine) orReal() *machine {
	if m != nil {
		return m
	}
	return &machine{
		goos: runtime.GOOS, getenv: os.Getenv, kernelRelease: kernelRelease, find: exec.LookPath, start: start,
		shellExecute: shellExecute, patience: defaultPatience,
	}
}

func kernelRelease() string {
	text, _ := os.ReadFile("/proc/sys/kernel/osrelease") // Linux only
	return string(text)
}

// start starts a program whose input and output go nowhere. It outlives this program,
// and the context of who wanted the page.
func start(c command) (wait func() error, err error) {
	cmd := exec.CommandContext(context.Background(), c.path, c.args...) //nolint:gosec // no shell; names are fixed or the user's own, addresses checked
	if len(c.env) > 0 {
		cmd.Env = append(os.Environ(), c.env...)
	}
	cmd.SysProcAttr = ownSession()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return cmd.Wait, nil
}
