package httpclient_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed57855a68/keyport/adapters/httpclient"
	"github.com/seed57855a68/keyport/domain"
)

func TestRequestsArriveOverHTTP2WithTheirBody(t *testing.T) {
	server, roots := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = fmt.Fprintf(w, "%s %s %d %s", r.Proto, r.Method, r.ContentLength, body)
	})
	c := newClient(t, httpclient.Options{RootCAs: roots})
	for _, tt := range []struct{ method, body, want string }{
		{http.MethodPost, "grant_type=x", "HTTP/2.0 POST 12 grant_type=x"},
		{http.MethodPost, "", "HTTP/2.0 POST 0 "},
		{http.MethodGet, "", "HTTP/2.0 GET 0 "},
	} {
		if got := mustDo(t, c, newRequest(t, tt.method, server.URL, tt.body)); got.Body != tt.want {
			t.Errorf("got %q, want %q", got.Body, tt.want)
		}
	}
}

func TestResponseNamesTheRequestThatWasSent(t *testing.T) {
	server, roots := newServer(t, func(http.ResponseWriter, *http.Request) {})
	own := newClient(t, httpclient.Options{RootCAs: roots})
	cloning := newClient(t, httpclient.Options{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		return respond(r.Clone(r.Context()), http.StatusOK), nil
	})})
	for name, c := range map[string]*httpclient.Client{"own transport": own, "transport that clones": cloning} {
		req := newRequest(t, http.MethodPost, server.URL, "x")
		resp, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.Request != req {
			t.Errorf("%s: Response.Request is not the request", name)
		}
	}
}

func TestRedirectOfACallersTransportStaysVisible(t *testing.T) {
	var bodies []string
	c := newClient(t, httpclient.Options{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.GetBody != nil {
			bodies = append(bodies, "GetBody")
		}
		elsewhere := r.Clone(r.Context())
		elsewhere.URL.Host = "evil.example"
		return respond(elsewhere, http.StatusOK), nil
	})})
	req := newRequest(t, http.MethodPost, "https://idp.example/token", "code=1")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.Request == req || len(bodies) > 0 {
		t.Error("want the redirected request, and no way to rewind the body")
	}
}

func TestRedirectsAreReturnedAndNotFollowed(t *testing.T) {
	for _, location := range []string{"/next", "https://evil.example/", "http://[::bad/?code=" + secret, ""} {
		for _, status := range []int{301, 302, 303, 307, 308} {
			var requests atomic.Int32
			server, roots := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
				requests.Add(1)
				w.Header().Set("Location", location)
				w.WriteHeader(status)
			})
			c := newClient(t, httpclient.Options{RootCAs: roots})
			got := mustDo(t, c, newRequest(t, http.MethodPost, server.URL, "x"))
			if got.Status != status || requests.Load() != 1 {
				t.Errorf("Location %q: got status %d after %d requests, want %d after 1", location, got.Status, requests.Load(), status)
			}
		}
	}
}

func TestCookiesAreNotKept(t *testing.T) {
	server, roots := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, len(r.Cookies()))
		w.Header().Set("Set-Cookie", "a=b")
	})
	c := newClient(t, httpclient.Options{RootCAs: roots})
	for range 2 {
		if got := mustDo(t, c, newRequest(t, http.MethodGet, server.URL, "")); got.Body != "0" {
			t.Errorf("got %s cookies, want 0", got.Body)
		}
	}
}

func TestBurstReusesConnections(t *testing.T) {
	const workers, requests = 50, 20
	var connections atomic.Int32
	server, roots := newServer(t, func(http.ResponseWriter, *http.Request) {}, countConnections(&connections),
		func(s *httptest.Server) { s.EnableHTTP2 = false })
	c := newClient(t, httpclient.Options{RootCAs: roots})
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range requests {
				if _, err := do(t, c, newRequest(t, http.MethodPost, server.URL, "x")); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	// net/http dials ahead while connections are on their way back to the pool. With
	// its own limit of two idle connections it would need several hundred.
	if got := connections.Load(); got > 250 {
		t.Errorf("got %d connections for %d requests, want at most 250", got, workers*requests)
	}
}

func TestFailuresLeaveOtherConnectionsAlone(t *testing.T) {
	var connections atomic.Int32
	server, roots := newServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/fails" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}, countConnections(&connections))
	c := newClient(t, httpclient.Options{RootCAs: roots})
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		mustDo(t, c, newRequest(t, http.MethodGet, server.URL+"/fails", ""))
		mustFail(t, c, newRequest(t, http.MethodGet, server.URL, "").WithContext(cancelled))
		mustDo(t, c, newRequest(t, http.MethodGet, server.URL, ""))
	}
	if got := connections.Load(); got != 1 {
		t.Errorf("got %d connections, want 1", got)
	}
}

func TestTooLargeResponseHeaderIsAnError(t *testing.T) {
	server, roots := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Large", strings.Repeat("x", 65<<10))
	}, func(s *httptest.Server) { s.EnableHTTP2 = false })
	mustFail(t, newClient(t, httpclient.Options{RootCAs: roots}), newRequest(t, http.MethodGet, server.URL, ""))
}

func TestTooLargeRequestBodyIsAConfigError(t *testing.T) {
	c := newClient(t, httpclient.Options{})
	_, err := c.Do(newRequest(t, http.MethodPost, "https://idp.example/", strings.Repeat("x", 1<<20+1)))
	var config *domain.ConfigError
	if !errors.As(err, &config) || config.Field != "Request.Body" {
		t.Errorf("got %v, want a ConfigError for Request.Body", err)
	}
}

func TestOldTLSIsRefusedAtOnce(t *testing.T) {
	var connections atomic.Int32
	server, roots := newServer(t, func(http.ResponseWriter, *http.Request) {}, countConnections(&connections),
		func(s *httptest.Server) {
			s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
		})
	err := mustFail(t, newClient(t, httpclient.Options{RootCAs: roots}), newRequest(t, http.MethodGet, server.URL, ""))
	if !strings.Contains(err.Error(), "protocol version") || connections.Load() != 1 {
		t.Errorf("got %v after %d connections, want a protocol version error after 1", err, connections.Load())
	}
}

func TestUntrustedServerIsRefusedAtOnce(t *testing.T) {
	var connections atomic.Int32
	server, roots := newServer(t, func(http.ResponseWriter, *http.Request) {}, countConnections(&connections))

	err := mustFail(t, newClient(t, httpclient.Options{}), newRequest(t, http.MethodGet, server.URL, ""))
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) || !strings.Contains(err.Error(), "Options.RootCAs") {
		t.Errorf("got %v, want an unknown authority with a hint", err)
	}
	wrongName := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	err = mustFail(t, newClient(t, httpclient.Options{RootCAs: roots}), newRequest(t, http.MethodGet, wrongName, ""))
	var hostname x509.HostnameError
	if !errors.As(err, &hostname) {
		t.Errorf("got %v, want a host name error", err)
	}
	if got := connections.Load(); got != 2 {
		t.Errorf("got %d connections for 2 requests", got)
	}
	mustDo(t, newClient(t, httpclient.Options{InsecureSkipVerify: true}), newRequest(t, http.MethodGet, wrongName, ""))
}
