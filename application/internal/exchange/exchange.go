package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

const (
	maxBody      = 1 << 20
	maxRedirects = 3
)

// Client sends requests under the rules of this package.
type Client struct {
	http    ports.HTTPClient
	measure func(context.Context) (done func())
}

// Measure has begin called with the context of each request, and what it returns when
// the answer has been read. Call it before the first request.
func (c *Client) Measure(begin func(context.Context) (done func())) { c.measure = begin }

// Answer is a response whose body was read.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// New returns a client over c. An *http.Client is copied without its redirect
// policy and cookie jar: credentials are not for either.
func New(c ports.HTTPClient) *Client {
	if std, ok := c.(*http.Client); ok {
		hardened := *std
		hardened.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		hardened.Jar = nil
		c = &hardened
	}
	return &Client{http: c}
}

// Get fetches a public document. It follows up to three redirects that stay on
// the same https host.
func (c *Client) Get(ctx context.Context, operation, address string, header http.Header) (Answer, error) {
	for range maxRedirects + 1 {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return Answer{}, fmt.Errorf("%s: %w", operation, withoutURL(err))
		}
		for name, values := range header {
			req.Header[name] = values
		}
		answer, err := c.Do(operation, req)
		next := sameHostTarget(req, answer)
		if err != nil || next == "" {
			return answer, err
		}
		address = next
	}
	return Answer{}, &domain.ResponseError{
		Operation: operation, Status: http.StatusFound, Problem: "redirects too often", Err: domain.ErrRedirectRefused,
	}
}

// sameHostTarget returns where a redirect of a GET leads, if it may be followed.
func sameHostTarget(req *http.Request, a Answer) string {
	location := a.Header.Get("Location")
	if a.Status < 300 || a.Status > 399 || location == "" { // a 304 leads nowhere
		return ""
	}
	target, err := req.URL.Parse(location)
	if err != nil || target.Scheme != "https" || target.Host != req.URL.Host || target.User != nil {
		return ""
	}
	return target.String()
}

// Do sends req once and reads the answer, redirects included: it follows none.
func (c *Client) Do(operation string, req *http.Request) (Answer, error) {
	if c.measure != nil {
		defer c.measure(req.Context())()
	}
	req.GetBody = nil // without it no http.Client can send the body to a second place
	resp, err := c.http.Do(req)
	if err != nil {
		if resp != nil && resp.Body != nil {
			_ = resp.Body.Close()
		}
		return Answer{}, unanswered(operation, req, "", err)
	}
	if resp == nil || resp.Body == nil {
		return Answer{}, &domain.TransportError{Operation: operation, Host: req.URL.Host, Err: errors.New("the HTTP client returned neither an answer nor an error")}
	}
	defer func() { _ = resp.Body.Close() }()

	refuse := func(problem string, err error) (Answer, error) {
		return Answer{}, &domain.ResponseError{Operation: operation, Host: req.URL.Host, Status: resp.StatusCode, Problem: problem, Err: err}
	}
	if wasRedirected(req, resp) {
		return refuse("answers a request that was redirected", domain.ErrRedirectRefused)
	}
	if enc := resp.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return refuse("has an unknown content encoding", nil)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	switch {
	case err != nil:
		return Answer{}, unanswered(operation, req, "reading the answer: ", err)
	case len(body) > maxBody:
		return refuse("is larger than 1 MiB", nil)
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: body}, nil
}

// unanswered is the error of a request without an answer. A caller who gave up is told
// just that: it says nothing of the server.
func unanswered(operation string, req *http.Request, while string, err error) error {
	if errors.Is(req.Context().Err(), context.Canceled) {
		return fmt.Errorf("%s: %s%w", operation, while, context.Canceled)
	}
	err = withoutQuotes(cause(req.Context(), err))
	if while != "" {
		err = fmt.Errorf("%s%w", while, err)
	}
	return &domain.TransportError{Operation: operation, Host: req.URL.Host, Err: err}
}

// wasRedirected reports whether the client answered another request than the one
// it was given. A client that leaves Response.Request empty is believed.
func wasRedirected(sent *http.Request, resp *http.Response) bool {
	got := resp.Request
	if got == nil || got == sent {
		return false
	}
	return got.Response != nil || got.Method != sent.Method || got.URL == nil || got.URL.String() != sent.URL.String()
}

// cause returns what went wrong without the URL that *url.Error prints, which may
// have a query. A context that ended is the cause whatever else is said.
func cause(ctx context.Context, err error) error {
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		return ended
	}
	return withoutURL(err)
}

func withoutURL(err error) error {
	var u *url.Error
	for errors.As(err, &u) { // a client over a client wraps it twice
		err = u.Err
	}
	return err
}
