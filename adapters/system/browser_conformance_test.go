package system_test

import (
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/system"
	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// Each machine keeps the contract.
func TestBrowserConformance(t *testing.T) {
	for _, row := range []struct {
		name          string
		with, without system.Machine
	}{
		{"Linux", on("linux", display, desktopPrograms...), on("linux", env(), desktopPrograms...)},
		{"macOS", on("darwin", env(), macOpen), on("darwin", env())},
		{"WSL", wsl2(env(), "powershell.exe"), wsl2(env())},
		{"Windows", on("windows", env()), on("windows", env())},
	} {
		t.Run(row.name, func(t *testing.T) {
			portstest.Browser(t, func(t *testing.T, works bool) (ports.Browser, func() []string) {
				m := row.without
				if works {
					m = row.with
				}
				return onA(t, m, works)
			})
		})
	}
}

// onA returns the browser of a machine, whose browsers stay open until the test ends.
func onA(t *testing.T, m system.Machine, works bool) (ports.Browser, func() []string) {
	t.Helper()
	closed := make(chan struct{})
	t.Cleanup(func() { close(closed) })
	var mu sync.Mutex
	var opened []string
	show := func(address string) error {
		if !works {
			return exec.ErrNotFound
		}
		mu.Lock()
		defer mu.Unlock()
		opened = append(opened, address)
		return nil
	}
	m.Patience = time.Millisecond
	m.ShellExecute = show
	m.Start = func(_ string, args, env []string) (func() error, error) {
		address := args[len(args)-1]
		if len(env) > 0 {
			address = strings.TrimPrefix(env[0], "KEYPORT_ADDRESS=")
		}
		return func() error { <-closed; return nil }, show(address)
	}
	return system.NewBrowser(m), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(opened)
	}
}
