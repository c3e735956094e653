package portstest

import (
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func requestsArrive(t *testing.T, newClient newHTTPClient) {
	var guests visitors
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) { guests.note(r) })
	client := newClient(t, rootsOf(server))

	req := post(t.Context(), server.URL+"/a%2Fb/token?q=%C3%A9&q=2", form)
	req.Header.Set("Authorization", "Basic b2Y6dGhlIHRlc3Q=")
	req.Header.Set("client-request-id", "00000000-0000-0000-0000-000000000001")
	req.Header["X-Several"] = []string{"one", "two"}
	for i, sent := range []*http.Request{req, get(t.Context(), server.URL+"/metadata"), post(t.Context(), server.URL+"/empty", "")} {
		header := sent.Header.Clone()
		if _, err := exchange(client, sent); err != nil {
			t.Fatalf("%s %s: %v", sent.Method, sent.URL.Path, err)
		}
		seen := guests.seen()
		if len(seen) != i+1 {
			t.Fatalf("%s %s has arrived %d times", sent.Method, sent.URL.Path, len(seen)-i)
		}
		wantArrival(t, seen[i], sent, header)
	}
	if got := guests.seen()[0]; got.body != form || got.length != int64(len(form)) {
		t.Errorf("the body arrives as %q of length %d, want %q", got.body, got.length, form)
	}
}

func wantArrival(t *testing.T, got arrival, sent *http.Request, header http.Header) {
	t.Helper()
	if got.method != sent.Method || got.uri != sent.URL.RequestURI() {
		t.Errorf("%s %s arrives as %s %s", sent.Method, sent.URL.RequestURI(), got.method, got.uri)
	}
	for name, want := range header {
		if values := got.header.Values(name); !slices.Equal(values, want) {
			t.Errorf("the header %s arrives as %q, want %q", name, values, want)
		}
	}
}

// everyStatusIsAnAnswer: errors of servers are read by the application. Redirects
// have no Location here, so that nobody can follow them.
func everyStatusIsAnAnswer(t *testing.T, newClient newHTTPClient) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		status := statusOf(r)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Add("X-Several", "one")
		w.Header().Add("X-Several", "two")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, errorOf(status))
	})
	client := newClient(t, rootsOf(server))
	for _, status := range []int{200, 201, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 429, 500, 502, 503, 504} {
		req := post(t.Context(), fmt.Sprintf("%s/%d", server.URL, status), form)
		got, err := exchange(client, req)
		if err != nil {
			t.Errorf("status %d is returned as an error: %v", status, err)
			continue
		}
		if want := errorOf(status); got.status != status || got.body != want {
			t.Errorf("status %d with %s is returned as %d with %s", status, want, got.status, got.body)
		}
		if values := got.header.Values("X-Several"); !slices.Equal(values, []string{"one", "two"}) {
			t.Errorf("status %d: the header X-Several has the values %q", status, values)
		}
		if !got.isTo(req) {
			t.Errorf("status %d: Response.Request is not the request that was sent", status)
		}
	}
}

func errorOf(status int) string { return fmt.Sprintf(`{"error":"of status %d"}`, status) }

// buffering is how long the server keeps the second half of a body from a client whose
// Do returns when it has all of it.
const buffering = 2 * time.Second

// bodiesAreReadable reads as much as the application reads at most. The second half is
// sent when Do has returned, and another exchange has given everything that Do has left
// running the time to end: so clients that end a context of their own fail here.
func bodiesAreReadable(t *testing.T, newClient newHTTPClient) {
	half := strings.Repeat("0123456789abcdef", 1<<19/16)
	returned := make(chan struct{})
	tell := sync.OnceFunc(func() { close(returned) })
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/returned" {
			tell()
			return
		}
		_, _ = io.WriteString(w, half)
		_ = http.NewResponseController(w).Flush()
		select {
		case <-returned:
		case <-time.After(buffering):
		}
		_, _ = io.WriteString(w, half)
	})
	client := newClient(t, rootsOf(server))
	resp, err := client.Do(get(t.Context(), server.URL+"/body"))
	if err != nil {
		t.Fatalf("a body of two halves: %v", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := exchange(client, get(t.Context(), server.URL+"/returned")); err != nil {
		t.Errorf("a request while a body is read: %v", err)
	}
	tell()
	body, err := io.ReadAll(resp.Body)
	if want := half + half; err != nil || string(body) != want {
		t.Errorf("a body of %d bytes is read as %d bytes, equal: %v, error: %v", len(want), len(body), string(body) == want, err)
	}
}

func cutBodiesAreErrors(t *testing.T, newClient newHTTPClient) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"access_token":"cut sho`)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	})
	got, err := exchange(newClient(t, rootsOf(server)), post(t.Context(), server.URL, form))
	if err == nil {
		t.Errorf("a body that was cut short is read as %d bytes without an error", len(got.body))
	}
}

func noAnswerIsAnError(t *testing.T, newClient newHTTPClient) {
	server := serve(t, func(http.ResponseWriter, *http.Request) {})
	client := newClient(t, rootsOf(server))
	url := server.URL
	server.Close()
	if got, err := exchange(client, post(t.Context(), url, form)); err == nil {
		t.Errorf("a server that is not there answers with status %d", got.status)
	}
}

// strangersAreRefused: whoever answers in a server's place reads the credentials.
func strangersAreRefused(t *testing.T, newClient newHTTPClient) {
	var guests visitors
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) { guests.note(r) })
	if _, err := exchange(newClient(t, x509.NewCertPool()), post(t.Context(), server.URL, form)); err == nil {
		t.Error("a certificate of an unknown authority is accepted")
	}
	// The certificate is good for the address, not for this name of it.
	byName := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	if _, err := exchange(newClient(t, rootsOf(server)), post(t.Context(), byName, form)); err == nil {
		t.Error("a certificate of another name is accepted")
	}
	if n := len(guests.seen()); n > 0 {
		t.Errorf("%d requests have reached a server that is not trusted", n)
	}
}
