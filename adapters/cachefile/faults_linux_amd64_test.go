package cachefile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// standstill is more than any update takes on a busy machine, and less than locks are waited for.
const standstill = 10 * time.Second

// try runs a scenario with a fault and returns the call that had it, and what is wrong then.
func (s scenario) try(t *testing.T, bug string, f fault) (call string, wrong []string) {
	t.Helper()
	path := s.path(t)
	defer func() { _ = os.RemoveAll(filepath.Dir(path)) }()
	if err := s.prepare(t, path); err != nil {
		t.Fatal(err)
	}
	original := contentOf(t, path)
	set, _ := stored(t, path)
	before := count(set, "x")
	begin := time.Now()
	got := f.run(t, "steps", "CACHE="+path, "BUG="+bug, "STEPS="+s.steps, "GODEBUG=asyncpreemptoff=1")
	printed, took := got.lines[1:], time.Since(begin)

	wrong = s.wrongIn(t, path, original, before, printed)
	if !f.kill {
		wrong = append(wrong, f.wrong(path, got.call, printed)...)
	}
	if took > standstill {
		wrong = append(wrong, fmt.Sprint("the process waits for itself: ", took))
	}
	patience := standstill
	if bug != bugNone {
		patience = 300 * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := verify(ctx, t, path); err != nil {
		wrong = append(wrong, fmt.Sprintf("the next process: %v", err))
	}
	return got.call, wrong
}

// wrong tells what an injected error must not do besides.
func (f fault) wrong(path, call string, printed []string) (wrong []string) {
	for _, line := range printed {
		if strings.HasPrefix(line, "untyped") || strings.HasPrefix(line, "typed") && line != fmt.Sprint("typed ", int(f.errno)) {
			wrong = append(wrong, "the error is "+line)
		}
	}
	if f.short && slices.ContainsFunc(printed, func(line string) bool { return line != "stored" }) {
		wrong = append(wrong, fmt.Sprint("a short write is no error: ", printed))
	}
	left, _ := filepath.Glob(filepath.Join(folderOf(path), ".*.tmp"))
	left = slices.DeleteFunc(left, func(path string) bool { return strings.HasSuffix(path, leftByACrash) }) // which need not go at once
	if len(left) > 0 && call != "unlinkat" {
		wrong = append(wrong, fmt.Sprint("temporary files are left: ", left))
	}
	return wrong
}

// tally counts faults by system call.
type tally struct {
	calls map[string]int
	total int
	wrong []string
	until string // what is looked for; empty for all faults
}

// enough reports whether that was found.
func (a *tally) enough() bool {
	return a.until != "" && slices.ContainsFunc(a.wrong, func(w string) bool { return strings.Contains(w, a.until) })
}

// sweep gives a scenario the fault at its first call, its second, and so on until there are no more.
func (a *tally) sweep(t *testing.T, s scenario, bug string, f fault) {
	t.Helper()
	for f.nth = 1; !a.enough(); f.nth++ {
		call, wrong := s.try(t, bug, f)
		for _, w := range wrong {
			a.wrong = append(a.wrong, fmt.Sprintf("%s, call %d (%s), errno %d: %s", s.name, f.nth, call, int(f.errno), w))
		}
		if call == "" {
			break
		}
		if a.calls == nil {
			a.calls = map[string]int{}
		}
		a.calls[call]++
		a.total++
	}
	if f.nth == 1 {
		t.Fatal("no system call was seen")
	}
}

func (a *tally) report(t *testing.T, what string, atLeast int) {
	t.Helper()
	t.Logf("%d %s: %v", a.total, what, a.calls)
	if a.total < atLeast {
		t.Errorf("%d %s, want at least %d", a.total, what, atLeast)
	}
	for _, w := range a.wrong {
		t.Error(w)
	}
}

// TestKilledAtEachSystemCall: the file is the old one or the new one, what was acknowledged is in it, and the next
// process goes on at once. The long form kills a thousand times.
func TestKilledAtEachSystemCall(t *testing.T) { killedAtEachSystemCall(t, scenarios) }

func killedAtEachSystemCall(t *testing.T, scenarios []scenario) {
	t.Helper()
	var a tally
	for a.total < pick(1, 1000) {
		for _, s := range scenarios[:pick(1, len(scenarios))] {
			a.sweep(t, s, bugNone, fault{kill: true})
		}
	}
	a.report(t, "kills", pick(20, 1000))
}

// TestBugsAreSeenByKills: each bug is found by kills at the system calls of one update.
func TestBugsAreSeenByKills(t *testing.T) {
	for bug, want := range map[string]string{bugInPlace: "neither old nor new", bugStuck: "locked by another process", bugRemoved: "another's token is lost"} {
		t.Run(bug, func(t *testing.T) { seen(t, scenarios[0], bug, want, fault{kill: true}) })
	}
}

// seen fails when a bug is not.
func seen(t *testing.T, s scenario, bug, want string, f fault) {
	t.Helper()
	a := tally{until: want}
	a.sweep(t, s, bug, f)
	if !a.enough() {
		t.Fatalf("%d faults do not show it: %v", a.total, a.wrong)
	}
	t.Logf("found after %d faults, as it should be: %s", a.total, want)
}

// errnos are what disks, quotas, mounts, permissions and signals do to a call.
var errnos = []syscall.Errno{
	syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EACCES, syscall.EINTR,
}

// TestErrorsAtEachSystemCall: the file is the old one or the new one, the error is typed and is the system's, no
// temporary file stays, and the next update works. The long form injects each error at each call.
func TestErrorsAtEachSystemCall(t *testing.T) { errorsAtEachSystemCall(t, scenarios) }

func errorsAtEachSystemCall(t *testing.T, scenarios []scenario) {
	t.Helper()
	var a tally
	for _, s := range scenarios[:pick(1, len(scenarios))] {
		for _, errno := range errnos[:pick(1, len(errnos))] {
			a.sweep(t, s, bugNone, fault{errno: errno})
		}
		a.sweep(t, s, bugNone, fault{short: true})
	}
	a.sweep(t, scenarios[2], bugNone, fault{errno: syscall.ENOLCK, only: "flock"})
	a.report(t, "errors", pick(20, 400))
}

// TestBugsAreSeenByErrors: each bug is found by errors at the system calls of one update.
func TestBugsAreSeenByErrors(t *testing.T) {
	for bug, want := range map[string]string{
		bugInPlace: "neither old nor new", bugLeftOver: "temporary files are left", bugIgnored: "neither old nor new", bugNoLock: "the error is untyped",
	} {
		t.Run(bug, func(t *testing.T) { seen(t, scenarios[0], bug, want, fault{errno: syscall.ENOSPC}) })
	}
}
