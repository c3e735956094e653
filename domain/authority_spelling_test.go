package domain_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/domain"
)

func TestParseAuthoritySpellings(t *testing.T) {
	for _, same := range [][]string{
		{
			"https://login.microsoftonline.com/contoso.onmicrosoft.com",
			"https://login.microsoftonline.com/contoso.onmicrosoft.com/",
			"https://login.microsoftonline.com//contoso.onmicrosoft.com//",
			"https://LOGIN.MicrosoftOnline.COM/contoso.onmicrosoft.com",
			"HTTPS://login.microsoftonline.com/contoso.onmicrosoft.com",
			"https://login.microsoftonline.com:443/contoso.onmicrosoft.com",
			"https://login.microsoftonline.com:/contoso.onmicrosoft.com",
			"https://login.microsoftonline.com./contoso.onmicrosoft.com",
			"https://login.microsoftonline.com/contoso.onmicrosoft.com/v2.0/",
		},
		{
			"https://contoso.ciamlogin.com",
			"https://contoso.ciamlogin.com/",
			"https://contoso.ciamlogin.com/contoso.onmicrosoft.com",
			"https://Contoso.CIAMLogin.com:443/contoso.onmicrosoft.com/v2.0",
		},
		{
			"https://contoso.b2clogin.com/contoso.onmicrosoft.com/b2c_1_signin",
			"https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_SignIn/",
			"https://contoso.b2clogin.com/tfp/contoso.onmicrosoft.com/B2C_1_signin/v2.0",
		},
		{
			"https://adfs.contoso.example/adfs",
			"https://adfs.contoso.example/ADFS/ls",
			"https://ADFS.contoso.example/adfs/.well-known/openid-configuration",
		},
		{
			"https://[2001:db8::a]/common",
			"https://[2001:DB8::A]:443/common/",
		},
	} {
		for _, text := range same {
			if got := authority(t, text); got != authority(t, same[0]) {
				t.Errorf("%s is %v, another authority than %s", text, got, same[0])
			}
		}
	}
}

func TestParseAuthorityKeepsApart(t *testing.T) {
	seen := map[domain.Authority]string{}
	for _, text := range []string{
		"https://login.microsoftonline.com/common",
		"https://login.microsoftonline.com:8443/common",
		"https://login.microsoftonline.us/common",
		"https://login.microsoftonline.com/organizations",
		"https://login.contoso.example/contoso.onmicrosoft.com",
		"https://login.contoso.example/contoso.onmicrosoft.com/b2c_1_a",
		"https://login.contoso.example/contoso.onmicrosoft.com/b2c_1_b",
		"https://login.contoso.example/adfs",
		"https://login.contoso.example/dstsv2/adfs.contoso.example",
	} {
		a := authority(t, text)
		if other, known := seen[a]; known {
			t.Errorf("%s and %s are one authority", text, other)
		}
		seen[a] = text
	}
}

func TestParseOIDCAuthority(t *testing.T) {
	for text, want := range map[string]shape{
		"https://id.example.com":                                             {domain.KindOIDC, "id.example.com", "", "", "https://id.example.com"},
		"https://ID.example.com:443/":                                        {domain.KindOIDC, "id.example.com", "", "", "https://id.example.com"},
		"https://id.example.com:8443":                                        {domain.KindOIDC, "id.example.com:8443", "", "", "https://id.example.com:8443"},
		"https://[::1]:9443/realms/one":                                      {domain.KindOIDC, "[::1]:9443", "realms/one", "", "https://[::1]:9443/realms/one"},
		"https://id.example.com/realms/One/":                                 {domain.KindOIDC, "id.example.com", "realms/One", "", "https://id.example.com/realms/One"},
		"https://id.example.com/~a/b:c":                                      {domain.KindOIDC, "id.example.com", "~a/b:c", "", "https://id.example.com/~a/b:c"},
		"https://id.example.com/.well-known/openid-configuration":            {domain.KindOIDC, "id.example.com", "", "", "https://id.example.com"},
		"https://id.example.com/realms/one/.well-known/openid-configuration": {domain.KindOIDC, "id.example.com", "realms/one", "", "https://id.example.com/realms/one"},
		"https://id.example.com/x.well-known/openid-configuration":           {domain.KindOIDC, "id.example.com", "x.well-known/openid-configuration", "", "https://id.example.com/x.well-known/openid-configuration"},
		"https://login.microsoftonline.com/common/v2.0":                      {domain.KindOIDC, "login.microsoftonline.com", "common/v2.0", "", "https://login.microsoftonline.com/common/v2.0"},
		"https://id.example.com/adfs":                                        {domain.KindOIDC, "id.example.com", "adfs", "", "https://id.example.com/adfs"},
	} {
		if diff := cmp.Diff(want, shapeOf(oidcAuthority(t, text))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
