package keyporttest_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestUsersSignInOverASocket: with a client that has nothing to do with the process,
// as a real browser has.
func TestUsersSignInOverASocket(t *testing.T) {
	u := newUsers(t, nil)
	l, err := u.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := l.Client()
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	form := url.Values{"do": {"sign-in"}, "username": {keyporttest.Username}, "password": {keyporttest.UserPassword}}
	sent, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.URL+"/login?"+request(nil).Encode(), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	sent.Header.Set("Content-Type", formType)
	sent.Header.Set("Origin", l.URL)
	again, err := http.NewRequestWithContext(t.Context(), http.MethodGet, l.URL+"/authorize?"+request(none()).Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []*http.Request{sent, again} { // the second one by the cookie of the first
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		location, err := response.Location()
		if err != nil || !location.Query().Has("code") || location.Query().Get("iss") != l.URL {
			t.Fatalf("%s: status %d, %v", r.Method, response.StatusCode, err)
		}
	}
}

// TestRulesAndRecordsOfAuthorizationRequests: the client is named in the query there.
func TestRulesAndRecordsOfAuthorizationRequests(t *testing.T) {
	u := newUsers(t, nil)
	u.AddApp(keyporttest.App{ClientID: "another-app", RedirectURIs: []string{callback}})
	u.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointAuthorization, ClientID: "another-app", Status: http.StatusServiceUnavailable})
	if _, err := u.SignIn(u.ask("OIDC", map[string]string{"client_id": "another-app"}), keyporttest.SignIn{}); err == nil {
		t.Error("the rule for another app is not followed")
	}
	u.Reset()
	u.signIn(u.NewBrowser(), u.ask("OIDC", nil), keyporttest.SignIn{})
	for _, endpoint := range []keyporttest.Endpoint{keyporttest.EndpointAuthorization, keyporttest.EndpointSignIn} {
		got := u.Requests(endpoint)
		if len(got) != 1 || got[0].ClientID != clientID || got[0].Authority != keyporttest.OIDCIssuerPath {
			t.Errorf("%s: recorded %v", endpoint, got)
		}
		if h := got[0].Header; endpoint == keyporttest.EndpointSignIn && (h.Get("Content-Type") != formType || h.Get("Origin") != "https://id.contoso.example") {
			t.Errorf("the browser sends %q of %q", h.Get("Content-Type"), h.Get("Origin"))
		}
	}
}
