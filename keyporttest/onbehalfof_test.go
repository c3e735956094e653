package keyporttest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/keyporttest"
)

const (
	apiID     = "22222222-3333-4444-8555-666666666666"
	apiSecret = "the API's own secret"
)

// addAPI registers an app that is an API too.
func (u users) addAPI(change func(*keyporttest.App)) {
	app := keyporttest.App{ClientID: apiID, Secrets: []string{apiSecret}, IdentifierURIs: []string{"api://middle"}}
	if change != nil {
		change(&app)
	}
	u.AddApp(app)
}

// onBehalf asks for a token of the user of an assertion.
func (u users) onBehalf(kind, assertion string, changed map[string]string) reply {
	u.t.Helper()
	return u.post(kind, laidOver(map[string]string{
		"grant_type": jwtBearerGrant, "client_id": apiID, "client_secret": apiSecret, "assertion": assertion, "requested_token_use": "on_behalf_of",
		"scope": "openid profile offline_access User.Read", "client_info": "1",
	}, changed))
}

// TestOnBehalfOf: an API, under each of its names, gets a token of its caller for the
// next API.
func TestOnBehalfOf(t *testing.T) {
	u := newUsers(t, nil)
	u.addAPI(nil)
	for kind, scopes := range map[string][]string{
		"Entra ID": {"api://middle/act", "api://" + apiID + "/act", apiID + "/.default"},
		"CIAM":     {"api://middle/act"}, "AD FS": {"api://middle/act"}, "dSTS": {"api://middle/act"},
	} {
		for _, scope := range scopes {
			assertion := u.tokens(kind, map[string]string{"scope": "openid " + scope}).text("access_token")
			got := u.onBehalf(kind, assertion, nil)
			if refusal := refusalOf(got); refusal != "" {
				t.Errorf("%s, %s: %s", kind, scope, refusal)
				continue
			}
			_, of := split(t, assertion)
			claims, id := got.claims(t), got.idClaims(t)
			if id["aud"] != apiID || id["nonce"] != nil || claims["scp"] == nil || claims["oid"] != of["oid"] || claims["sub"] == of["sub"] && kind != "AD FS" {
				t.Errorf("%s, %s: the tokens are of another user, or for another API", kind, scope)
			}
			if got.text("refresh_token") == "" || (got.text("client_info") != "") != (kind != "AD FS") {
				t.Errorf("%s, %s: no refresh token or client_info", kind, scope)
			}
			next := u.post(kind, laidOver(map[string]string{"grant_type": "refresh_token", "client_id": apiID, "client_secret": apiSecret, "refresh_token": got.text("refresh_token")}, nil))
			if refusal := refusalOf(next); refusal != "" {
				t.Errorf("%s, %s: refresh: %s", kind, scope, refusal)
			}
		}
	}
	assertion := u.tokens("Entra ID", map[string]string{"scope": "openid api://middle/act"}).text("access_token")
	common := u.onBehalf("common", assertion, nil) // the assertion says which tenant
	if refusal := refusalOf(common); refusal != "" || common.claims(t)["tid"] != keyporttest.TenantID {
		t.Errorf("at an authority of many: %s", refusal)
	}
}

