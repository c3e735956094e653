package exchange_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/domain"
)

const (
	operation = "token endpoint"
	address   = "https://login.example.com/tenant/token"
	canary    = "canary-5b0c"
)

// client is an HTTP client made of one function.
type client func(*http.Request) (*http.Response, error)

// Do implements ports.HTTPClient.
func (c client) Do(r *http.Request) (*http.Response, error) { return c(r) }

// response answers r.
func response(r *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

// moved answers r with a redirect.
func moved(r *http.Request, status int, location string) *http.Response {
	resp := response(r, status, "moved")
	resp.Header.Set("Location", location)
	return resp
}

// newPost is a request with credentials wherever one may put them.
func newPost(t *testing.T, to string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to+"?code="+canary, strings.NewReader("client_secret="+canary))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Basic "+canary)
	return req
}

// refused expects a ResponseError and returns it.
func refused(t *testing.T, err error) *domain.ResponseError {
	t.Helper()
	var bad *domain.ResponseError
	if !errors.As(err, &bad) {
		t.Fatalf("got %v, want a ResponseError", err)
	}
	checkClean(t, err)
	return bad
}

// unanswered expects a TransportError and returns it.
func unanswered(t *testing.T, err error) *domain.TransportError {
	t.Helper()
	var none *domain.TransportError
	if !errors.As(err, &none) {
		t.Fatalf("got %v, want a TransportError", err)
	}
	if none.Operation != operation || !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("error names %q and is ErrUnavailable: %t", none.Operation, errors.Is(err, domain.ErrUnavailable))
	}
	checkClean(t, err)
	return none
}

func checkClean(t *testing.T, err error) {
	t.Helper()
	for cause := err; cause != nil; cause = errors.Unwrap(cause) {
		if strings.Contains(cause.Error(), canary) {
			t.Errorf("error shows what was sent or received: %v", cause)
		}
	}
}

// body counts how often it is closed and how much of it is read.
type body struct {
	io.Reader
	read, closed int
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.read += n
	return n, err
}

// Close implements [io.Closer].
func (b *body) Close() error { b.closed++; return nil }
