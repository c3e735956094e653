package domain_test

import (
	"slices"
	"testing"

	"github.com/seed57855a68/keyport/domain"
)

func TestAuthorityURL(t *testing.T) {
	for _, row := range []struct {
		cloud  domain.Cloud
		tenant string
		want   string
	}{
		{domain.AzurePublic, "common", "https://login.microsoftonline.com/common"},
		{domain.AzureUSGovernment, "/contoso.com/", "https://login.microsoftonline.us/contoso.com"},
		{domain.AzureChina + "//", "common", "https://login.partner.microsoftonline.cn/common"},
		{domain.AzureBleu, "common", "https://login.sovcloud-identity.fr/common"},
		{domain.AzureDelos, "common", "https://login.sovcloud-identity.de/common"},
		{domain.AzureGovSG, "common", "https://login.sovcloud-identity.sg/common"},
	} {
		got := domain.AuthorityURL(row.cloud, row.tenant)
		if got != row.want {
			t.Errorf("got %s, want %s", got, row.want)
		}
		if !authority(t, got).IsKnownCloud() {
			t.Errorf("%s is in no known cloud", got)
		}
	}
}

func TestLookupCloud(t *testing.T) {
	china, ok := domain.LookupCloud("login.chinacloudapi.cn")
	if !ok || china.PreferredNetwork != string(domain.AzureChina) || !slices.Contains(china.Aliases, "login.chinacloudapi.cn") {
		t.Fatalf("got %+v, %v", china, ok)
	}
	for _, alias := range china.Aliases {
		if got := domain.CanonicalEnvironment(alias); got != china.PreferredNetwork {
			t.Errorf("tokens of %s are cached under %s", alias, got)
		}
	}
	for _, host := range []string{"", "example.com", "login.microsoftonline.com:8443", "LOGIN.MICROSOFTONLINE.COM", "x.login.microsoftonline.com"} {
		if got, ok := domain.LookupCloud(host); ok {
			t.Errorf("%q is in the cloud %v", host, got)
		}
		if got := domain.CanonicalEnvironment(host); got != host {
			t.Errorf("tokens of %q are cached under %q", host, got)
		}
	}
}

// What a caller does with the answer changes nothing for the next.
func TestLookupCloudReturnsCopies(t *testing.T) {
	first, _ := domain.LookupCloud(string(domain.AzurePublic))
	first.Aliases[0] = "evil.example"
	if second, _ := domain.LookupCloud(string(domain.AzurePublic)); slices.Contains(second.Aliases, "evil.example") {
		t.Errorf("got %v", second.Aliases)
	}
}
