package domain_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

var sentinels = map[string]error{
	"interaction": domain.ErrInteractionRequired, "not cached": domain.ErrTokenNotCached, "denied": domain.ErrAccessDenied,
	"client": domain.ErrInvalidClient, "unavailable": domain.ErrUnavailable, "throttled": domain.ErrThrottled,
	"mismatch": domain.ErrResponseMismatch, "redirect": domain.ErrRedirectRefused, "closed": domain.ErrClientClosed,
}

// Every typed error says which of the sentinels it is, and that it is no other.
func TestErrorsIs(t *testing.T) {
	refusal := func(code string, status int) error { return &domain.OAuthError{Code: code, StatusCode: status} }
	answer := func(status int, cause error) error { return &domain.ResponseError{Status: status, Err: cause} }
	for _, row := range []struct {
		err  error
		want string // names of sentinels, in any order
	}{
		{refusal(domain.CodeInvalidClient, 401), "client"},
		{refusal(domain.CodeUnauthorizedClient, 400), "client"},
		{refusal(domain.CodeInvalidGrant, 400), "interaction"},
		{refusal(domain.CodeInteractionRequired, 400), "interaction"},
		{refusal(domain.CodeLoginRequired, 400), "interaction"},
		{refusal(domain.CodeConsentRequired, 400), "interaction"},
		{refusal(domain.CodeAccessDenied, 400), "denied"},
		{refusal("authorization_declined", 400), "denied"},
		{refusal(domain.CodeTemporarilyUnavailable, 400), "unavailable"},
		{refusal(domain.CodeServerError, 400), "unavailable"},
		{refusal(domain.CodeInvalidScope, 400), ""},
		{refusal(domain.CodeInvalidRequest, 400), ""},
		{refusal(domain.CodeUnsupportedGrantType, 400), ""},
		{refusal("INVALID_CLIENT", 400), ""},
		{refusal("", 200), ""},
		{refusal(domain.CodeInvalidRequest, 429), "throttled"},
		{refusal(domain.CodeInvalidGrant, 429), "interaction throttled"},
		{refusal(domain.CodeInvalidRequest, 500), "unavailable"},
		{refusal(domain.CodeInvalidClient, 503), "client unavailable"},
		{refusal(domain.CodeInvalidRequest, 499), ""},
		{answer(200, nil), ""},
		{answer(404, nil), ""},
		{answer(429, nil), "throttled"},
		{answer(499, nil), ""},
		{answer(500, nil), "unavailable"},
		{answer(503, io.EOF), "unavailable"},
		{answer(302, domain.ErrRedirectRefused), "redirect"},
		{&domain.TransportError{Err: io.EOF}, "unavailable"},
		{&domain.ConfigError{Field: "Authority"}, ""},
		{&domain.ConfigError{Err: domain.ErrClientClosed}, "closed"},
	} {
		wrapped := fmt.Errorf("acquire token: %w", row.err)
		for name, sentinel := range sentinels {
			want := strings.Contains(" "+row.want+" ", " "+name+" ")
			if errors.Is(row.err, sentinel) != want || errors.Is(wrapped, sentinel) != want {
				t.Errorf("%#v is %q: got %v, wrapped %v; want %v", row.err, sentinel, errors.Is(row.err, sentinel), errors.Is(wrapped, sentinel), want)
			}
		}
	}
	for name, one := range sentinels {
		for other, two := range sentinels {
			if errors.Is(one, two) != (name == other) {
				t.Errorf("%q is %q", one, two)
			}
		}
	}
}

func TestErrorsUnwrap(t *testing.T) {
	for _, err := range []error{
		&domain.ConfigError{Field: "a", Err: io.ErrUnexpectedEOF}, &domain.TransportError{Err: io.ErrUnexpectedEOF}, &domain.ResponseError{Err: io.ErrUnexpectedEOF},
	} {
		if !errors.Is(err, io.ErrUnexpectedEOF) || errors.Unwrap(&domain.ResponseError{}) != nil {
			t.Errorf("%v hides its cause", err)
		}
	}
}

