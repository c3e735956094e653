package httpclient_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/adapters/httpclient"
)

func TestRefusedConnectionIsRetriedOnceForAnyMethod(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		address := unusedAddress(t)
		clock := newClock()
		c := newClient(t, httpclient.Options{Clock: clock})
		refused := mustFail(t, c, newRequest(t, method, "http://"+address, ""))
		if !errors.Is(refused, syscall.ECONNREFUSED) || len(clock.slept) != 1 {
			t.Errorf("%s: got %v after %d waits, want a refused connection after 1", method, refused, len(clock.slept))
		}
	}
}

func TestPostSurvivesAServerThatIsNotUpYet(t *testing.T) {
	address := unusedAddress(t)
	clock := newClock()
	clock.onSleep = func() {
		server := httptest.NewUnstartedServer(http.HandlerFunc(echo))
		_ = server.Listener.Close()
		server.Listener = listen(t, address)
		server.Start()
		t.Cleanup(server.Close)
	}
	got := mustDo(t, newClient(t, httpclient.Options{Clock: clock}), newRequest(t, http.MethodPost, "http://"+address, "code=1"))
	if diff := cmp.Diff(answer{200, "code=1"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func echo(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) }

// dropFirst resets the first connection during the TLS handshake.
type dropFirst struct {
	net.Listener
	accepted atomic.Int32
}

func (l *dropFirst) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil && l.accepted.Add(1) == 1 {
		_, _ = conn.Read(make([]byte, 1))
		reset(conn)
	}
	return conn, err
}

func TestHandshakeCutOffIsRetriedForAnyMethod(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		var listener *dropFirst
		server, roots := newServer(t, echo, func(s *httptest.Server) {
			listener = &dropFirst{Listener: s.Listener}
			s.Listener = listener
		})
		got := mustDo(t, newClient(t, httpclient.Options{RootCAs: roots}), newRequest(t, method, server.URL, "x"))
		if got.Status != 200 || listener.accepted.Load() != 2 {
			t.Errorf("%s: got %+v after %d connections, want 200 after 2", method, got, listener.accepted.Load())
		}
	}
}

func TestDroppedConnectionIsRetriedForGetOnly(t *testing.T) {
	for _, tt := range []struct {
		method string
		want   int32
	}{{http.MethodGet, 2}, {http.MethodHead, 2}, {http.MethodPost, 1}, {http.MethodPut, 1}} {
		url, connections := rawServer(t, func(n int32, conn net.Conn) {
			if n > 1 {
				answerOK(conn)
				return
			}
			_, _ = conn.Read(make([]byte, 64<<10))
		})
		_, err := do(t, newClient(t, httpclient.Options{}), newRequest(t, tt.method, url, ""))
		if (err == nil) != (tt.want == 2) || connections.Load() != tt.want {
			t.Errorf("%s: got %v after %d connections, want %d", tt.method, err, connections.Load(), tt.want)
		}
	}
}

func TestPostIsNeverSentTwiceWhereverTheConnectionBreaks(t *testing.T) {
	const body = "grant_type=authorization_code&code=" + secret
	whole, err := httputil.DumpRequestOut(newRequest(t, http.MethodPost, "http://127.0.0.1:10000", body), true)
	if err != nil {
		t.Fatal(err)
	}
	for k := 1; k < len(whole); k++ {
		url, connections := rawServer(t, func(_ int32, conn net.Conn) {
			_, _ = io.ReadFull(conn, make([]byte, k))
			reset(conn)
		})
		mustFail(t, newClient(t, httpclient.Options{}), newRequest(t, http.MethodPost, url, body))
		if got := connections.Load(); got != 1 {
			t.Fatalf("broken after %d bytes: got %d connections, want 1", k, got)
		}
	}
}

func TestUnknownFailureOfACallersTransportIsNotRetriedForPost(t *testing.T) {
	for _, tt := range []struct {
		method string
		err    error
		want   int
	}{
		{http.MethodPost, io.EOF, 1},
		{http.MethodPost, syscall.ECONNREFUSED, 1}, // it may concern a second connection of the transport
		{http.MethodGet, io.EOF, 2},
		{http.MethodGet, &tls.CertificateVerificationError{Err: errors.New("wrong")}, 1},
		{http.MethodGet, errors.New("unknown"), 1},
	} {
		requests := 0
		c := newClient(t, httpclient.Options{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			requests++
			return nil, tt.err
		})})
		if err := mustFail(t, c, newRequest(t, tt.method, "https://idp.example/", "x")); !errors.Is(err, tt.err) {
			t.Errorf("got %v, want %v as its cause", err, tt.err)
		}
		if requests != tt.want {
			t.Errorf("%s, %v: got %d requests, want %d", tt.method, tt.err, requests, tt.want)
		}
	}
}

func TestTransportWithoutAnAnswerIsAnError(t *testing.T) {
	c := newClient(t, httpclient.Options{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, nil })})
	mustFail(t, c, newRequest(t, http.MethodPost, "https://idp.example/", "x"))
}

func TestDiscardedAnswersAreClosed(t *testing.T) {
	var connections atomic.Int32
	server, roots := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, strings.Repeat("x", 2000))
	}, countConnections(&connections), func(s *httptest.Server) { s.EnableHTTP2 = false })
	c := newClient(t, httpclient.Options{RootCAs: roots, MaxRetries: 5})
	for i := range 20 {
		mustDo(t, c, newRequest(t, http.MethodGet, server.URL+"/"+strconv.Itoa(i), ""))
	}
	if got := connections.Load(); got > 2 {
		t.Errorf("got %d connections for 120 answers, want them reused", got)
	}
}
