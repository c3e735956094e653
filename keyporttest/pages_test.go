package keyporttest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

var (
	styles  = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	scripts = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
)

// cspHash names a source to a Content-Security-Policy.
func cspHash(source string) string {
	sum := sha256.Sum256([]byte(source))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func TestPagesCanDoNothingBesides(t *testing.T) {
	u := newUsers(t, nil)
	page := u.raw(http.MethodGet, u.ask("Entra ID", nil), "", nil)
	for name, want := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
		"Referrer-Policy": "same-origin", "Cache-Control": "no-store",
	} {
		if got := page.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	style := styles.FindStringSubmatch(page.text)
	if style == nil {
		t.Fatal("there is no style")
	}
	// A browser applies form-action to where the form's answer redirects, too.
	want := "default-src 'none'; style-src " + cspHash(style[1]) + "; base-uri 'none'; frame-ancestors 'none'; form-action 'self' https://app.example"
	if got := page.header.Get("Content-Security-Policy"); got != want {
		t.Errorf("policy %q, want %q", got, want)
	}
	if strings.Contains(page.text, "<script") || strings.Contains(page.text, " on") && regexp.MustCompile(` on[a-z]+=`).MatchString(page.text) {
		t.Error("the page has a script")
	}
}

func TestTheFormPostPage(t *testing.T) {
	u := newUsers(t, nil)
	page := u.raw(http.MethodGet, u.ask("OIDC", map[string]string{"response_mode": "form_post", "prompt": "none", "state": `"><script>alert(1)</script>`}), "", nil)
	script := scripts.FindAllStringSubmatch(page.text, -1)
	if len(script) != 1 || !strings.HasSuffix(page.header.Get("Content-Security-Policy"), "form-action 'self' https://app.example; script-src "+cspHash(script[0][1])) {
		t.Fatalf("%d scripts under the policy %q", len(script), page.header.Get("Content-Security-Policy"))
	}
	if order := regexp.MustCompile(`(?s)name="error".*name="error_description".*name="iss".*name="state"`); !order.MatchString(page.text) {
		t.Errorf("the fields have no order:\n%s", page.text)
	}
	if strings.Contains(page.text, "<script>alert") || !strings.Contains(page.text, "<button") || !strings.Contains(page.text, `action="`+callback+`"`) {
		t.Errorf("page:\n%s", page.text)
	}
	if page.header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control %q", page.header.Get("Cache-Control"))
	}
}

func TestPolicyOfRedirectURIsOfAllSorts(t *testing.T) {
	u := newUsers(t, func(app *keyporttest.App) {
		app.RedirectURIs = []string{"http://localhost", "my-app://cb", "urn:ietf:wg:oauth:2.0:oob"}
	})
	for asked, want := range map[string]string{
		"http://localhost:1234": "'self' http://localhost:1234", "my-app://cb": "'self' my-app:", "urn:ietf:wg:oauth:2.0:oob": "'self' urn:",
	} {
		page := u.raw(http.MethodGet, u.ask("OIDC", map[string]string{"redirect_uri": asked}), "", nil)
		if got := page.header.Get("Content-Security-Policy"); !strings.HasSuffix(got, "form-action "+want) {
			t.Errorf("%s: %q", asked, got)
		}
	}
}

// TestEverythingIsEscaped: what a stranger puts into the request does not get out of
// its place.
func TestEverythingIsEscaped(t *testing.T) {
	const odd = `"><img src=x onerror=alert(1)>'&{{.}}`
	u := newUsers(t, func(app *keyporttest.App) { app.RequireConsent = true })
	u.AddUser("", keyporttest.User{Username: odd + "@x", Password: "a password"})
	request := map[string]string{"login_hint": odd, "domain_hint": odd, "scope": "openid " + strings.ReplaceAll(odd, " ", ""), "prompt": "create"}
	pages := []string{
		u.raw(http.MethodGet, u.ask("OIDC", request), "", nil).text,
		u.raw(http.MethodGet, u.ask("OIDC", map[string]string{"login_hint": odd, "domain_hint": odd}), "", nil).text,
		u.raw(http.MethodGet, u.ask("OIDC", map[string]string{"redirect_uri": odd}), "", nil).text,
		u.raw(http.MethodGet, u.ask("OIDC", map[string]string{"client_id": odd}), "", nil).text,
	}
	for i, text := range pages {
		if strings.Contains(text, "<img") || !strings.Contains(text, "&lt;img") && !strings.Contains(text, "%3Cimg") {
			t.Errorf("page %d:\n%s", i, text)
		}
	}
	// And the form still works, with all of it in the query.
	values := u.signIn(u.NewBrowser(), u.ask("OIDC", map[string]string{"login_hint": odd + "@x", "domain_hint": odd, "state": odd}), keyporttest.SignIn{Username: odd + "@x"})
	if values.Get("state") != odd || values.Get("code") == "" {
		t.Errorf("got %v", values)
	}
}

// TestPagesAreAccessible: a language, a title, a heading, a label for each input that
// is seen, and problems that are announced.
func TestPagesAreAccessible(t *testing.T) {
	u := newUsers(t, func(app *keyporttest.App) { app.RequireConsent = true })
	signIn := u.ask("B2C", nil)
	wrong := strings.Replace(signIn, "/authorize?", "/login?", 1)
	for name, page := range map[string]raw{
		"sign-in":        u.raw(http.MethodGet, signIn, "", nil),
		"create-account": u.raw(http.MethodGet, u.ask("CIAM", map[string]string{"prompt": "create"}), "", nil),
		"consent":        u.raw(http.MethodPost, wrong, "do=sign-in&username="+keyporttest.Username+"&password="+keyporttest.UserPassword, nil),
		"error":          u.raw(http.MethodGet, u.ask("OIDC", map[string]string{"client_id": "nobody"}), "", nil),
		"return":         u.raw(http.MethodGet, u.ask("OIDC", map[string]string{"response_mode": "form_post", "prompt": "none"}), "", nil),
	} {
		for _, want := range []string{`<html lang="en">`, "<title>", "<h1>", `<main id="` + name + `">`, `<meta name="viewport"`} {
			if !strings.Contains(page.text, want) {
				t.Errorf("%s: there is no %s in\n%s", name, want, page.text)
			}
		}
		for _, input := range regexp.MustCompile(`<input [^>]*>`).FindAllString(page.text, -1) {
			id := regexp.MustCompile(`id="([^"]+)"`).FindStringSubmatch(input)
			if !strings.Contains(input, `type="hidden"`) && (id == nil || !strings.Contains(page.text, `<label for="`+id[1]+`">`)) {
				t.Errorf("%s: nothing labels %s", name, input)
			}
		}
		if hasAlert := strings.Contains(page.text, `role="alert"`); hasAlert != (name == "error") {
			t.Errorf("%s: an alert: %t", name, hasAlert)
		}
	}
	page := u.raw(http.MethodPost, wrong, "do=sign-in&username="+keyporttest.Username+"&password=wrong", nil)
	if !strings.Contains(page.text, `role="alert">AADB2C90225:`) || !strings.Contains(page.text, `value="`+keyporttest.Username+`"`) {
		t.Errorf("a wrong password:\n%s", page.text)
	}
}
