package redirectloopback_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/adapters/redirectloopback"
	"github.com/seed57855a68/keyport/domain"
)

// pageOf returns the page for an outcome.
func pageOf(t *testing.T, o redirectloopback.Options, outcome error) shown {
	t.Helper()
	r := listen(t, redirectloopback.New(o), "")
	return complete(t, receive(t.Context(), r), get(t, r.RedirectURI(), answer("good")), "good", outcome)
}

func refused(code, description, uri string) error {
	return &domain.OAuthError{Code: code, Description: domain.NewSecret(description), URI: uri}
}

func TestDefaultPages(t *testing.T) {
	for _, row := range []struct {
		name    string
		outcome error
		has     []string
		hasNot  []string
	}{
		{"success", nil, []string{"You are signed in", "go back to the program"}, []string{"$", "failed"}},
		{"the server's refusal", refused("access_denied", "AADSTS65004: The user said no.", "https://login.example/help"), []string{
			"The sign-in failed", "access_denied", "AADSTS65004: The user said no.",
		}, []string{"$", "You are signed in", "https://login.example/help"}},
		{"a refusal without words", refused("server_error", "", ""), []string{"server_error", "The sign-in failed"}, []string{"$"}},
		{"something else", errors.New("token endpoint: no answer from login.example"), []string{
			"The sign-in failed", "token endpoint: no answer from login.example", "sign_in_failed",
		}, []string{"$"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := pageOf(t, redirectloopback.Options{}, row.outcome)
			for _, text := range row.has {
				if !strings.Contains(p.body, text) {
					t.Errorf("the page lacks %q:\n%s", text, p.body)
				}
			}
			for _, text := range append(row.hasNot, state) {
				if strings.Contains(p.body, text) {
					t.Errorf("the page has %q:\n%s", text, p.body)
				}
			}
		})
	}
}

func TestWhatComesFromOutsideIsText(t *testing.T) {
	for _, attack := range []string{
		`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `' onmouseover='alert(1)`, `</title></style><svg onload=alert(1)>`,
		`<!--`, `]]>`, `&lt;script&gt;alert(1)`, `$error`, `${error_description}`, "<scr\x00ipt>", "<scr\u200bipt>alert(1)", `javascript:alert(1)`, "\u2028<b>",
	} {
		for _, o := range []redirectloopback.Options{
			{},
			{ErrorPage: `<p title="$error" data-x='${error_description}'>$error_description ${error_uri} $error`},
		} {
			for _, outcome := range []error{refused(attack, attack, attack), errors.New(attack)} {
				p := pageOf(t, o, outcome)
				whole := p.body
				// Nothing but our own markup and the caller's is left.
				own := pageOf(t, o, refused("E", "D", "U")).body
				if got, want := tags(whole), tags(own); got != want {
					t.Errorf("%q: the markup is\n%s\nwant\n%s", attack, got, want)
				}
			}
		}
	}
}

// tags reduces a page to its markup, with what is in tags.
func tags(body string) string {
	var all []string
	for _, tag := range regexp.MustCompile(`(?s)<[^>]*>`).FindAllString(body, -1) {
		// Attributes of the test's own page hold escaped text.
		all = append(all, regexp.MustCompile(`"[^"<>]*"|'[^'<>]*'`).ReplaceAllString(tag, `""`))
	}
	return strings.Join(all, "")
}

