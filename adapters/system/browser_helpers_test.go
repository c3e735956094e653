package system_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/adapters/system"
	"github.com/seed57855a68/keyport/domain"
)

const page = "https://login.example/authorize?client_id=app&state=s3cr3t-canary"

// desktop is a machine that notes what it starts.
type desktop struct {
	system.Machine
	fails   map[string]error // when programs end at once, by path
	started []started
}

type started struct {
	Path string
	Args []string
	Env  []string
}

func (d *desktop) start(path string, args, env []string) (wait func() error, err error) {
	d.started = append(d.started, started{path, args, env})
	failed := d.fails[path]
	if errors.Is(failed, errCannotStart) {
		return nil, failed
	}
	return func() error { return failed }, nil
}

var (
	errCannotStart = errors.New("permission denied")
	errExit        = errors.New("exit status 3")
)

func (d *desktop) browser() system.Browser {
	d.Start = d.start
	return system.NewBrowser(d.Machine)
}

const (
	linuxKernel = "6.18.0-generic\n"
	wsl1Kernel  = "4.4.0-19041-Microsoft\n"
	wsl2Kernel  = "5.15.153.1-microsoft-standard-WSL2\n"

	macOpen = "/usr/bin/open"
)

var (
	display         = env("DISPLAY", ":0")
	desktopPrograms = []string{"xdg-open", "x-www-browser"}
)

func env(pairs ...string) map[string]string {
	all := map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		all[pairs[i]] = pairs[i+1]
	}
	return all
}

// on is a machine on which these programs are installed, in /usr/bin or where they say.
func on(goos string, env map[string]string, programs ...string) system.Machine {
	paths := map[string]string{}
	for _, name := range programs {
		paths[name] = "/usr/bin/" + name
		if strings.HasPrefix(name, "/") {
			paths[name] = name
		}
	}
	return system.Machine{GOOS: goos, Env: env, Programs: paths}
}

func withKernel(release string, m system.Machine) system.Machine {
	m.Release = release
	return m
}

func wsl2(env map[string]string, programs ...string) system.Machine {
	return withKernel(wsl2Kernel, on("linux", env, programs...))
}

// wantNoBrowser checks that an error names the port, the problem and the remedies, and
// not the address.
func wantNoBrowser(t *testing.T, err error, problem string) {
	t.Helper()
	var config *domain.ConfigError
	if !errors.As(err, &config) {
		t.Fatalf("got %v, want a *domain.ConfigError", err)
	}
	if config.Field != "Ports.Browser" || !strings.Contains(config.Problem, problem) {
		t.Errorf("got %q: %q, want Ports.Browser: %q", config.Field, config.Problem, problem)
	}
	for _, remedy := range []string{"OnAuthorizationURL", "InitiateDeviceFlow"} {
		if !strings.Contains(config.Remedy, remedy) {
			t.Errorf("the remedy %q lacks %q", config.Remedy, remedy)
		}
	}
	if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "login.example") {
		t.Errorf("the error quotes the address: %v", err)
	}
}
