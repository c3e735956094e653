package keyporttest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
)

// transport serves without a wire. It holds a function and not the authority, so that
// fmt, which looks into a client that holds it, finds none of the authority's secrets.
type transport struct{ serve func(*http.Request) answer }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if err := ctx.Err(); err != nil {
		if r.Body != nil {
			_ = r.Body.Close()
		}
		return nil, err
	}
	a := t.serve(r)
	if a.err != nil {
		return nil, a.err
	}
	return &http.Response{
		Status: strconv.Itoa(a.status) + " " + http.StatusText(a.status), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, Body: &body{ctx: ctx, from: a.body, declared: a.length >= 0, left: a.length},
		ContentLength: a.length, Request: r,
	}, nil
}

// body is an answer on its way, as a transport hands it out: it ends at the length
// that was declared, is torn when there is less, and stops with its request.
type body struct {
	ctx      context.Context // a body lives no longer than its request
	from     io.Reader
	declared bool
	left     int64 // of the declared length
	closed   atomic.Bool
}

// Read implements [io.Reader].
func (b *body) Read(p []byte) (int, error) {
	switch {
	case b.closed.Load():
		return 0, http.ErrBodyReadAfterClose
	case b.ctx.Err() != nil:
		return 0, b.ctx.Err()
	case !b.declared:
		return b.from.Read(p)
	case b.left == 0:
		return 0, io.EOF
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if errors.Is(err, io.EOF) && b.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Close implements [io.Closer].
func (b *body) Close() error {
	b.closed.Store(true)
	return nil
}

// ServeHTTP implements [http.Handler], for listeners. The host of the request
// stands for the authority's.
func (a *Authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	request, address := *r, *r.URL // copies: a handler does not modify its request
	address.Scheme, address.Host = "https", r.Host
	request.URL = &address
	answer := a.serve(&request)
	if answer.err != nil {
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	for name, values := range answer.header {
		w.Header()[name] = values
	}
	body := answer.body
	if answer.length >= 0 {
		w.Header().Set("Content-Length", strconv.FormatInt(answer.length, 10))
		body = io.LimitReader(body, answer.length) // a length that is too short ends it early
	}
	w.WriteHeader(answer.status)
	_, _ = io.Copy(w, body)
}
