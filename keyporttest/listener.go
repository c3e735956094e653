package keyporttest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// Listener serves an [Authority] over HTTPS on the loopback interface.
type Listener struct {
	// URL is the base of its authorities, such as "https://127.0.0.1:41234"; add
	// "/<tenant>", "/adfs", or nothing for the OpenID Connect issuer.
	URL string

	pool    *x509.CertPool
	server  *http.Server
	working sync.WaitGroup // the accept loop and the requests

	mu      sync.Mutex // guards clients
	clients []*http.Transport
}

// Listen serves the authority on a free port, until Close. The address is known to
// it as an OpenID Connect issuer, and instance discovery vouches for it.
func (a *Authority) Listen() (*Listener, error) {
	socket, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ca, certificate := newServerCertificate()
	l := &Listener{URL: "https://" + socket.Addr().String(), pool: x509.NewCertPool()}
	l.pool.AddCert(ca.Leaf)
	a.AddHost(socket.Addr().String())
	a.AddIssuer(l.URL)
	l.server = &http.Server{
		Handler: l.counted(a), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
		TLSConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
			Certificates: []tls.Certificate{{Certificate: [][]byte{certificate.Leaf.Raw}, PrivateKey: certificate.Signer}},
		},
	}
	l.working.Go(func() { _ = l.server.ServeTLS(socket, "", "") })
	return l, nil
}

// counted lets Close wait for requests.
func (l *Listener) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.working.Add(1)
		defer l.working.Done()
		h.ServeHTTP(w, r)
	})
}

// CertPool returns the throw-away CA: give it to the client as its root.
func (l *Listener) CertPool() *x509.CertPool { return l.pool }

// Client returns a plain HTTP client that trusts the throw-away CA. Close closes its
// connections.
func (l *Listener) Client() *http.Client {
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: l.pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true,
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clients = append(l.clients, transport)
	return &http.Client{Transport: transport}
}

// Close stops serving, closes the connections, and waits for the requests: those
// that wait for the clock or at a [Hold] end with their connection.
func (l *Listener) Close() error {
	err := l.server.Close()
	l.mu.Lock()
	for _, c := range l.clients {
		c.CloseIdleConnections()
	}
	l.mu.Unlock()
	l.working.Wait()
	return err
}
