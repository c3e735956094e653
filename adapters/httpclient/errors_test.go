package httpclient_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/adapters/httpclient"
)

func TestErrorsShowNoSecrets(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	c := newClient(t, httpclient.Options{})
	for _, tt := range []struct{ url, want string }{
		{"http://user:" + secret + "@" + strings.TrimPrefix(closed.URL, "http://") + "/t/token?code=" + secret + "#" + secret, closed.URL + "/t/token"},
		{"ftp://idp.example/?code=" + secret, "ftp://idp.example/"},
		{"https:///path?code=" + secret, "https:///path"},
		{"http://idp.example/?code=" + secret, "http://idp.example/"}, // goes to the dead proxy of TestMain
	} {
		err := mustFail(t, c, newRequest(t, http.MethodPost, tt.url, "client_secret="+secret))
		var ue *url.Error
		if !errors.As(err, &ue) || ue.URL != tt.want {
			t.Errorf("got %v, want a url.Error for %q", err, tt.want)
		}
		if again := errors.Unwrap(err); strings.Contains(again.Error(), secret) {
			t.Errorf("the cause shows a secret: %v", again)
		}
	}
}

func TestPeerCannotFloodTheLog(t *testing.T) {
	c := newClient(t, httpclient.Options{Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("malformed answer %s: %w", strings.Repeat("x", 64<<10), io.ErrShortBuffer)
	})})
	err := mustFail(t, c, newRequest(t, http.MethodGet, "https://idp.example/", ""))
	if len(err.Error()) > 1000 || !errors.Is(err, io.ErrShortBuffer) {
		t.Errorf("got %d bytes of error, want less, with the cause", len(err.Error()))
	}
}
