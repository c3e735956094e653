package keyporttest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

func (u users) revoke(token string, changed map[string]string) reply {
	u.t.Helper()
	form := laidOver(map[string]string{"client_id": clientID, "client_secret": u.secret, "token": token}, changed)
	return send(u.t, u.Authority, http.MethodPost, u.endpoint("OIDC", "revocation_endpoint"), form.Encode(), nil)
}

// TestRevocation: with a refresh token goes the whole sign-in, an access token goes
// alone, and nobody takes back another client's.
func TestRevocation(t *testing.T) {
	const other, otherSecret = "another-app", "the other app's secret"
	u := newUsers(t, nil)
	u.AddApp(keyporttest.App{ClientID: other, Secrets: []string{otherSecret}})
	userInfo := func(token string) int {
		return send(t, u.Authority, http.MethodGet, u.endpoint("OIDC", "userinfo_endpoint"), "", bearerOf(token)).status
	}
	got := u.tokens("OIDC", nil)
	access, refresh := got.text("access_token"), got.text("refresh_token")
	stranger := map[string]string{"client_id": other, "client_secret": otherSecret}
	for _, token := range []string{access, refresh} {
		if refused := u.revoke(token, stranger); refused.text("error") != "invalid_grant" || userInfo(access) != http.StatusOK {
			t.Errorf("by another client: %d %v", refused.status, refused.body)
		}
	}
	for name, token := range map[string]string{"an invented token": "invented", "an ID token of nobody's": "a.b.c"} {
		if got := u.revoke(token, nil); got.status != http.StatusOK {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	if got := u.revoke(access, nil); got.status != http.StatusOK || userInfo(access) != http.StatusUnauthorized {
		t.Errorf("the access token: %d, and then userinfo: %d", got.status, userInfo(access))
	}
	second := u.refresh("OIDC", refresh, nil)
	if second.status != http.StatusOK {
		t.Fatalf("the refresh token went with the access token: %v", second.body)
	}
	if got := u.revoke(second.text("refresh_token"), map[string]string{"token_type_hint": "refresh_token"}); got.status != http.StatusOK || userInfo(second.text("access_token")) != http.StatusUnauthorized {
		t.Errorf("the refresh token: %d", got.status)
	}
	if got := u.refresh("OIDC", second.text("refresh_token"), nil); !strings.HasPrefix(refusalOf(got), "invalid_grant the grant was revoked") {
		t.Errorf("afterwards: %v", got.body)
	}
}

func TestRevocationOfAnApplicationsToken(t *testing.T) {
	u := newUsers(t, nil)
	api := u.Resource(clientID)
	token := post(t, u.Authority, tokenURLs["OIDC"], map[string]string{"client_secret": u.secret}).text("access_token")
	if got := call(api, token); got.status != http.StatusOK {
		t.Fatalf("before: %d", got.status)
	}
	if got := u.revoke(token, nil); got.status != http.StatusOK {
		t.Errorf("revocation: %d", got.status)
	}
	if got := call(api, token); got.status != http.StatusUnauthorized {
		t.Errorf("afterwards: %d", got.status)
	}
}

func TestRevocationRefuses(t *testing.T) {
	u := newUsers(t, nil)
	if got := u.revoke("x", map[string]string{"client_secret": "wrong"}); got.status != http.StatusUnauthorized || got.text("error") != "invalid_client" {
		t.Errorf("a wrong secret: %d %v", got.status, got.body)
	}
	if got := u.revoke("", nil); got.status != http.StatusBadRequest || got.text("error") != "invalid_request" {
		t.Errorf("no token: %d %v", got.status, got.body)
	}
	if got := get(t, u.Authority, u.endpoint("OIDC", "revocation_endpoint")); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST" {
		t.Errorf("GET: %d", got.status)
	}
	for _, kind := range []string{"Entra ID", "B2C", "CIAM", "AD FS", "dSTS"} {
		if got := u.endpoint(kind, "revocation_endpoint"); got != "" {
			t.Errorf("%s has none, and says %s", kind, got)
		}
	}
	public := newUsers(t, func(app *keyporttest.App) { app.Public = true })
	public.secret = ""
	token := public.tokens("OIDC", nil).text("refresh_token")
	if got := public.revoke(token, nil); got.status != http.StatusOK || public.refresh("OIDC", token, nil).status == http.StatusOK {
		t.Errorf("a public client: %d %v", got.status, got.body)
	}
}
