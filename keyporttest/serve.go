package keyporttest

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// serve is the whole server: record, then a scripted answer or the real one.
func (a *Authority) serve(r *http.Request) answer {
	p := a.route(r)
	body, err := readBody(r)
	if err != nil {
		return answer{err: err}
	}
	form, _ := url.ParseQuery(string(body))
	a.record(r, p, form)
	if err := a.wait(r, p); err != nil {
		return answer{err: err}
	}
	if scripted, ok := a.scripted(r, p, form); ok {
		return scripted
	}
	switch p.endpoint {
	case EndpointInstanceDiscovery:
		return a.instanceDiscovery(r)
	case EndpointMetadata:
		return a.metadata(p)
	case EndpointKeys:
		return a.keys()
	case EndpointToken:
		return a.token(r, p, form)
	}
	return refuse(http.StatusNotFound, "not_found", 0, "there is nothing here")
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	defer func() { _ = r.Body.Close() }()
	return io.ReadAll(io.LimitReader(r.Body, 1<<20))
}

// transport serves without a wire.
type transport struct{ authority *Authority }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.URL.Scheme != "https" {
		return nil, fmt.Errorf("keyporttest: %s is not https", r.URL.Scheme)
	}
	a := t.authority.serve(r)
	if a.err != nil {
		return nil, a.err
	}
	body := a.body
	if body == nil {
		body = http.NoBody
	}
	if a.length >= 0 {
		body = &torn{Reader: body, missing: a.length}
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)), StatusCode: a.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: a.header, Body: io.NopCloser(body), ContentLength: a.length, Request: r,
	}, nil
}

// torn reports a body that ends before its length, as a transport does.
type torn struct {
	io.Reader
	missing int64
}

// Read implements [io.Reader].
func (t *torn) Read(p []byte) (int, error) {
	n, err := t.Reader.Read(p)
	t.missing -= int64(n)
	if errors.Is(err, io.EOF) && t.missing > 0 {
		return n, io.ErrUnexpectedEOF
	}
	return n, err
}

// ServeHTTP implements [http.Handler], for listeners. The host of the request
// stands for the authority's.
func (a *Authority) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.URL.Scheme, r.URL.Host = "https", r.Host
	answer := a.serve(r)
	if answer.err != nil {
		panic(http.ErrAbortHandler) // closes the connection without an answer
	}
	for name, values := range answer.header {
		w.Header()[name] = values
	}
	if answer.length >= 0 {
		w.Header().Set("Content-Length", fmt.Sprint(answer.length))
	}
	w.WriteHeader(answer.status)
	if answer.body != nil {
		_, _ = io.Copy(w, answer.body)
	}
}
