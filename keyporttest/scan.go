package keyporttest

import (
	"fmt"
	"io"
	"log"
	"os"
	"slices"
	"strings"
	"time"
)

// patience is how long ScanOutput waits for others, such as a server that a test has
// started and not stopped, to let go of the streams when the tests are over.
var patience = 10 * time.Second

// maxReports is how many leaks are told one by one.
const maxReports = 20

// ScanOutput runs the tests of a package and fails when what they wrote to standard
// output and standard error, to the standard logger or to [Logger], shows a secret: one
// that an authority of this process has issued or been given, the key of a [Certificate],
// or one of [PlantSecret] or [Plant].
//
//	func TestMain(m *testing.M) { os.Exit(keyporttest.ScanOutput(m)) }
//
// It returns m's exit code, and 1 when that is 0 and the output shows a secret. The
// message names the kind of the secret and how the line begins, never the value.
// All output is forwarded as it comes. Secrets are recognised as by [AssertClean]
// when they have eight bytes or more; longer ones by their last 64. Of access tokens
// and assertions the latest are looked for, 50,000 at least.
//
// The names and addresses of users are looked for like secrets once they have signed
// in, unless [Options] allow them.
//
// m may be anything with a method Run, so that other checks of a whole package can
// be run around or inside this one.
func ScanOutput(m interface{ Run() int }) int {
	if slices.ContainsFunc(os.Args, func(arg string) bool { return strings.HasPrefix(arg, "-test.fuzzworker") }) {
		return m.Run() // a fuzzer starts many such processes, and reads their output itself
	}
	streams, err := openStreams()
	if err != nil {
		fmt.Fprintln(os.Stderr, "keyporttest: the output cannot be scanned:", err)
		return 1
	}
	code := streams.run(m)
	leaks := streams.leaks()
	if len(leaks) == 0 {
		return code
	}
	tell(os.Stderr, leaks)
	return max(code, 1)
}

// tell reports leaks.
func tell(w io.Writer, leaks []leak) {
	for i, l := range leaks {
		if i == maxReports {
			_, _ = fmt.Fprintf(w, "keyporttest: and %d more\n", len(leaks)-i)
			return
		}
		_, _ = fmt.Fprintf(w, "keyporttest: the output shows the %s of a test: %s, line %d, after %q\n", l.kind, l.stream, l.line, l.prefix)
	}
}

// streams are standard output and standard error while tests run.
type streams struct {
	stdout, stderr *os.File // the real ones
	logger         io.Writer
	forwarders     []*forwarder
	captures       []*capture
}

// openStreams puts pipes in place of the streams. When both lead to the same place,
// as under "go test", they share one, so that the order of lines is kept.
func openStreams() (*streams, error) {
	s := &streams{stdout: os.Stdout, stderr: os.Stderr, logger: log.Writer()}
	out, err := s.open("standard output", os.Stdout)
	if err != nil {
		return nil, err
	}
	errs := out
	if isSameFile(os.Stdout, os.Stderr) {
		s.captures[0].stream = "standard output and error"
	} else if errs, err = s.open("standard error", os.Stderr); err != nil {
		s.close()
		return nil, err
	}
	os.Stdout, os.Stderr = out, errs
	if s.logger == io.Writer(s.stderr) {
		log.SetOutput(os.Stderr)
	}
	return s, nil
}

func (s *streams) open(name string, to *os.File) (*os.File, error) {
	c := &capture{stream: name}
	f, err := newForwarder(to, c)
	if err != nil {
		return nil, err
	}
	s.forwarders, s.captures = append(s.forwarders, f), append(s.captures, c)
	return f.writer, nil
}

func isSameFile(a, b *os.File) bool {
	one, err1 := a.Stat()
	two, err2 := b.Stat()
	return err1 == nil && err2 == nil && os.SameFile(one, two)
}

// run runs the tests, and puts the streams back whatever happens.
func (s *streams) run(m interface{ Run() int }) int {
	defer s.close()
	return m.Run()
}

// close puts the real streams back and waits until all output is forwarded.
func (s *streams) close() {
	if log.Writer() == io.Writer(os.Stderr) && s.logger == io.Writer(s.stderr) {
		log.SetOutput(s.stderr)
	}
	os.Stdout, os.Stderr = s.stdout, s.stderr
	for _, f := range s.forwarders {
		_ = f.writer.Close()
	}
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for _, f := range s.forwarders {
		select {
		case <-f.done:
		case <-deadline.C:
			_, _ = fmt.Fprintln(s.stderr, "keyporttest: another process still holds the output; what it goes on to write is not scanned")
			return
		}
	}
}

func (s *streams) leaks() []leak {
	var all []leak
	for _, c := range s.captures {
		all = append(all, c.finish()...)
	}
	return append(all, logged.finish()...)
}
