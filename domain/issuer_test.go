package domain_test

import (
	"testing"

	"github.com/seed57855a68/keyport/domain"
)

// issuerRow is an authority, who may speak for it, and who may not.
type issuerRow struct {
	authority domain.Authority
	good, bad []string
}

// notHTTPS can be nobody's issuer.
var notHTTPS = []string{
	"", "issuer", "http://login.microsoftonline.com/common/v2.0", "https://", "https:///common", "https:login.microsoftonline.com",
	"https://user@login.microsoftonline.com/v2.0", "https://login.microsoftonline.com@evil.example/v2.0",
	"https://login.microsoftonline.com/v2.0?x", "https://login.microsoftonline.com/v2.0#x", "https://login.microsoftonline.com/v2.0?",
	"https://login.microsoftonline.com%2eevil.example/v2.0", "https://login.\u212a.example", "https://[fe80::1%25eth0]/v2.0", "\x00",
}

func checkIssuers(t *testing.T, rows []issuerRow) {
	t.Helper()
	for _, row := range rows {
		for _, issuer := range row.good {
			if problem := row.authority.CheckIssuer(issuer); problem != "" {
				t.Errorf("%v refuses the issuer %s: it %s", row.authority, issuer, problem)
			}
		}
		for _, issuer := range append(row.bad, notHTTPS...) {
			if row.authority.CheckIssuer(issuer) == "" {
				t.Errorf("%v accepts the issuer %q", row.authority, issuer)
			}
		}
	}
}

func TestCheckIssuerOfEntra(t *testing.T) {
	const public = "https://login.microsoftonline.com/"
	checkIssuers(t, []issuerRow{
		{
			authority(t, public+"common"),
			[]string{
				public + "{tenantid}/v2.0", public + tenantGUID + "/v2.0", "https://LOGIN.microsoftonline.com:443/{tenantid}/v2.0",
				"https://sts.windows.net/{tenantid}/", "https://login.windows.net/{tenantid}/v2.0", "https://login.microsoft.com/{tenantid}/v2.0",
			},
			[]string{
				"https://login.microsoftonline.com.evil.example/{tenantid}/v2.0", "https://evil.login.microsoftonline.com/{tenantid}/v2.0",
				"https://login-microsoftonline.com/{tenantid}/v2.0", "https://login.microsoftonline.us/{tenantid}/v2.0",
				"https://login.microsoftonline.com:8443/{tenantid}/v2.0", "https://evil.example/login.microsoftonline.com/v2.0",
				"https://" + tenantGUID + ".ciamlogin.com/" + tenantGUID + "/v2.0",
			},
		},
		{
			authority(t, public+tenantGUID),
			[]string{public + tenantGUID + "/v2.0", "https://sts.windows.net/" + tenantGUID + "/", public + "72F988BF-86F1-41AF-91AB-2D7CD011DB47/v2.0"},
			[]string{public + otherGUID + "/v2.0", public + "{tenantid}/v2.0", "https://sts.windows.net/" + otherGUID + "/"},
		},
		{
			authority(t, public+"contoso.onmicrosoft.com"),
			[]string{public + tenantGUID + "/v2.0"},
			[]string{public + "{tenantid}/v2.0"},
		},
		{
			authority(t, "https://login.contoso.example/common"), // a host that the configuration or instance discovery vouches for
			[]string{"https://login.contoso.example/{tenantid}/v2.0", "https://login.contoso.example/" + tenantGUID + "/v2.0"},
			[]string{public + "{tenantid}/v2.0", "https://login.contoso.example:8443/{tenantid}/v2.0", "https://contoso.example/{tenantid}/v2.0"},
		},
	})
}

func TestCheckIssuerOfCIAM(t *testing.T) {
	own := func(guid string) string { return "https://" + guid + ".ciamlogin.com/" + guid + "/v2.0" }
	checkIssuers(t, []issuerRow{
		{ // the GUID behind the name cannot be known
			authority(t, "https://contoso.ciamlogin.com"),
			[]string{own(tenantGUID), "https://" + tenantGUID + ".ciamlogin.com", "https://contoso.ciamlogin.com/" + tenantGUID + "/v2.0"},
			[]string{
				"https://fabrikam.ciamlogin.com/fabrikam.onmicrosoft.com/v2.0", "https://fabrikam.ciamlogin.com/" + tenantGUID + "/v2.0",
				"https://" + tenantGUID + ".ciamlogin.com/" + otherGUID + "/v2.0", "https://" + tenantGUID + ".ciamlogin.com.evil.example/" + tenantGUID,
				"https://" + tenantGUID + ".evil.ciamlogin.com/" + tenantGUID, "https://evilciamlogin.com/" + tenantGUID, "https://ciamlogin.com/v2.0",
				"https://" + tenantGUID + "/" + tenantGUID + "/v2.0", "https://72f988bf-86f1-41af-91ab-2d7cd011db4x.ciamlogin.com", "https://72f988bf086f1041af091ab02d7cd011db470.ciamlogin.com",
				"https://" + tenantGUID + ".ciamlogin.com:8443/" + tenantGUID + "/v2.0", "https://contoso.ciamlogin.com/{tenantid}/v2.0",
				"https://login.microsoftonline.com/" + tenantGUID + "/v2.0",
			},
		},
		{
			authority(t, "https://contoso.ciamlogin.com/"+tenantGUID),
			[]string{own(tenantGUID), "https://contoso.ciamlogin.com/" + tenantGUID + "/v2.0"},
			[]string{own(otherGUID), "https://contoso.ciamlogin.com/" + otherGUID + "/v2.0", "https://" + otherGUID + ".ciamlogin.com"},
		},
		{ // custom domains
			authority(t, "https://login.contoso.example/"+tenantGUID),
			[]string{own(tenantGUID), "https://login.contoso.example/" + tenantGUID + "/v2.0"},
			[]string{own(otherGUID)},
		},
		{
			oidcAuthority(t, "https://login.contoso.example/"+tenantGUID+"/v2.0"),
			[]string{own(tenantGUID), "https://login.contoso.example/" + tenantGUID + "/v2.0"},
			[]string{own(otherGUID), "https://login.contoso.example/" + tenantGUID},
		},
		{
			oidcAuthority(t, "https://login.contoso.example/contoso.onmicrosoft.com/v2.0"),
			nil,
			[]string{own(tenantGUID)},
		},
	})
}

