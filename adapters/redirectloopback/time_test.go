package redirectloopback_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/adapters/redirectloopback"
	"github.com/seed57855a68/keyport/ports"
)

// wire is a port inside the process, so that time in a test passes at once.
type wire struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newWire() *wire { return &wire{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (w *wire) listen(context.Context, string, string) (net.Listener, error) { return w, nil }

func (w *wire) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.closed:
		return nil, net.ErrClosed
	}
}

func (w *wire) Close() error { w.once.Do(func() { close(w.closed) }); return nil }

func (*wire) Addr() net.Addr { return address("127.0.0.1:8400") }

func (w *wire) dial() net.Conn {
	ours, theirs := net.Pipe()
	w.conns <- theirs
	return ours
}

// onAWire runs a test in a bubble of its own time.
func onAWire(t *testing.T, run func(t *testing.T, w *wire, r ports.RedirectReceiver)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := newWire()
		r, err := redirectloopback.NewOn(redirectloopback.Options{}, w.listen).Listen(t.Context(), "http://127.0.0.1:8400/callback")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = r.Close() }()
		run(t, w, r)
	})
}

// sendOn sends a request on a wire and returns what comes back until it closes, and when.
func sendOn(conn net.Conn, raw string) (answer chan string, after func() time.Duration) {
	begin, end := time.Now(), time.Time{}
	answer = make(chan string, 1)
	go func() {
		_, _ = conn.Write([]byte(raw)) // the server may have enough of it
	}()
	go func() {
		text, _ := io.ReadAll(conn)
		end = time.Now()
		answer <- string(text)
	}()
	return answer, func() time.Duration { return end.Sub(begin) }
}

func TestSlowRequestsAreCutOff(t *testing.T) {
	for _, row := range []struct {
		name, raw string
		want      string
	}{
		{"nothing", "", ""},
		{"half a line", "GET /call", "HTTP/1.1 400 "},
		{"half a header", "GET /callback HTTP/1.1\r\nHost: 127", ""},
		{"half a form", "POST /callback HTTP/1.1\r\nHost: 127.0.0.1:8400\r\n" + formHeader + "Content-Length: 100\r\n\r\nstate=", "HTTP/1.1 400 "},
	} {
		t.Run(row.name, func(t *testing.T) {
			onAWire(t, func(t *testing.T, w *wire, _ ports.RedirectReceiver) {
				conn := w.dial()
				defer func() { _ = conn.Close() }()
				answer, after := sendOn(conn, row.raw)
				got := <-answer
				// net/http may linger for half a second before it closes.
				if took := after(); took < redirectloopback.ReadLimit || took > redirectloopback.ReadLimit+time.Second {
					t.Errorf("cut off after %v, want %v", took, redirectloopback.ReadLimit)
				}
				if !strings.HasPrefix(got, row.want) || row.want == "" && got != "" {
					t.Errorf("answered with %.100q, want %q", got, row.want)
				}
			})
		})
	}
}

// A client that sends a byte a second does not get more time by it.
func TestTricklingRequestsAreCutOff(t *testing.T) {
	onAWire(t, func(t *testing.T, w *wire, _ ports.RedirectReceiver) {
		conn := w.dial()
		defer func() { _ = conn.Close() }()
		answer, after := sendOn(conn, "")
		for _, b := range []byte("GET /callback?state=foreign HTTP/1.1\r\nHost: 127.0.0.1:8400\r\n") {
			if _, err := conn.Write([]byte{b}); err != nil {
				break
			}
			time.Sleep(time.Second)
		}
		<-answer
		if took := after(); took != redirectloopback.ReadLimit {
			t.Errorf("cut off after %v, want %v", took, redirectloopback.ReadLimit)
		}
	})
}

// Nor does one that does not read its answer.
func TestAnswersThatAreNotReadAreCutOff(t *testing.T) {
	onAWire(t, func(t *testing.T, w *wire, _ ports.RedirectReceiver) {
		conn := w.dial()
		defer func() { _ = conn.Close() }()
		begin := time.Now()
		if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: 127.0.0.1:8400\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		for { // what else is sent is not read, so that this ends with the connection
			if _, err := conn.Write([]byte{0}); err != nil {
				break
			}
		}
		if took, most := time.Since(begin), redirectloopback.ReadLimit+redirectloopback.WriteLimit; took > most {
			t.Errorf("cut off after %v, want at most %v", took, most)
		}
	})
}

// The page waits longer than requests are read, but not for ever.
func TestHowLongThePageWaits(t *testing.T) {
	good := string(theAnswerTo("127.0.0.1:8400"))
	for _, row := range []struct {
		name  string
		after time.Duration // when the outcome is known
		took  time.Duration
		want  string
	}{
		{"a slow redemption", redirectloopback.HoldLimit - time.Second, redirectloopback.HoldLimit - time.Second, "You are signed in"},
		{"no outcome in time", redirectloopback.HoldLimit + time.Second, redirectloopback.HoldLimit, "Go back to the program"},
	} {
		t.Run(row.name, func(t *testing.T) {
			onAWire(t, func(t *testing.T, w *wire, r ports.RedirectReceiver) {
				conn := w.dial()
				defer func() { _ = conn.Close() }()
				page, after := sendOn(conn, good)
				_, finish, err := r.Receive(t.Context(), state)
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(row.after)
				finish(nil)
				if got := <-page; !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") || !strings.Contains(got, row.want) || after() != row.took {
					t.Errorf("after %v, the page is\n%s\nwant %q after %v", after(), got, row.want, row.took)
				}
			})
		})
	}
}

