package httpclient_test

import (
	"bufio"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/seed57855a68/keyport/adapters/httpclient"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
)

const secret = "s3cr3t-canary"

// deadProxy stands in the environment for all tests: whoever is proxied by mistake fails.
const deadProxy = "127.0.0.1:1"

func TestMain(m *testing.M) {
	// The standard library reads these once for each process.
	for name, value := range map[string]string{
		"HTTP_PROXY": "http://env-user:" + secret + "@" + deadProxy, "HTTPS_PROXY": "http://env-user:" + secret + "@" + deadProxy,
		"NO_PROXY": "direct.example", "http_proxy": "", "https_proxy": "", "no_proxy": "",
	} {
		if os.Getenv("KEYPORT_TEST_KEEP_ENVIRONMENT") != "" {
			break
		}
		if err := os.Setenv(name, value); err != nil {
			log.Fatal(err)
		}
	}
	keyporttest.Plant("canary", secret)
	os.Exit(keyporttest.ScanOutput(leakChecked{m}))
}

type leakChecked struct{ m *testing.M }

// Run runs the tests, and then looks for goroutines that they left behind.
func (l leakChecked) Run() int {
	others := goleak.IgnoreCurrent() // those that scan the output
	code := l.m.Run()
	if err := goleak.Find(others); err != nil && code == 0 {
		log.Print(err)
		return 1
	}
	return code
}

// fakeClock never waits. It notes how long it was asked to.
type fakeClock struct {
	mu      sync.Mutex
	now     time.Time
	slept   []time.Duration
	onSleep func()
}

func newClock() *fakeClock {
	return &fakeClock{now: time.Date(2031, 5, 6, 7, 8, 9, 0, time.UTC)}
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	c.slept = append(c.slept, d)
	c.now = c.now.Add(d)
	c.mu.Unlock()
	if c.onSleep != nil {
		c.onSleep()
	}
	return ctx.Err()
}

// newClient returns a client on a fake clock, unless the options have one.
func newClient(t *testing.T, o httpclient.Options) *httpclient.Client {
	t.Helper()
	if o.Clock == nil {
		o.Clock = newClock()
	}
	c, err := httpclient.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// newServer returns a TLS server with HTTP/2 that logs nothing, and the pool that trusts it.
func newServer(t *testing.T, h http.HandlerFunc, configure ...func(*httptest.Server)) (*httptest.Server, *x509.CertPool) {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	for _, f := range configure {
		f(s)
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return s, pool
}

// countConnections counts accepted connections.
func countConnections(n *atomic.Int32) func(*httptest.Server) {
	return func(s *httptest.Server) {
		s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				n.Add(1)
			}
		}
	}
}

// rawServer hands each connection, numbered from 1, to handle and closes it afterwards.
func rawServer(t *testing.T, handle func(n int32, conn net.Conn)) (url string, connections *atomic.Int32) {
	t.Helper()
	l := listen(t, "127.0.0.1:0")
	connections = new(atomic.Int32)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			n := connections.Add(1)
			running.Go(func() {
				defer func() { _ = conn.Close() }()
				defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
				handle(n, conn)
			})
		}
	})
	t.Cleanup(func() { cancel(); _ = l.Close(); running.Wait() })
	return "http://" + l.Addr().String(), connections
}

// listen fails the test when it cannot.
func listen(t *testing.T, address string) net.Listener {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// unusedAddress is one where connections are refused.
func unusedAddress(t *testing.T) string {
	t.Helper()
	l := listen(t, "127.0.0.1:0")
	_ = l.Close()
	return l.Addr().String()
}

// reset closes a connection so that the peer sees a reset, not an end.
func reset(conn net.Conn) {
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

// answerOK reads a request to the end and answers it with its body.
func answerOK(conn net.Conn) {
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	body, _ := io.ReadAll(req.Body)
	_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"+string(body))
}

// newRequest is a request as the application makes it: without GetBody.
func newRequest(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, url, r)
	if err != nil {
		t.Fatal(err)
	}
	req.GetBody = nil
	return req
}

type answer struct {
	Status int
	Body   string
}

// do sends a request and reads the answer.
func do(t *testing.T, c ports.HTTPClient, req *http.Request) (answer, error) {
	t.Helper()
	resp, err := c.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, string(body)}, err
}

// mustDo fails the test when there is no answer.
func mustDo(t *testing.T, c ports.HTTPClient, req *http.Request) answer {
	t.Helper()
	a, err := do(t, c, req)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// mustFail fails the test when there is an answer, or a secret in the error.
func mustFail(t *testing.T, c ports.HTTPClient, req *http.Request) error {
	t.Helper()
	a, err := do(t, c, req)
	if err == nil {
		t.Fatalf("got answer %+v, want an error", a)
	}
	if strings.Contains(err.Error(), secret) {
		t.Errorf("the error shows a secret: %v", err)
	}
	return err
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// respond makes an answer for a roundTripper.
func respond(r *http.Request, status int, headers ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Add(headers[i], headers[i+1])
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader("body")), Request: r}
}

// newCertificate returns a self-signed client certificate.
func newCertificate(t *testing.T, name string) (der []byte, key crypto.Signer) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err = x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	return der, private
}

func newEd25519(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
