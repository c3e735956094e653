package keyport_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/httpclient"
)

var connectionFaults = []fault{
	{what: "the host has no address (NXDOMAIN)", set: names(3), get: noAnswer, is: keyport.ErrUnavailable, connections: 2},
	{what: "the name server fails (SERVFAIL)", set: names(2), get: noAnswer, is: keyport.ErrUnavailable, connections: 2},
	{what: "the name server is silent", set: names(-1), get: noAnswer, is: keyport.ErrUnavailable, connections: 2, took: 20 * time.Second},
	{what: "the connection is refused", set: dialFails(syscall.ECONNREFUSED), get: noAnswer, is: keyport.ErrUnavailable, connections: 2},
	{what: "the network is unreachable", set: dialFails(syscall.ENETUNREACH), get: noAnswer, is: keyport.ErrUnavailable, connections: 2},
	{what: "connecting is not answered", set: func(w *wire) {
		w.dial = func(ctx context.Context) (net.Conn, error) {
			<-ctx.Done()
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
		}
	}, get: noAnswer, is: keyport.ErrUnavailable, connections: 2, took: 20 * time.Second},
}

// dialFails is what the system says of a connection.
func dialFails(err syscall.Errno) func(*wire) {
	return func(w *wire) {
		w.dial = func(context.Context) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", err)}
		}
	}
}

// The resolver of the standard library keeps one channel for all lookups. Made in one
// synctest bubble it could not serve another, so it is made here.
func init() {
	none := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, io.EOF }}
	_, _ = none.LookupHost(context.Background(), faultyHost+".")
}

// names is a name server that answers with a code (RFC 1035 §4.1.1), or not at all.
func names(code int) func(*wire) {
	return func(w *wire) {
		resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			near, far := net.Pipe()
			w.running.Go(func() {
				defer func() { _ = far.Close() }()
				defer context.AfterFunc(w.end, func() { _ = far.Close() })()
				answerName(far, code)
			})
			return near, nil
		}}
		w.dial = func(ctx context.Context) (net.Conn, error) {
			d := net.Dialer{Resolver: resolver}
			return d.DialContext(ctx, "tcp", faultyHost+".:443") // the dot keeps the machine's search list out
		}
	}
}

// answerName reads one query and returns it as its answer.
func answerName(conn net.Conn, code int) {
	var size [2]byte // of a message over a stream (RFC 1035 §4.2.2)
	if _, err := io.ReadFull(conn, size[:]); err != nil {
		return
	}
	message := make([]byte, binary.BigEndian.Uint16(size[:]))
	if _, err := io.ReadFull(conn, message); err != nil {
		return
	}
	if code < 0 {
		_, _ = io.Copy(io.Discard, conn) // until the client has enough
		return
	}
	message[2] |= 0x80             // an answer
	message[3] = 0x80 | byte(code) // recursion is there
	_, _ = conn.Write(append(size[:], message...))
}

var tlsFaults = []fault{
	{what: "the certificate has expired", set: shows(&tls.Config{Certificates: []tls.Certificate{faultPKI().expired}}), get: noAnswer, is: keyport.ErrUnavailable, connections: 1},
	{what: "the certificate is not valid yet", set: shows(&tls.Config{Certificates: []tls.Certificate{faultPKI().early}}), get: noAnswer, is: keyport.ErrUnavailable, connections: 1},
	{what: "the certificate is for another host", set: shows(&tls.Config{Certificates: []tls.Certificate{faultPKI().misnamed}}), get: noAnswer, is: keyport.ErrUnavailable, connections: 1},
	{what: "the certificate is of an unknown authority", set: shows(&tls.Config{Certificates: []tls.Certificate{faultPKI().unknown}}), get: noAnswer, is: keyport.ErrUnavailable, connections: 1},
	{what: "the server speaks TLS 1.1", set: shows(&tls.Config{
		Certificates: []tls.Certificate{faultPKI().good}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11,
	}), get: noAnswer, is: keyport.ErrUnavailable, connections: 1},
	{what: "the server wants a certificate of the client (TLS 1.2)", set: shows(&tls.Config{ // by TLS 1.3 it says so too late to be heard each time
		Certificates: []tls.Certificate{faultPKI().good}, MinVersion: tls.VersionTLS12, MaxVersion: tls.VersionTLS12, ClientAuth: tls.RequireAnyClientCert,
	}), get: noAnswer, is: keyport.ErrUnavailable, connections: 1},
	{what: "plain HTTP answers", set: below(func(conn net.Conn) {
		_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
	}), get: noAnswer, is: keyport.ErrUnavailable, connections: 1},
	{what: "the handshake is cut off", set: below(func(net.Conn) {}), get: noAnswer, is: keyport.ErrUnavailable, connections: 2},
	{what: "the handshake is reset", set: both(below(func(net.Conn) {}), resets), get: noAnswer, is: keyport.ErrUnavailable, connections: 2},
	{what: "the handshake is not answered", set: below(func(conn net.Conn) {
		_, _ = io.Copy(io.Discard, conn)
	}), get: noAnswer, is: keyport.ErrUnavailable, connections: 2, took: 20 * time.Second},
}

