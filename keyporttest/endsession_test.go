package keyporttest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

const goodbye = "https://app.example/goodbye"

// TestSigningOut: who is signed out, and where the browser ends.
func TestSigningOut(t *testing.T) {
	u := newUsers(t, func(app *keyporttest.App) { app.PostLogoutRedirectURIs = []string{goodbye, goodbye + "?a=1"} })
	u.AddApp(keyporttest.App{ClientID: "another-app"})
	for _, row := range []struct {
		name    string
		kind    string
		changed map[string]string
		want    string // where; "page" for a page, "error" for one that says no
		out     bool
	}{
		{"with an ID token", "OIDC", map[string]string{"post_logout_redirect_uri": goodbye, "state": "s"}, goodbye + "?state=s", true},
		{"to a URI with a query", "OIDC", map[string]string{"post_logout_redirect_uri": goodbye + "?a=1", "state": "s"}, goodbye + "?a=1&state=s", true},
		{"to a redirect URI", "OIDC", map[string]string{"post_logout_redirect_uri": callback}, callback, true},
		{"without an ID token, the user is asked", "OIDC", map[string]string{"id_token_hint": "", "client_id": clientID, "post_logout_redirect_uri": goodbye}, goodbye, true},
		{"without anything", "OIDC", map[string]string{"id_token_hint": ""}, "page", true},
		{"to nowhere", "OIDC", nil, "page", true},
		{"to somewhere else", "OIDC", map[string]string{"post_logout_redirect_uri": "https://evil.example"}, "error", false},
		{"for nobody", "OIDC", map[string]string{"id_token_hint": "", "post_logout_redirect_uri": goodbye}, "error", false},
		{"with what is no ID token", "OIDC", map[string]string{"id_token_hint": "abc"}, "error", false},
		{"with another client's", "OIDC", map[string]string{"client_id": "another-app"}, "error", false},
		{"Entra ID", "Entra ID", map[string]string{"id_token_hint": "", "post_logout_redirect_uri": goodbye, "state": "s"}, goodbye + "?state=s", true},
		{"Entra ID, to somewhere else", "Entra ID", map[string]string{"post_logout_redirect_uri": "https://evil.example"}, "page", true},
		{"AD FS", "AD FS", map[string]string{"post_logout_redirect_uri": goodbye}, goodbye, true},
		{"B2C", "B2C", map[string]string{"post_logout_redirect_uri": goodbye}, goodbye, true},
	} {
		b := u.NewBrowser()
		tokens := u.redeem(row.kind, u.signIn(b, u.ask(row.kind, nil), keyporttest.SignIn{}).Get("code"), nil)
		query := laidOver(map[string]string{"id_token_hint": tokens.text("id_token")}, row.changed)
		to, err := b.SignOut(u.endpoint(row.kind, "end_session_endpoint") + "?" + query.Encode())
		got := to
		switch {
		case err != nil:
			got = "error"
		case to == "":
			got = "page"
		}
		if got != row.want {
			t.Errorf("%s: ended at %q (%v), want %q", row.name, got, err, row.want)
		}
		silent := u.signIn(b, u.ask(row.kind, none()), keyporttest.SignIn{})
		if isOut := silent.Get("error") == "login_required"; isOut != row.out {
			t.Errorf("%s: signed out: %t", row.name, isOut)
		}
	}
}

func TestSigningOutOfNothing(t *testing.T) {
	u := newUsers(t, nil)
	for _, kind := range kinds {
		if to, err := u.NewBrowser().SignOut(u.endpoint(kind, "end_session_endpoint")); err != nil || to != "" {
			t.Errorf("%s: %q, %v", kind, to, err)
		}
	}
}

// TestSigningOutOneOfTwo: the hint says who.
func TestSigningOutOneOfTwo(t *testing.T) {
	u := newUsers(t, nil)
	u.addBob()
	for _, hint := range []string{"logout_hint", "id_token_hint"} {
		b := u.NewBrowser()
		tokens := u.redeem("Entra ID", u.signIn(b, u.ask("Entra ID", nil), keyporttest.SignIn{}).Get("code"), nil)
		u.signIn(b, u.ask("Entra ID", map[string]string{"prompt": "login"}), keyporttest.SignIn{Username: bob})
		value, _ := tokens.idClaims(t)["login_hint"].(string)
		if hint == "id_token_hint" {
			value = tokens.text("id_token")
		}
		if _, err := b.SignOut(u.endpoint("Entra ID", "end_session_endpoint") + "?" + url.Values{hint: {value}}.Encode()); err != nil {
			t.Fatal(err)
		}
		for username, want := range map[string]bool{keyporttest.Username: false, bob: true} {
			if isIn := u.signIn(b, u.ask("Entra ID", none("login_hint", username)), keyporttest.SignIn{}).Has("code"); isIn != want {
				t.Errorf("%s: another user is signed out, or this one is not: %t", hint, isIn)
			}
		}
	}
}

// TestAStrangersSiteSignsNobodyOut: nobody is signed out unasked.
func TestAStrangersSiteSignsNobodyOut(t *testing.T) {
	u := newUsers(t, nil)
	endpoint := u.endpoint("OIDC", "end_session_endpoint")
	signIn := strings.Replace(u.ask("OIDC", nil), "/authorize?", "/login?", 1)
	form := url.Values{"do": {"sign-in"}, "username": {keyporttest.Username}, "password": {keyporttest.UserPassword}}
	response := http.Response{Header: u.raw(http.MethodPost, signIn, form.Encode(), nil).header}
	cookie := response.Cookies()[0]
	post := func(body, origin string) raw {
		return u.raw(http.MethodPost, endpoint, body, func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
			if origin != "" {
				r.Header.Set("Origin", origin)
			}
		})
	}
	isIn := func() bool {
		got := u.raw(http.MethodGet, u.ask("OIDC", none()), "", func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: cookie.Name, Value: cookie.Value})
		})
		return got.location(t).Query().Has("code")
	}
	for name, got := range map[string]raw{
		"a question": post("state=x", ""), "no": post("do=stay", ""), "a foreign form": post("do=sign-out", "https://evil.example"),
	} {
		if got.status != http.StatusOK || !isIn() {
			t.Errorf("%s: %d, and still in: %t", name, got.status, isIn())
		}
	}
	if page := post("state=%22%3E%3Cimg", "").text; strings.Contains(page, "<img") || !strings.Contains(page, `name="state"`) {
		t.Errorf("the question:\n%s", page)
	}
	if post("do=sign-out", "https://id.contoso.example"); isIn() {
		t.Error("yes, and still in")
	}
	if got := u.raw(http.MethodPut, endpoint, "", nil); got.status != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", got.status)
	}
}
