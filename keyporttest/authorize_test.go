package keyporttest_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestProblemsThatAreForAPage: RFC 6749 §4.1.2.1, nobody is sent to a place that is
// not registered.
func TestProblemsThatAreForAPage(t *testing.T) {
	u := newUsers(t, nil)
	u.AddApp(keyporttest.App{ClientID: "homeless"})
	u.AddApp(keyporttest.App{ClientID: "disabled", RedirectURIs: []string{callback}, Disabled: true})
	u.AddApp(keyporttest.App{ClientID: "elsewhere", RedirectURIs: []string{callback}, Tenants: []string{"fabrikam.example"}})
	for _, row := range []struct {
		name    string
		changed map[string]string
		want    map[string]string // how the text begins, by kind
	}{
		{"no client", map[string]string{"client_id": ""}, map[string]string{"Entra ID": "AADSTS900144:", "B2C": "AADB2C90008:", "AD FS": "MSIS9607:", "OIDC": "client_id is missing"}},
		{"an unknown client", map[string]string{"client_id": "nobody"}, map[string]string{"Entra ID": "AADSTS700016:", "B2C": "AADB2C90018:", "AD FS": "MSIS9607:", "OIDC": "no application"}},
		{"a disabled client", map[string]string{"client_id": "disabled"}, map[string]string{"Entra ID": "AADSTS7000112:", "OIDC": "the application is disabled"}},
		{"a client of another tenant", map[string]string{"client_id": "elsewhere"}, map[string]string{"Entra ID": "AADSTS700016:"}},
		{"a client without redirect URIs", map[string]string{"client_id": "homeless"}, map[string]string{"Entra ID": "AADSTS500113:", "B2C": "AADB2C90006:", "AD FS": "MSIS9224:", "OIDC": "no redirect URI"}},
		{"a redirect URI that is not registered", map[string]string{"redirect_uri": "https://evil.example/"}, map[string]string{"Entra ID": "AADSTS50011:", "B2C": "AADB2C90006:", "AD FS": "MSIS9224:", "OIDC": "the redirect URI"}},
		{"a redirect URI with more behind it", map[string]string{"redirect_uri": callback + "/"}, map[string]string{"Entra ID": "AADSTS50011:", "OIDC": "the redirect URI"}},
	} {
		for kind, want := range row.want {
			_, err := u.SignIn(u.ask(kind, row.changed), keyporttest.SignIn{})
			var page *keyporttest.PageError
			if !errors.As(err, &page) {
				t.Fatalf("%s, %s: got %v, want a page", row.name, kind, err)
			}
			if page.Page != "error" || page.Status != http.StatusBadRequest || !strings.HasPrefix(page.Text, want) {
				t.Errorf("%s, %s: page %q, status %d, text %q; want %q", row.name, kind, page.Page, page.Status, page.Text, want)
			}
		}
	}
	unknown := strings.Replace(u.ask("Entra ID", nil), keyporttest.TenantID, "00000000-86f1-41af-91ab-2d7cd011db47", 1)
	if _, err := u.SignIn(unknown, keyporttest.SignIn{}); !strings.HasPrefix(textOf(err), "AADSTS90002:") {
		t.Errorf("an unknown tenant: %v", err)
	}
	for _, name := range []string{"redirect_uri", "client_id"} {
		if _, err := u.SignIn(u.ask("OIDC", nil)+"&"+name+"=https%3A%2F%2Fevil.example", keyporttest.SignIn{}); !strings.Contains(textOf(err), "more than once") {
			t.Errorf("%s twice: %v", name, err)
		}
	}
}

