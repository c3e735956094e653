package domain_test

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// claimsWith is a good ID token's payload with members changed; nil deletes one.
func claimsWith(t *testing.T, changes map[string]any) domain.IDTokenClaims {
	t.Helper()
	members := map[string]any{
		"iss": "https://id.example", "sub": "the-user", "aud": "cid", "exp": noon.Add(time.Hour).Unix(), "iat": noon.Unix(),
		"nonce": "n", "auth_time": noon.Add(-time.Minute).Unix(),
	}
	for name, v := range changes {
		if members[name] = v; v == nil {
			delete(members, name)
		}
	}
	payload, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	claims, err := domain.ParseIDTokenClaims(payload)
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

func leftHalf(sum []byte) string { return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2]) }

// TestIDTokenChecks has a row for each rule of OIDC Core §3.1.3.7 and its kin.
func TestIDTokenChecks(t *testing.T) {
	type members = map[string]any
	type expect = domain.IDTokenExpectation
	template := func(tenant string) func(*expect) {
		return func(e *expect) { e.Issuer, e.Tenant = "https://login.example/{tenantid}/v2.0", tenant }
	}
	hash256, hash512 := sha256.Sum256([]byte("a-token")), sha512.Sum512([]byte("a-token"))
	skew := domain.DefaultClockSkew
	for _, row := range []struct {
		name   string
		claims members
		expect func(*expect)
		field  string
	}{
		{"good", nil, nil, ""},
		{"another issuer", members{"iss": "https://evil.example"}, nil, "iss"},
		{"issuer with a slash more", members{"iss": "https://id.example/"}, nil, "iss"},
		{"no issuer", members{"iss": nil}, nil, "iss"},
		{"nobody expected", nil, func(e *expect) { e.Issuer = "" }, "iss"},
		{"a tenant's issuer", members{"iss": "https://login.example/" + tenantGUID + "/v2.0", "tid": tenantGUID}, template(""), ""},
		{"the tenant that was asked for", members{"iss": "https://login.example/" + tenantGUID + "/v2.0", "tid": tenantGUID}, template(tenantGUID), ""},
		{"another tenant", members{"iss": "https://login.example/" + tenantGUID + "/v2.0", "tid": tenantGUID}, template("9188040d-6c67-4c5b-b112-36a304b66dad"), "tid"},
		{"a tenant's issuer with another tid", members{"iss": "https://login.example/" + tenantGUID + "/v2.0", "tid": "9188040d-6c67-4c5b-b112-36a304b66dad"}, template(""), "iss"},
		{"a tid that is none", members{"iss": "https://login.example/evil/v2.0", "tid": "evil"}, template(""), "tid"},
		{"no tid", members{"iss": "https://login.example//v2.0"}, template(""), "tid"},
		{"no subject", members{"sub": nil}, nil, "sub"},
		{"another subject than before", nil, func(e *expect) { e.Subject = "somebody" }, "sub"},
		{"the subject of before", nil, func(e *expect) { e.Subject = "the-user" }, ""},
		{"another audience", members{"aud": "other"}, nil, "aud"},
		{"no audience", members{"aud": nil}, nil, "aud"},
		{"two audiences and azp", members{"aud": []string{"other", "cid"}, "azp": "cid"}, nil, ""},
		{"two audiences without azp", members{"aud": []string{"other", "cid"}}, nil, "azp"},
		{"azp of another", members{"azp": "other"}, nil, "azp"},
		{"expired within the skew", members{"exp": noon.Add(-skew + time.Second).Unix()}, nil, ""},
		{"expired", members{"exp": noon.Add(-skew).Unix()}, nil, "exp"},
		{"without an end", members{"exp": nil}, nil, "exp"},
		{"issued in the future, within the skew", members{"iat": noon.Add(skew).Unix()}, nil, ""},
		{"issued in the future", members{"iat": noon.Add(skew + time.Second).Unix()}, nil, "iat"},
		{"never issued", members{"iat": nil}, nil, "iat"},
		{"not yet valid", members{"nbf": noon.Add(skew + time.Second).Unix()}, nil, "nbf"},
		{"less skew", members{"exp": noon.Add(-time.Minute).Unix()}, func(e *expect) { e.Skew = time.Second }, "exp"},
		{"another nonce", members{"nonce": "m"}, nil, "nonce"},
		{"no nonce", members{"nonce": nil}, nil, "nonce"},
		{"a nonce that nobody expects", nil, func(e *expect) { e.Nonce = "" }, ""},
		{"signed in within MaxAge", nil, func(e *expect) { e.MaxAge = time.Minute }, ""},
		{"signed in too long ago", members{"auth_time": noon.Add(-time.Minute - skew - time.Second).Unix()}, func(e *expect) { e.MaxAge = time.Minute }, "auth_time"},
		{"MaxAge without auth_time", members{"auth_time": nil}, func(e *expect) { e.MaxAge = time.Minute }, "auth_time"},
		{"MaxAgeNow, signed in just now", members{"auth_time": noon.Unix()}, func(e *expect) { e.MaxAge = domain.MaxAgeNow }, ""},
		{"MaxAgeNow, from a session", members{"auth_time": noon.Add(-time.Hour).Unix()}, func(e *expect) { e.MaxAge = domain.MaxAgeNow }, "auth_time"},
		{"at_hash, SHA-256", members{"at_hash": leftHalf(hash256[:])}, func(e *expect) { e.Algorithm, e.AccessToken = "RS256", domain.NewSecret("a-token") }, ""},
		{"at_hash, Ed25519", members{"at_hash": leftHalf(hash512[:])}, func(e *expect) { e.Algorithm, e.AccessToken = "EdDSA", domain.NewSecret("a-token") }, ""},
		{"at_hash of another token", members{"at_hash": leftHalf(hash256[:])}, func(e *expect) { e.Algorithm, e.AccessToken = "RS256", domain.NewSecret("b-token") }, "at_hash"},
		{"c_hash of another code", members{"c_hash": leftHalf(hash256[:])}, func(e *expect) { e.Algorithm, e.Code = "ES256", domain.NewSecret("b-code") }, "c_hash"},
		{"c_hash", members{"c_hash": leftHalf(hash256[:])}, func(e *expect) { e.Algorithm, e.Code = "ES256", domain.NewSecret("a-token") }, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := expect{Issuer: "https://id.example", ClientID: "cid", Nonce: "n"}
			if row.expect != nil {
				row.expect(&e)
			}
			field, problem := claimsWith(t, row.claims).Check(e, noon)
			if field != row.field || (field == "") != (problem == "") {
				t.Errorf("got %q %q, want %q", field, problem, row.field)
			}
		})
	}
}

