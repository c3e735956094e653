package redirectloopback_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// strangerEnv makes the test binary another program of this machine.
const strangerEnv = "KEYPORT_TEST_STRANGER"

// errand is what the other program does.
type errand struct {
	Network, Address string
	Requests         [][]byte
	Together         bool // at the same time, not one after the other
	Hold             bool // it keeps the connections until its input ends
}

// beStranger runs an errand and writes what came back, as JSON.
func beStranger(in io.Reader, out io.Writer) (code int) {
	var e errand
	input := json.NewDecoder(in)
	if err := input.Decode(&e); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	answers := e.run()
	if err := json.NewEncoder(out).Encode(answers); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if e.Hold {
		_, _ = io.Copy(io.Discard, in)
	}
	return 0
}

func (e errand) run() []string {
	answers := make([]string, len(e.Requests))
	var all sync.WaitGroup
	for i, raw := range e.Requests {
		if !e.Together {
			answers[i] = e.knock(raw)
			continue
		}
		all.Go(func() { answers[i] = e.knock(raw) })
	}
	all.Wait()
	return answers
}

func (e errand) knock(raw []byte) string {
	conn, err := net.Dial(e.Network, e.Address)
	if err != nil {
		return err.Error()
	}
	if e.Hold {
		_, _ = conn.Write(raw)
		held.Store(conn, true) // else it would be closed when it is collected
		return ""
	}
	defer conn.Close()
	return exchange(conn, raw)
}

var held sync.Map

// exchangeWhole sends a request, reads the answer to its end, and does not hang up.
func exchangeWhole(conn net.Conn, raw []byte) string {
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	_, _ = conn.Write(raw)
	answer, _ := io.ReadAll(conn)
	return string(answer)
}

// exchange sends all that there is to send, and reads to the end.
func exchange(conn net.Conn, raw []byte) string {
	_ = conn.SetDeadline(time.Now().Add(time.Minute)) // a server that hangs fails the test by this
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = conn.Write(raw)
		if tcp, ok := conn.(interface{ CloseWrite() error }); ok {
			_ = tcp.CloseWrite()
		}
	}()
	answer, _ := io.ReadAll(conn) // a reset ends it too
	<-sent
	return string(answer)
}

// inAnotherProcess runs an errand and returns the answers. With Hold, it goes on until
// stop is called.
func inAnotherProcess(t *testing.T, e errand) (answers []string, stop func()) {
	t.Helper()
	child := exec.Command(os.Args[0]) // it ends with its input, and that with the test
	child.Env = append(os.Environ(), strangerEnv+"=1")
	var failures bytes.Buffer
	child.Stderr = &failures
	in, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		_ = in.Close()
		if err := child.Wait(); err != nil {
			t.Errorf("the other process: %v\n%s", err, failures.Bytes())
		}
	})
	if err := json.NewEncoder(in).Encode(e); err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(out).Decode(&answers); err != nil {
		stop()
		t.Fatalf("the other process has no answers: %v", err)
	}
	if !e.Hold {
		stop()
	}
	t.Cleanup(stop)
	return answers, stop
}
