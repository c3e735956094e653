package tokenendpoint_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/application/internal/strictjson"
	"github.com/seed57855a68/keyport/application/internal/tokenendpoint"
	"github.com/seed57855a68/keyport/domain"
)

func TestResponse(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		want       tokenendpoint.Response
	}{
		{"access token alone", `{"access_token":"at"}`, tokenendpoint.Response{AccessToken: domain.NewSecret("at"), TokenType: "Bearer"}},
		{
			"everything",
			`{"access_token":"at","refresh_token":"rt","id_token":"h.p.s","token_type":"pop","scope":"b a","client_info":"eyJ9","foci":"1",
			  "expires_in":3599,"ext_expires_in":7199,"refresh_in":1800,"expires_on":"1","not_before":0,"resource":"api://a","nested":{"a":[1]}}`,
			tokenendpoint.Response{
				AccessToken: domain.NewSecret("at"), RefreshToken: domain.NewSecret("rt"), IDToken: domain.NewSecret("h.p.s"),
				TokenType: "pop", Scopes: domain.ScopesFromResponse("a b"), ClientInfo: "eyJ9", FamilyID: "1",
				ExpiresIn: 3599 * time.Second, HasExpiry: true, ExtExpiresIn: 7199 * time.Second, RefreshIn: 1800 * time.Second,
				Extra: map[string][]byte{"not_before": []byte("0"), "resource": []byte(`"api://a"`), "nested": []byte(`{"a":[1]}`)},
			},
		},
		{
			"null is absent",
			`{"access_token":"at","refresh_token":null,"id_token":null,"token_type":null,"scope":null,"client_info":null,"foci":null,
			  "expires_in":null,"ext_expires_in":null,"refresh_in":null,"expires_on":null,"error":null}`,
			tokenendpoint.Response{
				AccessToken: domain.NewSecret("at"), TokenType: "Bearer", Extra: map[string][]byte{"error": []byte("null")},
			},
		},
		{
			"empty is absent", `{"access_token":"at","refresh_token":"","id_token":"","token_type":"","scope":""}`,
			tokenendpoint.Response{AccessToken: domain.NewSecret("at"), TokenType: "Bearer"},
		},
		{"type as spelled", with("token_type", `"bEARER"`), tokenendpoint.Response{AccessToken: domain.NewSecret("at"), TokenType: "bEARER"}},
		{
			"names that only fold to known ones",
			`{"access_token":"at","ACCESS_TOKEN":"evil","acceſs_token":"evil","Expires_In":1}`,
			tokenendpoint.Response{AccessToken: domain.NewSecret("at"), TokenType: "Bearer", Extra: map[string][]byte{
				"ACCESS_TOKEN": []byte(`"evil"`), "acceſs_token": []byte(`"evil"`), "Expires_In": []byte("1"),
			}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, answered(t, tt.body), comparers); diff != "" {
				t.Errorf("response (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryStatusOfSuccessWillDo(t *testing.T) {
	for _, status := range []int{200, 201, 299} {
		if _, err := post(t, &server{status: status, body: `{"access_token":"at"}`}); err != nil {
			t.Errorf("status %d: %v", status, err)
		}
	}
}

func TestLongTokens(t *testing.T) {
	const most = 512 << 10
	for _, name := range []string{"access_token", "refresh_token", "id_token"} {
		fill := func(n int) string {
			token := `"` + strings.Repeat("x", n) + `"`
			if name == "access_token" {
				return `{"access_token":` + token + `}`
			}
			return with(name, token)
		}
		answered(t, fill(most))
		if bad := unusable(t, &server{body: fill(most + 1)}); bad.Field != name {
			t.Errorf("error names %q, want %q", bad.Field, name)
		}
	}
}

func TestUnusableMembers(t *testing.T) {
	strange := []string{"1", "true", "[]", `["x"]`, "{}", `{"a":"x"}`}
	invisible := []string{`"a\r\nX-Evil: 1"`, `"a\u0000"`, `"a b"`, `" a"`, `"a\u007f"`, `"aé"`, "\"a\u2028\"", `"a\t"`}
	for name, values := range map[string][]string{
		"access_token":  append(append([]string{`""`, "null"}, strange...), invisible...),
		"refresh_token": append(append([]string(nil), strange...), invisible...),
		"id_token":      append(append([]string(nil), strange...), invisible...),
		"token_type":    strange, "scope": strange, "client_info": strange, "foci": strange,
	} {
		for _, value := range values {
			body := with(name, value)
			if name == "access_token" {
				body = `{"access_token":` + value + `,"refresh_token":"rt"}`
			}
			if bad := unusable(t, &server{body: body}); bad.Field != name || bad.Status != http.StatusOK {
				t.Errorf("%s: error names %q with status %d, want %q with 200", body, bad.Field, bad.Status, name)
			}
		}
	}
}

func TestUnusableAnswers(t *testing.T) {
	const (
		page     = "check that the authority is a token server and that no proxy or sign-in page answers in its place"
		redirect = "check the authority; a token server does not redirect, and what the request holds was not sent on"
	)
	token := `{"access_token":"canary-7d42","expires_in":3600}`
	for _, tt := range []struct {
		name   string
		status int
		body   string
		cause  error
		field  string
		remedy string
		is     error
	}{
		{"page", 200, "<html>canary-7d42</html>", strictjson.ErrNotObject, "", page, nil},
		{"page of a failing gateway", 502, "<html>canary-7d42</html>", strictjson.ErrNotObject, "", page, domain.ErrUnavailable},
		{"page that throttles", 429, "<html>canary-7d42</html>", strictjson.ErrNotObject, "", page, domain.ErrThrottled},
		{"nothing", 200, "", strictjson.ErrNotObject, "", page, nil},
		{"no content", 204, "", strictjson.ErrNotObject, "", page, nil},
		{"null", 200, "null", strictjson.ErrNotObject, "", page, nil},
		{"list", 200, "[" + token + "]", strictjson.ErrNotObject, "", page, nil},
		{"two objects", 200, token + token, strictjson.ErrNotObject, "", page, nil},
		{"half an object", 200, token[:20], strictjson.ErrNotObject, "", page, nil},
		{"byte order mark", 200, "\xef\xbb\xbf" + token, strictjson.ErrNotUTF8, "", page, nil},
		{"UTF-16", 200, "\xfe\xff\x00{\x00}", strictjson.ErrNotUTF8, "", page, nil},
		{"token twice", 200, `{"access_token":"canary-7d42","access_token":"b"}`, strictjson.ErrDuplicate, "", "", nil},
		{"expiry twice", 200, `{"access_token":"canary-7d42","expires_in":1,"expires_in":2}`, strictjson.ErrDuplicate, "", "", nil},
		{"deep", 200, strings.Repeat(`{"canary-7d42":`, 65) + "1" + strings.Repeat("}", 65), strictjson.ErrTooDeep, "", "", nil},
		{"no token", 200, `{"canary-7d42":"canary-7d42","expires_in":3600}`, nil, "access_token", "", nil},
		{"token by another name", 200, `{"Access_Token":"canary-7d42"}`, nil, "access_token", "", nil},
		{"token with status 400", 400, token, nil, "", "", nil},
		{"token with status 500", 500, token, nil, "", "", domain.ErrUnavailable},
		{"301", 301, token, domain.ErrRedirectRefused, "", redirect, domain.ErrRedirectRefused},
		{"302", 302, token, domain.ErrRedirectRefused, "", redirect, domain.ErrRedirectRefused},
		{"303", 303, "", domain.ErrRedirectRefused, "", redirect, domain.ErrRedirectRefused},
		{"304", 304, "", domain.ErrRedirectRefused, "", redirect, domain.ErrRedirectRefused},
		{"307", 307, token, domain.ErrRedirectRefused, "", redirect, domain.ErrRedirectRefused},
		{"308", 308, `{"error":"canary-7d42"}`, domain.ErrRedirectRefused, "", redirect, domain.ErrRedirectRefused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bad := unusable(t, &server{status: tt.status, body: tt.body, header: http.Header{"Location": {"https://evil.example/canary-7d42"}}})
			if bad.Status != tt.status || bad.Field != tt.field || bad.Remedy != tt.remedy || !errors.Is(bad.Err, tt.cause) {
				t.Errorf("got %+v, want status %d, field %q, cause %v, remedy %q", *bad, tt.status, tt.field, tt.cause, tt.remedy)
			}
			for _, sentinel := range []error{domain.ErrUnavailable, domain.ErrThrottled, domain.ErrRedirectRefused} {
				if got, want := errors.Is(bad, sentinel), errors.Is(tt.is, sentinel); got != want {
					t.Errorf("error is %v: %t, want %t", sentinel, got, want)
				}
			}
			if strings.Contains(bad.Error(), "canary-7d42") {
				t.Errorf("error shows the body: %v", bad)
			}
		})
	}
}

func TestResponsePrintsWithoutTokens(t *testing.T) {
	got := answered(t, `{"access_token":"canary-7d42-1","refresh_token":"canary-7d42-2","id_token":"canary-7d42-3"}`)
	for _, s := range []domain.Secret{got.AccessToken, got.RefreshToken, got.IDToken} {
		if text := s.String(); text != domain.Redacted {
			t.Errorf("a token prints as %q", text)
		}
	}
}