func TestClaimsThatAreNone(t *testing.T) {
	for _, bad := range []string{
		"", "null", "[]", `"x"`, `{"sub":7}`, `{"aud":{}}`, `{"exp":"tomorrow"}`, `{"exp":-1}`, `{"exp":1e300}`, `{"amr":[1]}`,
	} {
		if _, err := domain.ParseIDTokenClaims([]byte(bad)); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	c, err := domain.ParseIDTokenClaims([]byte(`{"exp":1795385471.5,"nbf":null,"upn":"u","email":"e"}`))
	if err != nil || c.ExpiresAt.Unix() != 1795385471 || !c.NotBefore.IsZero() || c.Username() != "u" {
		t.Errorf("got %v, %v", c.ExpiresAt, err)
	}
}

func FuzzParseIDTokenClaims(f *testing.F) {
	f.Add([]byte(`{"iss":"i","sub":"s","aud":["a","b"],"exp":1,"iat":1.5}`))
	f.Add([]byte(`{"aud":null,"amr":"pwd"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		c, err := domain.ParseIDTokenClaims(payload)
		if err != nil {
			return
		}
		if field, _ := c.Check(domain.IDTokenExpectation{Issuer: "https://id.example", ClientID: "cid"}, noon); field == "" && (c.Issuer != "https://id.example" || c.Subject == "") {
			t.Errorf("claims of another issuer or of nobody are accepted: %q", payload)
		}
	})
}

func TestIDTokenIssuer(t *testing.T) {
	for _, row := range []struct{ authority, oidc, issuer, wantIssuer, wantTenant string }{
		{authority: "https://login.microsoftonline.com/common", wantIssuer: "https://login.microsoftonline.com/{tenantid}/v2.0"},
		{authority: "https://login.windows.net/contoso.onmicrosoft.com", wantIssuer: "https://login.microsoftonline.com/{tenantid}/v2.0"},
		{authority: "https://login.microsoftonline.com/consumers", wantIssuer: "https://login.microsoftonline.com/{tenantid}/v2.0", wantTenant: "9188040d-6c67-4c5b-b112-36a304b66dad"},
		{authority: "https://login.microsoftonline.us/" + tenantGUID, wantIssuer: "https://login.microsoftonline.us/" + tenantGUID + "/v2.0"},
		{oidc: "https://id.example", issuer: "https://id.example", wantIssuer: "https://id.example"},
		{oidc: "https://login.microsoftonline.com/" + tenantGUID + "/v2.0", issuer: "https://login.microsoftonline.com/{tenantid}/v2.0",
			wantIssuer: "https://login.microsoftonline.com/{tenantid}/v2.0", wantTenant: tenantGUID},
	} {
		a, err := domain.ParseAuthority(row.authority)
		if row.oidc != "" {
			a, err = domain.ParseOIDCAuthority(row.oidc)
		}
		if err != nil {
			t.Fatal(err)
		}
		m, known := a.KnownMetadata()
		if !known {
			m = domain.ServerMetadata{Issuer: row.issuer}
		}
		issuer, tenant := a.IDTokenIssuer(m)
		if issuer != row.wantIssuer || tenant != row.wantTenant {
			t.Errorf("%v: %q %q, want %q %q", a, issuer, tenant, row.wantIssuer, row.wantTenant)
		}
	}
}
