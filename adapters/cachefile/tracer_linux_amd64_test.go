package cachefile_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// fileCalls are the system calls by which the cache reads and changes files. Others are the
// Go runtime's.
var fileCalls = map[uint64]string{
	syscall.SYS_READ: "read", syscall.SYS_WRITE: "write", syscall.SYS_CLOSE: "close", syscall.SYS_FSYNC: "fsync",
	syscall.SYS_FSTAT: "fstat", syscall.SYS_NEWFSTATAT: "newfstatat", syscall.SYS_OPENAT: "openat", syscall.SYS_FLOCK: "flock",
	syscall.SYS_RENAME: "rename", syscall.SYS_RENAMEAT: "renameat", sysRenameat2: "renameat2", syscall.SYS_LINKAT: "linkat",
	syscall.SYS_UNLINKAT: "unlinkat", syscall.SYS_MKDIRAT: "mkdirat", syscall.SYS_UTIMENSAT: "utimensat",
	syscall.SYS_FCHMOD: "fchmod", syscall.SYS_GETDENTS64: "getdents64", syscall.SYS_FTRUNCATE: "ftruncate", syscall.SYS_PWRITE64: "pwrite64",
}

const sysRenameat2 = 316

// fault is what is done to one system call, before it is made.
type fault struct {
	nth   int           // of the calls that are about files, after the child's first line of output
	only  string        // the calls that count; empty for all
	kill  bool          // with SIGKILL
	short bool          // a write writes a half; other calls do not count
	errno syscall.Errno // the call is not made and gives this
}

// onReturn is told of each system call that has succeeded: what it was given, and what it gave.
type onReturn func(pid int, call syscall.PtraceRegs, result uint64)

// outcome is what came of a traced child.
type outcome struct {
	call  string // that had the fault; empty when the child made fewer calls
	lines []string
}

// run runs a child with a fault. Counting is by process, whichever thread makes the call.
func (f fault) run(t *testing.T, work string, env ...string) outcome {
	t.Helper()
	return f.watched(t, nil, work, env...)
}

func (f fault) watched(t *testing.T, returned onReturn, work string, env ...string) outcome {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	in, inErr := os.Open(os.DevNull)
	r, w, pipeErr := os.Pipe()
	if err := errors.Join(inErr, pipeErr); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = errors.Join(in.Close(), r.Close()) }()
	runtime.LockOSThread() // a tracer is a thread
	defer runtime.UnlockOSThread()
	p, err := os.StartProcess(exe, []string{exe}, &os.ProcAttr{
		Env:   childEnviron(work, env),
		Files: []*os.File{in, w, os.Stderr}, Sys: &syscall.SysProcAttr{Ptrace: true},
	})
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatalf("a child cannot be traced; in a container, allow ptrace: %v", err)
	}
	tr := tracer{fault: f, pid: p.Pid, returned: returned, inside: map[int]*syscall.PtraceRegs{}}
	if err := errors.Join(tr.trace(), p.Release()); err != nil {
		t.Fatalf("tracing: %v", err)
	}
	return outcome{tr.call, linesOf(t, r)}
}

func linesOf(t *testing.T, r *os.File) (lines []string) {
	t.Helper()
	all := bufio.NewScanner(r)
	for all.Scan() {
		lines = append(lines, all.Text())
	}
	if err := all.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

type tracer struct {
	fault
	pid      int
	returned onReturn
	begun    bool
	seen     int
	call     string
	inside   map[int]*syscall.PtraceRegs // threads in a system call, and what they entered it with
	answers  map[int]syscall.Errno       // what they get from it
}

const (
	waitOwn        = 0x60000000 // __WALL | __WNOTHREAD: every thread of the child, and no other process
	syscallStop    = syscall.SIGTRAP | 0x80
	exitKill       = 0x100000 // the child does not outlive us
	noCall         = ^uint64(0)
	standardOutput = 1
)

func (tr *tracer) trace() error {
	tr.answers = map[int]syscall.Errno{}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(tr.pid, &status, waitOwn, nil); err != nil {
		return err
	}
	options := syscall.PTRACE_O_TRACESYSGOOD | syscall.PTRACE_O_TRACECLONE | exitKill
	if err := syscall.PtraceSetOptions(tr.pid, options); err != nil {
		return err
	}
	if err := syscall.PtraceSyscall(tr.pid, 0); err != nil {
		return err
	}
	for {
		id, err := syscall.Wait4(-1, &status, waitOwn, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
			continue
		case err != nil:
			return err
		case status.Exited() || status.Signaled():
			if id != tr.pid {
				continue
			}
			if code := status.ExitStatus(); code > 0 {
				return fmt.Errorf("the child ended with %d", code)
			}
			return nil
		}
		if err := tr.stopped(id, status.StopSignal()); err != nil && !errors.Is(err, syscall.ESRCH) {
			return err // except that the thread has ended meanwhile
		}
	}
}

// stopped looks at a thread that waits for us, and lets it go on.
func (tr *tracer) stopped(id int, signal syscall.Signal) error {
	deliver := 0
	switch signal {
	case syscallStop:
		if err := tr.atCall(id); err != nil {
			return err
		}
	case syscall.SIGTRAP, syscall.SIGSTOP: // a new thread, and its first stop
	default:
		deliver = int(signal)
	}
	return syscall.PtraceSyscall(id, deliver)
}

func (tr *tracer) atCall(id int) error {
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(id, &regs); err != nil {
		return err
	}
	if made := tr.inside[id]; made != nil {
		delete(tr.inside, id)
		if tr.returned != nil && int64(regs.Rax) >= 0 {
			tr.returned(tr.pid, *made, regs.Rax)
		}
		return tr.atExit(id, &regs)
	}
	tr.inside[id] = &regs
	name := fileCalls[regs.Orig_rax]
	switch {
	case name == "":
		return nil
	case name == "write" && regs.Rdi == standardOutput:
		tr.begun = true
		return nil
	case !tr.begun || name == "write" && regs.Rdi == 2:
		return nil
	case tr.only != "" && name != tr.only || tr.short && (name != "write" || regs.Rdx < 2):
		return nil
	case (name == "read" || name == "write") && tr.isRuntimes(regs.Rdi):
		return nil
	}
	tr.seen++
	if tr.seen != tr.nth {
		return nil
	}
	return tr.inject(id, name, regs)
}

// isRuntimes reports whether a descriptor is that by which the Go runtime wakes its own threads. It ends the program when
// that fails.
func (tr *tracer) isRuntimes(descriptor uint64) bool {
	path, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", tr.pid, descriptor))
	return err == nil && strings.HasPrefix(path, "anon_inode:")
}

func (tr *tracer) inject(id int, name string, regs syscall.PtraceRegs) error {
	switch {
	case tr.kill:
		tr.call = name
		return syscall.Kill(tr.pid, syscall.SIGKILL)
	case tr.short:
		regs.Rdx /= 2
	default:
		tr.answers[id] = tr.errno
		if name != "close" { // which closes all the same
			regs.Orig_rax = noCall
		}
	}
	tr.call = name
	return syscall.PtraceSetRegs(id, &regs)
}

func (tr *tracer) atExit(id int, regs *syscall.PtraceRegs) error {
	errno, ok := tr.answers[id]
	if !ok {
		return nil
	}
	delete(tr.answers, id)
	regs.Rax = -uint64(errno)
	return syscall.PtraceSetRegs(id, regs)
}
