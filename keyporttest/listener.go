package keyporttest

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Listener serves an [Authority] over HTTPS on the loopback interface.
type Listener struct {
	// URL is the base of its authorities, such as "https://127.0.0.1:41234"; add
	// "/<tenant>", "/adfs", or nothing for the OpenID Connect issuer.
	URL string

	pool   *x509.CertPool
	server *http.Server
}

// Listen serves the authority on a free port, until Close. The address is known to
// it as an OpenID Connect issuer, and instance discovery vouches for it.
func (a *Authority) Listen() (*Listener, error) {
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ca, certificate := newServerCertificate()
	l := &Listener{URL: "https://" + socket.Addr().String(), pool: x509.NewCertPool()}
	l.pool.AddCert(ca.Leaf)
	a.AddHost(socket.Addr().String())
	a.AddIssuer(l.URL)
	l.server = &http.Server{
		Handler: a, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
			Certificates: []tls.Certificate{{Certificate: [][]byte{certificate.Leaf.Raw}, PrivateKey: certificate.Signer}},
		},
	}
	go func() { _ = l.server.ServeTLS(socket, "", "") }()
	return l, nil
}

// CertPool returns the throw-away CA: give it to the client as its root.
func (l *Listener) CertPool() *x509.CertPool { return l.pool }

// Client returns a plain HTTP client that trusts the throw-away CA.
func (l *Listener) Client() *http.Client {
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: l.pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
	}}
}

// Close stops serving and closes the connections.
func (l *Listener) Close() error { return l.server.Close() }
