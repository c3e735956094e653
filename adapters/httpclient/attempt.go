package httpclient

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"sync/atomic"
)

// attempts is the transport below retryablehttp. It sends a request once and finds
// out how far it got.
//
// It has no CloseIdleConnections on purpose: retryablehttp calls that after every
// failure, so one cancelled request would cost all others their connections.
type attempts struct{ next http.RoundTripper }

// attempt observes one sending of a request.
type attempt struct {
	asked atomic.Bool // the transport looked for a connection
	got   atomic.Bool // it had one: bytes may have been written
	proxy string      // host of the proxy, when one was chosen
}

type attemptKey struct{}

// RoundTrip implements [http.RoundTripper].
func (t attempts) RoundTrip(req *http.Request) (*http.Response, error) {
	a := &attempt{}
	ctx := context.WithValue(req.Context(), attemptKey{}, a)
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { a.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { a.got.Store(true) },
	})
	resp, err := t.next.RoundTrip(req.WithContext(ctx))
	switch {
	case err != nil:
		return nil, a.failure(err)
	case resp != nil && resp.StatusCode == http.StatusProxyAuthRequired && a.proxy != "":
		_ = resp.Body.Close()
		return nil, a.failure(&ProxyError{Proxy: a.proxy, Status: resp.StatusCode})
	case resp != nil:
		dropBrokenLocation(resp)
	}
	return resp, err
}

// dropBrokenLocation lets an answer with a Location that is no URL through:
// http.Client would fail and quote it before it asks CheckRedirect.
func dropBrokenLocation(resp *http.Response) {
	if _, err := resp.Location(); err != nil {
		resp.Header.Del("Location")
	}
}

// failure is an error together with how far the request got.
type failure struct {
	err error
	// unsent is true when certainly no byte of the request was written: the transport
	// asked for a connection and never had one. A transport that does not report to
	// httptrace gives no such certainty.
	unsent bool
	sent   bool
}

func (a *attempt) failure(err error) error {
	f := &failure{err: err, sent: a.got.Load()}
	f.unsent = a.asked.Load() && !f.sent
	var known *ProxyError
	if a.proxy != "" && f.unsent && !errors.As(err, &known) {
		f.err = &ProxyError{Proxy: a.proxy, Err: err}
	}
	return f
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// repeatable reports whether a request may be sent again after err, and whether
// there is a point in it.
func repeatable(method string, err error) bool {
	var f *failure
	if !errors.As(err, &f) {
		return false
	}
	var proxy *ProxyError
	switch {
	case errors.As(err, &proxy) && proxy.Status != 0:
		return proxy.temporary()
	case f.unsent: // f.err, not err: a url.Error around it answers for it, and knows less
		return transient(f.err)
	case idempotent(method):
		return f.sent || transient(f.err)
	}
	return false
}

func idempotent(method string) bool {
	return method == "" || method == http.MethodGet || method == http.MethodHead
}

// transient tells failures of the network from those that a repetition cannot mend,
// such as a certificate. What it does not know is not transient.
func transient(err error) bool {
	var (
		system  *os.SyscallError // refused, reset, unreachable
		dns     *net.DNSError
		timeout net.Error
	)
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.As(err, &system) || errors.As(err, &dns) ||
		(errors.As(err, &timeout) && timeout.Timeout())
}
