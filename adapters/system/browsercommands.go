package system

import (
	"path"
	"slices"
	"strings"
)

// command is a program to start.
type command struct {
	path string
	args []string
	env  []string // besides this program's own
}

// withDesktop are the systems where browsers need a display.
var withDesktop = []string{"linux", "freebsd", "openbsd", "netbsd", "dragonfly", "solaris", "illumos"}

// commands returns what may open a page here, the best first. When there is nothing,
// problem says why.
func (m *machine) commands(address string) (found []command, problem string) {
	found = m.named(address)
	problem = "finds no program that opens pages (xdg-open)"
	switch {
	case m.goos == "darwin":
		found = append(found, m.finding("/usr/bin/open", address)...)
		problem = "does not find /usr/bin/open"
	case !slices.Contains(withDesktop, m.goos):
		problem = "knows no browser on " + m.goos
	default:
		found = append(found, m.windowsHost(address)...)
		if m.getenv("DISPLAY") == "" && m.getenv("WAYLAND_DISPLAY") == "" {
			problem = "finds no display: DISPLAY, WAYLAND_DISPLAY and BROWSER are not set, or name nothing"
			break
		}
		found = append(found, m.finding("xdg-open", address)...)
		found = append(found, m.finding("x-www-browser", address)...)
	}
	return found, problem
}

// finding returns the command of a program, if there is one.
func (m *machine) finding(program string, args ...string) []command {
	found, err := m.find(program) // fails for what PATH would take from the current folder
	if err != nil {
		return nil
	}
	return []command{{path: found, args: args}}
}

// named reads BROWSER: commands, divided by colons, in which %s stands for the address.
func (m *machine) named(address string) (found []command) {
	for entry := range strings.SplitSeq(m.getenv("BROWSER"), ":") {
		if whole := m.absolute(entry, address); whole != nil { // a path may hold blanks
			found = append(found, whole...)
			continue
		}
		fields := strings.Fields(entry)
		if len(fields) == 0 {
			continue
		}
		args := slices.Clone(fields[1:])
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "%s", address)
		}
		if slices.Equal(args, fields[1:]) {
			args = append(args, address)
		}
		found = append(found, m.absolute(fields[0], args...)...)
	}
	return found
}

// absolute is finding, but not of a path that depends on the current folder.
func (m *machine) absolute(program string, args ...string) []command {
	if program == "" || strings.Contains(program, "/") && !path.IsAbs(program) {
		return nil
	}
	return m.finding(program, args...)
}

const (
	addressVariable = "KEYPORT_ADDRESS"
	// script takes the address from the environment: PowerShell would read an argument
	// as a part of the script.
	script = "Start-Process -FilePath $env:" + addressVariable
)

// windowsHost returns the commands for the browser of Windows, where this machine is
// its Windows Subsystem for Linux. A container on such a machine has the same kernel,
// but not these programs.
func (m *machine) windowsHost(address string) []command {
	if m.goos != "linux" || !strings.Contains(strings.ToLower(m.kernelRelease()), "microsoft") {
		return nil
	}
	shell := m.finding("powershell.exe")
	if shell == nil { // Windows' PATH is not taken over where appendWindowsPath is off
		shell = m.finding("/mnt/c/Windows/System32/WindowsPowerShell/v1.0/powershell.exe")
	}
	for i := range shell {
		shell[i].args = []string{"-NoProfile", "-NonInteractive", "-Command", script}
		shell[i].env = []string{addressVariable + "=" + address, "WSLENV=" + shared(m.getenv("WSLENV"))}
	}
	return append(shell, m.finding("wslview", address)...)
}

// shared adds the address to the variables that Windows programs get ("/w": in this
// direction only).
func shared(wslenv string) string {
	if wslenv == "" {
		return addressVariable + "/w"
	}
	return wslenv + ":" + addressVariable + "/w"
}
