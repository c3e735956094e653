package tokenendpoint_test

import (
	"errors"
	"io"
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

const (
	host        = "login.example.com"
	endpoint    = "https://" + host + "/tenant/oauth2/v2.0/token"
	correlation = "0354d9fb-d107-4c08-87d2-d969daea1f8b"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// server gives one answer to everything and keeps the last request.
type server struct {
	status int // 0: 200
	header http.Header
	body   string
	err    error

	request *http.Request
	form    url.Values
}

// Do implements ports.HTTPClient.
func (s *server) Do(r *http.Request) (*http.Response, error) {
	s.request = r
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if s.form, err = url.ParseQuery(string(body)); err != nil {
		return nil, err
	}
	if s.err != nil {
		return nil, s.err
	}
	status := s.status
	if status == 0 {
		status = http.StatusOK
	}
	return &http.Response{StatusCode: status, Header: s.header, Body: io.NopCloser(strings.NewReader(s.body)), Request: r}, nil
}

func post(t *testing.T, s *server) (tokenendpoint.Response, error) {
	t.Helper()
	return tokenendpoint.Post(t.Context(), exchange.New(s), tokenendpoint.Request{
		Endpoint: endpoint, Form: url.Values{"grant_type": {"client_credentials"}}, CorrelationID: correlation,
	}, func() time.Time { return noon })
}

// answered posts and expects a token.
func answered(t *testing.T, body string) tokenendpoint.Response {
	t.Helper()
	got, err := post(t, &server{body: body})
	if err != nil {
		t.Fatalf("answer %.100s is refused: %v", body, err)
	}
	return got
}

// unusable posts and expects a ResponseError, which it checks for what all have.
func unusable(t *testing.T, s *server) *domain.ResponseError {
	t.Helper()
	got, err := post(t, s)
	var bad *domain.ResponseError
	if !errors.As(err, &bad) {
		t.Fatalf("answer %.100q with status %d gives %v, want a ResponseError", s.body, s.status, err)
	}
	if diff := cmp.Diff(tokenendpoint.Response{}, got, comparers); diff != "" {
		t.Errorf("response beside the error (-want +got):\n%s", diff)
	}
	if bad.Operation != "token endpoint" || bad.Host != host || bad.CorrelationID != correlation {
		t.Errorf("error names %q, %q, %q, want the operation, the host and the correlation id", bad.Operation, bad.Host, bad.CorrelationID)
	}
	return bad
}

// with returns a token response with one more member.
func with(name, value string) string {
	return `{"access_token":"at","` + name + `":` + value + `}`
}

var comparers = cmp.Options{
	cmp.Comparer(domain.Secret.Equal),
	cmp.Comparer(func(a, b domain.Scopes) bool { return a == b }),
}
