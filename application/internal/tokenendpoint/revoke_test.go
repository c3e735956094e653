package tokenendpoint_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/application/internal/tokenendpoint"
	"github.com/seed57855a68/keyport/domain"
)

func revoke(t *testing.T, s *server) error {
	t.Helper()
	return tokenendpoint.Revoke(t.Context(), exchange.New(s), tokenendpoint.Request{
		Endpoint: "https://" + host + "/revoke", Form: url.Values{"token": {"rt"}}, CorrelationID: correlation,
	}, func() time.Time { return noon })
}

// RFC 7009 §2.2: the client ignores the content of a good answer.
func TestRevoke(t *testing.T) {
	for _, body := range []string{"", "{}", "<html>", `{"error":"invalid_token"}`} {
		s := &server{body: body}
		if err := revoke(t, s); err != nil {
			t.Errorf("answer %q: %v", body, err)
		}
		if diff := cmp.Diff(url.Values{"token": {"rt"}}, s.form); diff != "" || s.request.Method != http.MethodPost || s.request.URL.Path != "/revoke" {
			t.Errorf("sent %s %s; form (-want +got):\n%s", s.request.Method, s.request.URL, diff)
		}
	}
}

func TestRevokeThatIsRefused(t *testing.T) {
	var refusal *domain.OAuthError
	if err := revoke(t, &server{status: 400, body: `{"error":"unsupported_token_type"}`}); !errors.As(err, &refusal) || refusal.Code != "unsupported_token_type" {
		t.Errorf("got %v, want the server's refusal", err)
	}
	for status, is := range map[int]error{503: domain.ErrUnavailable, 429: domain.ErrThrottled, 307: domain.ErrRedirectRefused, 204: nil} {
		err := revoke(t, &server{status: status, body: "canary-7d42"})
		var bad *domain.ResponseError
		if !errors.As(err, &bad) || bad.Operation != "revocation endpoint" || bad.Status != status || (is != nil && !errors.Is(err, is)) {
			t.Errorf("status %d: got %v, want a ResponseError of the revocation endpoint", status, err)
		}
	}
	broken := errors.New("connection reset")
	var none *domain.TransportError
	if err := revoke(t, &server{err: broken}); !errors.As(err, &none) || none.Operation != "revocation endpoint" || !errors.Is(err, broken) {
		t.Errorf("got %v, want a TransportError of the revocation endpoint", err)
	}
	if err := tokenendpoint.Revoke(t.Context(), exchange.New(&server{}), tokenendpoint.Request{Endpoint: "\x00"}, time.Now); err == nil {
		t.Error("an endpoint that is no URL is no error")
	}
}