// TestProblemsThatTheClientIsTold: the rest goes to the redirect URI, with the state.
func TestProblemsThatTheClientIsTold(t *testing.T) {
	u := newUsers(t, func(app *keyporttest.App) {
		app.Scopes = []string{"openid", "profile", "offline_access", reports + "/read"}
	})
	for _, row := range []struct {
		name    string
		changed map[string]string
		want    map[string]string // code and how the description begins, by kind
	}{
		{"no response type", map[string]string{"response_type": ""}, map[string]string{"Entra ID": "invalid_request AADSTS900144:", "OIDC": "invalid_request the request"}},
		{"another response type", map[string]string{"response_type": "id_token"}, map[string]string{"Entra ID": "unsupported_response_type AADSTS700054:", "AD FS": "unsupported_response_type the response", "OIDC": "unsupported_response_type the"}},
		{"another response mode", map[string]string{"response_mode": "fragment"}, map[string]string{"Entra ID": "invalid_request AADSTS70007:", "B2C": "invalid_request AADB2C90052:", "OIDC": "invalid_request the response mode"}},
		{"a request object", map[string]string{"request": "a.b.c"}, map[string]string{"Entra ID": "request_not_supported AADSTS90014:", "OIDC": "request_not_supported request objects"}},
		{"a request object elsewhere", map[string]string{"request_uri": "https://x.example"}, map[string]string{"OIDC": "request_uri_not_supported request objects"}},
		{"no scope", map[string]string{"scope": ""}, map[string]string{"Entra ID": "invalid_scope AADSTS900144:", "B2C": "invalid_scope AADB2C90205:", "AD FS": "invalid_scope the request"}},
		{"a scope that the client may not have", map[string]string{"scope": "openid admin"}, map[string]string{"OIDC": "invalid_scope the client may not"}},
		{"an unknown API", map[string]string{"scope": "openid api://nothing/read"}, map[string]string{"Entra ID": "invalid_resource AADSTS500011:", "B2C": "invalid_resource AADB2C90117:"}},
		{"an odd prompt", map[string]string{"prompt": "dance"}, map[string]string{"Entra ID": "invalid_request AADSTS90023:", "OIDC": "invalid_request the value of prompt"}},
		{"none and another prompt", map[string]string{"prompt": "none login"}, map[string]string{"OIDC": "invalid_request the value of prompt"}},
		{"an odd max_age", map[string]string{"max_age": "-1"}, map[string]string{"OIDC": "invalid_request max_age"}},
		{"claims that are no JSON", map[string]string{"claims": "{"}, map[string]string{"Entra ID": "invalid_request AADSTS90023:", "OIDC": "invalid_request the claims"}},
		{"claims that are no object", map[string]string{"claims": "null"}, map[string]string{"OIDC": "invalid_request the claims"}},
		{"a plain challenge", map[string]string{"code_challenge_method": "plain"}, map[string]string{"Entra ID": "invalid_request AADSTS50149:", "OIDC": "invalid_request code_challenge_method"}},
		{"a challenge of no method", map[string]string{"code_challenge_method": ""}, map[string]string{"OIDC": "invalid_request code_challenge_method"}},
		{"a method without a challenge", map[string]string{"code_challenge": ""}, map[string]string{"OIDC": "invalid_request the request must"}},
		{"a challenge that is none", map[string]string{"code_challenge": "short"}, map[string]string{"Entra ID": "invalid_request AADSTS501491:", "OIDC": "invalid_request code_challenge is not"}},
	} {
		for kind, want := range row.want {
			values, err := u.SignIn(u.ask(kind, row.changed), keyporttest.SignIn{})
			if err != nil {
				t.Fatalf("%s, %s: %v %s", row.name, kind, err, textOf(err))
			}
			if got := values.Get("error") + " " + values.Get("error_description"); !strings.HasPrefix(got, want) || values.Get("state") != "the-state" || values.Has("code") {
				t.Errorf("%s, %s: got %v, want %q", row.name, kind, values, want)
			}
			if isOIDC := kind == "OIDC"; values.Has("iss") != isOIDC || isOIDC && values.Get("iss") != keyporttest.OIDCIssuerPath {
				t.Errorf("%s, %s: iss is %q", row.name, kind, values.Get("iss"))
			}
			if hasURI := values.Has("error_uri"); hasURI != (kind == "Entra ID") {
				t.Errorf("%s, %s: error_uri is %q", row.name, kind, values.Get("error_uri"))
			}
		}
	}
	if values, err := u.SignIn(u.ask("OIDC", nil)+"&scope=openid", keyporttest.SignIn{}); err != nil || values.Get("error") != "invalid_request" {
		t.Errorf("a parameter twice: %v %v", values, err)
	}
	limited := newUsers(t, func(app *keyporttest.App) { app.GrantTypes = []string{"client_credentials"} })
	for kind, want := range map[string]string{"OIDC": "unauthorized_client", "Entra ID": ""} {
		if values := limited.signIn(limited.NewBrowser(), limited.ask(kind, nil), keyporttest.SignIn{}); values.Get("error") != want {
			t.Errorf("without the grant, %s: %v", kind, values)
		}
	}
}

