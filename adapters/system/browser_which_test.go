package system_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/adapters/system"
)

const (
	psAbsolute   = "/mnt/c/Windows/System32/WindowsPowerShell/v1.0/powershell.exe"
	startProcess = "Start-Process -FilePath $env:KEYPORT_ADDRESS"
)

func powershell(path, wslenv string) started {
	return started{path, []string{"-NoProfile", "-NonInteractive", "-Command", startProcess}, []string{"KEYPORT_ADDRESS=" + page, "WSLENV=" + wslenv}}
}

// What is started, on which machine.
func TestWhichBrowser(t *testing.T) {
	one := func(path string, args ...string) []started { return []started{{path, args, nil}} }
	for _, row := range []struct {
		name  string
		on    system.Machine
		want  []started
		fails string // the problem, when there is one
	}{
		{"macOS", on("darwin", env(), macOpen), one(macOpen, page), ""},
		{"macOS with BROWSER", on("darwin", env("BROWSER", "firefox"), macOpen, "firefox"), one("/usr/bin/firefox", page), ""},
		{"macOS without open", on("darwin", env(), desktopPrograms...), nil, "does not find /usr/bin/open"},
		{"Linux with X", on("linux", display, desktopPrograms...), one("/usr/bin/xdg-open", page), ""},
		{"Linux with Wayland", on("linux", env("WAYLAND_DISPLAY", "wayland-0"), desktopPrograms...), one("/usr/bin/xdg-open", page), ""},
		{"Linux without xdg-open", on("linux", display, "x-www-browser"), one("/usr/bin/x-www-browser", page), ""},
		{"Linux without a program", on("linux", display, "lynx"), nil, "finds no program"},
		{"Linux without a display", withKernel(linuxKernel, on("linux", env(), desktopPrograms...)), nil, "finds no display"},
		{"FreeBSD", on("freebsd", display, desktopPrograms...), one("/usr/bin/xdg-open", page), ""},
		{"FreeBSD without a display", on("freebsd", env(), desktopPrograms...), nil, "finds no display"},
		{"Plan 9", on("plan9", display, desktopPrograms...), nil, "knows no browser on plan9"},
		{"Android", on("android", env(), desktopPrograms...), nil, "knows no browser on android"},

		{"BROWSER without a display", on("linux", env("BROWSER", "/opt/helper.sh"), "/opt/helper.sh"), one("/opt/helper.sh", page), ""},
		{"BROWSER that is not there", on("linux", env("BROWSER", "netscape"), desktopPrograms...), nil, "finds no display"},
		{"BROWSER before the desktop's", on("linux", env("BROWSER", "firefox", "DISPLAY", ":0"), "firefox", "xdg-open"), one("/usr/bin/firefox", page), ""},
		{"the desktop's after BROWSER", on("linux", env("BROWSER", "netscape", "DISPLAY", ":0"), desktopPrograms...), one("/usr/bin/xdg-open", page), ""},
		{"BROWSER with arguments", on("linux", env("BROWSER", "firefox  --new-window"), "firefox"), one("/usr/bin/firefox", "--new-window", page), ""},
		{"BROWSER with %s", on("linux", env("BROWSER", "mozilla -remote openURL(%s,new-tab) -P x"), "mozilla"),
			one("/usr/bin/mozilla", "-remote", "openURL("+page+",new-tab)", "-P", "x"), ""},
		{"BROWSER with a list", on("linux", env("BROWSER", ":: netscape:chromium:firefox"), "firefox", "chromium"), one("/usr/bin/chromium", page), ""},
		{"BROWSER with a blank in its path", on("linux", env("BROWSER", "/mnt/c/Program Files/Firefox/firefox.exe"), "/mnt/c/Program Files/Firefox/firefox.exe"),
			one("/mnt/c/Program Files/Firefox/firefox.exe", page), ""},
		{"BROWSER in the current folder", on("linux", env("BROWSER", "./evil:bin/evil x:../evil"), "./evil", "bin/evil", "../evil", "bin/evil x"),
			nil, "finds no display"},
		{"BROWSER with a shell's words", on("linux", env("BROWSER", "firefox $(id) ; id"), "firefox"), one("/usr/bin/firefox", "$(id)", ";", "id", page), ""},

		{"WSL 2", wsl2(env(), "powershell.exe", "wslview"), []started{powershell("/usr/bin/powershell.exe", "KEYPORT_ADDRESS/w")}, ""},
		{"WSL 1", withKernel(wsl1Kernel, on("linux", env("WSLENV", "A/p:B"), "powershell.exe")),
			[]started{powershell("/usr/bin/powershell.exe", "A/p:B:KEYPORT_ADDRESS/w")}, ""},
		{"WSL without Windows' PATH", wsl2(display, psAbsolute, "xdg-open"), []started{powershell(psAbsolute, "KEYPORT_ADDRESS/w")}, ""},
		{"WSL with wslview only", wsl2(env(), "wslview"), one("/usr/bin/wslview", page), ""},
		{"WSL with BROWSER", wsl2(env("BROWSER", "firefox"), "firefox", "powershell.exe"), one("/usr/bin/firefox", page), ""},
		{"WSL with a desktop of its own", wsl2(display, desktopPrograms...), one("/usr/bin/xdg-open", page), ""},
		{"a container on WSL", wsl2(env(), desktopPrograms...), nil, "finds no display"},
		{"FreeBSD that looks like WSL", withKernel(wsl2Kernel, on("freebsd", env(), "powershell.exe")), nil, "finds no display"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := desktop{Machine: row.on}
			err := d.browser().Open(t.Context(), page)
			if diff := cmp.Diff(row.want, d.started); diff != "" {
				t.Error(diff)
			}
			if row.fails == "" && err != nil {
				t.Errorf("got %v", err)
			}
			if row.fails != "" {
				wantNoBrowser(t, err, row.fails)
			}
		})
	}
}

// TestTheErrorPage holds the page about errors to what callers get.
func TestTheErrorPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/when-a-sign-in-fails.md")
	if err != nil {
		t.Fatal(err)
	}
	d := desktop{Machine: withKernel(linuxKernel, on("linux", env(), desktopPrograms...))}
	err = d.browser().Open(t.Context(), "https://login.example/authorize")
	if err == nil || !strings.Contains(string(page), "\n```\n"+err.Error()+"\n```\n") {
		t.Errorf("the page lacks this:\n%v", err)
	}
}

func TestWindows(t *testing.T) {
	var opened []string
	failed := error(nil)
	d := desktop{Machine: on("windows", env("BROWSER", "firefox"), "firefox")}
	d.ShellExecute = func(address string) error { opened = append(opened, address); return failed }
	if err := d.browser().Open(t.Context(), page); err != nil {
		t.Error(err)
	}
	failed = errCannotStart
	wantNoBrowser(t, d.browser().Open(t.Context(), page), "could not open a page")
	if diff := cmp.Diff([]string{page, page}, opened); diff != "" || len(d.started) > 0 {
		t.Errorf("started %v, opened:\n%s", d.started, diff)
	}
}
