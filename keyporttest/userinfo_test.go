package keyporttest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/keyporttest"
)

const graphUserInfo = keyporttest.Graph + "/oidc/userinfo"

func bearerOf(token string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
}

func TestUserInfo(t *testing.T) {
	const name = keyporttest.Username
	u := newUsers(t, nil)
	for kind, row := range map[string]struct {
		scope string
		want  map[string]any
	}{
		"OIDC":     {"openid profile email", map[string]any{"preferred_username": name, "name": keyporttest.UserFullName, "given_name": "Alice", "family_name": "Example", "email": name, "email_verified": true}},
		"AD FS":    {"openid profile", map[string]any{}},
		"Entra ID": {"openid email", map[string]any{"email": name, "email_verified": true}},
		"CIAM":     {"openid", map[string]any{}},
	} {
		tokens := u.tokens(kind, map[string]string{"scope": row.scope})
		row.want["sub"] = tokens.idClaims(t)["sub"]
		endpoint := u.endpoint(kind, "userinfo_endpoint")
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			got := send(t, u.Authority, method, endpoint, "", bearerOf(tokens.text("access_token")))
			if diff := cmp.Diff(row.want, got.body); diff != "" || got.status != http.StatusOK {
				t.Errorf("%s, %s: %d (-want +got):\n%s", kind, method, got.status, diff)
			}
		}
		posted := send(t, u.Authority, http.MethodPost, endpoint, "access_token="+tokens.text("access_token"), nil)
		if posted.status != http.StatusOK {
			t.Errorf("%s, in the form: %d", kind, posted.status)
		}
	}
	u.UpdateUser(name, func(x *keyporttest.User) { x.Claims = map[string]any{"department": "lamps"} })
	got := send(t, u.Authority, http.MethodGet, u.endpoint("OIDC", "userinfo_endpoint"), "", bearerOf(u.tokens("OIDC", nil).text("access_token")))
	if got.text("department") != "lamps" {
		t.Errorf("got %v", got.body)
	}
}

func TestUserInfoRefuses(t *testing.T) {
	u := newUsers(t, nil)
	endpoint := u.endpoint("OIDC", "userinfo_endpoint")
	good := u.tokens("OIDC", nil)
	gone := newUsers(t, nil)
	gone.AddUser("", keyporttest.User{ID: "aaaaaaaa-1111-4222-8333-444444444444", Username: bob, Password: "a password"})
	orphan := gone.redeem("OIDC", gone.signIn(gone.NewBrowser(), gone.ask("OIDC", nil), keyporttest.SignIn{Username: bob}).Get("code"), nil)
	gone.addBob()
	for _, row := range []struct {
		name, endpoint, token string
		status                int
		challenge             string
	}{
		{"nothing", endpoint, "", 401, `Bearer realm="keyporttest"`},
		{"no token", endpoint, "abc", 401, `Bearer realm="keyporttest", error="invalid_token"`},
		{"an ID token", endpoint, good.text("id_token"), 401, `Bearer realm="keyporttest", error="invalid_token"`},
		{"another issuer's", keyporttest.OIDCIssuer + "/userinfo", good.text("access_token"), 401, `Bearer realm="keyporttest", error="invalid_token"`},
		{"an application's own", endpoint, post(t, u.Authority, tokenURLs["OIDC"], map[string]string{"client_secret": u.secret}).text("access_token"), 401, `Bearer realm="keyporttest", error="invalid_token"`},
		{"without openid", endpoint, u.tokens("OIDC", map[string]string{"scope": "read"}).text("access_token"), 403, `Bearer realm="keyporttest", error="insufficient_scope", scope="openid"`},
		{"for another API", graphUserInfo, u.tokens("Entra ID", nil).text("access_token"), 401, `Bearer realm="keyporttest", error="invalid_token"`},
	} {
		got := send(t, u.Authority, http.MethodGet, row.endpoint, "", func(r *http.Request) {
			if row.token != "" {
				bearerOf(row.token)(r)
			}
		})
		if got.status != row.status || !strings.HasPrefix(got.header.Get("WWW-Authenticate"), row.challenge) || row.token == "" && got.header.Get("WWW-Authenticate") != row.challenge {
			t.Errorf("%s: %d %q", row.name, got.status, got.header.Get("WWW-Authenticate"))
		}
	}
	if got := send(t, gone.Authority, http.MethodGet, endpoint, "", bearerOf(orphan.text("access_token"))); got.status != http.StatusUnauthorized {
		t.Errorf("a user who is gone: %d", got.status)
	}
	if got := send(t, u.Authority, http.MethodPut, endpoint, "", nil); got.status != http.StatusMethodNotAllowed {
		t.Errorf("PUT: %d", got.status)
	}
	u.Clock().Advance(time.Hour)
	if got := send(t, u.Authority, http.MethodGet, endpoint, "", bearerOf(good.text("access_token"))); got.status != http.StatusUnauthorized {
		t.Errorf("an expired one: %d", got.status)
	}
}
