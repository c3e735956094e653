package domain_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/domain"
)

func TestWithTenant(t *testing.T) {
	for _, row := range []struct{ base, tenant, want string }{
		{"https://login.microsoftonline.com/common", tenantGUID, "https://login.microsoftonline.com/" + tenantGUID},
		{"https://login.microsoftonline.com/common", "Fabrikam_1.example", "https://login.microsoftonline.com/Fabrikam_1.example"},
		{"https://login.contoso.example:8443/a", "organizations", "https://login.contoso.example:8443/organizations"},
		{"https://contoso.ciamlogin.com", tenantGUID, "https://contoso.ciamlogin.com/" + tenantGUID},
		{"https://contoso.b2clogin.com/a/B2C_1_X", "fabrikam.example", "https://contoso.b2clogin.com/fabrikam.example/b2c_1_x"},
		{"https://login.contoso.example/a/b2c_1_x", "fabrikam.example", "https://login.contoso.example/fabrikam.example/b2c_1_x"},
		{"https://login.contoso.example/tfp/a/x", "fabrikam.example", "https://login.contoso.example/tfp/fabrikam.example/x"},
		{"https://dsts.contoso.example/dstsv2/common", tenantGUID, "https://dsts.contoso.example/dstsv2/" + tenantGUID},
	} {
		base := authority(t, row.base)
		got, err := base.WithTenant(row.tenant)
		if err != nil {
			t.Errorf("%s with tenant %s: %v", row.base, row.tenant, err)
			continue
		}
		if want := authority(t, row.want); got != want || got.Tenant() != row.tenant {
			t.Errorf("%s with tenant %s is %v with tenant %s, want %v", row.base, row.tenant, got, got.Tenant(), want)
		}
		if base != authority(t, row.base) {
			t.Errorf("%s was changed to %v", row.base, base)
		}
	}
}

func TestWithTenantRefuses(t *testing.T) {
	common := authority(t, "https://login.microsoftonline.com/common")
	for _, tenant := range []string{
		"", ".", "..", "...", "../hunter2", "hunter2/b", "/hunter2", "hunter2/", "hunter2%2fb", "hunter2?x", "hunter2#x", `hunter2\b`,
		"hunter2 b", " hunter2", "hunter2;v", "hunter2:80", "hunter2@host", "hunter2\r\n", "hunter2\x00", "bücher.hunter2", "\u212ahunter2",
		"adfs", "ADFS", "dstsv2", "tfp", // these name another kind of server
	} {
		got, err := common.WithTenant(tenant)
		if err == nil || !got.IsZero() {
			t.Errorf("tenant %q gives %v, want an error only", tenant, got)
			continue
		}
		wantConfigError(t, err, "Tenant", "is not a tenant")
	}
	for _, a := range []domain.Authority{
		{}, authority(t, "https://adfs.contoso.example/adfs"), oidcAuthority(t, "https://id.example.com/realms/one"),
	} {
		_, err := a.WithTenant(tenantGUID)
		wantConfigError(t, err, "Tenant", "has no tenants")
	}
}

func TestAuthorityFacts(t *testing.T) {
	type facts struct {
		Environment, TenantKey string
		IsKnownCloud           bool
		IsTenanted             bool
	}
	oidc := func(text string) domain.Authority { return oidcAuthority(t, text) }
	microsoft := func(text string) domain.Authority { return authority(t, text) }
	for _, row := range []struct {
		parse func(string) domain.Authority
		text  string
		want  facts
	}{
		{microsoft, "https://login.microsoftonline.com/common", facts{"login.microsoftonline.com", "common", true, false}},
		{microsoft, "https://login.microsoftonline.com/Organizations", facts{"login.microsoftonline.com", "organizations", true, false}},
		{microsoft, "https://login.microsoftonline.com/consumers", facts{"login.microsoftonline.com", "consumers", true, false}},
		{microsoft, "https://login.windows.net/Contoso.COM", facts{"login.microsoftonline.com", "contoso.com", true, true}},
		{microsoft, "https://sts.windows.net/a", facts{"login.microsoftonline.com", "a", true, true}},
		{microsoft, "https://login.microsoft.com/a", facts{"login.microsoftonline.com", "a", true, true}},
		{microsoft, "https://login.chinacloudapi.cn/a", facts{"login.partner.microsoftonline.cn", "a", true, true}},
		{microsoft, "https://login.usgovcloudapi.net/a", facts{"login.microsoftonline.us", "a", true, true}},
		{microsoft, "https://login-us.microsoftonline.com/a", facts{"login-us.microsoftonline.com", "a", true, true}},
		{microsoft, "https://login.microsoftonline.com:8443/a", facts{"login.microsoftonline.com:8443", "a", false, true}},
		{microsoft, "https://login.contoso.example/common", facts{"login.contoso.example", "common", false, false}},
		{microsoft, "https://login.microsoftonline.com/adfs", facts{"login.microsoftonline.com", "adfs", false, true}},
		{microsoft, "https://login.microsoftonline.com/a/b2c_1_x", facts{"login.microsoftonline.com", "a", false, true}},
		{microsoft, "https://contoso.ciamlogin.com", facts{"contoso.ciamlogin.com", "contoso.onmicrosoft.com", false, true}},
		{oidc, "https://id.example.com/Realms/One", facts{"id.example.com", "Realms/One", false, true}},
		{oidc, "https://login.windows.net/common", facts{"login.microsoftonline.com", "common", false, true}},
		{func(string) domain.Authority { return domain.Authority{} }, "", facts{"", "", false, true}},
	} {
		a := row.parse(row.text)
		got := facts{a.Environment(), a.TenantKey(), a.IsKnownCloud(), a.IsTenanted()}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.text, diff)
		}
		if a.IsZero() != (row.text == "") || a.String() == "" != a.IsZero() {
			t.Errorf("%q: IsZero is %v, String is %q", row.text, a.IsZero(), a)
		}
	}
}

func TestAuthorityKind(t *testing.T) {
	for kind, want := range map[domain.AuthorityKind]struct {
		name        string
		isMicrosoft bool
	}{
		0: {"unknown", false}, domain.KindEntra: {"Entra ID", true}, domain.KindADFS: {"AD FS", true}, domain.KindB2C: {"B2C", true},
		domain.KindCIAM: {"CIAM", true}, domain.KindDSTS: {"dSTS", true}, domain.KindOIDC: {"OpenID Connect", false},
	} {
		if kind.String() != want.name || kind.IsMicrosoft() != want.isMicrosoft {
			t.Errorf("kind %d is %q, Microsoft's %v; want %+v", kind, kind, kind.IsMicrosoft(), want)
		}
	}
	for _, kind := range []domain.AuthorityKind{domain.KindOIDC + 1, 99} {
		if got := kind.String(); got != "unknown" {
			t.Errorf("kind %d is %q", kind, got)
		}
	}
}
