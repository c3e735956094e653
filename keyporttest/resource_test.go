package keyporttest_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/keyporttest"
)

// call calls an API with a token.
func call(api http.Handler, token string) raw {
	r := httptest.NewRequest(http.MethodGet, "https://api.example/", nil)
	if token != "" {
		bearerOf(token)(r)
	}
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	return raw{w.Code, w.Header(), w.Body.String()}
}

func TestAResourceSaysWhoCalls(t *testing.T) {
	u := newUsers(t, nil)
	u.addAPI(nil)
	api := u.Resource("api://things")
	for _, row := range []struct {
		kind string
		api  *keyporttest.Resource
		got  string // the token
		want keyporttest.Caller
	}{
		{"Entra ID", api, u.tokens("Entra ID", map[string]string{"scope": "api://things/read api://things/write"}).text("access_token"), keyporttest.Caller{ClientID: clientID, UserID: keyporttest.UserID, Tenant: keyporttest.TenantID, Scopes: []string{"read", "write"}}},
		{"Graph", u.Resource(keyporttest.Graph), u.tokens("Entra ID", map[string]string{"scope": "User.Read"}).text("access_token"), keyporttest.Caller{ClientID: clientID, UserID: keyporttest.UserID, Tenant: keyporttest.TenantID, Scopes: []string{"User.Read"}}},
		{"an API that is an app", u.Resource("api://middle"), u.tokens("Entra ID", map[string]string{"scope": "api://middle/act"}).text("access_token"), keyporttest.Caller{ClientID: clientID, UserID: keyporttest.UserID, Tenant: keyporttest.TenantID, Scopes: []string{"act"}}},
		{"AD FS", api, u.tokens("AD FS", map[string]string{"scope": "api://things/read"}).text("access_token"), keyporttest.Caller{ClientID: clientID, UserID: keyporttest.UserID, Scopes: []string{"read"}}},
		{"OIDC", u.Resource(clientID), u.tokens("OIDC", map[string]string{"scope": "read"}).text("access_token"), keyporttest.Caller{ClientID: clientID, UserID: keyporttest.UserID, Scopes: []string{"read"}}},
		{"an application", api, post(t, u.Authority, tokenURL, map[string]string{"client_secret": u.secret, "scope": "api://things/.default"}).text("access_token"), keyporttest.Caller{ClientID: clientID, Tenant: keyporttest.TenantID, Roles: []string{"Everything.Read"}}},
	} {
		got := call(row.api, row.got)
		var caller keyporttest.Caller
		if err := json.Unmarshal([]byte(got.text), &caller); err != nil || got.status != http.StatusOK {
			t.Errorf("%s: %d %q", row.kind, got.status, got.header.Get("WWW-Authenticate"))
			continue
		}
		if diff := cmp.Diff(row.want, caller); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.kind, diff)
		}
	}
}

func TestAResourceRefuses(t *testing.T) {
	u := newUsers(t, nil)
	api := u.Resource("api://things")
	good := u.tokens("Entra ID", map[string]string{"scope": "openid api://things/read"})
	token := good.text("access_token")
	foreign := newUsers(t, nil)
	foreign.AddResource("api://things")
	for _, row := range []struct{ name, token, want string }{
		{"a good one", token, ""},
		{"none", "", `Bearer realm="keyporttest"`},
		{"no token", "abc", `Bearer realm="keyporttest", error="invalid_token"`},
		{"another API's", u.tokens("Entra ID", nil).text("access_token"), `Bearer realm="keyporttest", error="invalid_token", error_description="the access token is for another audience"`},
		{"another authority's", foreign.tokens("Entra ID", map[string]string{"scope": "api://things/read"}).text("access_token"), `Bearer realm="keyporttest", error="invalid_token"`},
		{"an ID token", good.text("id_token"), `Bearer realm="keyporttest", error="invalid_token"`},
		{"a tampered one", token[:len(token)-6] + "AAAAAA", `Bearer realm="keyporttest", error="invalid_token"`},
	} {
		got := call(api, row.token)
		if challenge := got.header.Get("WWW-Authenticate"); (got.status == http.StatusOK) != (row.want == "") || !strings.HasPrefix(challenge, row.want) {
			t.Errorf("%s: %d %q", row.name, got.status, challenge)
		} else if row.token == "" && strings.Contains(challenge, "error") { // RFC 6750 §3.1
			t.Errorf("%s: %q says what is wrong with no token", row.name, challenge)
		}
	}
	u.Clock().Advance(3599*time.Second - 1)
	if got := call(api, token); got.status != http.StatusOK {
		t.Errorf("just in time: %d", got.status)
	}
	u.Clock().Advance(1)
	if got := call(api, token); got.status != http.StatusUnauthorized {
		t.Errorf("an expired one: %d", got.status)
	}
}

