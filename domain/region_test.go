package domain_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/domain"
)

func TestParseRegion(t *testing.T) {
	for _, row := range []struct {
		text, want string
		ok         bool
	}{
		{"westeurope", "westeurope", true},
		{"eastus2", "eastus2", true},
		{"East US 2", "eastus2", true},
		{" West Europe ", "westeurope", true},
		{strings.Repeat("a", 63), strings.Repeat("a", 63), true},
		{strings.Repeat("a", 64), "", false},
		{strings.Repeat("a", 300), "", false},
		{"", "", false},
		{"   ", "", false},
		{"eastus.evil.example/", "", false},
		{"eastus.evil.example", "", false},
		{"a/b", "", false},
		{"a@b", "", false},
		{"a:1", "", false},
		{"a#", "", false},
		{"a?b", "", false},
		{"west-europe", "", false},
		{"west_europe", "", false},
		{"west\teurope", "", false},
		{"westeurope\r\n", "", false},
		{"westeuröpe", "", false},
		{"westeurope\u212a", "", false}, // the Kelvin sign is a small k to strings.ToLower
		{"%61", "", false},
		{`<html>404</html>`, "", false},
	} {
		got, ok := domain.ParseRegion(row.text)
		if ok != row.ok || ok && got != row.want {
			t.Errorf("ParseRegion(%q) = %q, %v; want %q, %v", row.text, got, ok, row.want, row.ok)
		}
	}
}

// TestRegionalEndpoint is the table of hosts in every cloud.
func TestRegionalEndpoint(t *testing.T) {
	private := domain.CloudInfo{PreferredNetwork: "login.private.example", Aliases: []string{"sts.private.example"}}
	for _, row := range []struct{ host, want string }{
		{"login.microsoftonline.com", "westeurope.login.microsoft.com"},
		{"login.microsoft.com", "westeurope.login.microsoft.com"},
		{"login.windows.net", "westeurope.login.microsoft.com"},
		{"sts.windows.net", "westeurope.login.microsoft.com"},
		{"login.microsoftonline.us", "westeurope.login.microsoftonline.us"},
		{"login.usgovcloudapi.net", "westeurope.login.microsoftonline.us"},
		{"login-us.microsoftonline.com", "westeurope.login-us.microsoftonline.com"},
		{"login.partner.microsoftonline.cn", "westeurope.login.partner.microsoftonline.cn"},
		{"login.chinacloudapi.cn", "westeurope.login.partner.microsoftonline.cn"},
		{"login.sovcloud-identity.fr", "westeurope.login.sovcloud-identity.fr"},
		{"login.sovcloud-identity.de", "westeurope.login.sovcloud-identity.de"},
		{"login.sovcloud-identity.sg", "westeurope.login.sovcloud-identity.sg"},
		{"login.private.example", "westeurope.login.private.example"},
		{"sts.private.example", "westeurope.login.private.example"},
		{"login.contoso.example:8443", "westeurope.login.contoso.example:8443"},
		{"127.0.0.1:8443", ""},
		{"[::1]", ""},
	} {
		a, err := domain.ParseAuthority("https://" + row.host + "/contoso.example")
		if err != nil {
			t.Fatal(err)
		}
		a = a.InCloud(private)
		want := ""
		if row.want != "" {
			want = "https://" + row.want + "/contoso.example/oauth2/v2.0/token"
		}
		got, ok := a.RegionalEndpoint(a.String()+"/oauth2/v2.0/token", "westeurope")
		if got != want || ok != (want != "") {
			t.Errorf("%s: got %q, %v; want %q", row.host, got, ok, want)
		}
	}
}

// An endpoint that the caller's metadata names stays where it is, under the region's label.
func TestRegionalEndpointOfAnotherHost(t *testing.T) {
	a, err := domain.ParseAuthority("https://login.microsoftonline.com/contoso.example")
	if err != nil {
		t.Fatal(err)
	}
	if got, ok := a.RegionalEndpoint("https://gateway.example/token", "westeurope"); !ok || got != "https://westeurope.gateway.example/token" {
		t.Errorf("got %q, %v", got, ok)
	}
	if got, ok := a.RegionalEndpoint("https://gateway\x00", "westeurope"); ok {
		t.Errorf("got %q of what is no URL", got)
	}
}

