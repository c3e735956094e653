package keyporttest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// issuers of ID tokens.
var issuers = map[string]string{
	"Entra ID": entraBase + "/v2.0", "Entra ID v1": "https://sts.windows.net/" + keyporttest.TenantID + "/",
	"B2C":   "https://contoso.b2clogin.com/" + keyporttest.TenantID + "/v2.0/",
	"CIAM":  "https://" + keyporttest.TenantID + ".ciamlogin.com/" + keyporttest.TenantID + "/v2.0",
	"AD FS": keyporttest.ADFSAuthorityURL, "dSTS": keyporttest.DSTSAuthorityURL + "/v2.0", "OIDC": keyporttest.OIDCIssuerPath,
}

// TestIDTokens: who the user is, in the way of each kind of server.
func TestIDTokens(t *testing.T) {
	const id, name, full = keyporttest.UserID, keyporttest.Username, keyporttest.UserFullName
	u := newUsers(t, nil)
	u.UpdateUser(name, func(x *keyporttest.User) { x.Claims = map[string]any{"department": "lamps"} })
	for kind, want := range map[string]map[string]any{
		"Entra ID":    {"oid": id, "tid": keyporttest.TenantID, "preferred_username": name, "name": full, "email": name, "ver": "2.0"},
		"Entra ID v1": {"oid": id, "tid": keyporttest.TenantID, "upn": name, "unique_name": name, "name": full, "email": name, "ver": "1.0", "given_name": "Alice", "family_name": "Example"},
		"CIAM":        {"oid": id, "tid": keyporttest.TenantID, "preferred_username": name, "name": full, "email": name, "ver": "2.0"},
		"dSTS":        {"oid": id, "tid": keyporttest.TenantID, "preferred_username": name, "name": full, "email": name, "ver": "2.0"},
		"B2C":         {"oid": id, "sub": id, "tfp": "b2c_1_signin", "name": full, "emails": []any{name}, "ver": "1.0", "auth_time": float64(noon.Unix())},
		"AD FS":       {"upn": name, "unique_name": `CONTOSO\alice`, "ver": "1.0", "auth_time": float64(noon.Unix())},
		"OIDC":        {"sub": id, "preferred_username": name, "name": full, "given_name": "Alice", "family_name": "Example", "email": name, "email_verified": true},
	} {
		got := u.tokens(kind, map[string]string{"scope": "openid profile email offline_access"})
		claims := got.idClaims(t)
		if want["sub"] == nil {
			want["sub"] = claims["sub"]
			if claims["sub"] == id || claims["sub"] == nil {
				t.Errorf("%s: the subject is %v, which is no name for one app alone", kind, claims["sub"])
			}
		}
		want["iss"], want["aud"], want["nonce"], want["department"] = issuers[kind], clientID, "the-nonce", "lamps"
		names := []string{"iss", "aud", "nonce", "sub", "oid", "tid", "preferred_username", "upn", "unique_name", "name", "given_name", "family_name", "email", "email_verified", "emails", "tfp", "ver", "auth_time", "department"}
		if diff := cmp.Diff(want, pick(claims, names...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", kind, diff)
		}
		if hasNotBefore := claims["nbf"] == float64(noon.Unix()); hasNotBefore == (kind == "OIDC") {
			t.Errorf("%s: nbf %v", kind, claims["nbf"])
		}
		if claims["iat"] != float64(noon.Unix()) || claims["exp"] != float64(noon.Add(time.Hour).Unix()) || claims["sid"] == nil {
			t.Errorf("%s: iat %v, exp %v, sid %v", kind, claims["iat"], claims["exp"], claims["sid"])
		}
	}
}

// TestTheDomainBelievesTheIDTokens: the domain's own rules hold for them.
func TestTheDomainBelievesTheIDTokens(t *testing.T) {
	u := newUsers(t, nil)
	for _, kind := range kinds {
		values := u.signIn(u.NewBrowser(), u.ask(kind, map[string]string{"max_age": "0"}), keyporttest.SignIn{})
		got := u.redeem(kind, values.Get("code"), nil)
		payload, err := base64.RawURLEncoding.DecodeString(strings.Split(got.text("id_token"), ".")[1])
		if err != nil {
			t.Fatal(err)
		}
		claims, err := domain.ParseIDTokenClaims(payload)
		if err != nil {
			t.Fatal(err)
		}
		field, problem := claims.Check(domain.IDTokenExpectation{
			Issuer: issuers[kind], ClientID: clientID, Nonce: "the-nonce", MaxAge: domain.MaxAgeNow, Algorithm: "RS256",
			AccessToken: domain.NewSecret(got.text("access_token")), Code: domain.NewSecret(values.Get("code")),
		}, noon)
		if field != "" || claims.AccessTokenHash == "" || claims.CodeHash == "" {
			t.Errorf("%s: %s %s", kind, field, problem)
		}
	}
}

func TestIDTokensOfARefresh(t *testing.T) {
	u := newUsers(t, nil)
	for _, kind := range kinds {
		first := u.tokens(kind, map[string]string{"max_age": "1000"})
		u.Clock().Advance(time.Minute)
		second := u.refresh(kind, first.text("refresh_token"), nil)
		one, two := first.idClaims(t), second.idClaims(t)
		// OIDC Core §12.2: the same subject and audience, the time of the sign-in, no nonce
		// that was not asked for.
		if diff := cmp.Diff(pick(one, "iss", "sub", "aud", "auth_time", "sid"), pick(two, "iss", "sub", "aud", "auth_time", "sid")); diff != "" {
			t.Errorf("%s (-first +second):\n%s", kind, diff)
		}
		sum := sha256.Sum256([]byte(second.text("access_token")))
		if two["nonce"] != nil || two["c_hash"] != nil || two["at_hash"] != base64.RawURLEncoding.EncodeToString(sum[:16]) || two["iat"] == one["iat"] {
			t.Errorf("%s: nonce %v, c_hash %v, iat %v", kind, two["nonce"], two["c_hash"], two["iat"])
		}
	}
}

// TestScopesAndClaimsOfAnIDToken: what was not asked for is not told.
func TestScopesAndClaimsOfAnIDToken(t *testing.T) {
	u := newUsers(t, nil)
	personal := []string{"name", "preferred_username", "email", "given_name", "oid"}
	for _, kind := range []string{"OIDC", "Entra ID"} {
		if got := pick(u.tokens(kind, map[string]string{"scope": "openid"}).idClaims(t), personal...); len(got) > 0 {
			t.Errorf("%s: %d claims of the user, for openid alone", kind, len(got))
		}
	}
	asked := u.tokens("OIDC", map[string]string{"scope": "openid", "claims": `{"id_token":{"email":{"essential":true},"acr":{"values":["gold","silver"]}}}`}).idClaims(t)
	if asked["email"] != keyporttest.Username || asked["name"] != nil || asked["acr"] != "gold" {
		t.Errorf("by the claims parameter: email %t, name %v, acr %v", asked["email"] != nil, asked["name"], asked["acr"])
	}
	u.UpdateUser(keyporttest.Username, func(x *keyporttest.User) { x.EmailUnverified, x.Email = true, "alice@elsewhere.example" })
	if got := u.tokens("OIDC", map[string]string{"scope": "openid email"}).idClaims(t); got["email_verified"] != false || got["email"] != "alice@elsewhere.example" {
		t.Errorf("email_verified %v", got["email_verified"])
	}
}

// TestTheLoginHintLeadsBack: the claim of that name is taken where user names are.
func TestTheLoginHintLeadsBack(t *testing.T) {
	u := newUsers(t, nil)
	b := u.NewBrowser()
	hint, _ := u.redeem("Entra ID", u.signIn(b, u.ask("Entra ID", nil), keyporttest.SignIn{}).Get("code"), nil).idClaims(t)["login_hint"].(string)
	if hint == "" || strings.Contains(hint, "alice") {
		t.Fatalf("login_hint is %q", hint)
	}
	if values := u.signIn(b, u.ask("Entra ID", none("login_hint", hint)), keyporttest.SignIn{}); values.Get("code") == "" {
		t.Errorf("got %v", values)
	}
	if page := u.raw(http.MethodGet, u.ask("Entra ID", map[string]string{"login_hint": hint}), "", nil); !strings.Contains(page.text, `required="required" value="">`) {
		t.Error("the hint is shown as if it were a user name")
	}
}

// TestIDTokensVerifyAgainstTheJWKS: RS256 at Microsoft's servers whatever the options
// say, and at plain issuers what they say.
func TestIDTokensVerifyAgainstTheJWKS(t *testing.T) {
	for _, algorithm := range []string{"ES256", "RS256"} {
		u := newUsers(t, nil)
		u.Authority = keyporttest.New(keyporttest.Options{SigningAlgorithm: algorithm})
		u.AddApp(keyporttest.App{ClientID: clientID, Secrets: []string{u.secret}, RedirectURIs: []string{callback}})
		u.AddResource(reports)
		for _, kind := range kinds {
			want := jose.RS256
			if kind == "OIDC" {
				want = jose.SignatureAlgorithm(algorithm)
			}
			jws, err := jose.ParseSignedCompact(u.tokens(kind, nil).text("id_token"), []jose.SignatureAlgorithm{want})
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			if _, err := jws.Verify(jwks(t, u.Authority, u.endpoint(kind, "jwks_uri"))); err != nil {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
}
