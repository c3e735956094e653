package tokenendpoint_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/application/internal/tokenendpoint"
	"github.com/seed57855a68/keyport/domain"
)

// refused posts and expects an OAuthError.
func refused(t *testing.T, s *server) *domain.OAuthError {
	t.Helper()
	got, err := post(t, s)
	var refusal *domain.OAuthError
	if !errors.As(err, &refusal) {
		t.Fatalf("answer %.100q with status %d gives %v, want an OAuthError", s.body, s.status, err)
	}
	if diff := cmp.Diff(tokenendpoint.Response{}, got, comparers); diff != "" {
		t.Errorf("response beside the error (-want +got):\n%s", diff)
	}
	return refusal
}

func TestRefusal(t *testing.T) {
	long := strings.Repeat("x", 101)
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   domain.OAuthError
	}{
		{"code alone", 400, `{"error":"invalid_client"}`, domain.OAuthError{Code: "invalid_client"}},
		{
			"everything", 401,
			`{"error":"invalid_grant","error_description":"AADSTS50076: é\r\n","error_uri":"javascript:alert(1)","suberror":"basic_action",
			  "error_codes":[50076,7],"claims":"{\"access_token\":{}}","trace_id":"t-1","timestamp":"2026-11-24 12:00:00Z","correlation_id":"theirs"}`,
			domain.OAuthError{
				Code: "invalid_grant", Description: domain.NewSecret("AADSTS50076: é\r\n"), URI: "javascript:alert(1)", SubError: "basic_action",
				ErrorCodes: []int{50076, 7}, Claims: `{"access_token":{}}`, TraceID: "t-1", Timestamp: "2026-11-24 12:00:00Z",
			},
		},
		{"with status 200", 200, `{"error":"invalid_scope"}`, domain.OAuthError{Code: "invalid_scope"}},
		{"beside a token", 200, `{"error":"invalid_scope","access_token":"canary-7d42"}`, domain.OAuthError{Code: "invalid_scope"}},
		{"with status 500", 500, `{"error":"server_error"}`, domain.OAuthError{Code: "server_error"}},
		{
			"wrong types in what only explains", 400,
			`{"error":"invalid_grant","error_description":1,"error_uri":[],"suberror":{},"error_codes":"50076","claims":{"a":1},"trace_id":true,"timestamp":7}`,
			domain.OAuthError{Code: "invalid_grant"},
		},
		{"codes that are no numbers", 400, `{"error":"x","error_codes":[50076,"7"]}`, domain.OAuthError{Code: "x"}},
		{"codes that are fractions", 400, `{"error":"x","error_codes":[1.5]}`, domain.OAuthError{Code: "x"}},
		{"codes that no integer holds", 400, `{"error":"x","error_codes":[99999999999999999999]}`, domain.OAuthError{Code: "x"}},
		{"sixteen codes", 400, `{"error":"x","error_codes":[` + strings.Repeat("1,", 15) + `1]}`, domain.OAuthError{Code: "x", ErrorCodes: []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}}},
		{"too many codes", 400, `{"error":"x","error_codes":[` + strings.Repeat("1,", 16) + `1]}`, domain.OAuthError{Code: "x"}},
		{
			"texts that break a log", 400, `{"error":"x","suberror":"a\nb\u001b[31mé","trace_id":"\u0000","timestamp":"\r\n"}`,
			domain.OAuthError{Code: "x", SubError: "a?b?[31m?", TraceID: "?", Timestamp: "??"},
		},
		{
			"long texts", 400, `{"error":"x","suberror":"` + long + `","trace_id":"` + long[2:] + `é"}`,
			domain.OAuthError{Code: "x", SubError: long[1:], TraceID: long[2:] + "?"},
		},
		{"long code", 400, `{"error":"` + long[1:] + `"}`, domain.OAuthError{Code: long[1:]}},
		{"code with every character that one may have", 400, `{"error":"!#[]~"}`, domain.OAuthError{Code: "!#[]~"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.want
			want.CorrelationID, want.StatusCode, want.RetryAfter = correlation, tt.status, 7*time.Second
			got := refused(t, &server{status: tt.status, body: tt.body, header: http.Header{"Retry-After": {"7"}}})
			if diff := cmp.Diff(&want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if text := got.Error(); strings.ContainsAny(text, "\r\n\x1b") || strings.Contains(text, "canary-7d42") {
				t.Errorf("error prints as %q", text)
			}
		})
	}
}

func TestARefusalWithoutACode(t *testing.T) {
	for _, code := range []string{
		`""`, "1", "true", "[]", `{"code":"invalid_client"}`, `"invalid client"`, `"a\nb"`, `"a\"b"`, `"a\\b"`, `"é"`, `"\u0000"`, `"\u007f"`,
		`"` + strings.Repeat("x", 101) + `"`,
	} {
		for _, status := range []int{200, 400, 503} {
			bad := unusable(t, &server{status: status, body: `{"error":` + code + `,"access_token":"canary-7d42"}`})
			if bad.Field != "error" || bad.Status != status {
				t.Errorf("error %s: error names %q with status %d, want the error and %d", code, bad.Field, bad.Status, status)
			}
			if errors.Is(bad, domain.ErrUnavailable) != (status == 503) {
				t.Errorf("error %s with status %d is ErrUnavailable: %t", code, status, status != 503)
			}
		}
	}
}

func TestWhatARefusalAsksOfTheCaller(t *testing.T) {
	for _, tt := range []struct {
		status int
		code   string
		want   error
	}{
		{401, "invalid_client", domain.ErrInvalidClient},
		{400, "unauthorized_client", domain.ErrInvalidClient},
		{400, "invalid_grant", domain.ErrInteractionRequired},
		{400, "interaction_required", domain.ErrInteractionRequired},
		{400, "access_denied", domain.ErrAccessDenied},
		{429, "invalid_request", domain.ErrThrottled},
		{503, "temporarily_unavailable", domain.ErrUnavailable},
		{400, "temporarily_unavailable", domain.ErrUnavailable},
	} {
		if got := refused(t, &server{status: tt.status, body: `{"error":"` + tt.code + `"}`}); !errors.Is(got, tt.want) {
			t.Errorf("%s with status %d is not %v", tt.code, tt.status, tt.want)
		}
	}
}
