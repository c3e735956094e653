//go:build unix

package system_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/adapters/system"
)

// reportVariable names the file in which this binary, as a browser, tells what it saw.
const reportVariable = "KEYPORT_TEST_BROWSER_REPORT"

type report struct {
	Args      []string
	Discarded []bool // standard input, output and errors
	Leads     bool   // it is the first of a process group of its own
}

// TestBeABrowser is what the process does that TestAProgramIsReallyStarted starts.
func TestBeABrowser(t *testing.T) {
	file := os.Getenv(reportVariable)
	if file == "" {
		return
	}
	fmt.Println("noise on standard output")
	fmt.Fprintln(os.Stderr, "noise on standard error")
	null, err := os.Stat(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	r := report{Args: os.Args[1:], Leads: syscall.Getpgrp() == os.Getpid()}
	for _, f := range []*os.File{os.Stdin, os.Stdout, os.Stderr} {
		info, err := f.Stat()
		r.Discarded = append(r.Discarded, err == nil && os.SameFile(info, null))
	}
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestAProgramIsReallyStarted(t *testing.T) {
	self := filepath.Join(t.TempDir(), "browser") // a path without blanks
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(executable, self); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "report.json")
	t.Setenv(reportVariable, file)
	t.Setenv("BROWSER", self+" -test.run=^TestBeABrowser$ --")
	// A machine without a display, so that nothing else is started.
	b := system.NewBrowser(system.Machine{GOOS: "linux", Patience: time.Minute})
	if err := b.Open(t.Context(), page); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got report
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(got.Args, page) {
		t.Errorf("the browser got the arguments %q", got.Args)
	}
	if slices.Contains(got.Discarded, false) {
		t.Errorf("of its input, output and errors, these go nowhere: %v; want all", got.Discarded)
	}
	if !got.Leads {
		t.Error("the browser is in this program's group, and would be interrupted with it")
	}
}

// PowerShell gets the address as a variable, besides those that this program has.
func TestTheWindowsHostIsReallyAsked(t *testing.T) {
	dir := t.TempDir()
	fake := "#!/bin/sh\n" + `printf '%s\n' "$*" "$KEYPORT_ADDRESS" "$WSLENV" "$OTHER" > "$REPORT"` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "powershell.exe"), []byte(fake), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "report")
	for name, value := range map[string]string{"PATH": dir, "BROWSER": "", "WSLENV": "OTHER/w", "OTHER": "another", "REPORT": file} {
		t.Setenv(name, value)
	}
	if err := system.NewBrowser(system.Machine{GOOS: "linux", Release: wsl2Kernel, Patience: time.Minute}).Open(t.Context(), page); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := "-NoProfile -NonInteractive -Command " + startProcess + "\n" + page + "\nOTHER/w:KEYPORT_ADDRESS/w\nanother\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestAProgramThatReallyFails(t *testing.T) {
	text := filepath.Join(t.TempDir(), "no-program")
	if err := os.WriteFile(text, []byte("no program"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("BROWSER", "false:"+text+":/there/is/no/such/browser")
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	err := system.NewBrowser(system.Machine{GOOS: "linux", Patience: time.Minute}).Open(t.Context(), page)
	wantNoBrowser(t, err, "could not open a page")
	for _, says := range []string{"false: exit status 1", "no-program: "} {
		if !strings.Contains(err.Error(), says) {
			t.Errorf("the error lacks %q: %v", says, err)
		}
	}
}

// The current folder is not searched, even when PATH says so.
func TestTheCurrentFolderIsNotSearched(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("xdg-open", []byte("#!/bin/sh\ntouch started\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", ".:")
	t.Setenv("DISPLAY", ":0")
	t.Setenv("BROWSER", "./xdg-open")
	err := system.NewBrowser(system.Machine{GOOS: "linux", Patience: time.Minute}).Open(t.Context(), page)
	wantNoBrowser(t, err, "finds no program")
	if _, err := os.Stat("started"); err == nil {
		t.Error("a program in the current folder was started")
	}
}

// The zero value looks at the real machine, which may have a browser: so only the
// checks before that can be tried.
func TestTheZeroValueIsReady(t *testing.T) {
	if err := (system.Browser{}).Open(t.Context(), "file:///etc/passwd"); err == nil {
		t.Error("a file is opened")
	}
}