func TestCheckIssuerOfOthers(t *testing.T) {
	const own = "https://login.contoso.example/"
	checkIssuers(t, []issuerRow{
		{
			authority(t, own+"contoso.onmicrosoft.com/b2c_1_signin"), // a custom domain
			[]string{own + tenantGUID + "/v2.0/", own + "tfp/" + tenantGUID + "/b2c_1_signin/v2.0/"},
			[]string{"https://contoso.b2clogin.com/" + tenantGUID + "/v2.0/", own + "{tenantid}/v2.0/"},
		},
		{
			authority(t, "https://contoso.b2clogin.com/"+tenantGUID+"/b2c_1_signin"),
			[]string{"https://contoso.b2clogin.com/" + tenantGUID + "/v2.0/", "https://contoso.b2clogin.com/tfp/" + tenantGUID + "/b2c_1_signin/v2.0/"},
			[]string{
				"https://fabrikam.b2clogin.com/" + tenantGUID + "/v2.0/", "https://contoso.b2clogin.com/" + otherGUID + "/v2.0/",
				"https://contoso.b2clogin.com/tfp/" + otherGUID + "/b2c_1_signin/v2.0/", "https://login.microsoftonline.com/" + tenantGUID + "/v2.0/",
				"https://" + tenantGUID + ".ciamlogin.com/" + tenantGUID + "/v2.0",
			},
		},
		{ // "issuer", not "access_token_issuer", which is http://adfs.contoso.example/adfs/services/trust
			authority(t, "https://adfs.contoso.example/adfs"),
			[]string{"https://adfs.contoso.example/adfs"},
			[]string{"http://adfs.contoso.example/adfs/services/trust", "https://sts.contoso.example/adfs", "https://adfs.contoso.example:8443/adfs"},
		},
		{
			authority(t, "https://dsts.contoso.example/dstsv2/"+tenantGUID),
			[]string{"https://dsts.contoso.example/dstsv2/" + tenantGUID + "/v2.0"},
			[]string{
				"https://dsts.contoso.example/dstsv2/" + otherGUID, "https://dsts.contoso.example/dstsv2/{tenantid}",
				"https://" + tenantGUID + ".ciamlogin.com/" + tenantGUID + "/v2.0",
			},
		},
	})
}

// OIDC Discovery §4.3: the issuer must be identical to the URL that the document's
// place was made of.
func TestCheckIssuerOfOpenIDConnect(t *testing.T) {
	const id, public = "https://id.example.com", "https://login.microsoftonline.com/"
	checkIssuers(t, []issuerRow{
		{
			oidcAuthority(t, id),
			[]string{id, id + "/"},
			[]string{id + "//", id + "/a", id + ":443", id + ":8443", "https://ID.example.com", "https://id.example.com.", "https://evil.example", "https://id.example.com.evil.example"},
		},
		{
			oidcAuthority(t, id+"/realms/one/"),
			[]string{id + "/realms/one", id + "/realms/one/"},
			[]string{id, id + "/", id + "/realms", id + "/realms/two", id + "/realms/One", id + "/realms/one/x", id + "/{tenantid}"},
		},
		{ // Entra ID as any other provider
			oidcAuthority(t, public+"common/v2.0"),
			[]string{public + "{tenantid}/v2.0", public + "common/v2.0", "https://sts.windows.net/{tenantid}/"},
			[]string{"https://login.microsoftonline.us/{tenantid}/v2.0", "https://evil.example/{tenantid}/v2.0"},
		},
		{
			oidcAuthority(t, public+tenantGUID+"/v2.0"),
			[]string{public + tenantGUID + "/v2.0", "https://sts.windows.net/" + tenantGUID + "/"},
			[]string{public + otherGUID + "/v2.0", public + "{tenantid}/v2.0"},
		},
		{
			oidcAuthority(t, public+"contoso.onmicrosoft.com/v2.0"),
			[]string{public + tenantGUID + "/v2.0"},
			[]string{public + "{tenantid}/v2.0"},
		},
	})
}