func TestCheckRegion(t *testing.T) {
	const good = ""
	for _, row := range []struct{ authority, region, want string }{
		{"https://login.microsoftonline.com/contoso", "westeurope", good},
		{"https://login.microsoftonline.com/contoso", domain.RegionAutoDetect, good},
		{"https://login.microsoftonline.com/contoso", "usgovvirginia", "the cloud login.microsoftonline.us"},
		{"https://login.windows.net/contoso", "usdodeast", "the cloud login.microsoftonline.us"},
		{"https://login.microsoftonline.com/contoso", "chinaeast2", "the cloud login.partner.microsoftonline.cn"},
		{"https://login.microsoftonline.us/contoso", "usgovvirginia", good},
		{"https://login.microsoftonline.us/contoso", "usdodcentral", good},
		{"https://login.microsoftonline.us/contoso", "westeurope", "no region of the authority's cloud login.microsoftonline.us"},
		{"https://login.usgovcloudapi.net/contoso", "chinaeast", "the cloud login.partner.microsoftonline.cn"},
		{"https://login-us.microsoftonline.com/contoso", "usgovvirginia", good},
		{"https://login.partner.microsoftonline.cn/contoso", "chinanorth3", good},
		{"https://login.chinacloudapi.cn/contoso", "eastus", "no region of the authority's cloud login.partner.microsoftonline.cn"},
		{"https://login.sovcloud-identity.fr/contoso", "bleufrancecentral", good},
		{"https://login.sovcloud-identity.fr/contoso", "chinaeast", "the cloud login.partner.microsoftonline.cn"},
		{"https://login.contoso.example/contoso", "usgovvirginia", good}, // who knows
		{"https://127.0.0.1:8443/contoso", "westeurope", "IP address"},
		{"https://[::1]/contoso", domain.RegionAutoDetect, "IP address"},
		{"https://fs.contoso.example/adfs", "westeurope", "AD FS"},
		{"https://contoso.b2clogin.com/contoso/b2c_1_in", "westeurope", "B2C"},
		{"https://contoso.ciamlogin.com", domain.RegionAutoDetect, "CIAM"},
		{"https://dsts.example/dstsv2/contoso", "westeurope", "dSTS"},
	} {
		a, err := domain.ParseAuthority(row.authority)
		if err != nil {
			t.Fatal(err)
		}
		problem, remedy := a.CheckRegion(row.region)
		if (problem == "") != (row.want == good) || !strings.Contains(problem, row.want) || (problem == "") != (remedy == "") {
			t.Errorf("%s, %s: got %q, remedy %q; want %q", row.authority, row.region, problem, remedy, row.want)
		}
	}
	issuer, err := domain.ParseOIDCAuthority("https://id.example")
	if err != nil {
		t.Fatal(err)
	}
	if problem, _ := issuer.CheckRegion("westeurope"); !strings.Contains(problem, "OpenID Connect") {
		t.Errorf("an OpenID Connect issuer: got %q", problem)
	}
}

// TestInCloud: a cloud of the configuration is one, for Entra ID at its hosts.
func TestInCloud(t *testing.T) {
	private := domain.CloudInfo{PreferredNetwork: "login.private.example", Aliases: []string{"sts.private.example", "login.windows.net"}}
	for _, row := range []struct {
		authority, environment string
		known                  bool
	}{
		{"https://login.private.example/contoso", "login.private.example", true},
		{"https://sts.private.example/contoso", "login.private.example", true},
		{"https://login.windows.net/contoso", "login.microsoftonline.com", true}, // what the library knows is so
		{"https://other.example/contoso", "other.example", false},
		{"https://sts.private.example/adfs", "sts.private.example", false},
		{"https://sts.private.example/contoso/b2c_1_in", "sts.private.example", false},
	} {
		a, err := domain.ParseAuthority(row.authority)
		if err != nil {
			t.Fatal(err)
		}
		a = a.InCloud(private)
		if a.Environment() != row.environment || a.IsKnownCloud() != row.known {
			t.Errorf("%s: environment %s, known %v", row.authority, a.Environment(), a.IsKnownCloud())
		}
		other, err := a.WithTenant("fabrikam")
		if row.known && (err != nil || other.Environment() != row.environment) {
			t.Errorf("%s: another tenant is of %s (%v)", row.authority, other.Environment(), err)
		}
	}
}

