package httpclient_test

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/adapters/httpclient"
)

// The HTTP/2 frames (RFC 9113 §6) that the server below needs.
const (
	frameData      = 0
	frameHeaders   = 1
	frameReset     = 3
	frameSettings  = 4
	endStream      = 0x1
	endHeaders     = 0x4
	refusedStream  = 7
	http2Preface   = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
	status200HPACK = "\x88"
)

func writeFrame(w io.Writer, kind, flags byte, stream uint32, payload string) {
	header := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))[1:]
	header = append(header, kind, flags)
	header = binary.BigEndian.AppendUint32(header, stream)
	_, _ = w.Write(append(header, payload...))
}

// refuseFirst speaks just enough HTTP/2 to refuse the first stream after its body
// has arrived and to answer later ones with 200. It passes the bodies on.
func refuseFirst(conn net.Conn, bodies chan<- string) {
	if _, err := io.ReadFull(conn, make([]byte, len(http2Preface))); err != nil {
		return
	}
	writeFrame(conn, frameSettings, 0, 0, "")
	header := make([]byte, 9)
	for refused := false; ; {
		if _, err := io.ReadFull(conn, header); err != nil {
			return
		}
		payload := make([]byte, binary.BigEndian.Uint32(append([]byte{0}, header[:3]...)))
		if _, err := io.ReadFull(conn, payload); err != nil {
			return
		}
		stream := binary.BigEndian.Uint32(header[5:])
		if header[3] != frameData || header[4]&endStream == 0 {
			continue
		}
		bodies <- string(payload)
		if !refused {
			refused = true
			writeFrame(conn, frameReset, 0, stream, string(binary.BigEndian.AppendUint32(nil, refusedStream)))
		} else {
			writeFrame(conn, frameHeaders, endHeaders|endStream, stream, status200HPACK)
		}
	}
}

func TestPostIsSentAgainWhenHTTP2RefusesTheStream(t *testing.T) {
	certified, roots := newServer(t, func(http.ResponseWriter, *http.Request) {})
	config := &tls.Config{Certificates: certified.TLS.Certificates, NextProtos: []string{"h2"}, MinVersion: tls.VersionTLS12}
	bodies := make(chan string, 8)
	url, connections := rawServer(t, func(_ int32, conn net.Conn) {
		refuseFirst(tls.Server(conn, config), bodies)
	})
	c := newClient(t, httpclient.Options{RootCAs: roots, MaxRetries: -1}) // net/http does this, not the policy
	got := mustDo(t, c, newRequest(t, http.MethodPost, strings.Replace(url, "http:", "https:", 1), "code=1"))
	if got.Status != 200 || connections.Load() != 1 {
		t.Errorf("got %+v on %d connections, want 200 on 1", got, connections.Load())
	}
	if diff := cmp.Diff([]string{"code=1", "code=1"}, []string{<-bodies, <-bodies}); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

func TestGetSurvivesAnHTTP2ConnectionThatBreaks(t *testing.T) {
	for method, want := range map[string]int32{http.MethodGet: 2, http.MethodPost: 1} {
		var requests atomic.Int32
		server, roots := newServer(t, func(http.ResponseWriter, *http.Request) {
			if requests.Add(1) == 1 {
				panic(http.ErrAbortHandler) // RST_STREAM with INTERNAL_ERROR
			}
		})
		_, err := do(t, newClient(t, httpclient.Options{RootCAs: roots}), newRequest(t, method, server.URL, ""))
		if (err == nil) != (want == 2) || requests.Load() != want {
			t.Errorf("%s: got %v after %d requests, want %d", method, err, requests.Load(), want)
		}
	}
}
