package domain_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/domain"
)

func TestRecordKeys(t *testing.T) {
	const public = "login.microsoftonline.com"
	alias := authority(t, "https://login.windows.net/Contoso.com")
	flow := authority(t, "https://contoso.b2clogin.com/Contoso.com/B2C_1_X")
	issuer := oidcAuthority(t, "https://id.example.com/realms/One")
	for _, row := range []struct {
		name      string
		got, want domain.RecordKey
	}{
		{
			"access token", domain.AccessTokenKey(alias, "t", "c", scopes(t, "b", "A"), "x"),
			domain.RecordKey{Kind: domain.AccessTokenRecord, Environment: public, Tenant: "t", ClientID: "c", Scopes: "a b", Extra: "x"},
		},
		{
			"access token of a user flow", domain.AccessTokenKey(flow, "t", "c", domain.Scopes{}, ""),
			domain.RecordKey{Kind: domain.AccessTokenRecord, Environment: flow.Host(), Tenant: "t", ClientID: "c", Policy: "b2c_1_x"},
		},
		{
			"refresh token, of all tenants", domain.RefreshTokenKey(alias, "c"),
			domain.RecordKey{Kind: domain.RefreshTokenRecord, Environment: public, ClientID: "c"},
		},
		{
			"refresh token of one issuer", domain.RefreshTokenKey(issuer, "c"),
			domain.RecordKey{Kind: domain.RefreshTokenRecord, Environment: "id.example.com", Tenant: "realms/One", ClientID: "c"},
		},
		{
			"refresh token of a user flow", domain.RefreshTokenKey(flow, "c"),
			domain.RecordKey{Kind: domain.RefreshTokenRecord, Environment: flow.Host(), Tenant: "contoso.com", ClientID: "c", Policy: "b2c_1_x"},
		},
		{
			"ID token", domain.IDTokenKey(flow, "t", "c"),
			domain.RecordKey{Kind: domain.IDTokenRecord, Environment: flow.Host(), Tenant: "t", ClientID: "c", Policy: "b2c_1_x"},
		},
		{"client", domain.AppMetadataKey(alias, "c"), domain.RecordKey{Kind: domain.AppMetadataRecord, Environment: public, ClientID: "c"}},
	} {
		if diff := cmp.Diff(row.want, row.got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, diff)
		}
	}
}

func TestTenantOf(t *testing.T) {
	common := authority(t, "https://login.microsoftonline.com/common")
	for _, row := range []struct {
		authority           domain.Authority
		home, known, tenant string
	}{
		{authority(t, "https://login.microsoftonline.com/Contoso.com"), "user.Home", "Known", "contoso.com"},
		{common, "user.Home", "Known", "home"},
		{common, "subject", "Known", "known"},
		{common, "a.b.c", "", "common"},
		{common, "", "", "common"},
		{oidcAuthority(t, "https://id.example.com/Common"), "user.home", "known", "Common"},
	} {
		if got := row.authority.TenantOf(row.home, row.known); got != row.tenant {
			t.Errorf("%v, %q, %q: got %q, want %q", row.authority, row.home, row.known, got, row.tenant)
		}
	}
}

func TestNewAccount(t *testing.T) {
	const public = "login.microsoftonline.com"
	home := domain.ClientInfo{UserID: "User", TenantID: "Home"}
	for _, row := range []struct {
		name      string
		authority domain.Authority
		claims    domain.IDTokenClaims
		info      domain.ClientInfo
		want      domain.Account
	}{
		{
			"Entra ID", authority(t, "https://login.windows.net/common"),
			domain.IDTokenClaims{Subject: "sub", ObjectID: "oid", TenantID: "TID", PreferredUsername: "name"}, home,
			domain.Account{HomeAccountID: "User.Home", LocalAccountID: "oid", Environment: public, Tenant: "tid", Username: "name", AuthorityType: "MSSTS"},
		},
		{
			"Entra ID, saying little", authority(t, "https://login.microsoftonline.com/common"), domain.IDTokenClaims{Subject: "sub"}, home,
			domain.Account{HomeAccountID: "User.Home", LocalAccountID: "sub", Environment: public, Tenant: "home", AuthorityType: "MSSTS"},
		},
		{
			"AD FS", authority(t, "https://adfs.contoso.example/adfs"), domain.IDTokenClaims{Subject: "sub", UPN: "upn"}, domain.ClientInfo{},
			domain.Account{HomeAccountID: "sub", LocalAccountID: "sub", Environment: "adfs.contoso.example", Tenant: "adfs", Username: "upn", AuthorityType: "ADFS"},
		},
		{
			"OpenID Connect", oidcAuthority(t, "https://id.example.com/Realm"), domain.IDTokenClaims{Subject: "sub", TenantID: "tid"}, domain.ClientInfo{},
			domain.Account{HomeAccountID: "sub", LocalAccountID: "sub", Environment: "id.example.com", Tenant: "Realm", AuthorityType: "Generic"},
		},
	} {
		row.want.Source = domain.SourceDeviceCode
		got := domain.NewAccount(row.authority, row.claims, row.info, domain.SourceDeviceCode)
		if got != row.want {
			t.Errorf("%s: got an account of %q in %q/%q, want %q in %q/%q, or another field differs", row.name,
				got.HomeAccountID, got.Environment, got.Tenant, row.want.HomeAccountID, row.want.Environment, row.want.Tenant)
		}
	}
}

// TestIdentityProblem: what a refresh may say of the user, where nothing else is left to
// compare with.
func TestIdentityProblem(t *testing.T) {
	const user, somebody = "0a1b2c3d-0000-4000-8000-000000000001", "0a1b2c3d-0000-4000-8000-000000000009"
	entra, err := domain.ParseAuthority("https://login.microsoftonline.com/common")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := domain.ParseOIDCAuthority("https://id.example")
	if err != nil {
		t.Fatal(err)
	}
	adfs, err := domain.ParseAuthority("https://adfs.example/adfs")
	if err != nil {
		t.Fatal(err)
	}
	microsoft, local := domain.Account{HomeAccountID: user + "." + tenantGUID}, domain.Account{HomeAccountID: "the-user"}
	for _, row := range []struct {
		name      string
		authority domain.Authority
		claims    domain.IDTokenClaims
		known     domain.Account
		bad       bool
	}{
		{"no ID token", plain, domain.IDTokenClaims{}, local, false},
		{"the same subject", plain, domain.IDTokenClaims{Subject: "the-user"}, local, false},
		{"another subject", plain, domain.IDTokenClaims{Subject: "somebody"}, local, true},
		{"another subject at AD FS", adfs, domain.IDTokenClaims{Subject: "somebody"}, local, true},
		{"the same user at home", entra, domain.IDTokenClaims{Subject: "s", TenantID: tenantGUID, ObjectID: strings.ToUpper(user)}, microsoft, false},
		{"another user at home", entra, domain.IDTokenClaims{Subject: "s", TenantID: tenantGUID, ObjectID: somebody}, microsoft, true},
		{"as a guest, by another id", entra, domain.IDTokenClaims{Subject: "s", TenantID: somebody, ObjectID: somebody}, microsoft, false},
		{"without an object id", entra, domain.IDTokenClaims{Subject: "s", TenantID: tenantGUID}, microsoft, false},
	} {
		if got := domain.IdentityProblem(row.authority, row.claims, row.known); (got != "") != row.bad {
			t.Errorf("%s: got %q", row.name, got)
		}
	}
}