// A document may speak for a private cloud under its preferred name, and only so.
func TestDocumentsOfAPrivateCloud(t *testing.T) {
	a, err := domain.ParseAuthority("https://sts.private.example/contoso")
	if err != nil {
		t.Fatal(err)
	}
	plain := a
	a = a.InCloud(domain.CloudInfo{PreferredNetwork: "login.private.example", Aliases: []string{"sts.private.example"}})
	for _, row := range []struct {
		authority domain.Authority
		host      string
		good      bool
	}{
		{a, "login.private.example", true},
		{a, "sts.private.example", true},
		{a, "login.microsoftonline.com", false},
		{a, "evil.example", false},
		{plain, "sts.private.example", true},
		{plain, "login.private.example", false},
	} {
		if problem := row.authority.CheckIssuer("https://" + row.host + "/contoso/v2.0"); (problem == "") != row.good {
			t.Errorf("issuer at %s: %q", row.host, problem)
		}
		m := domain.ServerMetadata{Issuer: a.String(), TokenEndpoint: "https://" + row.host + "/contoso/oauth2/v2.0/token"}
		if field := row.authority.ForeignEndpoint(m); (field == "") != row.good {
			t.Errorf("endpoint at %s: %q", row.host, field)
		}
	}
}

func TestRegionOfHost(t *testing.T) {
	for _, row := range []struct {
		host, region, central string
	}{
		{"westeurope.login.microsoft.com", "westeurope", "login.microsoftonline.com"},
		{"eastus2.login.windows.net", "eastus2", "login.microsoftonline.com"},
		{"usgovvirginia.login.microsoftonline.us", "usgovvirginia", "login.microsoftonline.us"},
		{"chinaeast2.login.partner.microsoftonline.cn", "chinaeast2", "login.partner.microsoftonline.cn"},
		{"login.microsoftonline.com", "", ""},
		{"login-us.microsoftonline.com", "", ""},
		{"a-b.login.microsoft.com", "", ""},
		{"a.b.login.microsoft.com", "", ""},
		{"westeurope.login.contoso.example", "", ""},
		{".login.microsoft.com", "", ""},
		{"", "", ""},
	} {
		region, central, ok := domain.RegionOfHost(row.host)
		if region != row.region || central != row.central || ok != (row.region != "") {
			t.Errorf("%s: got %q, %q, %v; want %q, %q", row.host, region, central, ok, row.region, row.central)
		}
	}
}

func TestTelemetryInRegion(t *testing.T) {
	failed := errors.New("down")
	for _, row := range []struct {
		name string
		d    domain.RegionDetails
		want string
	}{
		{"configured", domain.RegionDetails{Region: "westeurope", Source: domain.RegionFromConfig, Outcome: domain.RegionUsed}, "5|730,2,westeurope,,2|"},
		{"forced", domain.RegionDetails{Region: "westeurope", Source: domain.RegionFromForce, Outcome: domain.RegionUsed}, "5|730,2,westeurope,,2|"},
		{"of the environment", domain.RegionDetails{Region: "westeurope", Source: domain.RegionFromEnvironment, Outcome: domain.RegionUsed}, "5|730,2,westeurope,3,4|"},
		{"of the machine", domain.RegionDetails{Region: "westeurope", Source: domain.RegionFromIMDS, Outcome: domain.RegionUsed}, "5|730,2,westeurope,4,4|"},
		{"not detected", domain.RegionDetails{Outcome: domain.RegionNotDetected, Err: failed}, "5|730,2,,1,5|"},
		{"fallen back", domain.RegionDetails{Region: "westeurope", Source: domain.RegionFromIMDS, Outcome: domain.RegionFellBack, Err: failed}, "5|730,2,,4,5|"},
		{"fallen back, configured", domain.RegionDetails{Region: "westeurope", Source: domain.RegionFromConfig, Outcome: domain.RegionFellBack, Err: failed}, "5|730,2,,,5|"},
	} {
		if got := domain.CurrentTelemetryInRegion(domain.AcquireTokenForClientID, domain.ReasonNoCachedToken, row.d); got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

func TestRegionNames(t *testing.T) {
	for _, row := range []struct{ got, want string }{
		{domain.RegionSource(0).String(), ""},
		{domain.RegionFromConfig.String(), "AzureRegion"},
		{domain.RegionFromIMDS.String(), "IMDS"},
		{domain.RegionSource(200).String(), "IMDS"},
		{domain.RegionOutcome(0).String(), ""},
		{domain.RegionUsed.String(), "used"},
		{domain.RegionNotDetected.String(), "not detected"},
		{domain.RegionFellBack.String(), "fell back"},
	} {
		if row.got != row.want {
			t.Errorf("got %q, want %q", row.got, row.want)
		}
	}
}
