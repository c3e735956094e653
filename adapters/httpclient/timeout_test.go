package httpclient_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/httpclient"
)

func TestTimeoutCoversTheWaitForTheAnswer(t *testing.T) {
	server, roots := newServer(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	c := newClient(t, httpclient.Options{RootCAs: roots, Timeout: 100 * time.Millisecond})
	err := mustFail(t, c, newRequest(t, http.MethodGet, server.URL, ""))
	var timeout *url.Error
	if !errors.Is(err, context.DeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() ||
		!strings.Contains(err.Error(), "Options.Timeout") {
		t.Errorf("got %v, want a time-out that names Options.Timeout", err)
	}
}

func TestTimeoutCoversTheBody(t *testing.T) {
	for _, http2 := range []bool{true, false} {
		server, roots := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "first half")
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		}, func(s *httptest.Server) { s.EnableHTTP2 = http2 })
		c := newClient(t, httpclient.Options{RootCAs: roots, Timeout: 300 * time.Millisecond})
		got, err := do(t, c, newRequest(t, http.MethodGet, server.URL, ""))
		if got.Body != "first half" || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("HTTP/2 %v: got %q and %v, want half a body and a time-out", http2, got.Body, err)
		}
	}
}

func TestTimeLimitEndsWithTheBody(t *testing.T) {
	for name, finish := range map[string]func(io.ReadCloser) error{
		"read to the end": func(b io.ReadCloser) error { _, err := io.ReadAll(b); return err },
		"closed early":    io.ReadCloser.Close,
	} {
		var limited context.Context
		c := newClient(t, httpclient.Options{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			limited = r.Context()
			return respond(r, http.StatusOK), nil
		})})
		resp, err := c.Do(newRequest(t, http.MethodGet, "https://idp.example/", ""))
		if err != nil {
			t.Fatal(err)
		}
		if limited.Err() != nil {
			t.Errorf("%s: the body cannot be read any more when Do returns", name)
		}
		if err := finish(resp.Body); err != nil || limited.Err() == nil {
			t.Errorf("%s: got %v, and the timer still runs", name, err)
		}
	}
}

func TestCancellationEndsARequestAtOnce(t *testing.T) {
	arrived := make(chan struct{})
	server, roots := newServer(t, func(_ http.ResponseWriter, r *http.Request) { close(arrived); <-r.Context().Done() })
	c := newClient(t, httpclient.Options{RootCAs: roots})
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() { <-arrived; cancel(errors.New("the caller's reason")) }()
	err := mustFail(t, c, newRequest(t, http.MethodGet, server.URL, "").WithContext(ctx))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestSilentHandshakeIsGivenUpAndRetried(t *testing.T) {
	url, connections := rawServer(t, func(_ int32, conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	c := newClient(t, httpclient.Options{TLSHandshakeTimeout: 20 * time.Millisecond})
	err := mustFail(t, c, newRequest(t, http.MethodPost, strings.Replace(url, "http:", "https:", 1), "x"))
	if !strings.Contains(err.Error(), "handshake timeout") || connections.Load() != 2 {
		t.Errorf("got %v after %d connections, want a handshake time-out after 2", err, connections.Load())
	}
}

func TestSilentServerIsAskedAgainByGetOnly(t *testing.T) {
	for method, want := range map[string]int32{http.MethodGet: 2, http.MethodPost: 1} {
		var requests atomic.Int32
		server, roots := newServer(t, func(_ http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			<-r.Context().Done()
		})
		c := newClient(t, httpclient.Options{RootCAs: roots, ResponseHeaderTimeout: 50 * time.Millisecond})
		mustFail(t, c, newRequest(t, method, server.URL, ""))
		if got := requests.Load(); got != want {
			t.Errorf("%s: got %d requests, want %d", method, got, want)
		}
	}
}
