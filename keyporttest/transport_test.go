package keyporttest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// bodyOfRequest tells whether it was closed, and fails when told to.
type bodyOfRequest struct {
	io.Reader
	closed bool
}

func (b *bodyOfRequest) Close() error { b.closed = true; return nil }

// http.RoundTripper: "RoundTrip must always close the body, including on errors".
func TestTheBodyOfARequestIsClosed(t *testing.T) {
	a, _ := newAuthority(t, nil)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	trouble := errors.New("disk on fire")
	for _, row := range []struct {
		name string
		ctx  context.Context
		url  string
		body io.Reader
		want error
	}{
		{"answered", t.Context(), tokenURL, strings.NewReader("a=b"), nil},
		{"cancelled", ended, tokenURL, strings.NewReader("a=b"), context.Canceled},
		{"not readable", t.Context(), tokenURL, readerFunc(func([]byte) (int, error) { return 0, trouble }), trouble},
	} {
		body := &bodyOfRequest{Reader: row.body}
		r, err := http.NewRequestWithContext(row.ctx, http.MethodPost, row.url, body)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := a.RoundTripper().RoundTrip(r)
		if err == nil {
			defer resp.Body.Close()
		}
		if !errors.Is(err, row.want) || !body.closed {
			t.Errorf("%s: %v, closed is %v", row.name, err, body.closed)
		}
	}
	r, err := http.NewRequestWithContext(ended, http.MethodGet, tokenURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.RoundTripper().RoundTrip(r); !errors.Is(err, context.Canceled) {
		t.Errorf("without a body: %v", err)
	}
}

func TestAnAnswerEndsWithItsRequestAndWhenClosed(t *testing.T) {
	a, _ := newAuthority(t, nil)
	a.Script(keyporttest.Rule{Body: "long"})
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, tokenURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := a.RoundTripper().RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	one := make([]byte, 1)
	if _, err := resp.Body.Read(one); err != nil || one[0] != 'l' {
		t.Errorf("first byte %q, %v", one, err)
	}
	cancel()
	if _, err := resp.Body.Read(one); !errors.Is(err, context.Canceled) {
		t.Errorf("after the request was cancelled: %v", err)
	}
	_ = resp.Body.Close()
	if _, err := resp.Body.Read(one); !errors.Is(err, http.ErrBodyReadAfterClose) {
		t.Errorf("after Close: %v", err)
	}
	if resp.Request != r || resp.Status != "200 OK" || resp.Proto != "HTTP/1.1" {
		t.Errorf("status %q, protocol %q, or another request", resp.Status, resp.Proto)
	}
}
