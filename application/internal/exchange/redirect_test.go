package exchange_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// follower is a caller's own client around another: its redirects are out of reach.
type follower struct{ http *http.Client }

// Do implements ports.HTTPClient.
func (f follower) Do(r *http.Request) (*http.Response, error) { return f.http.Do(r) }

// serve returns an https server for the life of the test.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewTLSServer(h)
	t.Cleanup(s.Close)
	return s
}

func TestCredentialsReachNoSecondPlace(t *testing.T) {
	var arrived []string
	thief := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		sent, _ := io.ReadAll(r.Body)
		arrived = append(arrived, r.Method+" "+string(sent))
	})
	for _, status := range []int{301, 302, 303, 307, 308} {
		for _, same := range []bool{false, true} {
			hops := 0
			server := serve(t, func(w http.ResponseWriter, r *http.Request) {
				hops++
				target := thief.URL
				if same {
					target = "/again"
				}
				http.Redirect(w, r, target, status)
			})
			users := server.Client() // trusts both: httptest has one certificate
			users.CheckRedirect = func(*http.Request, []*http.Request) error { return nil }

			arrived, hops = nil, 0
			answer, err := exchange.New(users).Do(operation, newPost(t, server.URL))
			if err != nil || answer.Status != status || hops != 1 || len(arrived) != 0 {
				t.Errorf("%d: got status %d, %v after %d requests, and %q at the other place; want the redirect itself", status, answer.Status, err, hops, arrived)
			}
		}
		t.Run(fmt.Sprintf("behind a client of the caller's own, %d", status), func(t *testing.T) {
			arrived = nil
			server := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, thief.URL, status) })
			answer, err := exchange.New(follower{server.Client()}).Do(operation, newPost(t, server.URL))
			if status >= 307 {
				if err != nil || answer.Status != status || len(arrived) != 0 {
					t.Errorf("got status %d, %v, and %q at the other place; want the redirect itself", answer.Status, err, arrived)
				}
				return
			}
			// The client follows with a GET and no body; what that brings is not believed.
			if bad := refused(t, err); !errors.Is(bad, domain.ErrRedirectRefused) {
				t.Errorf("got %v, want ErrRedirectRefused", bad)
			}
			if diff := cmp.Diff([]string{"GET "}, arrived); diff != "" {
				t.Errorf("at the other place (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheCallersClientIsNotChanged(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if len(r.Cookies()) > 0 {
			t.Errorf("sent the cookies %v", r.Cookies())
		}
		http.SetCookie(w, &http.Cookie{Name: "session", Value: canary})
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	where, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	jar.SetCookies(where, []*http.Cookie{{Name: "theirs", Value: "x"}})
	users := server.Client()
	users.Jar = jar
	c := exchange.New(users)
	for range 2 {
		if _, err := c.Do(operation, newPost(t, server.URL)); err != nil {
			t.Fatal(err)
		}
	}
	if users.Jar != http.CookieJar(jar) || users.CheckRedirect != nil {
		t.Error("the caller's client has another jar or redirect policy than before")
	}
	if got := jar.Cookies(where); len(got) != 1 || got[0].Name != "theirs" {
		t.Errorf("the caller's jar holds %v, want what it held before", got)
	}
}

func TestAnswersToOtherRequestsAreRefused(t *testing.T) {
	sent, err := url.Parse(address + "?code=" + canary)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := url.Parse("https://evil.example/token")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		of   func(*http.Request) *http.Request
		ok   bool
	}{
		{"none said", func(*http.Request) *http.Request { return nil }, true},
		{"the same", func(r *http.Request) *http.Request { return r }, true},
		{"a copy", func(r *http.Request) *http.Request { return r.Clone(r.Context()) }, true},
		{"another place", func(*http.Request) *http.Request {
			return &http.Request{Method: http.MethodPost, URL: elsewhere}
		}, false},
		{"another method", func(*http.Request) *http.Request { return &http.Request{Method: http.MethodGet, URL: sent} }, false},
		{"no place", func(*http.Request) *http.Request { return &http.Request{Method: http.MethodPost} }, false},
		{"a redirect back to the same place", func(r *http.Request) *http.Request {
			again := r.Clone(r.Context())
			again.Response = &http.Response{StatusCode: http.StatusTemporaryRedirect}
			return again
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			answer := &body{Reader: strings.NewReader(canary)}
			c := exchange.New(client(func(r *http.Request) (*http.Response, error) {
				resp := response(tt.of(r), http.StatusOK, "")
				resp.Body = answer
				return resp, nil
			}))
			got, err := c.Do(operation, newPost(t, address))
			if tt.ok {
				if err != nil || string(got.Body) != canary {
					t.Errorf("got %q, %v", got.Body, err)
				}
			} else if bad := refused(t, err); !errors.Is(bad, domain.ErrRedirectRefused) || got.Body != nil {
				t.Errorf("got %q, %v, want ErrRedirectRefused", got.Body, bad)
			}
			if answer.closed != 1 {
				t.Errorf("body closed %d times, want once", answer.closed)
			}
		})
	}
}

