package keyporttest_test

import (
	"net/http"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

func TestScopesOfAnApplicationAtEntraID(t *testing.T) {
	a, secret := newAuthority(t, nil)
	a.AddResource("api://reports")
	a.AddResource("https://files.example/")
	for _, row := range []struct {
		scope  string
		number int
		code   string
	}{
		{graph, 0, ""},
		{"https://Graph.Microsoft.com/.default", 0, ""},
		{"api://reports/.default", 0, ""},
		{"https://files.example//.default", 0, ""}, // the identifier ends in a slash
		{"api://reports/.default openid offline_access profile", 0, ""},
		{graph + " " + graph, 0, ""},
		{"", 900144, "invalid_request"},
		{"openid", 1002012, "invalid_scope"},
		{"User.Read", 1002012, "invalid_scope"},
		{"https://graph.microsoft.com/User.Read", 1002012, "invalid_scope"},
		{graph + " User.Read", 1002012, "invalid_scope"},
		{"/.default", 1002012, "invalid_scope"},
		{graph + " api://reports/.default", 28000, "invalid_scope"},
		{"api://nobody/.default", 500011, "invalid_resource"},
	} {
		got := post(t, a, tokenURL, map[string]string{"client_secret": secret, "scope": row.scope})
		if got.number() != row.number || got.text("error") != row.code {
			t.Errorf("%q: got %s AADSTS%d, want %s AADSTS%d", row.scope, got.text("error"), got.number(), row.code, row.number)
		}
		if row.number == 0 && got.status != http.StatusOK {
			t.Errorf("%q: status %d", row.scope, got.status)
		}
	}
	for _, kind := range []string{"B2C", "CIAM"} {
		if got := post(t, a, tokenURLs[kind], map[string]string{"client_secret": secret, "scope": "User.Read"}); got.text("error") != "invalid_scope" {
			t.Errorf("%s: %d %v", kind, got.status, got.body)
		}
	}
}

// TestTheOlderEndpointTakesAResource: Entra ID's token endpoint from before "v2.0".
func TestTheOlderEndpointTakesAResource(t *testing.T) {
	a, secret := newAuthority(t, nil)
	for resource, number := range map[string]int{keyporttest.Graph: 0, "": 900144, "api://nobody": 500011} {
		got := post(t, a, entraBase+"/oauth2/token", map[string]string{"client_secret": secret, "resource": resource})
		if got.number() != number {
			t.Errorf("resource %q: %d %v", resource, got.status, got.body)
		}
	}
}

func TestADFSAndDSTSAreToldTheResource(t *testing.T) {
	a, secret := newAuthority(t, nil)
	for _, row := range []struct{ scope, resource, want string }{
		{"https://api.contoso.example/.default", "", "https://api.contoso.example"},
		{"https://api.contoso.example/read openid", "", "https://api.contoso.example"},
		{"openid", "urn:api", "urn:api"},
		{"reports", "", "reports"},
	} {
		for _, kind := range []string{"AD FS", "dSTS"} {
			got := post(t, a, tokenURLs[kind], map[string]string{"client_secret": secret, "scope": row.scope, "resource": row.resource})
			if got.status != http.StatusOK || got.claims(t)["aud"] != row.want {
				t.Errorf("%s, scope %q, resource %q: %d %v, want a token for %s", kind, row.scope, row.resource, got.status, got.body, row.want)
			}
		}
	}
	if got := post(t, a, tokenURLs["AD FS"], map[string]string{"client_secret": secret, "scope": ""}); got.text("error") != "invalid_request" {
		t.Errorf("neither: %d %v", got.status, got.body)
	}
}

func TestScopesAtAPlainProvider(t *testing.T) {
	a, secret := newAuthority(t, func(app *keyporttest.App) { app.Scopes = []string{"api:read", "api:write"} })
	for _, row := range []struct{ scope, want, code string }{
		{"api:read", "api:read", ""},
		{"api:write api:read", "api:write api:read", ""},
		{"", "api:read api:write", ""}, // RFC 6749 §3.3: a default, and it is told
		{"API:read", "", "invalid_scope"},
		{"api:read openid", "", "invalid_scope"},
	} {
		got := post(t, a, tokenURLs["OIDC"], map[string]string{"client_secret": secret, "scope": row.scope})
		if got.text("error") != row.code || got.text("scope") != row.want {
			t.Errorf("%q: got %d %v", row.scope, got.status, got.body)
		}
		if row.code == "" && got.claims(t)["scope"] != row.want {
			t.Errorf("%q: the token is for %v", row.scope, got.claims(t)["scope"])
		}
	}
	free, secret := newAuthority(t, nil)
	if got := post(t, free, tokenURLs["OIDC"], map[string]string{"client_secret": secret, "scope": ""}); got.status != http.StatusOK || got.text("scope") != "" {
		t.Errorf("no scopes at all: %d %v", got.status, got.body)
	}
}
