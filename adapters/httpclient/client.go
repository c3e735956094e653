package httpclient

import (
	"context"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/seed57855a68/keyport/ports"
)

var (
	_ ports.HTTPClient      = (*Client)(nil)
	_ ports.TLSConfigurer   = (*Client)(nil)
	_ retryablehttp.Backoff = noBackoff
)

// Client is a [ports.HTTPClient] and [ports.TLSConfigurer]. Make one with [New] and
// share it: it keeps connections and is safe for concurrent use.
type Client struct {
	retrying  *retryablehttp.Client
	transport http.RoundTripper
	timeout   time.Duration
	foreign   bool      // the transport is the caller's
	bindings  *bindings // nil when foreign
}

// New returns a client. It fails with a [*domain.ConfigError] that names the field,
// as in "Options.RootCAFile".
func New(o Options) (*Client, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	roots, err := o.rootCAs()
	if err != nil {
		return nil, err
	}
	o.RootCAs = roots
	o = o.withDefaults()
	if o.Transport != nil {
		return newClient(o, o.Transport), nil
	}
	c := newClient(o, newTransport(o, tlsConfig(o), proxyPolicy(o.Proxy)))
	c.bindings = newBindings(o)
	return c, nil
}

func newClient(o Options, transport http.RoundTripper) *Client {
	p := policy{
		clock:         o.Clock,
		waitMin:       o.RetryWaitMin,
		waitMax:       o.RetryWaitMax,
		maxRetryAfter: o.MaxRetryAfter,
	}
	return &Client{
		transport: transport,
		timeout:   o.Timeout,
		foreign:   o.Transport != nil,
		retrying: &retryablehttp.Client{
			HTTPClient: &http.Client{
				Transport:     attempts{transport},
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			},
			// Logger stays nil: the library would print URLs.
			RetryMax:     max(o.MaxRetries, 0),
			CheckRetry:   p.checkRetry,
			Backoff:      noBackoff,
			PrepareRetry: p.wait,
			// The default would drain the last answer and return "giving up" in its place.
			ErrorHandler: retryablehttp.PassthroughErrorHandler,
		},
	}
}

// noBackoff: retryablehttp waits on real time only; [policy.wait] waits instead.
func noBackoff(_, _ time.Duration, _ int, _ *http.Response) time.Duration { return 0 }

// Do sends a request and returns the answer, whatever its status. The caller closes
// the body. A request body is read into memory, so that it can be sent again; one of
// more than 1 MiB is a [*domain.ConfigError].
//
// Other errors are of type [*url.Error], with a URL that has no user info, query or
// fragment. A [*ProxyError] among their causes says that the proxy is at fault.
func (c *Client) Do(req *http.Request) (*http.Response, error) {
	body, err := readBody(req)
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithTimeout(req.Context(), c.timeout)
	sent, err := c.prepare(req.WithContext(withExchange(ctx, req.Method)), body)
	if err != nil {
		stop()
		return nil, err
	}
	resp, err := c.retrying.Do(sent)
	if err != nil {
		defer stop() // not before publicError has asked ctx what ended
		return nil, c.publicError(ctx, req, err)
	}
	resp.Body = &limitedBody{ReadCloser: resp.Body, limit: ctx.Err, stop: stop}
	// Callers compare Request with what they sent, to notice a redirect.
	if sameRequest(resp.Request, req) {
		resp.Request = req
	}
	return resp, nil
}

// prepare attaches the body to a copy of the request.
func (c *Client) prepare(req *http.Request, body []byte) (*retryablehttp.Request, error) {
	req.Body, req.GetBody, req.ContentLength = nil, nil, 0
	wrapped, err := retryablehttp.FromRequest(req)
	if err != nil || len(body) == 0 {
		return wrapped, err
	}
	// This sets GetBody too: net/http needs it where it repeats a request that was
	// certainly not processed.
	if err := wrapped.SetBody(body); err != nil {
		return nil, err
	}
	if c.foreign {
		// A caller's transport might follow redirects. Without GetBody it cannot take
		// the credentials along.
		wrapped.GetBody = nil
	}
	return wrapped, nil
}

// CloseIdleConnections closes the connections that are not in use, those of the
// clients that [Client.ForTLS] returned too.
func (c *Client) CloseIdleConnections() {
	closeIdle(c.transport)
	if c.bindings != nil {
		c.bindings.closeIdle()
	}
}

// closeIdle uses that http.Client finds the transport's method, if it has one.
func closeIdle(t http.RoundTripper) { (&http.Client{Transport: t}).CloseIdleConnections() }

// sameRequest reports whether an answer is to the request that was sent. Transports
// may copy requests, so the pointers can differ.
func sameRequest(got, want *http.Request) bool {
	return got == nil || (got.Method == want.Method && got.URL.String() == want.URL.String())
}
