package domain_test

import (
	"encoding/base64"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/domain"
)

type params = map[string]string

// challenges are fields and what they say; the fuzz target starts from them too.
var challenges = map[string]struct {
	fields []string
	want   []domain.Challenge
}{
	"none":                    {nil, nil},
	"an empty field":          {[]string{"", " , ,"}, nil},
	"a scheme alone":          {[]string{"Negotiate"}, []domain.Challenge{{Scheme: "Negotiate"}}},
	"schemes alone":           {[]string{"Negotiate ,NTLM , "}, []domain.Challenge{{Scheme: "Negotiate"}, {Scheme: "NTLM"}}},
	"one value":               {[]string{"Negotiate YII+/a-b._~=="}, []domain.Challenge{{Scheme: "Negotiate", Token68: "YII+/a-b._~=="}}},
	"one value with one pad":  {[]string{"Negotiate a=, NTLM"}, []domain.Challenge{{Scheme: "Negotiate", Token68: "a="}, {Scheme: "NTLM"}}},
	"a token":                 {[]string{"Bearer a=b"}, []domain.Challenge{{Scheme: "Bearer", Params: params{"a": "b"}}}},
	"a quoted string":         {[]string{`Bearer realm="a, b=\"c\" \\ \d"`}, []domain.Challenge{{Scheme: "Bearer", Params: params{"realm": `a, b="c" \ d`}}}},
	"an empty quoted string":  {[]string{`Bearer realm="", error="x"`}, []domain.Challenge{{Scheme: "Bearer", Params: params{"realm": "", "error": "x"}}}},
	"blanks around the sign":  {[]string{"Bearer \t realm =\t\"a\" ,, error = b"}, []domain.Challenge{{Scheme: "Bearer", Params: params{"realm": "a", "error": "b"}}}},
	"names in capitals":       {[]string{`BEARER Realm="A"`}, []domain.Challenge{{Scheme: "BEARER", Params: params{"realm": "A"}}}},
	"a name twice":            {[]string{`Bearer realm="a", REALM="b"`}, []domain.Challenge{{Scheme: "Bearer", Params: params{"realm": "a"}}}},
	"several in one field":    {[]string{`Basic realm="a", Bearer realm="b", error="c", Negotiate, Digest x==`}, []domain.Challenge{{Scheme: "Basic", Params: params{"realm": "a"}}, {Scheme: "Bearer", Params: params{"realm": "b", "error": "c"}}, {Scheme: "Negotiate"}, {Scheme: "Digest", Token68: "x=="}}},
	"several fields":          {[]string{`Basic realm="a"`, `Bearer`}, []domain.Challenge{{Scheme: "Basic", Params: params{"realm": "a"}}, {Scheme: "Bearer"}}},
	"commas forgotten":        {[]string{`Bearer realm="a" error="b" Basic realm=c`}, []domain.Challenge{{Scheme: "Bearer", Params: params{"realm": "a", "error": "b"}}, {Scheme: "Basic", Params: params{"realm": "c"}}}},
	"a string without end":    {[]string{`Bearer realm="a", error="b`, "Basic"}, []domain.Challenge{{Scheme: "Bearer", Params: params{"realm": "a"}}, {Scheme: "Basic"}}},
	"a backslash at the end":  {[]string{`Bearer realm="a\`}, []domain.Challenge{{Scheme: "Bearer"}}},
	"a parameter of nothing":  {[]string{`Bearer realm="a", error=, Basic`}, []domain.Challenge{{Scheme: "Bearer", Params: params{"realm": "a"}}}},
	"a parameter of nobody":   {[]string{`Bearer ="a"`}, []domain.Challenge{{Scheme: "Bearer"}}},
	"no blank after a string": {[]string{`Bearer realm="a"error="b"`}, []domain.Challenge{{Scheme: "Bearer", Params: params{"realm": "a"}}}},
	"no scheme":               {[]string{`="a", Bearer`}, nil},
	"an odd scheme":           {[]string{`Bearer/1 realm="a"`, `Bearer=a`, "\u00fcber a"}, nil},
}

func TestParseChallenges(t *testing.T) {
	for name, row := range challenges {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, domain.ParseChallenges(row.fields)); diff != "" {
				t.Errorf("%q (-want +got):\n%s", row.fields, diff)
			}
		})
	}
}

// wanted is a claims challenge whose base64 shows what tells the alphabets apart.
const wanted = `{"access_token":{"acrs":{"essential":true,"value":"cc?cc>"}}}`

func TestClaimsChallenge(t *testing.T) {
	std, url := base64.StdEncoding.EncodeToString([]byte(wanted)), base64.URLEncoding.EncodeToString([]byte(wanted))
	if std == url || !strings.HasSuffix(std, "=") {
		t.Fatal("the claims tell no encodings apart")
	}
	const begin = `Bearer realm="", authorization_uri="https://login.example/authorize", `
	insufficient := func(claims string) string { return begin + `error="insufficient_claims", claims="` + claims + `"` }
	for name, row := range map[string]struct {
		fields []string
		want   string
	}{
		"base64":                     {[]string{insufficient(std)}, wanted},
		"base64 without padding":     {[]string{insufficient(strings.TrimRight(std, "="))}, wanted},
		"base64url":                  {[]string{insufficient(url)}, wanted},
		"base64url without padding":  {[]string{insufficient(strings.TrimRight(url, "="))}, wanted},
		"not in quotation marks":     {[]string{`bearer error=insufficient_claims, claims=` + strings.TrimRight(url, "=")}, wanted},
		"after others":               {[]string{"Negotiate, Basic realm=a", insufficient("!"), insufficient(std)}, wanted},
		"our own":                    {[]string{domain.NewClaimsChallenge(wanted).String()}, wanted},
		"nothing":                    {nil, ""},
		"a plain refusal":            {[]string{begin + `error="invalid_token"`}, ""},
		"claims of another error":    {[]string{begin + `error="invalid_token", claims="` + std + `"`}, ""},
		"no claims":                  {[]string{begin + `error="insufficient_claims"`}, ""},
		"no base64":                  {[]string{insufficient("%7B%7D")}, ""},
		"claims that are no JSON":    {[]string{insufficient(base64.StdEncoding.EncodeToString([]byte("access_token")))}, ""},
		"claims that are no object":  {[]string{insufficient(base64.StdEncoding.EncodeToString([]byte(`["access_token"]`)))}, ""},
		"claims of an odd scheme":    {[]string{`Basic error="insufficient_claims", claims="` + std + `"`}, ""},
		"claims in another alphabet": {[]string{insufficient("e30*")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{"Www-Authenticate": row.fields}
			got, ok := domain.ClaimsChallenge(header.Values("WWW-Authenticate"))
			if got != row.want || ok != (row.want != "") {
				t.Errorf("got %q, %t; want %q", got, ok, row.want)
			}
		})
	}
}

// FuzzParseChallenges: what was read says the same when it is written and read again,
// all in one field.
func FuzzParseChallenges(f *testing.F) {
	for _, row := range challenges {
		f.Add(strings.Join(row.fields, "\n"))
	}
	f.Add(domain.NewClaimsChallenge(wanted).String())
	f.Fuzz(func(t *testing.T, text string) {
		got := domain.ParseChallenges(strings.Split(text, "\n"))
		var written []string
		for _, c := range got {
			if c.Scheme == "" || c.Token68 != "" && c.Params != nil {
				t.Errorf("no challenge: %+v", c)
			}
			written = append(written, c.String())
		}
		if again := domain.ParseChallenges([]string{strings.Join(written, ", ")}); !reflect.DeepEqual(again, got) {
			t.Errorf("%q says %q, and that %q", text, got, again)
		}
	})
}