func shows(config *tls.Config) func(*wire) { return func(w *wire) { w.tls = config } }

func resets(w *wire) { w.reset = true }

func both(one, two func(*wire)) func(*wire) { return func(w *wire) { one(w); two(w) } }

// below is a server below TLS, that has seen a client hello.
func below(then func(net.Conn)) func(*wire) {
	return func(w *wire) {
		w.plain = func(conn net.Conn) {
			if _, err := conn.Read(make([]byte, 16<<10)); err == nil {
				then(conn)
			}
		}
	}
}

var proxyFaults = []fault{
	{what: "none: a proxy that works", set: proxied(tunnel), get: aToken, connections: 1, sent: 1},
	{what: "the proxy refuses the connection", set: both(proxied(tunnel), dialFails(syscall.ECONNREFUSED)), get: noAnswer, is: keyport.ErrUnavailable, connections: 2},
	{what: "407", set: proxySays("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"" + faultToken + "\"\r\nContent-Length: 0\r\n\r\n"), get: noAnswer, is: keyport.ErrUnavailable, connections: 1},
	{what: "403", set: proxySays("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\n" + faultToken[:4]), get: noAnswer, is: keyport.ErrUnavailable, connections: 1},
	{what: "502: the proxy does not reach the server", set: proxySays("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"), get: noAnswer, is: keyport.ErrUnavailable, connections: 2},
	{what: "a redirect to a sign-in page", set: proxySays("HTTP/1.1 302 Found\r\nLocation: http://hotel.example/?" + faultToken + "\r\nContent-Length: 0\r\n\r\n"), get: noAnswer, is: keyport.ErrUnavailable, connections: 1},
	{what: "garbage", set: proxySays("SSH-2.0-OpenSSH_9.9 " + faultToken + "\r\n"), get: noAnswer, is: keyport.ErrUnavailable, connections: 1},
	{what: "the proxy hangs up", set: proxySays(""), get: noAnswer, is: keyport.ErrUnavailable, connections: 2},
	{what: "the proxy is silent", set: proxied(func(w *wire, _ net.Conn, _ *http.Request) { <-w.end.Done() }), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, took: 30 * time.Second},
	{what: "the proxy connects, and hangs up", set: proxied(func(_ *wire, conn net.Conn, _ *http.Request) {
		_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n")
		_, _ = conn.Read(make([]byte, 1)) // of the handshake
	}), get: noAnswer, is: keyport.ErrUnavailable, connections: 2},
	{what: "the proxy opens what is encrypted, with an authority of its own", set: both(proxied(tunnel), shows(&tls.Config{Certificates: []tls.Certificate{faultPKI().unknown}})), get: noAnswer, is: keyport.ErrUnavailable, connections: 1},
}

// proxied sends all through a proxy.
func proxied(serve func(*wire, net.Conn, *http.Request)) func(*wire) {
	return func(w *wire) {
		w.proxy = serve
		choose, err := httpclient.ProxyURL("http://user:" + proxyPassword + "@" + faultyProxy)
		if err != nil {
			panic(err)
		}
		w.options.Proxy = choose
	}
}

// proxySays is a proxy that answers a CONNECT with some bytes, and hangs up.
func proxySays(text string) func(*wire) {
	return proxied(func(_ *wire, conn net.Conn, _ *http.Request) { _, _ = io.WriteString(conn, text) })
}

// tunnel is what a good proxy does.
func tunnel(w *wire, conn net.Conn, r *http.Request) {
	if r.Host != faultyHost+":443" || r.Header.Get("Proxy-Authorization") == "" {
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err == nil {
		w.serve(conn)
	}
}
