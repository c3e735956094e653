package httpclient

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

// Proxy chooses the proxy for a request; nil for a direct connection. It has the
// form of [http.Transport]'s Proxy field.
type Proxy = func(*http.Request) (*url.URL, error)

// Options configures a [Client]. The zero value is a good choice.
type Options struct {
	// Timeout limits the whole request: connecting, retries and the waits between
	// them, and reading the body. When zero, 30 s. A shorter deadline of the request's
	// context wins.
	Timeout time.Duration
	// ConnectTimeout limits name resolution and connecting. When zero, 10 s.
	ConnectTimeout time.Duration
	// TLSHandshakeTimeout limits the TLS handshake. When zero, 10 s.
	TLSHandshakeTimeout time.Duration
	// ResponseHeaderTimeout limits the wait between the end of the request and the
	// header of the answer. When zero, Timeout alone limits it.
	ResponseHeaderTimeout time.Duration

	// MaxRetries is how often a request is repeated, if it may be repeated at all (see
	// the package comment). When zero, once; when negative, never.
	MaxRetries int
	// RetryWaitMin is the first step of the back-off. The first retry waits a random
	// time up to it, every further retry up to twice the step before. When zero, 500 ms.
	RetryWaitMin time.Duration
	// RetryWaitMax is where the steps stop growing. When zero, 5 s, or RetryWaitMin if
	// that is more.
	RetryWaitMax time.Duration
	// MaxRetryAfter is the longest Retry-After that is waited for; an answer that asks
	// for more is returned at once. When zero, 5 s; when negative, none is waited for.
	MaxRetryAfter time.Duration

	// RootCAs are the only authorities that may vouch for a server. When nil,
	// RootCAFile; when that is empty too, the authorities of the system.
	RootCAs *x509.CertPool
	// RootCAFile names a file of PEM certificates to use as RootCAs. It is read once, by [New].
	RootCAFile string
	// InsecureSkipVerify accepts any server certificate. Whoever can reach the network
	// path then reads every secret that is sent: for tests only. Use RootCAs instead.
	InsecureSkipVerify bool
	// ClientCertificates are presented to servers that ask for one. When empty, none.
	// For a certificate that belongs to one credential, the library uses [Client.ForTLS].
	ClientCertificates []tls.Certificate

	// Proxy chooses the proxy; [ProxyURL] and [NoProxy] make one. When nil, the
	// environment does: HTTPS_PROXY, HTTP_PROXY, NO_PROXY. Loopback and link-local
	// addresses are never proxied.
	Proxy Proxy

	// DialContext opens the connections to servers and proxies: for a resolver of your
	// own, one network interface, or a network inside a test. ConnectTimeout limits it.
	// When nil, a [net.Dialer] does.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)

	// MaxIdleConnsPerHost is how many unused connections to one host are kept. When zero, 64.
	MaxIdleConnsPerHost int

	// Clock tells the time for Retry-After and waits between retries. When nil, real
	// time. The time limits above always run on real time.
	Clock ports.Clock

	// Transport sends the requests instead of a transport of this package, for tests,
	// tracing and special networks. It then decides about TLS, proxies and connections:
	// the fields that would are refused beside it, and [Client.ForTLS] fails. When nil,
	// the package makes its own.
	Transport http.RoundTripper
}

// Format implements [fmt.Formatter]. It prints no field, because client
// certificates hold private keys.
func (Options) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "httpclient options") }

const (
	defaultTimeout             = 30 * time.Second
	defaultConnectTimeout      = 10 * time.Second
	defaultTLSHandshakeTimeout = 10 * time.Second
	defaultMaxRetries          = 1
	defaultShortestWait        = 500 * time.Millisecond
	defaultRetryWaitMax        = 5 * time.Second
	defaultMaxRetryAfter       = 5 * time.Second
	defaultIdleConnsPerHost    = 64
)

// withDefaults fills in what is zero. It expects checked options.
func (o Options) withDefaults() Options {
	setDefault(&o.Timeout, defaultTimeout)
	setDefault(&o.ConnectTimeout, defaultConnectTimeout)
	setDefault(&o.TLSHandshakeTimeout, defaultTLSHandshakeTimeout)
	setDefault(&o.MaxRetries, defaultMaxRetries)
	setDefault(&o.RetryWaitMin, defaultShortestWait)
	setDefault(&o.RetryWaitMax, max(defaultRetryWaitMax, o.RetryWaitMin))
	setDefault(&o.MaxRetryAfter, defaultMaxRetryAfter)
	setDefault(&o.MaxIdleConnsPerHost, defaultIdleConnsPerHost)
	if o.Proxy == nil {
		o.Proxy = environmentProxy
	}
	if o.Clock == nil {
		o.Clock = realTime{}
	}
	return o
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
