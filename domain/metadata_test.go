package domain_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/domain"
)

func TestMetadataURL(t *testing.T) {
	const document = "/.well-known/openid-configuration"
	for text, want := range map[string]string{
		"https://login.microsoftonline.com/Contoso.com":         "https://login.microsoftonline.com/Contoso.com/v2.0" + document,
		"https://login.microsoftonline.com/common/v2.0":         "https://login.microsoftonline.com/common/v2.0" + document,
		"https://login.contoso.example:8443/common/":            "https://login.contoso.example:8443/common/v2.0" + document,
		"https://adfs.contoso.example/ADFS/":                    "https://adfs.contoso.example/adfs" + document,
		"https://contoso.b2clogin.com/tfp/t/B2C_1_x/":           "https://contoso.b2clogin.com/t/b2c_1_x/v2.0" + document,
		"https://login.contoso.example/t/B2C_1_x":               "https://login.contoso.example/t/b2c_1_x/v2.0" + document,
		"https://contoso.ciamlogin.com/":                        "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/v2.0" + document,
		"https://contoso.ciamlogin.com/" + tenantGUID:           "https://contoso.ciamlogin.com/" + tenantGUID + "/v2.0" + document,
		"https://dsts.contoso.example/dstsv2/" + tenantGUID:     "https://dsts.contoso.example/dstsv2/" + tenantGUID + "/v2.0" + document,
		"https://[2001:db8::1]:8443/contoso.onmicrosoft.com///": "https://[2001:db8::1]:8443/contoso.onmicrosoft.com/v2.0" + document,
	} {
		if got := authority(t, text).MetadataURL(); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"https://id.example.com/":                             "https://id.example.com" + document,
		"https://id.example.com/realms/one/":                  "https://id.example.com/realms/one" + document,
		"https://id.example.com/realms/one" + document:        "https://id.example.com/realms/one" + document,
		"https://login.microsoftonline.com/contoso.com/v2.0/": "https://login.microsoftonline.com/contoso.com/v2.0" + document,
	} {
		if got := oidcAuthority(t, text).MetadataURL(); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}

func TestKnownMetadata(t *testing.T) {
	got, ok := authority(t, "https://login.microsoftonline.com/Contoso.com").KnownMetadata()
	base := "https://login.microsoftonline.com/Contoso.com"
	want := domain.ServerMetadata{
		Issuer:                       "https://login.microsoftonline.com/{tenantid}/v2.0",
		TokenEndpoint:                base + "/oauth2/v2.0/token",
		AuthorizationEndpoint:        base + "/oauth2/v2.0/authorize",
		DeviceAuthorizationEndpoint:  base + "/oauth2/v2.0/devicecode",
		EndSessionEndpoint:           base + "/oauth2/v2.0/logout",
		JWKSURI:                      base + "/discovery/v2.0/keys",
		TokenEndpointAuthMethods:     []string{"client_secret_post", "private_key_jwt"},
		TokenEndpointAuthSigningAlgs: []string{"PS256", "RS256"},
		IDTokenSigningAlgs:           []string{"RS256"},
	}
	if diff := cmp.Diff(want, got); diff != "" || !ok {
		t.Errorf("got %v (-want +got):\n%s", ok, diff)
	}
	if field, problem := got.Check(); problem != "" {
		t.Errorf("%s %s", field, problem)
	}
}

// Entra ID calls itself by the cloud's first name and the tenant's GUID, whatever
// the authority calls them, while the endpoints stay on the host that was named.
func TestKnownMetadataIssuer(t *testing.T) {
	const upper = "72F988BF-86F1-41AF-91AB-2D7CD011DB47"
	for text, want := range map[string]string{
		"https://login.microsoftonline.com/common":              "https://login.microsoftonline.com/{tenantid}/v2.0",
		"https://login.microsoftonline.com/" + tenantGUID:       "https://login.microsoftonline.com/" + tenantGUID + "/v2.0",
		"https://login.microsoftonline.com/" + upper:            "https://login.microsoftonline.com/" + tenantGUID + "/v2.0",
		"https://login.windows.net/" + tenantGUID:               "https://login.microsoftonline.com/" + tenantGUID + "/v2.0",
		"https://login.chinacloudapi.cn/" + tenantGUID:          "https://login.partner.microsoftonline.cn/" + tenantGUID + "/v2.0",
		"https://login.contoso.example:8443/" + tenantGUID:      "https://login.contoso.example:8443/" + tenantGUID + "/v2.0",
		"https://login.microsoftonline.us/fabrikam.example/abc": "https://login.microsoftonline.us/{tenantid}/v2.0",
	} {
		a := authority(t, text)
		got, ok := a.KnownMetadata()
		if !ok || got.Issuer != want {
			t.Errorf("%s: got issuer %s, %v; want %s", text, got.Issuer, ok, want)
		}
		if want := a.String() + "/oauth2/v2.0/token"; got.TokenEndpoint != want {
			t.Errorf("%s: got token endpoint %s, want %s", text, got.TokenEndpoint, want)
		}
	}
}

func TestKnownMetadataOfOthers(t *testing.T) {
	for _, a := range []domain.Authority{
		{},
		authority(t, "https://adfs.contoso.example/adfs"),
		authority(t, "https://login.microsoftonline.com/t/b2c_1_x"),
		authority(t, "https://contoso.ciamlogin.com"),
		authority(t, "https://dsts.contoso.example/dstsv2/common"),
		oidcAuthority(t, "https://login.microsoftonline.com/common"),
	} {
		got, ok := a.KnownMetadata()
		if diff := cmp.Diff(domain.ServerMetadata{}, got); diff != "" || ok {
			t.Errorf("%v: got %v, %s", a, ok, diff)
		}
	}
}

func TestServerMetadataCheck(t *testing.T) {
	const good = "https://id.example.com:8443/token?p=b2c_1_x"
	set := map[string]func(*domain.ServerMetadata, string){
		"token_endpoint":                func(m *domain.ServerMetadata, v string) { m.TokenEndpoint = v },
		"authorization_endpoint":        func(m *domain.ServerMetadata, v string) { m.AuthorizationEndpoint = v },
		"device_authorization_endpoint": func(m *domain.ServerMetadata, v string) { m.DeviceAuthorizationEndpoint = v },
		"userinfo_endpoint":             func(m *domain.ServerMetadata, v string) { m.UserInfoEndpoint = v },
		"end_session_endpoint":          func(m *domain.ServerMetadata, v string) { m.EndSessionEndpoint = v },
		"revocation_endpoint":           func(m *domain.ServerMetadata, v string) { m.RevocationEndpoint = v },
		"jwks_uri":                      func(m *domain.ServerMetadata, v string) { m.JWKSURI = v },
	}
	if field, problem := (domain.ServerMetadata{}).Check(); field != "" || problem != "" {
		t.Errorf("no endpoints: %s %s", field, problem)
	}
	for name, set := range set {
		var m domain.ServerMetadata
		set(&m, good)
		if field, problem := m.Check(); problem != "" {
			t.Errorf("%s=%s: %s %s", name, good, field, problem)
		}
		for _, bad := range []string{
			"http://id.example.com/token", "file:///etc/passwd", "javascript:alert(1)", "data:text/plain,x", "/token", "token",
			"https:///token", "https://:443/token", "https://user@id.example.com/token", "https://id.example.com/token#x",
			"https://id.example.com/%zz", "https://[fe80::1%25eth0]/token", "https://-id.example.com/token", "\x00",
		} {
			set(&m, bad)
			if field, problem := m.Check(); field != name || problem == "" {
				t.Errorf("%s=%q: got %q, %q", name, bad, field, problem)
			}
		}
	}
}
