package tokenendpoint_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// longestCode is how much of a server's text an error may show in one piece. What is
// longer may be a token.
const longestCode = 100

// FuzzParse posts and lets the fuzzer answer. Whatever it says, the call ends in a
// usable token or in a typed error that does not repeat the answer.
func FuzzParse(f *testing.F) {
	for _, tt := range numbers {
		f.Add(200, "", []byte(with("expires_in", tt.value)))
	}
	for _, body := range []string{
		`{"access_token":"at","refresh_token":"rt","id_token":"a.b.c","token_type":"Bearer","scope":"a b","client_info":"e30","foci":"1"}`,
		`{"access_token":"at","expires_in":3600,"ext_expires_in":"7200","refresh_in":1800,"expires_on":1795521600,"more":[{}]}`,
		`{"error":"invalid_grant","error_codes":[50076],"suberror":"basic_action","trace_id":"t","timestamp":"2026","error_description":"no"}`,
		`{"error":"` + strings.Repeat("e", 100) + `","suberror":"` + strings.Repeat("s", 300) + `","trace_id":"` + strings.Repeat("t", 300) + `"}`,
		`{"access_token":1}`, `{"access_token":"a\nb"}`, `{"error":{}}`, `<html>`, ``, `null`,
	} {
		f.Add(200, "", []byte(body))
		f.Add(400, "120", []byte(body))
		f.Add(503, "Tue, 24 Nov 2026 12:02:00 GMT", []byte(body))
		f.Add(307, "x", []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, retryAfter string, body []byte) {
		got, err := post(t, &server{status: status, body: string(body), header: http.Header{"Retry-After": {retryAfter}}})
		if err == nil {
			if status = max(status, 200); status > 299 { // 0 stands for 200
				t.Fatalf("status %d gives a token", status)
			}
			if got.AccessToken.IsZero() || strings.ContainsAny(got.AccessToken.Reveal(), "\r\n \x00") {
				t.Errorf("unusable access token of %q", body)
			}
			checkTimes(t, got.ExpiresIn, got.ExtExpiresIn, got.RefreshIn)
			if got.RefreshIn > 0 && got.RefreshIn >= got.ExpiresIn {
				t.Errorf("renewal after %v of %v", got.RefreshIn, got.ExpiresIn)
			}
			return
		}
		var bad *domain.ResponseError
		var refusal *domain.OAuthError
		switch {
		case errors.As(err, &refusal):
			checkTimes(t, refusal.RetryAfter)
			checkQuotes(t, err.Error(), string(body), refusal.TraceID, refusal.SubError, refusal.Code)
		case errors.As(err, &bad):
			checkTimes(t, bad.RetryAfter)
			checkQuotes(t, err.Error(), string(body))
		default:
			t.Fatalf("%q gives an error of type %T", body, err)
		}
		if !got.AccessToken.IsZero() {
			t.Errorf("a token beside %v", err)
		}
	})
}

func checkTimes(t *testing.T, durations ...time.Duration) {
	t.Helper()
	for _, d := range durations {
		if d < 0 || d > year || d%time.Second != 0 {
			t.Errorf("%v is no number of seconds up to a year", d)
		}
	}
}

// checkQuotes fails when the text has anything of the body but the codes that it
// may show, or a line break.
func checkQuotes(t *testing.T, text, body string, codes ...string) {
	t.Helper()
	if strings.ContainsAny(text, "\r\n\x00\x1b") {
		t.Errorf("error has control characters: %q", text)
	}
	slices.SortFunc(codes, func(a, b string) int { return len(b) - len(a) }) // one may be a part of another
	for _, code := range codes {
		if len(code) > longestCode {
			t.Errorf("error shows a code of %d bytes", len(code))
		}
		if code != "" {
			text = strings.ReplaceAll(text, code, "\n")
		}
	}
	const piece = 32 // what no body has by chance
	for i := 0; i+piece <= len(text); i++ {
		if strings.Contains(body, text[i:i+piece]) {
			t.Errorf("error shows %q of the body", text[i:i+piece])
		}
	}
}
