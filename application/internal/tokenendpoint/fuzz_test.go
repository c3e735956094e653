package tokenendpoint_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/application/internal/tokenendpoint"
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
			checkLife(t, got)
			checkSize(t, got, len(body))
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
		checkCauses(t, err)
		if !got.AccessToken.IsZero() {
			t.Errorf("a token beside %v", err)
		}
	})
}

// checkLife fails for a token that ends before it begins, is renewed after its end, or
// serves in an outage for less long than without one.
func checkLife(t *testing.T, got tokenendpoint.Response) {
	t.Helper()
	switch {
	case !got.HasExpiry && (got.ExpiresIn != 0 || got.RefreshIn != 0):
		t.Errorf("a life of %v, renewed after %v, that the answer does not have", got.ExpiresIn, got.RefreshIn)
	case got.RefreshIn > 0 && got.RefreshIn >= got.ExpiresIn:
		t.Errorf("renewal after %v of %v", got.RefreshIn, got.ExpiresIn)
	case got.ExtExpiresIn != 0 && got.ExtExpiresIn < got.ExpiresIn:
		t.Errorf("%v in an outage, and else %v", got.ExtExpiresIn, got.ExpiresIn)
	}
}

// checkSize fails when an answer grows by being read.
func checkSize(t *testing.T, got tokenendpoint.Response, body int) {
	t.Helper()
	size := 0
	for _, s := range []domain.Secret{got.AccessToken, got.RefreshToken, got.IDToken} {
		size += len(s.Reveal())
	}
	for name, raw := range got.Extra {
		size += len(name) + len(raw)
	}
	if size > body {
		t.Errorf("%d bytes of an answer of %d", size, body)
	}
}

// checkCauses fails when an error is long, or one that it wraps.
func checkCauses(t *testing.T, err error) {
	t.Helper()
	const longest = 1 << 10
	for ; err != nil; err = errors.Unwrap(err) {
		if n := len(err.Error()); n > longest {
			t.Errorf("an error of %d bytes: %.100s", n, err)
		}
	}
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

// FuzzParseDevice lets the fuzzer answer a device authorization request.
func FuzzParseDevice(f *testing.F) {
	for _, tt := range numbers {
		f.Add(200, []byte(`{"device_code":"dc","user_code":"u","verification_uri":"https://example.com/d","expires_in":900,"interval":`+tt.value+`}`))
		f.Add(200, []byte(`{"device_code":"dc","user_code":"u","verification_url":"https://example.com/d","expires_in":`+tt.value+`}`))
	}
	for _, body := range []string{`{"device_code":1}`, `{"device_code":"a b"}`, `{"error":"invalid_scope"}`, `{"error":{}}`, `<html>`, ``, `null`} {
		f.Add(200, []byte(body))
		f.Add(503, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		got, err := authorizeDevice(t, &server{status: status, body: string(body)})
		var bad *domain.ResponseError
		var refusal *domain.OAuthError
		switch {
		case err == nil:
			if got.ExpiresIn < 0 || got.Interval < 0 || strings.ContainsAny(got.DeviceCode.Reveal(), "\r\n \x00") {
				t.Errorf("unusable: %v, %v of %q", got.ExpiresIn, got.Interval, body)
			}
			return
		case errors.As(err, &refusal):
			checkQuotes(t, err.Error(), string(body), refusal.TraceID, refusal.SubError, refusal.Code)
		case errors.As(err, &bad):
			checkQuotes(t, err.Error(), string(body))
		default:
			t.Fatalf("%q gives an error of type %T", body, err)
		}
		checkCauses(t, err)
		if !got.DeviceCode.IsZero() {
			t.Errorf("a code beside %v", err)
		}
	})
}
