package keyport_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/seed57855a68/keyport/adapters/httpclient"
	"github.com/seed57855a68/keyport/keyporttest"
)

const (
	faultyHost  = "login.microsoftonline.com"
	faultyProxy = "proxy.example:3128"
)

// Secrets of the table of faults: what the client sends, and what broken answers hold.
const (
	faultSecret   = "client-secret-of-the-fault-table"
	faultToken    = "access-token-in-a-broken-answer"
	proxyPassword = "password-for-the-faulty-proxy"
)

func init() {
	keyporttest.Plant("client secret", faultSecret)
	keyporttest.Plant("token in a broken answer", faultToken)
	keyporttest.Plant("password of the proxy", proxyPassword)
}

const goodAnswer = `{"token_type":"Bearer","expires_in":3600,"access_token":"` + faultToken + `"}`

// wire is a network inside the process: one server, perhaps a proxy, and everything
// real above the socket: name resolution, TLS, HTTP/1.1 and HTTP/2. It runs on the fake
// time of a synctest bubble. A fault sets the fields; the zero value is a server that
// answers well.
type wire struct {
	options httpclient.Options                            // of the built-in client
	dial    func(context.Context) (net.Conn, error)       // how connecting fails
	tls     *tls.Config                                   // of a server with another certificate or version
	plain   func(net.Conn)                                // a server below TLS
	raw     func(w *wire, conn *tls.Conn)                 // a server below HTTP, when it has read a request; it closes by returning
	frames  func(w *wire, conn net.Conn)                  // a server below HTTP/2
	answer  http.HandlerFunc                              // a server
	proxy   func(w *wire, conn net.Conn, r *http.Request) // what it does with a CONNECT
	reset   bool                                          // what ends without notice ends with a TCP reset
	cut     int                                           // for faults that happen at each byte in turn

	protocol    string       // of the handler: "h2" or "http/1.1"
	connections atomic.Int32 // that were asked for; of frames those with a request, since after GOAWAY net/http at times asks for a spare one
	sent        atomic.Int32 // requests that arrived whole
	running     sync.WaitGroup
	end         context.Context
}

// connect is the network: the one place where it ends is the server, or its proxy.
func (w *wire) connect(ctx context.Context, _, address string) (net.Conn, error) {
	if w.frames == nil {
		w.connections.Add(1)
	}
	if w.dial != nil {
		return w.dial(ctx)
	}
	serve := w.serve
	switch {
	case address == faultyProxy && w.proxy != nil:
		serve = w.serveProxy
	case address != faultyHost+":443":
		return nil, errors.New("a connection to " + address)
	}
	near, far := newPipe(w.reset)
	w.running.Go(func() {
		defer func() { _ = far.Close() }()
		defer context.AfterFunc(w.end, func() { _ = far.Close() })()
		serve(far)
	})
	return near, nil
}

func (w *wire) serve(conn net.Conn) {
	if w.plain != nil {
		w.plain(conn)
		return
	}
	config := &tls.Config{Certificates: []tls.Certificate{faultPKI().good}, MinVersion: tls.VersionTLS12}
	if w.tls != nil {
		config = w.tls.Clone()
	}
	config.NextProtos = []string{w.protocol}
	secure := tls.Server(conn, config)
	if secure.HandshakeContext(w.end) != nil {
		return
	}
	switch {
	case w.frames != nil:
		w.frames(w, secure)
	case w.raw != nil:
		if readRequest(secure) == nil {
			w.sent.Add(1)
			w.raw(w, secure)
		}
	default:
		w.serveHTTP(secure)
	}
}

// readRequest reads a whole request.
func readRequest(conn net.Conn) error {
	r, err := http.ReadRequest(bufio.NewReader(conn))
	if err == nil {
		_, err = io.Copy(io.Discard, r.Body)
	}
	return err
}

// serveHTTP serves one connection.
func (w *wire) serveHTTP(conn *tls.Conn) {
	closed := make(chan struct{})
	server := &http.Server{ // no time-outs: the client shall have its own
		Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if _, err := io.Copy(io.Discard, r.Body); err == nil {
				w.sent.Add(1)
				w.answer(rw, r)
			}
		}),
		ErrorLog: log.New(io.Discard, "", 0),
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateClosed {
				close(closed)
			}
		},
	}
	_ = server.Serve(&oneConnection{conn: conn})
	<-closed
}

// oneConnection is a listener that accepts once.
type oneConnection struct{ conn net.Conn }

// Accept implements [net.Listener].
func (l *oneConnection) Accept() (net.Conn, error) {
	conn := l.conn
	if l.conn = nil; conn == nil {
		return nil, io.EOF
	}
	return conn, nil
}

// Close implements [net.Listener].
func (*oneConnection) Close() error { return nil }

// Addr implements [net.Listener].
func (*oneConnection) Addr() net.Addr { return &net.TCPAddr{} }

func (w *wire) serveProxy(conn net.Conn) {
	if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
		w.proxy(w, conn, r)
	}
}

// client is the built-in one.
func (w *wire) client(t *testing.T) *httpclient.Client {
	t.Helper()
	o := w.options
	o.DialContext = w.connect
	if o.RootCAs == nil {
		o.RootCAs = faultPKI().roots
	}
	if o.Proxy == nil {
		o.Proxy = httpclient.NoProxy()
	}
	client, err := httpclient.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return client
}
