package portstest

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/seed57855a68/keyport/ports"
)

// newHTTPClient makes a client that trusts the given authorities and no others.
type newHTTPClient = func(t *testing.T, roots *x509.CertPool) ports.HTTPClient

// HTTPClient checks an implementation of [ports.HTTPClient] against its contract,
// with TLS servers on the loopback interface. Each call of newClient returns a
// client that trusts roots and nobody else. How often it tries, how long it waits and
// whether it follows redirects is its own affair, but some checks would make a
// client wait that sends a POST again after an error: switch that off, or let it
// wait on a clock that a test moves.
func HTTPClient(t *testing.T, newClient func(t *testing.T, roots *x509.CertPool) ports.HTTPClient) {
	t.Helper()
	for _, c := range httpClientChecks {
		t.Run(c.name, func(t *testing.T) { c.run(t, newClient) })
	}
}

var httpClientChecks = []struct {
	name string
	run  func(*testing.T, newHTTPClient)
}{
	{"a request arrives once and as it is", requestsArrive},
	{"every status is an answer", everyStatusIsAnAnswer},
	{"a body is readable after Do", bodiesAreReadable},
	{"a body that is cut short is an error", cutBodiesAreErrors},
	{"no answer is an error", noAnswerIsAnError},
	{"a body goes to no second host", bodiesGoToNoSecondHost},
	{"a redirect that was followed can be seen", redirectsCanBeSeen},
	{"a context ends the request", aContextEndsTheRequest},
	{"a context ends the reading", aContextEndsTheReading},
	{"with a context that has ended nothing is sent", endedContextsSendNothing},
	{"many callers get their own answers", callersGetTheirOwnAnswers},
	{"a server that is not trusted is refused", strangersAreRefused},
}

// serve starts a server that ends with the test.
func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that clients break off are part of the suite
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

func rootsOf(server *httptest.Server) *x509.CertPool {
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return roots
}

// arrival is a request as a server has read it.
type arrival struct {
	method, uri string
	length      int64
	header      http.Header
	body        string
}

// visitors keeps what has arrived at a server.
type visitors struct {
	mu  sync.Mutex // guards all
	all []arrival
}

func (v *visitors) note(r *http.Request) {
	body, _ := io.ReadAll(r.Body) // what has arrived counts
	v.mu.Lock()
	defer v.mu.Unlock()
	v.all = append(v.all, arrival{r.Method, r.URL.RequestURI(), r.ContentLength, r.Header, string(body)})
}

func (v *visitors) seen() []arrival {
	v.mu.Lock()
	defer v.mu.Unlock()
	return append([]arrival(nil), v.all...)
}

const form = "grant_type=client_credentials&client_secret=of+the+test"

// post returns a request as the application sends it: credentials in the body, and
// no means to read them twice.
func post(ctx context.Context, url, body string) *http.Request {
	req := request(ctx, http.MethodPost, url, strings.NewReader(body))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.GetBody = nil
	return req
}

func get(ctx context.Context, url string) *http.Request {
	return request(ctx, http.MethodGet, url, http.NoBody)
}

func request(ctx context.Context, method, url string, body io.Reader) *http.Request {
	req, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		panic(err) // the suite makes the URL itself
	}
	return req
}

// statusOf is the status that a request asks for in its path.
func statusOf(r *http.Request) int {
	status, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
	if err != nil {
		return http.StatusNotFound
	}
	return status
}

// answer is what came back, read to its end.
type answer struct {
	status  int
	header  http.Header
	body    string
	request *http.Request // Response.Request
}

// exchange sends a request and reads the answer.
func exchange(client ports.HTTPClient, req *http.Request) (answer, error) {
	resp, err := client.Do(req)
	if err != nil {
		if resp != nil && resp.Body != nil {
			_ = resp.Body.Close()
		}
		return answer{}, err
	}
	if resp == nil || resp.Body == nil {
		return answer{}, errors.New("neither an answer with a body nor an error")
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(body), resp.Request}, err
}

// isTo says whether the answer is to req itself. A client may leave
// Response.Request empty, unless it has followed a redirect.
func (a answer) isTo(req *http.Request) bool {
	got := a.request
	return got == nil || got.Response == nil && got.URL != nil &&
		got.Method == req.Method && got.URL.String() == req.URL.String()
}
