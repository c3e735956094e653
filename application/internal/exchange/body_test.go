package exchange_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/domain"
)

const limit = 1 << 20

// endless is a body without an end.
type endless struct{}

// Read implements [io.Reader].
func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestOneMebibyteIsRead(t *testing.T) {
	for _, tt := range []struct {
		name string
		size int64 // -1 for endless
		ok   bool
	}{{"nothing", 0, true}, {"one byte", 1, true}, {"the limit", limit, true}, {"one more", limit + 1, false}, {"endless", -1, false}} {
		t.Run(tt.name, func(t *testing.T) {
			source := &body{Reader: io.Reader(endless{})}
			if tt.size >= 0 {
				source.Reader = io.LimitReader(endless{}, tt.size)
			}
			c := exchange.New(client(func(r *http.Request) (*http.Response, error) {
				resp := response(r, http.StatusOK, "")
				resp.Body = source
				return resp, nil
			}))
			got, err := c.Do(operation, newPost(t, address))
			if tt.ok {
				if err != nil || int64(len(got.Body)) != tt.size {
					t.Errorf("got %d bytes, %v, want %d", len(got.Body), err, tt.size)
				}
			} else if bad := refused(t, err); bad.Problem != "is larger than 1 MiB" || bad.Status != 200 || bad.Host != "login.example.com" {
				t.Errorf("got %+v, want the size for a problem", *bad)
			}
			if source.read > limit+1 || source.closed != 1 {
				t.Errorf("%d bytes read and closed %d times, want no more than %d and once", source.read, source.closed, limit+1)
			}
		})
	}
}

func TestTheLimitCountsWhatIsUnpacked(t *testing.T) {
	for _, tt := range []struct {
		name string
		size int64
		ok   bool
	}{{"the limit", limit, true}, {"one more", limit + 1, false}, {"16 MiB in 16 KiB", 16 << 20, false}} {
		t.Run(tt.name, func(t *testing.T) {
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
					t.Error("the client does not ask for gzip, so that nothing is tried here")
				}
				w.Header().Set("Content-Encoding", "gzip")
				packed := gzip.NewWriter(w)
				_, _ = io.CopyN(packed, endless{}, tt.size)
				_ = packed.Close()
			})
			got, err := exchange.New(server.Client()).Do(operation, newPost(t, server.URL))
			if tt.ok {
				if err != nil || int64(len(got.Body)) != tt.size {
					t.Errorf("got %d bytes, %v, want %d", len(got.Body), err, tt.size)
				}
			} else if bad := refused(t, err); bad.Problem != "is larger than 1 MiB" {
				t.Errorf("got %+v, want the size for a problem", *bad)
			}
		})
	}
}

func TestContentEncoding(t *testing.T) {
	for encoding, ok := range map[string]bool{"": true, "identity": true, "gzip": false, "br": false, "deflate": false, "gzip, gzip": false, "GZIP": false} {
		c := exchange.New(client(func(r *http.Request) (*http.Response, error) {
			resp := response(r, http.StatusOK, canary)
			resp.Header.Set("Content-Encoding", encoding)
			return resp, nil
		}))
		got, err := c.Do(operation, newPost(t, address))
		if ok {
			if err != nil || string(got.Body) != canary {
				t.Errorf("encoding %q: got %q, %v", encoding, got.Body, err)
			}
		} else if bad := refused(t, err); bad.Problem != "has an unknown content encoding" {
			t.Errorf("encoding %q: got %+v", encoding, *bad)
		}
	}
}

func TestABodyThatIsTorn(t *testing.T) {
	whole := `{"access_token":"` + canary + `"}`
	cut := 0
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, buffer, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = fmt.Fprintf(buffer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(whole), whole[:cut])
		_ = buffer.Flush()
		_ = conn.Close()
	})
	for cut = range len(whole) {
		got, err := exchange.New(server.Client()).Do(operation, newPost(t, server.URL))
		if unanswered(t, err); !errors.Is(err, io.ErrUnexpectedEOF) || got.Body != nil {
			t.Fatalf("cut at %d: got %q, %v, want an unexpected end", cut, got.Body, err)
		}
	}
}

func TestAnswersAreDrainedSoThatConnectionsServeAgain(t *testing.T) {
	var connections atomic.Int32
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.CopyN(w, endless{}, 100<<10)
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			connections.Add(1)
		}
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	c := exchange.New(server.Client())
	for range 5 {
		if got, err := c.Do(operation, newPost(t, server.URL)); err != nil || got.Status != http.StatusBadRequest {
			t.Fatalf("got status %d, %v", got.Status, err)
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

func TestAnswer(t *testing.T) {
	c := exchange.New(client(func(r *http.Request) (*http.Response, error) {
		resp := response(r, http.StatusTeapot, "short and stout")
		resp.Header.Set("Retry-After", "5")
		return resp, nil
	}))
	got, err := c.Do(operation, newPost(t, address))
	if err != nil || got.Status != http.StatusTeapot || got.Header.Get("Retry-After") != "5" || string(got.Body) != "short and stout" {
		t.Errorf("got %+v, %v", got, err)
	}
	if errors.Is(err, domain.ErrUnavailable) {
		t.Error("an answer is an error")
	}
}
