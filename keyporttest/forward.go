package keyporttest

import (
	"io"
	"os"
	"os/exec"
	"os/signal"
)

// forwardVariable makes this program a forwarder instead of what it is. It is set
// for the process that [ScanOutput] starts and for no other.
const forwardVariable = "KEYPORTTEST_FORWARD"

// A forwarder ends here, before the packages of the test are initialised.
func init() {
	if os.Getenv(forwardVariable) != "" {
		forward(os.Stdin, os.Stdout, os.Stderr)
		os.Exit(0)
	}
}

// forward is a forwarder's whole life. It ends with the stream, whatever ends the
// test, so that it can forward the last of it.
func forward(from io.Reader, to, copyTo io.Writer) {
	signal.Ignore(append(brokenPipe, os.Interrupt)...)
	pump(from, to, copyTo)
}

// pump copies a stream to its destination and once more. What cannot be written is
// lost: whoever writes the stream must not be kept waiting.
func pump(from io.Reader, to, copyTo io.Writer) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		_, _ = to.Write(buffer[:n])
		_, _ = copyTo.Write(buffer[:n])
		if err != nil {
			return
		}
	}
}

// executable finds this program; a test has it fail.
var executable = os.Executable

// forwarder takes what a test writes, hands it on, and keeps a copy.
type forwarder struct {
	writer *os.File      // for the test
	done   chan struct{} // closed when all that was written is forwarded
}

// newForwarder starts a process that forwards to a file: what was written reaches
// its destination although the writer has panicked, which a goroutine of the
// writer's own cannot promise. Where no process can be started, a goroutine it is.
func newForwarder(to *os.File, keep io.Writer) (*forwarder, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	f := &forwarder{writer: writer, done: make(chan struct{})}
	wait, err := startForwarding(reader, to, keep)
	if err != nil {
		wait = func() { pump(reader, to, keep); _ = reader.Close() }
	}
	go func() {
		defer close(f.done)
		wait()
	}()
	return f, nil
}

// startForwarding starts the process, and leaves it the stream. It returns a function
// that waits for its end.
func startForwarding(from, to *os.File, keep io.Writer) (wait func(), err error) {
	self, err := executable()
	if err != nil {
		return nil, err
	}
	back, copyTo, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = copyTo.Close() }()
	process := exec.Command(self) //nolint:gosec,noctx // this very program, which ends with what it reads
	// Under the race detector a process ends a second late, if it is not told otherwise.
	process.Env = []string{forwardVariable + "=1", "GORACE=atexit_sleep_ms=0"}
	process.Stdin, process.Stdout, process.Stderr = from, to, copyTo
	if err := process.Start(); err != nil {
		_ = back.Close()
		return nil, err
	}
	_ = from.Close() // a writer whose forwarder has died must not wait for it
	return func() {
		_, _ = io.Copy(keep, back)
		_ = back.Close()
		_ = process.Wait()
	}, nil
}