func TestAssertionsThatAreRefused(t *testing.T) {
	u := newUsers(t, nil)
	u.addAPI(nil)
	u.AddTenant(keyporttest.Tenant{ID: "6babcaad-604b-40ac-a9d7-9fd97c0b779f", Domains: []string{"fabrikam.onmicrosoft.com"}})
	documentsOf["fabrikam"] = "https://login.microsoftonline.com/fabrikam.onmicrosoft.com/v2.0" + document
	good := u.tokens("Entra ID", map[string]string{"scope": "openid api://middle/act"})
	appOnly := post(t, u.Authority, tokenURL, map[string]string{"client_secret": u.secret, "scope": "api://middle/.default"}).text("access_token")
	foreign := newUsers(t, nil)
	foreign.addAPI(nil)
	for _, row := range []struct {
		name, kind, assertion string
		changed               map[string]string
		want                  string
	}{
		{"a good one", "Entra ID", good.text("access_token"), nil, ""},
		{"none", "Entra ID", "", nil, "invalid_request AADSTS900144:"},
		{"another use", "Entra ID", good.text("access_token"), map[string]string{"requested_token_use": ""}, "invalid_request AADSTS900144:"},
		{"no scope", "Entra ID", good.text("access_token"), map[string]string{"scope": ""}, "invalid_scope AADSTS900144:"},
		{"no JWT", "Entra ID", "abc", nil, "invalid_grant AADSTS50013:"},
		{"an ID token", "Entra ID", good.text("id_token"), nil, "invalid_grant AADSTS50013:"},
		{"another authority's", "Entra ID", foreign.tokens("Entra ID", map[string]string{"scope": "openid api://middle/act"}).text("access_token"), nil, "invalid_grant AADSTS50013:"},
		{"an application's own token", "Entra ID", appOnly, nil, "invalid_grant AADSTS7000114:"},
		{"a token for another API", "Entra ID", u.tokens("Entra ID", nil).text("access_token"), nil, "invalid_grant AADSTS500131:"},
		{"another tenant", "fabrikam", good.text("access_token"), nil, "invalid_grant AADSTS50013:"},
		{"another kind of server", "CIAM", good.text("access_token"), nil, "invalid_grant AADSTS50013:"},
		{"two APIs", "Entra ID", good.text("access_token"), map[string]string{"scope": "User.Read " + reports + "/read"}, "invalid_scope AADSTS28000:"},
		{"B2C", "B2C", good.text("access_token"), nil, "unsupported_grant_type AADB2C90086:"},
		{"OIDC", "OIDC", good.text("access_token"), nil, "unsupported_grant_type"},
		{"no credential", "Entra ID", good.text("access_token"), map[string]string{"client_secret": ""}, "invalid_client AADSTS7000218:"},
	} {
		if got := refusalOf(u.onBehalf(row.kind, row.assertion, row.changed)); (got == "") != (row.want == "") || !strings.HasPrefix(got, row.want) {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
	u.Clock().Advance(time.Hour)
	if got := refusalOf(u.onBehalf("Entra ID", good.text("access_token"), nil)); !strings.HasPrefix(got, "invalid_grant AADSTS500133:") {
		t.Errorf("an expired one: %q", got)
	}
	late := u.tokens("Entra ID", map[string]string{"scope": "openid api://middle/act"}).text("access_token")
	u.RevokeSessions(keyporttest.Username)
	if got := refusalOf(u.onBehalf("Entra ID", late, nil)); !strings.HasPrefix(got, "invalid_grant AADSTS50173:") {
		t.Errorf("a revoked one: %q", got)
	}
	u.addAPI(func(app *keyporttest.App) { app.Public = true })
	if got := refusalOf(u.onBehalf("Entra ID", late, map[string]string{"client_secret": ""})); !strings.HasPrefix(got, "invalid_client AADSTS7000218:") {
		t.Errorf("a public client: %q", got)
	}
}

// TestClaimsGoFromLegToLeg: what the API lacks, only its caller can bring.
func TestClaimsGoFromLegToLeg(t *testing.T) {
	const claims = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`
	u := newUsers(t, nil)
	u.addAPI(nil)
	u.RequireClaims(keyporttest.Graph, claims)
	scope := map[string]string{"scope": "openid api://middle/act"}
	got := u.onBehalf("Entra ID", u.tokens("Entra ID", scope).text("access_token"), nil)
	if got.text("error") != "invalid_grant" || got.number() != 50076 || got.text("suberror") != "basic_action" || got.text("claims") != claims {
		t.Fatalf("got %v", got.body)
	}
	scope["claims"] = got.text("claims")
	again := u.onBehalf("Entra ID", u.tokens("Entra ID", scope).text("access_token"), nil)
	if again.status != http.StatusOK {
		t.Fatalf("with the claims: %s", refusalOf(again))
	}
	if acrs, _ := again.claims(t)["acrs"].([]any); len(acrs) != 1 || acrs[0] != "c1" {
		t.Errorf("acrs is %v", again.claims(t)["acrs"])
	}
}