// TestWhatCameOfOneSignInEndsWithIt: the tokens that an API got on behalf of the user
// too, and those of a user who is gone.
func TestWhatCameOfOneSignInEndsWithIt(t *testing.T) {
	u := newUsers(t, nil)
	u.addAPI(nil)
	api := u.Resource("api://things")
	assertion := u.tokens("Entra ID", map[string]string{"scope": "openid api://middle/act"}).text("access_token")
	next := map[string]string{"scope": "api://things/read"}
	alone := u.onBehalf("Entra ID", assertion, next)
	next["scope"] = "offline_access api://things/read"
	lasting := u.onBehalf("Entra ID", assertion, next)
	if got := call(api, alone.text("access_token")); got.status != http.StatusOK || alone.text("refresh_token") != "" {
		t.Fatalf("before: %d", got.status)
	}
	u.Clock().Advance(time.Minute)
	u.RevokeSessions(keyporttest.Username)
	for name, got := range map[string]reply{"an access token": alone, "a refresh token": lasting} {
		if got := call(api, got.text("access_token")); got.status != http.StatusUnauthorized {
			t.Errorf("%s: %d", name, got.status)
		}
	}
	refresh := laidOver(map[string]string{"grant_type": "refresh_token", "client_id": apiID, "client_secret": apiSecret, "refresh_token": lasting.text("refresh_token")}, nil)
	if got := u.post("Entra ID", refresh); got.number() != 50173 {
		t.Errorf("a refresh token: %v", got.body)
	}
	u.AddUser("", keyporttest.User{ID: "aaaaaaaa-1111-4222-8333-444444444444", Username: bob, Password: "a password"})
	code := u.signIn(u.NewBrowser(), u.ask("Entra ID", map[string]string{"scope": "api://things/read"}), keyporttest.SignIn{Username: bob}).Get("code")
	bobs := u.redeem("Entra ID", code, nil).text("access_token")
	u.addBob()
	if got := call(api, bobs); got.status != http.StatusUnauthorized {
		t.Errorf("a user who is gone: %d", got.status)
	}
}

var inChallenge = regexp.MustCompile(`error="insufficient_claims", error_description="[^"]+", claims="([A-Za-z0-9+/=]+)"`)

// challengeOf decodes the claims of a challenge.
func challengeOf(t *testing.T, got raw) string {
	t.Helper()
	found := inChallenge.FindStringSubmatch(got.header.Get("WWW-Authenticate"))
	if got.status != http.StatusUnauthorized || found == nil {
		t.Fatalf("status %d, challenge %q", got.status, got.header.Get("WWW-Authenticate"))
	}
	claims, err := base64.StdEncoding.DecodeString(found[1])
	if err != nil {
		t.Fatal(err)
	}
	return string(claims)
}

// TestAResourceChallenges: insufficient_claims, and a token that was asked for with
// them.
func TestAResourceChallenges(t *testing.T) {
	const claims = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
	u := newUsers(t, nil)
	api := u.Resource("api://things")
	scope := map[string]string{"scope": "openid offline_access api://things/read"}
	got := u.tokens("Entra ID", scope)
	api.Challenge(claims)
	challenge := challengeOf(t, call(api, got.text("access_token")))
	if challenge != claims {
		t.Errorf("challenged with %s", challenge)
	}
	again := u.refresh("Entra ID", got.text("refresh_token"), map[string]string{"claims": challenge})
	if got := call(api, again.text("access_token")); got.status != http.StatusOK {
		t.Errorf("with the claims: %d", got.status)
	}
	if got := call(api, got.text("access_token")); got.status != http.StatusUnauthorized {
		t.Errorf("the first token: %d", got.status)
	}
	api.Challenge("")
	if got := call(api, got.text("access_token")); got.status != http.StatusOK {
		t.Errorf("no challenge any more: %d", got.status)
	}
}

// TestARevokedSessionAtAResource: continuous access evaluation, for clients that have
// said that they understand it.
func TestARevokedSessionAtAResource(t *testing.T) {
	u := newUsers(t, nil)
	api := u.Resource("api://things")
	scope := map[string]string{"scope": "openid api://things/read"}
	plain := u.tokens("Entra ID", scope).text("access_token")
	scope["claims"] = `{"access_token":{"xms_cc":{"values":["cp1"]}}}`
	able := u.tokens("Entra ID", scope)
	if cc, _ := able.claims(t)["xms_cc"].([]any); !slices.Equal(cc, []any{"cp1"}) {
		t.Errorf("xms_cc is %v", cc)
	}
	u.Clock().Advance(time.Minute)
	u.RevokeSessions(keyporttest.Username)
	if got := challengeOf(t, call(api, able.text("access_token"))); got != `{"access_token":{"nbf":{"essential":true,"value":"1795521660"}}}` {
		t.Errorf("challenged with %s", got)
	}
	if got := call(api, plain); got.status != http.StatusUnauthorized || !strings.Contains(got.header.Get("WWW-Authenticate"), "invalid_token") {
		t.Errorf("a client that has not said so: %d %q", got.status, got.header.Get("WWW-Authenticate"))
	}
	u.Clock().Advance(time.Hour)
	if got := call(api, able.text("access_token")); !strings.Contains(got.header.Get("WWW-Authenticate"), "invalid_token") {
		t.Errorf("expired as well: %q", got.header.Get("WWW-Authenticate"))
	}
}