func TestPagesOfTheCaller(t *testing.T) {
	script := "<script>" // of ours, which takes the answer out of the address bar
	for _, row := range []struct {
		name, page string
		outcome    error
		want, kind string
	}{
		{"HTML", "<h1>$error</h1>${error_description} at $error_uri", refused("a<b", `c"d`, "https://x/?a&b"), `<h1>a&lt;b</h1>c&#34;d at https://x/?a&amp;b`, "text/html"},
		{"HTML after blanks", "\n <p>${error}", refused("a", "", ""), "\n <p>a", "text/html"},
		{"text", "Failed: $error ($error_description)", refused("a<b", "c&d", ""), "Failed: a<b (c&d)", "text/plain"},
		{"no placeholder", "<p>$errors ${errors $ $$ $5 ${} ${error", refused("E", "D", "U"), "<p>$errors ${errors $ $$ $5 ${} ${error", "text/html"},
		{"values that look like placeholders", "<p>$error $error_description", refused("$error_description", "$error", ""), "<p>$error_description $error", "text/html"},
		{"control characters and turned text", "$error|$error_description", refused("a\x00b\nc\x1b[31m", "d\u202ee\u200bf\u2066g", ""), "a b c [31m|defg", "text/plain"},
		{"a long text", "$error_description", refused("", strings.Repeat("é", 5000), ""), strings.Repeat("é", 1000), "text/plain"},
		{"bytes that are no text", "$error_description", refused("", "a\xffb", ""), "a\ufffdb", "text/plain"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := pageOf(t, redirectloopback.Options{SuccessPage: "<p>never", ErrorPage: row.page}, row.outcome)
			body, _, _ := strings.Cut(p.body, script)
			if diff := cmp.Diff(row.want, body); diff != "" {
				t.Error(diff)
			}
			if got := p.header.Get("Content-Type"); got != row.kind+"; charset=utf-8" {
				t.Errorf("the type is %q", got)
			}
		})
	}
	p := pageOf(t, redirectloopback.Options{SuccessPage: "<p>done, $error", ErrorPage: "never"}, nil)
	if !strings.HasPrefix(p.body, "<p>done, <script>") {
		t.Errorf("the page of success is %q", p.body)
	}
}

func TestHeadersOfEveryPage(t *testing.T) {
	r := listen(t, byDefault(), "http://localhost/callback")
	came := receive(t.Context(), r)
	pages := map[string]shown{
		"a stray answer": visit(get(t, r.RedirectURI(), url.Values{"state": {"foreign"}})),
		"another path":   visit(request(t, http.MethodGet, strings.Replace(r.RedirectURI(), "callback", "favicon.ico", 1), "")),
		"another method": visit(request(t, http.MethodPut, r.RedirectURI(), "")),
	}
	pages["success"] = complete(t, came, get(t, r.RedirectURI(), answer("good")), "good", nil)
	pages["the page again"] = visit(get(t, r.RedirectURI(), answer("good")))
	pages["failure"] = pageOf(t, redirectloopback.Options{}, context.DeadlineExceeded)
	pages["a page of the caller"] = pageOf(t, redirectloopback.Options{SuccessPage: "<p>done"}, nil)
	pages["a text of the caller"] = pageOf(t, redirectloopback.Options{SuccessPage: "done"}, nil)
	for name, p := range pages {
		t.Run(name, func(t *testing.T) {
			for header, want := range map[string]string{
				"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY",
				"Cross-Origin-Resource-Policy": "same-origin", "Connection": "close",
			} {
				if got := p.header.Get(header); got != want {
					t.Errorf("%s is %q, want %q", header, got, want)
				}
			}
			policy := p.header.Get("Content-Security-Policy")
			for _, rule := range []string{"default-src 'none'", "frame-ancestors 'none'", "form-action 'none'", "base-uri 'none'"} {
				if !strings.Contains(policy, rule) {
					t.Errorf("the policy %q lacks %q", policy, rule)
				}
			}
			for _, element := range regexp.MustCompile(`(?s)<(style|script)>(.*?)</`).FindAllStringSubmatch(p.body, -1) {
				sum := sha256.Sum256([]byte(element[2]))
				if hash := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, element[1]+"-src "+hash) {
					t.Errorf("the policy %q does not admit the %s of the page", policy, element[1])
				}
			}
			if strings.Contains(policy, "script-src 'unsafe") || strings.Contains(policy, "http") {
				t.Errorf("the policy %q admits strangers", policy)
			}
		})
	}
}

func TestTheAnswerLeavesTheAddressBar(t *testing.T) {
	for _, o := range []redirectloopback.Options{{}, {SuccessPage: "<p>done", ErrorPage: "<p>failed"}} {
		for _, outcome := range []error{nil, context.Canceled} {
			if p := pageOf(t, o, outcome); !strings.Contains(p.body, `<script>history.replaceState(null,"",location.pathname)</script>`) {
				t.Errorf("the page leaves the code in the address bar:\n%s", p.body)
			}
		}
	}
}
