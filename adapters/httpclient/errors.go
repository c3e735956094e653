package httpclient

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// ProxyError says that a request failed at the proxy, or on the way through it, and
// not at the server. It holds no credentials.
type ProxyError struct {
	Proxy  string // host and port of the proxy
	Status int    // HTTP status with which the proxy refused, such as 407; zero if it did not answer
	Err    error  // the cause, when there is no status
}

// Error implements error.
func (e *ProxyError) Error() string {
	if e.Status == 0 {
		return "through proxy " + e.Proxy + ": " + e.Err.Error()
	}
	text := "proxy " + e.Proxy + " refused: HTTP " + strconv.Itoa(e.Status) + " " + http.StatusText(e.Status)
	if e.Status == http.StatusProxyAuthRequired {
		text += "; put the user name and password for the proxy into its URL"
	}
	return text
}

// Unwrap returns the cause.
func (e *ProxyError) Unwrap() error { return e.Err }

func (e *ProxyError) temporary() bool {
	switch e.Status {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// publicError makes an error that may be logged: http.Client's has the whole URL,
// and causes may quote a server at length.
func (c *Client) publicError(limited context.Context, req *http.Request, err error) error {
	op := req.Method
	var outer *url.Error
	if errors.As(err, &outer) {
		op, err = outer.Op, outer.Err
	}
	public := &cause{text: bounded(err.Error()) + hint(err), err: err}
	switch ended := req.Context().Err(); {
	case ended != nil && !errors.Is(err, ended):
		public.err = errors.Join(ended, err) // net/http reports the context's own cause instead
	case ended == nil && limited.Err() != nil:
		public.text = fmt.Sprintf("no answer within %v (Options.Timeout): %s", c.timeout, public.text)
	}
	return &url.Error{Op: op, URL: publicURL(req.URL), Err: public}
}

// publicURL is scheme, host and path.
func publicURL(u *url.URL) string {
	if u == nil {
		return ""
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}).String()
}

// hint is the remedy for the failure that companies with their own authority meet first.
func hint(err error) string {
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) {
		return ""
	}
	return "; if a private authority or a TLS-inspecting proxy issued it, pass that authority in Options.RootCAs"
}

// maxErrorText bounds what a peer can write into a log: net/http quotes the lines
// that it cannot parse, which may have 64 KiB.
const maxErrorText = 512

func bounded(text string) string {
	if len(text) <= maxErrorText {
		return text
	}
	return strings.ToValidUTF8(text[:maxErrorText], "") + "…"
}

// cause is an error with a text that may be logged.
type cause struct {
	text string
	err  error
}

func (c *cause) Error() string { return c.text }
func (c *cause) Unwrap() error { return c.err }

// Timeout makes [url.Error.Timeout] tell the truth: it asks its direct cause only.
func (c *cause) Timeout() bool {
	var timeout net.Error
	return errors.As(c.err, &timeout) && timeout.Timeout()
}