func TestErrorText(t *testing.T) {
	for _, row := range []struct {
		err  error
		want string
	}{
		{&domain.ConfigError{Field: "ClientID", Problem: "is empty"}, "invalid ClientID: is empty"},
		{&domain.ConfigError{Field: "Scopes[1]", Problem: "is empty", Remedy: "pass one"}, "invalid Scopes[1]: is empty; pass one"},
		{&domain.ConfigError{Field: "Credential", Problem: "cannot be read", Remedy: "pass PEM", Err: io.EOF}, "invalid Credential: cannot be read: EOF; pass PEM"},
		{&domain.TransportError{Operation: "token endpoint", Host: "login.example", Err: io.EOF}, "token endpoint: no answer from login.example: EOF"},
		{
			&domain.ResponseError{Operation: "metadata", Host: "h", Status: 200, Field: "issuer", Problem: "is not a string"},
			"metadata: unusable answer from h (HTTP 200): issuer is not a string",
		},
		{
			&domain.ResponseError{Operation: "metadata", Host: "h", Status: 302, Problem: "is a redirect", Err: domain.ErrRedirectRefused, Remedy: "check the authority", CorrelationID: "id"},
			"metadata: unusable answer from h (HTTP 302): is a redirect: redirect refused; check the authority (correlation id id)",
		},
		{&domain.ResponseError{Operation: "metadata", Host: "h", Status: 500, Err: io.EOF}, "metadata: unusable answer from h (HTTP 500): EOF"},
		{&domain.OAuthError{Code: "x"}, "the server refused: x"},
		{
			&domain.OAuthError{
				Operation: "acquire token for client", Code: domain.CodeInvalidGrant, SubError: "bad_token", ErrorCodes: []int{1, 50034}, CorrelationID: "c", TraceID: "t",
				Description: domain.NewSecret(canary), URI: canary, Claims: canary, Timestamp: canary, StatusCode: 400, RetryAfter: time.Hour,
			},
			"acquire token for client: the server refused: invalid_grant AADSTS1 AADSTS50034 (bad_token): the user does not exist in the tenant. " +
				"Check the user name and the tenant; a guest has to be invited to the tenant first (correlation id c, trace id t)",
		},
		{
			&domain.OAuthError{Code: domain.CodeInvalidScope, CorrelationID: "c"},
			"the server refused: invalid_scope: a scope is unknown to the server or not allowed for this client. " +
				"Compare Scopes with those that the resource publishes and the registration allows (correlation id c)",
		},
		{&domain.OAuthError{Code: "x", TraceID: "t"}, "the server refused: x"},
		{&domain.OAuthError{Code: domain.CodeExpiredToken}, "expired_token: the code has expired before the user finished. Begin a new device flow and show its code"},
	} {
		if got := row.err.Error(); got != row.want {
			t.Errorf("got  %s\nwant %s", got, row.want)
		}
		for _, verb := range []string{"%v", "%+v", "%s", "%q"} {
			if got := fmt.Sprintf(verb, row.err); strings.Contains(got, canary) {
				t.Errorf("%s holds what a server may fill with user names: %s", verb, got)
			}
		}
	}
}

func TestOAuthErrorRemedy(t *testing.T) {
	for _, row := range []struct {
		err  domain.OAuthError
		want string // a part
	}{
		{domain.OAuthError{Code: domain.CodeInvalidClient, ErrorCodes: []int{7000215}}, "the secret's value, not its id"},
		{domain.OAuthError{Code: domain.CodeInvalidClient, ErrorCodes: []int{7000222}}, "Create a new secret"},
		{domain.OAuthError{Code: domain.CodeInvalidClient, ErrorCodes: []int{700027}}, "leaf first"},
		{domain.OAuthError{Code: domain.CodeUnauthorizedClient, ErrorCodes: []int{700016}}, "Compare ClientID and the tenant"},
		{domain.OAuthError{Code: domain.CodeInvalidRequest, ErrorCodes: []int{90002}}, "Check the tenant's name"},
		{domain.OAuthError{Code: domain.CodeInvalidScope, ErrorCodes: []int{12345}}, "Compare Scopes"},
		{domain.OAuthError{Code: domain.CodeInvalidClient, ErrorCodes: []int{12345, 7000222}}, "Create a new secret"},
		{domain.OAuthError{Code: domain.CodeInvalidClient}, "Compare ClientID and Credential"},
		{domain.OAuthError{Code: domain.CodeUnsupportedGrantType}, "Use a flow that"},
		{domain.OAuthError{Code: "x"}, ""},
	} {
		got := row.err.Remedy()
		if !strings.Contains(got, row.want) || (got == "") != (row.want == "") || !strings.Contains(row.err.Error(), strings.TrimSuffix(got, ".")) {
			t.Errorf("%v: got remedy %q, want %q", &row.err, got, row.want)
		}
	}
	e := &domain.OAuthError{ErrorCodes: []int{50076, 1}}
	if !e.HasCode(1) || !e.HasCode(50076) || e.HasCode(5007) {
		t.Error("HasCode does not look at each code")
	}
}