func TestPublicClientsMustUsePKCE(t *testing.T) {
	u := newUsers(t, func(app *keyporttest.App) { app.Public, app.Secrets = true, nil })
	without := map[string]string{"code_challenge": "", "code_challenge_method": ""}
	if values := u.signIn(u.NewBrowser(), u.ask("OIDC", without), keyporttest.SignIn{}); values.Get("error") != "invalid_request" {
		t.Errorf("without a challenge: %v", values)
	}
	u.secret = ""
	for _, kind := range kinds {
		got := u.tokens(kind, nil)
		if kind == "Entra ID" && got.claims(t)["azpacr"] != "0" {
			t.Errorf("azpacr is %v", got.claims(t)["azpacr"])
		}
		if kind == "AD FS" && got.claims(t)["apptype"] != "Public" {
			t.Errorf("apptype is %v", got.claims(t)["apptype"])
		}
	}
}

// TestTheRequestMayBePosted: OIDC Core §3.1.2.1.
func TestTheRequestMayBePosted(t *testing.T) {
	u := newUsers(t, nil)
	endpoint := u.endpoint("OIDC", "authorization_endpoint")
	got := u.raw(http.MethodPost, endpoint, request(map[string]string{"prompt": "none"}).Encode(), nil)
	// RFC 9700 §4.12: a form is not to be sent on.
	if to := got.location(t); got.status != http.StatusSeeOther || to.Query().Get("error") != "login_required" {
		t.Errorf("got %d to %v", got.status, to)
	} else if got.header.Get("Cache-Control") != "no-store" || got.header.Get("Referrer-Policy") != "no-referrer" {
		t.Errorf("header %v", got.header)
	}
	if got := send(t, u.Authority, http.MethodPut, endpoint, "", nil); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "GET, POST" {
		t.Errorf("PUT: %d, Allow %q", got.status, got.header.Get("Allow"))
	}
	if got := get(t, u.Authority, strings.Replace(endpoint, "/authorize", "/login", 1)); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST" {
		t.Errorf("GET of the form's place: %d, Allow %q", got.status, got.header.Get("Allow"))
	}
}

// TestTheAnswer: what reaches the redirect URI, in both response modes.
func TestTheAnswer(t *testing.T) {
	u := newUsers(t, func(app *keyporttest.App) { app.RedirectURIs = []string{callback + "?a=1", callback} })
	for _, kind := range kinds {
		for _, mode := range []string{"", "query", "form_post"} {
			values := u.signIn(u.NewBrowser(), u.ask(kind, map[string]string{"response_mode": mode, "client_info": "1"}), keyporttest.SignIn{})
			if values.Get("code") == "" || values.Get("state") != "the-state" || values.Has("error") || values.Has("do") {
				t.Errorf("%s, %q: got %v", kind, mode, values)
			}
			wantInfo := kind != "AD FS" && kind != "OIDC"
			if values.Has("client_info") != wantInfo || values.Has("session_state") != (kind != "OIDC") || values.Has("iss") != (kind == "OIDC") {
				t.Errorf("%s, %q: got %v", kind, mode, values)
			}
		}
	}
	// The query of a redirect URI stays; one that is left out is the first that is registered.
	for _, asked := range []string{"", callback + "?a=1"} {
		values := u.signIn(u.NewBrowser(), u.ask("OIDC", map[string]string{"redirect_uri": asked, "state": ""}), keyporttest.SignIn{})
		if values.Get("a") != "1" || values.Has("state") {
			t.Errorf("redirect_uri %q: got %v", asked, values)
		}
		if got := u.redeem("OIDC", values.Get("code"), map[string]string{"redirect_uri": asked}); got.status != http.StatusOK {
			t.Errorf("redirect_uri %q: %v", asked, got.body)
		}
	}
}

func TestLoopbackRedirectURIsTakeAnyPort(t *testing.T) {
	u := newUsers(t, func(app *keyporttest.App) {
		app.RedirectURIs = []string{"http://localhost", "http://127.0.0.1/cb", "http://[::1]/cb", "http://localhost:8080/fixed", "https://localhost/tls", "http://intranet.example/cb", "my-app://cb"}
	})
	for asked, want := range map[string]bool{
		"http://localhost": true, "http://localhost:1234": true, "http://localhost:1234/": false, "http://localhost:1234/x": false,
		"http://127.0.0.1:1/cb": true, "http://127.0.0.1:1/cb?x=1": false, "http://127.0.0.2:1/cb": false, "http://[::1]:65000/cb": true,
		"http://localhost:8081/fixed": false, "http://localhost:8080/fixed": true, "https://localhost:1234/tls": false,
		"http://intranet.example:81/cb": false, "http://localhost@evil.example:1": false, "my-app://cb": true, "http://localhost:1234#x": false,
	} {
		_, err := u.SignIn(u.ask("Entra ID", map[string]string{"redirect_uri": asked}), keyporttest.SignIn{})
		if (err == nil) != want {
			t.Errorf("%s: %v", asked, err)
		}
	}
}
