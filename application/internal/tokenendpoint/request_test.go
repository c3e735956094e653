package tokenendpoint_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/application/internal/tokenendpoint"
	"github.com/seed57855a68/keyport/domain"
)

func TestTheRequest(t *testing.T) {
	s := &server{body: `{"access_token":"at"}`}
	form := url.Values{"grant_type": {"client_credentials"}, "scope": {"api://a/.default b+c&d=é"}}
	header := http.Header{"X-Client-Sku": {"Keyport.Go"}, "Content-Type": {"text/plain"}, "Accept": {"*/*"}}
	_, err := tokenendpoint.Post(t.Context(), exchange.New(s), tokenendpoint.Request{
		Endpoint: endpoint + "?p=b2c_1_signin&dc=old", Form: form, Header: header,
		Query: []domain.Parameter{{Name: "dc", Value: "a b&c"}, {Name: "slice", Value: "test"}},
	}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if want := endpoint + "?dc=a+b%26c&p=b2c_1_signin&slice=test"; s.request.URL.String() != want || s.request.Method != http.MethodPost {
		t.Errorf("sent %s to %s, want POST to %s", s.request.Method, s.request.URL, want)
	}
	if diff := cmp.Diff(form, s.form); diff != "" {
		t.Errorf("form (-want +got):\n%s", diff)
	}
	want := http.Header{
		"X-Client-Sku": {"Keyport.Go"}, "Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"},
	}
	if diff := cmp.Diff(want, s.request.Header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if got := header.Get("Content-Type"); got != "text/plain" {
		t.Errorf("the caller's header is changed to %q", got)
	}
	if s.request.GetBody != nil {
		t.Error("the request can be sent twice: GetBody is set")
	}
}

func TestTheQueryOfTheEndpointStaysAsItIs(t *testing.T) {
	s := &server{body: `{"access_token":"at"}`}
	const odd = endpoint + "?z=1&a=%20"
	if _, err := tokenendpoint.Post(t.Context(), exchange.New(s), tokenendpoint.Request{Endpoint: odd}, time.Now); err != nil {
		t.Fatal(err)
	}
	if got := s.request.URL.String(); got != odd {
		t.Errorf("sent to %s, want %s", got, odd)
	}
}

func TestAnEndpointThatIsNoURL(t *testing.T) {
	_, err := tokenendpoint.Post(t.Context(), exchange.New(&server{}), tokenendpoint.Request{Endpoint: "https://user:canary-7d42@host\x00/"}, time.Now)
	if err == nil || strings.Contains(err.Error(), "canary-7d42") {
		t.Errorf("got %v, want an error without the URL", err)
	}
}

func TestNoAnswer(t *testing.T) {
	broken := errors.New("connection reset")
	_, err := post(t, &server{err: broken})
	var transport *domain.TransportError
	if !errors.As(err, &transport) || !errors.Is(err, broken) || !errors.Is(err, domain.ErrUnavailable) {
		t.Fatalf("got %v, want a TransportError that is ErrUnavailable and wraps the cause", err)
	}
	if transport.Operation != "token endpoint" || transport.Host != host {
		t.Errorf("error names %q and %q", transport.Operation, transport.Host)
	}
}