func TestGetFollowsOnItsOwnHost(t *testing.T) {
	const start = "https://login.example.com/start"
	for _, tt := range []struct {
		name     string
		status   int
		location []string // of each answer; what comes after them is the document
		visits   []string
		want     int // status of the answer; 0 for too many redirects
	}{
		{"no redirect", 200, nil, []string{start}, 200},
		{"path", 302, []string{"/next"}, []string{start, "https://login.example.com/next"}, 200},
		{"path beside", 301, []string{"next?a=b"}, []string{start, "https://login.example.com/next?a=b"}, 200},
		{"whole address", 307, []string{"https://login.example.com/next"}, []string{start, "https://login.example.com/next"}, 200},
		{"three of them", 308, []string{"/1", "/2", "/3"}, []string{start, "https://login.example.com/1", "https://login.example.com/2", "https://login.example.com/3"}, 200},
		{"four of them", 303, []string{"/1", "/2", "/3", "/4"}, []string{start, "https://login.example.com/1", "https://login.example.com/2", "https://login.example.com/3"}, 0},
		{"loop", 302, []string{start, start, start, start, start}, []string{start, start, start, start}, 0},
		{"other host", 302, []string{"https://evil.example/next"}, []string{start}, 302},
		{"other host without a scheme", 302, []string{"//evil.example/next"}, []string{start}, 302},
		{"sub-domain", 302, []string{"https://a.login.example.com/next"}, []string{start}, 302},
		{"other port", 302, []string{"https://login.example.com:8443/next"}, []string{start}, 302},
		{"no TLS", 302, []string{"http://login.example.com/next"}, []string{start}, 302},
		{"user name", 302, []string{"https://user@login.example.com/next"}, []string{start}, 302},
		{"script", 302, []string{"javascript:alert(1)"}, []string{start}, 302},
		{"no URL", 302, []string{"https://login.example.com/%zz\x7f"}, []string{start}, 302},
		{"nowhere", 302, []string{""}, []string{start}, 302},
		{"not modified", 304, []string{""}, []string{start}, 304},
		{"place in an answer that is no redirect", 200, []string{"/next"}, []string{start}, 200},
		{"place in an error", 404, []string{"/next"}, []string{start}, 404},
		{"away on the second step", 302, []string{"/1", "https://evil.example/next"}, []string{start, "https://login.example.com/1"}, 302},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var visits []string
			c := exchange.New(client(func(r *http.Request) (*http.Response, error) {
				visits = append(visits, r.URL.String())
				if r.Method != http.MethodGet || r.Header.Get("X-Trace") != "7" {
					t.Errorf("step %d: %s with %v", len(visits), r.Method, r.Header)
				}
				if n := len(visits); n <= len(tt.location) {
					return moved(r, tt.status, tt.location[n-1]), nil
				}
				return response(r, http.StatusOK, "document"), nil
			}))
			got, err := c.Get(t.Context(), operation, start, http.Header{"X-Trace": {"7"}})
			if diff := cmp.Diff(tt.visits, visits); diff != "" {
				t.Errorf("visits (-want +got):\n%s", diff)
			}
			if tt.want == 0 {
				if bad := refused(t, err); !errors.Is(bad, domain.ErrRedirectRefused) || bad.Operation != operation {
					t.Errorf("got %v, want ErrRedirectRefused of the operation", bad)
				}
				return
			}
			if err != nil || got.Status != tt.want {
				t.Errorf("got status %d, %v, want %d", got.Status, err, tt.want)
			}
		})
	}
}

func TestGetThroughARealClient(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/new", http.StatusMovedPermanently)
			return
		}
		_, _ = io.WriteString(w, "document")
	})
	for name, c := range map[string]ports.HTTPClient{"http.Client": server.Client(), "a client around one": follower{server.Client()}} {
		got, err := exchange.New(c).Get(t.Context(), operation, server.URL+"/old", nil)
		if name == "http.Client" {
			if err != nil || string(got.Body) != "document" {
				t.Errorf("%s: got %q, %v, want the document", name, got.Body, err)
			}
		} else if bad := refused(t, err); !errors.Is(bad, domain.ErrRedirectRefused) {
			t.Errorf("%s: got %v, want ErrRedirectRefused: where it went was not checked", name, bad)
		}
	}
}