func theAnswerTo(host string) []byte {
	return stranger{raw: plain("/callback?%ANSWER%")}.bytes(host, "", answer("good").Encode())
}

func TestAnEarlyAnswerIsKeptLongerThanItsPage(t *testing.T) {
	onAWire(t, func(t *testing.T, w *wire, r ports.RedirectReceiver) {
		conn := w.dial()
		defer func() { _ = conn.Close() }()
		page, after := sendOn(conn, string(theAnswerTo("127.0.0.1:8400")))
		if got := <-page; !strings.Contains(got, "Go back to the program") || after() != redirectloopback.HoldLimit {
			t.Errorf("after %v, the page is\n%s", after(), got)
		}
		time.Sleep(time.Hour)
		values, finish, err := r.Receive(t.Context(), state)
		if err != nil || values.Get("code") != "good" {
			t.Fatalf("received %v, %v", values, err)
		}
		finish(errors.New("nobody sees it"))
	})
}

// ends returns when a connection was closed, as time since the start of the test.
func ends(conn net.Conn) (after chan time.Duration) {
	begin := time.Now()
	after = make(chan time.Duration, 1)
	go func() {
		_, _ = io.Copy(io.Discard, conn)
		after <- time.Since(begin)
	}()
	return after
}

// When one connection comes too many, the oldest goes, but not before it had time for
// its request.
func TestTheOldestConnectionGoes(t *testing.T) {
	onAWire(t, func(t *testing.T, w *wire, r ports.RedirectReceiver) {
		early := w.dial() // its request is whole, so it stays
		defer func() { _ = early.Close() }()
		page, _ := sendOn(early, string(theAnswerTo("127.0.0.1:8400")))
		synctest.Wait()
		var silent []chan time.Duration
		for range redirectloopback.MaxOpen - 1 {
			conn := w.dial()
			defer func() { _ = conn.Close() }()
			silent = append(silent, ends(conn))
		}
		for range 3 {
			conn := w.dial()
			defer func() { _ = conn.Close() }()
		}
		last := w.dial()
		defer func() { _ = last.Close() }()
		for i, want := range []time.Duration{redirectloopback.MinAge, redirectloopback.MinAge, redirectloopback.MinAge} {
			if got := <-silent[i]; got != want {
				t.Errorf("connection %d was closed after %v, want %v", i, got, want)
			}
		}
		if got := <-silent[100]; got != redirectloopback.ReadLimit {
			t.Errorf("connection 100 was closed after %v, want %v", got, redirectloopback.ReadLimit)
		}
		_, finish, err := r.Receive(t.Context(), state)
		if err != nil {
			t.Fatal(err)
		}
		finish(nil)
		if got := <-page; !strings.Contains(got, "You are signed in") {
			t.Errorf("the page is %.200q", got)
		}
	})
}

// Close does not wait for those who wait to be let in.
func TestCloseWhileOneWaitsToBeLetIn(t *testing.T) {
	onAWire(t, func(t *testing.T, w *wire, r ports.RedirectReceiver) {
		for range redirectloopback.MaxOpen + 1 {
			conn := w.dial()
			defer func() { _ = conn.Close() }()
		}
		begin := time.Now()
		if err := r.Close(); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("Close took %v", took)
		}
	})
}

// Close waits for a browser that reads slowly, but not for ever; and not for others.
func TestHowLongCloseWaits(t *testing.T) {
	for _, row := range []struct {
		name string
		read bool
		took time.Duration
	}{
		{"a browser that reads", true, 0},
		{"a browser that does not read", false, redirectloopback.CloseLimit},
	} {
		t.Run(row.name, func(t *testing.T) {
			onAWire(t, func(t *testing.T, w *wire, r ports.RedirectReceiver) {
				idle := w.dial()
				defer func() { _ = idle.Close() }()
				conn := w.dial()
				defer func() { _ = conn.Close() }()
				if _, err := conn.Write(theAnswerTo("127.0.0.1:8400")); err != nil {
					t.Fatal(err)
				}
				_, finish, err := r.Receive(t.Context(), state)
				if err != nil {
					t.Fatal(err)
				}
				finish(nil)
				page := make(chan string, 1)
				if row.read {
					go func() { text, _ := io.ReadAll(conn); page <- string(text) }()
				}
				begin := time.Now()
				if err := r.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
				if took := time.Since(begin); took != row.took {
					t.Errorf("Close took %v, want %v", took, row.took)
				}
				if row.read {
					if got := <-page; !strings.Contains(got, "You are signed in") {
						t.Errorf("the page is %.200q", got)
					}
				}
			})
		})
	}
}

// Close does not wait for an outcome that nobody will tell.
func TestCloseWithoutAnOutcome(t *testing.T) {
	onAWire(t, func(t *testing.T, w *wire, r ports.RedirectReceiver) {
		conn := w.dial()
		defer func() { _ = conn.Close() }()
		page, _ := sendOn(conn, string(theAnswerTo("127.0.0.1:8400")))
		if _, _, err := r.Receive(t.Context(), state); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if err := r.Close(); err != nil || time.Since(begin) != 0 {
			t.Errorf("Close: %v after %v", err, time.Since(begin))
		}
		if got := <-page; !strings.Contains(got, "Go back to the program") {
			t.Errorf("the page is\n%s", got)
		}
	})
}
