package redirectloopback_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed57855a68/keyport/adapters/redirectloopback"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
)

// state is what the sign-ins of these tests wait for. No answer may show it.
const state = "c3RhdGUgb2YgdGhlIHRlc3RzLCBub3QgYSBzZWNyZXQ"

func TestMain(m *testing.M) {
	if os.Getenv(strangerEnv) != "" {
		os.Exit(beStranger(os.Stdin, os.Stdout))
	}
	keyporttest.Plant("state", state)
	os.Exit(keyporttest.ScanOutput(leakChecked{m}))
}

type leakChecked struct{ m *testing.M }

// Run runs the tests, and then looks for goroutines that they left behind.
func (l leakChecked) Run() int {
	others := goleak.IgnoreCurrent() // those that scan the output
	code := l.m.Run()
	if err := goleak.Find(others); err != nil && code == 0 {
		_, _ = io.WriteString(os.Stderr, err.Error()+"\n")
		return 1
	}
	return code
}

// listen begins a sign-in that ends with the test.
func listen(t *testing.T, l *redirectloopback.RedirectListener, uri string) ports.RedirectReceiver {
	t.Helper()
	r, err := l.Listen(t.Context(), uri)
	if err != nil {
		t.Fatalf("Listen at %q: %v", uri, err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return r
}

func byDefault() *redirectloopback.RedirectListener {
	return redirectloopback.New(redirectloopback.Options{})
}

// reception is what Receive has returned.
type reception struct {
	values url.Values
	finish func(error)
	err    error
}

// receive waits for the answer meanwhile.
func receive(ctx context.Context, r ports.RedirectReceiver) chan reception {
	came := make(chan reception, 1)
	go func() {
		values, finish, err := r.Receive(ctx, state)
		came <- reception{values, finish, err}
	}()
	return came
}

// receiveNow is receive, and returns when the wait has begun: nobody is answered before.
func receiveNow(t *testing.T, r ports.RedirectReceiver) chan reception {
	t.Helper()
	came := receive(t.Context(), r)
	if got := visit(get(t, r.RedirectURI(), url.Values{"state": {"foreign"}})); got.status != http.StatusBadRequest {
		t.Fatalf("a stranger gets status %d, error %v", got.status, got.err)
	}
	return came
}

// shown is what a browser got.
type shown struct {
	status int
	header http.Header
	body   string
	err    error
}

// send sends a request on a connection of its own; the page comes meanwhile.
func send(req *http.Request) chan shown {
	page := make(chan shown, 1)
	go func() { page <- visit(req) }()
	return page
}

func visit(req *http.Request) shown {
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return shown{err: err}
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.Close { // net/http takes it out of the header
		resp.Header.Set("Connection", "close")
	}
	body, err := io.ReadAll(resp.Body)
	return shown{resp.StatusCode, resp.Header, string(body), err}
}

func answer(code string) url.Values { return url.Values{"code": {code}, "state": {state}} }

func get(t *testing.T, uri string, values url.Values) *http.Request {
	t.Helper()
	return request(t, http.MethodGet, uri+"?"+values.Encode(), "")
}

func post(t *testing.T, uri string, values url.Values) *http.Request {
	t.Helper()
	req := request(t, http.MethodPost, uri, values.Encode())
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return req
}

func request(t *testing.T, method, uri, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, uri, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// complete sends the good request, and returns the page that the outcome makes.
func complete(t *testing.T, came chan reception, req *http.Request, code string, outcome error) shown {
	t.Helper()
	page := send(req)
	got := <-came
	if got.err != nil || got.values.Get("code") != code {
		t.Fatalf("received code %q, error %v, want %q", got.values.Get("code"), got.err, code)
	}
	got.finish(outcome)
	p := <-page
	if p.err != nil || p.status != http.StatusOK || p.body == "" {
		t.Errorf("the page has status %d and %d bytes, error %v", p.status, len(p.body), p.err)
	}
	return p
}

// wantConfigError checks that err names the redirect URI, the problem and a remedy.
func wantConfigError(t *testing.T, err error, problem, remedy string) {
	t.Helper()
	var config *domain.ConfigError
	if !errors.As(err, &config) {
		t.Fatalf("got %v, want a *domain.ConfigError", err)
	}
	if config.Field != "RedirectURI" || !strings.Contains(config.Problem, problem) || !strings.Contains(config.Remedy, remedy) {
		t.Errorf("got %q: %q; %q, want RedirectURI: %q; %q", config.Field, config.Problem, config.Remedy, problem, remedy)
	}
}

// hostOf is the Host of requests to a receiver.
func hostOf(r ports.RedirectReceiver) string {
	u, err := url.Parse(r.RedirectURI())
	if err != nil {
		panic(err) // its own URI
	}
	return u.Host
}

// dial connects to a receiver at one of its addresses.
func dial(t *testing.T, network, address string) net.Conn {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
