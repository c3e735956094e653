package keyporttest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/keyporttest"
)

// random claims differ in each token.
var random = []string{"jti", "uti", "aio"}

func TestClaimsOfEachKindOfServer(t *testing.T) {
	const guid = "0354d9fb-d107-4c08-87d2-d969daea1f8b"
	a, secret := newAuthority(t, func(app *keyporttest.App) { app.Roles = []string{"Reports.Read"} })
	a.AddResource("api://reports")
	a.AddResource("api://" + guid)
	iat, exp := float64(noon.Unix()), float64(noon.Unix()+3599)
	principal := post(t, a, tokenURL, map[string]string{"client_secret": secret}).claims(t)["oid"]
	v2 := func(aud, issuer string) map[string]any {
		return map[string]any{
			"aud": aud, "iss": issuer, "iat": iat, "nbf": iat, "exp": exp, "ver": "2.0", "tid": keyporttest.TenantID,
			"azp": clientID, "azpacr": "1", "sub": principal, "oid": principal, "roles": []any{"Reports.Read"},
		}
	}
	v1 := map[string]any{
		"aud": keyporttest.Graph, "iss": "https://sts.windows.net/" + keyporttest.TenantID + "/", "idp": "https://sts.windows.net/" + keyporttest.TenantID + "/",
		"iat": iat, "nbf": iat, "exp": exp, "ver": "1.0", "tid": keyporttest.TenantID, "idtyp": "app",
		"appid": clientID, "appidacr": "1", "sub": principal, "oid": principal, "roles": []any{"Reports.Read"},
	}
	for _, row := range []struct {
		name string
		url  string
		form map[string]string
		typ  string
		want map[string]any
	}{
		{"Graph", tokenURL, nil, "JWT", v1},
		{"the older endpoint", entraBase + "/oauth2/token", map[string]string{"resource": keyporttest.Graph}, "JWT", v1},
		{"an API by its name", tokenURL, map[string]string{"scope": "api://reports/.default"}, "JWT", v2("api://reports", entraBase+"/v2.0")},
		{"an API by its id", tokenURL, map[string]string{"scope": "api://" + guid + "/.default"}, "JWT", v2(guid, entraBase+"/v2.0")},
		{"another cloud", "https://login.chinacloudapi.cn/contoso.onmicrosoft.com/oauth2/v2.0/token", map[string]string{"scope": "api://reports/.default"}, "JWT",
			v2("api://reports", "https://login.partner.microsoftonline.cn/"+keyporttest.TenantID+"/v2.0")},
		{"B2C", tokenURLs["B2C"], map[string]string{"scope": "api://reports/.default"}, "JWT", v2("api://reports", "https://contoso.b2clogin.com/"+keyporttest.TenantID+"/v2.0/")},
		{"CIAM", tokenURLs["CIAM"], nil, "JWT", v2(keyporttest.Graph, "https://"+keyporttest.TenantID+".ciamlogin.com/"+keyporttest.TenantID+"/v2.0")},
		{"dSTS", tokenURLs["dSTS"], nil, "JWT", v2(keyporttest.Graph, keyporttest.DSTSAuthorityURL+"/v2.0")},
		{"AD FS", tokenURLs["AD FS"], nil, "JWT", map[string]any{
			"aud": keyporttest.Graph, "iss": "http://adfs.contoso.example/adfs/services/trust", "iat": iat, "nbf": iat, "exp": exp,
			"ver": "1.0", "appid": clientID, "apptype": "Confidential",
		}},
		{"a plain provider", tokenURLs["OIDC"], map[string]string{"scope": "api:read"}, "at+jwt", map[string]any{
			"aud": clientID, "iss": keyporttest.OIDCIssuerPath, "iat": iat, "nbf": iat, "exp": exp,
			"sub": clientID, "client_id": clientID, "scope": "api:read",
		}},
		{"a plain provider, for a resource", tokenURLs["OIDC"], map[string]string{"scope": "", "resource": "https://api.example"}, "at+jwt", map[string]any{
			"aud": "https://api.example", "iss": keyporttest.OIDCIssuerPath, "iat": iat, "nbf": iat, "exp": exp, "sub": clientID, "client_id": clientID,
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			form := map[string]string{"client_secret": secret}
			for name, value := range row.form {
				form[name] = value
			}
			got := post(t, a, row.url, form)
			header, claims := split(t, got.text("access_token"))
			if header["typ"] != row.typ || header["alg"] != "ES256" || header["kid"] == "" {
				t.Errorf("header: %v", header)
			}
			for _, name := range random {
				delete(claims, name)
			}
			if diff := cmp.Diff(row.want, claims); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSeveralResourcesAreAllInTheAudience(t *testing.T) {
	a, secret := newAuthority(t, nil)
	form := formOf(map[string]string{"client_secret": secret, "scope": "x"})
	form["resource"] = []string{"https://one.example", "https://two.example"} // RFC 8707 §2
	got := send(t, a, http.MethodPost, tokenURLs["OIDC"], form.Encode(), nil)
	if diff := cmp.Diff([]any{"https://one.example", "https://two.example"}, got.claims(t)["aud"]); diff != "" {
		t.Errorf("aud (-want +got):\n%s", diff)
	}
}

func TestTheTokenSaysHowTheClientProvedItself(t *testing.T) {
	c := rsaCertificate()
	a, secret := newAuthority(t, func(app *keyporttest.App) { app.Certificates = c.Chain })
	bySecret := post(t, a, tokenURL, map[string]string{"client_secret": secret}).claims(t)
	byKey := postAssertion(t, a, tokenURL, goodAssertion().sign(t), nil).claims(t)
	if bySecret["appidacr"] != "1" || byKey["appidacr"] != "2" {
		t.Errorf("appidacr: %v by secret, %v by certificate", bySecret["appidacr"], byKey["appidacr"])
	}
	if diff := cmp.Diff([]any{"Everything.Read"}, bySecret["roles"]); diff != "" {
		t.Errorf("roles (-want +got):\n%s", diff)
	}
}

func TestResponsesOfEachKindOfServer(t *testing.T) {
	a, secret := newAuthority(t, nil)
	now := float64(noon.Unix())
	for _, row := range []struct {
		url  string
		want map[string]any
	}{
		{tokenURL, map[string]any{"token_type": "Bearer", "expires_in": 3599.0, "ext_expires_in": 3599.0}},
		{tokenURLs["CIAM"], map[string]any{"token_type": "Bearer", "expires_in": 3599.0, "ext_expires_in": 3599.0}},
		{tokenURLs["dSTS"], map[string]any{"token_type": "Bearer", "expires_in": 3599.0, "ext_expires_in": 3599.0}},
		{tokenURLs["B2C"], map[string]any{"token_type": "Bearer", "expires_in": 3599.0, "expires_on": now + 3599, "not_before": now, "resource": keyporttest.Graph}},
		{tokenURLs["AD FS"], map[string]any{"token_type": "bearer", "expires_in": 3599.0}},
		{tokenURLs["OIDC"], map[string]any{"token_type": "Bearer", "expires_in": 3599.0, "scope": graph}},
		{entraBase + "/oauth2/token", map[string]any{
			"token_type": "Bearer", "expires_in": "3599", "ext_expires_in": "3599", "resource": keyporttest.Graph,
			"not_before": "1795521600", "expires_on": "1795525199",
		}},
	} {
		got := post(t, a, row.url, map[string]string{"client_secret": secret, "resource": keyporttest.Graph})
		if row.url == tokenURLs["OIDC"] {
			got = post(t, a, row.url, map[string]string{"client_secret": secret})
		}
		delete(got.body, "access_token")
		if diff := cmp.Diff(row.want, got.body); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.url, diff)
		}
	}
	a.SetTokenLifetime(2*time.Hour, time.Hour)
	got := post(t, a, tokenURL, map[string]string{"client_secret": secret})
	if got.body["expires_in"] != 7200.0 || got.body["refresh_in"] != 3600.0 || got.claims(t)["exp"] != now+7200 {
		t.Errorf("after SetTokenLifetime: %v", got.body)
	}
}

func TestNoTwoTokensAreAlike(t *testing.T) {
	seen := map[string]bool{}
	for _, algorithm := range []string{"ES256", "RS256"} { // RS256 signs the same bytes alike
		a := keyporttest.New(keyporttest.Options{SigningAlgorithm: algorithm})
		secret := keyporttest.PlantSecret("client secret")
		a.AddApp(keyporttest.App{ClientID: clientID, Secrets: []string{secret}})
		for kind, address := range tokenURLs {
			for range 3 {
				token := post(t, a, address, map[string]string{"client_secret": secret}).text("access_token")
				if seen[token] || token == "" {
					t.Errorf("%s, %s: the same token again, or none", algorithm, kind)
				}
				seen[token] = true
			}
		}
	}
}

// TestTokensVerifyAgainstTheJWKS: the way of an API, from the issuer's document to
// the key, for each kind of server and each algorithm.
func TestTokensVerifyAgainstTheJWKS(t *testing.T) {
	for _, algorithm := range []jose.SignatureAlgorithm{jose.ES256, jose.RS256} {
		a := keyporttest.New(keyporttest.Options{SigningAlgorithm: string(algorithm)})
		secret := keyporttest.PlantSecret("client secret")
		a.AddApp(keyporttest.App{ClientID: clientID, Secrets: []string{secret}})
		for kind, address := range documentURLs {
			document := get(t, a, address)
			ofIDTokens := string(algorithm)
			if !strings.HasPrefix(kind, "OIDC") {
				ofIDTokens = "RS256" // whatever the access tokens are signed with: clients of Microsoft's servers take no other
			}
			if diff := cmp.Diff([]any{ofIDTokens}, document.body["id_token_signing_alg_values_supported"]); diff != "" {
				t.Errorf("%s (-want +got):\n%s", kind, diff)
			}
			token := post(t, a, document.text("token_endpoint"), map[string]string{"client_secret": secret, "resource": keyporttest.Graph}).text("access_token")
			jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{algorithm})
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			if _, err := jws.Verify(jwks(t, a, document.text("jwks_uri"))); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
			forged := token[:strings.LastIndexByte(token, '.')] + strings.Repeat("A", 86)
			if jws, err := jose.ParseSignedCompact(forged, []jose.SignatureAlgorithm{algorithm}); err == nil {
				if _, err := jws.Verify(jwks(t, a, document.text("jwks_uri"))); err == nil {
					t.Errorf("%s: a forged token verifies", kind)
				}
			}
		}
	}
}

func jwks(t *testing.T, a *keyporttest.Authority, address string) jose.JSONWebKeySet {
	t.Helper()
	text, err := json.Marshal(get(t, a, address).body)
	if err != nil {
		t.Fatal(err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(text, &set); err != nil {
		t.Fatal(err)
	}
	return set
}

func TestAnUnknownSigningAlgorithmPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	keyporttest.New(keyporttest.Options{SigningAlgorithm: "HS256"})
}
