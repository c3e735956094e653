package httpclient

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

const (
	maxResponseHeader = 64 << 10
	maxIdleConns      = 256
	idleTimeout       = 90 * time.Second // as net/http; below the 100 s and more of common load balancers
	keepAlive         = 30 * time.Second
	// An HTTP/2 connection that died silently (a laptop slept, a NAT forgot) takes
	// every request with it. A ping after this silence finds out before Timeout does.
	pingAfter   = 10 * time.Second
	pingTimeout = 5 * time.Second
)

// newTransport returns a transport with its own pool of connections.
func newTransport(o Options, config *tls.Config, proxy Proxy) *http.Transport {
	return &http.Transport{
		Proxy:                  proxy,
		OnProxyConnectResponse: proxyAnswered,
		DialContext:            dial(o),
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    o.TLSHandshakeTimeout,
		ResponseHeaderTimeout:  o.ResponseHeaderTimeout,
		ExpectContinueTimeout:  time.Second,
		ForceAttemptHTTP2:      true, // off by default beside a TLSClientConfig
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout},
		MaxIdleConns:           max(maxIdleConns, o.MaxIdleConnsPerHost),
		MaxIdleConnsPerHost:    o.MaxIdleConnsPerHost,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxResponseHeader,
	}
}

// dial returns what opens connections, within o.ConnectTimeout.
func dial(o Options) func(ctx context.Context, network, address string) (net.Conn, error) {
	if o.DialContext == nil {
		return (&net.Dialer{Timeout: o.ConnectTimeout, KeepAlive: keepAlive}).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, stop := context.WithTimeout(ctx, o.ConnectTimeout)
		defer stop()
		return o.DialContext(ctx, network, address)
	}
}

// tlsConfig is the configuration of connections without a binding. Sessions are not
// resumed: kept connections make it needless.
func tlsConfig(o Options) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		RootCAs:            o.RootCAs,
		Certificates:       o.ClientCertificates,
		InsecureSkipVerify: o.InsecureSkipVerify, //nolint:gosec // the caller's choice, documented as dangerous
	}
}
