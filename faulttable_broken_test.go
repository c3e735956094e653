package keyport_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/seed57855a68/keyport"
)

// A whole answer, in the parts in which it may break.
const (
	wholeHead = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
	halfHead  = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
)

var wholeAnswer = fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", len(goodAnswer)) + goodAnswer

var (
	bodyBegins   = strings.Index(wholeAnswer, "\r\n\r\n") + 4
	chunkedWhole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + fmt.Sprintf("%x\r\n", len(goodAnswer)) + goodAnswer + "\r\n0\r\n\r\n"
	chunksBegin  = strings.Index(chunkedWhole, "\r\n\r\n") + 4
)

var brokenFaults = []fault{
	{what: "cut off before the first byte of the answer", set: cut(wholeAnswer, 0), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "cut off at each byte of status line and header", set: cut(wholeAnswer, 1), cuts: bodyBegins - 1, get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "cut off at each byte of the body", set: cut(wholeAnswer, bodyBegins), cuts: len(goodAnswer), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "cut off at each byte of a chunked body", set: cut(chunkedWhole, chunksBegin), cuts: len(chunkedWhole) - chunksBegin, get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "reset before the first byte of the answer", set: both(cut(wholeAnswer, 0), resets), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "reset at each byte of status line and header", set: both(cut(wholeAnswer, 1), resets), cuts: bodyBegins - 1, get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "reset at each byte of the body", set: both(cut(wholeAnswer, bodyBegins), resets), cuts: len(goodAnswer), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "closed in order at each byte of the body", set: raw(func(w *wire, conn *tls.Conn) {
		_, _ = io.WriteString(conn, wholeAnswer[:bodyBegins+w.cut])
		_ = conn.Close()
	}), cuts: len(goodAnswer), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "no answer", set: func(w *wire) {
		w.answer = func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	}, get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1, took: 30 * time.Second},
	{what: "a header that comes a byte a second", set: slowly("", wholeHead), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1, took: 30 * time.Second},
	{what: "a header that stops half-way", set: stops(halfHead), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1, took: 30 * time.Second},
	{what: "a body that comes a byte a second", set: slowly(wholeHead, goodAnswer), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1, took: 30 * time.Second},
	{what: "a body that stops half-way", set: stops(wholeHead + goodAnswer[:20]), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1, took: 30 * time.Second},
	{what: "a header of 100 KiB", set: over("http/1.1", answers(http.StatusOK, goodAnswer, "X-Long", strings.Repeat("x", 100<<10))), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "what is not HTTP", set: says("220 mail.example ESMTP "+faultToken, ""), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "two lengths", set: says("HTTP/1.1 200 OK", "Content-Length: 5", "Content-Length: 6", "", goodAnswer), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
}

// cut is a server that hangs up without notice, a byte further each time.
func cut(text string, from int) func(*wire) {
	return raw(func(w *wire, conn *tls.Conn) { _, _ = io.WriteString(conn, text[:from+w.cut]) })
}

// stops is a server that says something, and then nothing.
func stops(text string) func(*wire) {
	return raw(func(_ *wire, conn *tls.Conn) {
		_, _ = io.WriteString(conn, text)
		_, _ = io.Copy(io.Discard, conn)
	})
}

// The frames of HTTP/2 (RFC 9113 §6) that the servers below need, and their codes (§7).
const (
	frameData, frameHeaders, frameReset, frameSettings, frameGoAway = 0, 1, 3, 4, 7

	endStream, endHeaders = 1, 4

	codeNone, codeInternal, codeRefused, codeCalm = 0, 2, 7, 11
)

var http2Faults = []fault{
	{what: "RST_STREAM, INTERNAL_ERROR", set: streams(func(conn net.Conn, stream uint32, _ int32) {
		writeFrame(conn, frameReset, 0, stream, number(codeInternal))
	}), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "RST_STREAM in the body", set: over("h2", func(w *wire) {
		w.answer = func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(rw, goodAnswer)
			_ = http.NewResponseController(rw).Flush()
			panic(http.ErrAbortHandler)
		}
	}), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "RST_STREAM, REFUSED_STREAM, once", set: streams(func(conn net.Conn, stream uint32, n int32) {
		if n == 1 {
			writeFrame(conn, frameReset, 0, stream, number(codeRefused))
			return
		}
		answerStream(conn, stream)
	}), get: aToken, connections: 1, sent: 2},
	{what: "RST_STREAM, REFUSED_STREAM, always", set: streams(func(conn net.Conn, stream uint32, _ int32) {
		writeFrame(conn, frameReset, 0, stream, number(codeRefused))
	}), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 6, took: 30 * time.Second},
	{what: "GOAWAY before the request was looked at, once", set: streams(func(conn net.Conn, stream uint32, n int32) {
		if n == 1 {
			writeFrame(conn, frameGoAway, 0, 0, number(0)+number(codeNone))
			return
		}
		answerStream(conn, stream)
	}), get: aToken, connections: 2, sent: 2},
	{what: "GOAWAY, ENHANCE_YOUR_CALM, while it was worked on", set: streams(func(conn net.Conn, stream uint32, _ int32) {
		writeFrame(conn, frameGoAway, 0, 0, number(stream)+number(codeCalm)+faultToken)
		_ = conn.Close()
	}), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "a connection that died silently", set: streams(func(net.Conn, uint32, int32) {}), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1, took: 15 * time.Second},
	{what: "a header of 100 KiB", set: over("h2", answers(http.StatusOK, goodAnswer, "X-Long", strings.Repeat("x", 100<<10))), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "103 without an end", set: over("h2", endless103), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
	{what: "frames that make no sense", set: streams(func(conn net.Conn, stream uint32, _ int32) {
		writeFrame(conn, frameHeaders, endHeaders, stream, "\xff\xff\xff\xff\xff\xff")
	}), get: noAnswer, is: keyport.ErrUnavailable, connections: 1, sent: 1},
}

// streams is a server that speaks just enough HTTP/2 to answer the nth request, of all
// its connections.
func streams(answer func(conn net.Conn, stream uint32, n int32)) func(*wire) {
	return func(w *wire) {
		w.protocol = "h2"
		w.frames = func(w *wire, conn net.Conn) {
			if _, err := io.ReadFull(conn, make([]byte, len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))); err != nil {
				return
			}
			defer context.AfterFunc(w.end, func() { _ = conn.Close() })()
			writeFrame(conn, frameSettings, 0, 0, "")
			asked := false
			for header := make([]byte, 9); ; {
				if _, err := io.ReadFull(conn, header); err != nil {
					return
				}
				if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(append([]byte{0}, header[:3]...)))); err != nil {
					return
				}
				if header[3] == frameData && header[4]&endStream != 0 {
					if !asked {
						asked = true
						w.connections.Add(1)
					}
					answer(conn, binary.BigEndian.Uint32(header[5:]), w.sent.Add(1))
				}
			}
		}
	}
}

func answerStream(conn net.Conn, stream uint32) {
	writeFrame(conn, frameHeaders, endHeaders, stream, "\x88") // :status 200
	writeFrame(conn, frameData, endStream, stream, goodAnswer)
}

func writeFrame(w io.Writer, kind, flags byte, stream uint32, payload string) {
	header := binary.BigEndian.AppendUint32(nil, uint32(len(payload)))[1:]
	header = append(header, kind, flags)
	_, _ = w.Write(append(binary.BigEndian.AppendUint32(header, stream), payload...))
}

func number(n uint32) string { return string(binary.BigEndian.AppendUint32(nil, n)) }
