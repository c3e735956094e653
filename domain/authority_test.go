package domain_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/domain"
)

// shape is what an authority says of itself.
type shape struct {
	Kind                      domain.AuthorityKind
	Host, Tenant, Policy, URL string
}

func shapeOf(a domain.Authority) shape {
	return shape{a.Kind(), a.Host(), a.Tenant(), a.Policy(), a.String()}
}

func TestParseAuthority(t *testing.T) {
	const (
		public = "login.microsoftonline.com"
		adfs   = "adfs.contoso.example"
		b2c    = "contoso.b2clogin.com"
		ciam   = "contoso.ciamlogin.com"
		dsts   = "dsts.contoso.example"
		own    = "login.contoso.example"
		tenant = "contoso.onmicrosoft.com"
	)
	entra := func(host, name string) shape {
		return shape{domain.KindEntra, host, name, "", "https://" + host + "/" + name}
	}
	userFlow := func(host, path, policy string) shape {
		return shape{domain.KindB2C, host, tenant, policy, "https://" + host + path}
	}
	for text, want := range map[string]shape{
		"https://login.microsoftonline.com/common":                              entra(public, "common"),
		"https://login.microsoftonline.com/organizations":                       entra(public, "organizations"),
		"https://login.microsoftonline.com/consumers":                           entra(public, "consumers"),
		"https://login.microsoftonline.com/" + tenantGUID:                       entra(public, tenantGUID),
		"https://login.microsoftonline.com/contoso.onmicrosoft.com":             entra(public, tenant),
		"https://login.microsoftonline.com/Contoso.OnMicrosoft.com":             entra(public, "Contoso.OnMicrosoft.com"),
		"https://login.microsoftonline.com/common/v2.0":                         entra(public, "common"),
		"https://login.microsoftonline.com/common/oauth2/v2.0/token":            entra(public, "common"),
		"https://login.windows.net/common":                                      entra("login.windows.net", "common"),
		"https://sts.windows.net/" + tenantGUID + "/":                           entra("sts.windows.net", tenantGUID),
		"https://login.microsoftonline.us/common":                               entra("login.microsoftonline.us", "common"),
		"https://login.partner.microsoftonline.cn/common":                       entra("login.partner.microsoftonline.cn", "common"),
		"https://login.chinacloudapi.cn/common":                                 entra("login.chinacloudapi.cn", "common"),
		"https://login.sovcloud-identity.fr/common":                             entra("login.sovcloud-identity.fr", "common"),
		"https://login.contoso.example:8443/" + tenantGUID:                      entra(own+":8443", tenantGUID),
		"https://[::1]:8443/common":                                             entra("[::1]:8443", "common"),
		"https://[2001:DB8::1]/common":                                          entra("[2001:db8::1]", "common"),
		"https://127.0.0.1/common":                                              entra("127.0.0.1", "common"),
		"https://xn--bcher-kva.example/common":                                  entra("xn--bcher-kva.example", "common"),
		"https://b2clogin.com/common":                                           entra("b2clogin.com", "common"),
		"https://notb2clogin.com/contoso.onmicrosoft.com":                       entra("notb2clogin.com", tenant),
		"https://adfs.contoso.example/adfs":                                     {domain.KindADFS, adfs, "adfs", "", "https://" + adfs + "/adfs"},
		"https://adfs.contoso.example/ADFS/":                                    {domain.KindADFS, adfs, "adfs", "", "https://" + adfs + "/adfs"},
		"https://adfs.contoso.example/adfs/services/trust":                      {domain.KindADFS, adfs, "adfs", "", "https://" + adfs + "/adfs"},
		"https://adfs.contoso.example:8443/adfs":                                {domain.KindADFS, adfs + ":8443", "adfs", "", "https://" + adfs + ":8443/adfs"},
		"https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_SignIn":     userFlow(b2c, "/"+tenant+"/b2c_1_signin", "b2c_1_signin"),
		"https://contoso.b2clogin.com/contoso.onmicrosoft.com/any/v2.0":         userFlow(b2c, "/"+tenant+"/any", "any"),
		"https://contoso.b2clogin.com/tfp/contoso.onmicrosoft.com/B2C_1_SignIn": userFlow(b2c, "/"+tenant+"/b2c_1_signin", "b2c_1_signin"),
		"https://contoso.b2clogin.cn/contoso.onmicrosoft.com/b2c_1_x":           userFlow("contoso.b2clogin.cn", "/"+tenant+"/b2c_1_x", "b2c_1_x"),
		"https://contoso.b2clogin.us/contoso.onmicrosoft.com/b2c_1_x":           userFlow("contoso.b2clogin.us", "/"+tenant+"/b2c_1_x", "b2c_1_x"),
		"https://contoso.b2clogin.de/contoso.onmicrosoft.com/b2c_1_x":           userFlow("contoso.b2clogin.de", "/"+tenant+"/b2c_1_x", "b2c_1_x"),
		"https://login.microsoftonline.com/TFP/contoso.onmicrosoft.com/b2c_1_x": userFlow(public, "/"+tenant+"/b2c_1_x", "b2c_1_x"),
		"https://login.contoso.example/contoso.onmicrosoft.com/B2C_1A_x/":       userFlow(own, "/"+tenant+"/b2c_1a_x", "b2c_1a_x"),
		"https://login.contoso.example/tfp/contoso.onmicrosoft.com/signin":      userFlow(own, "/tfp/"+tenant+"/signin", "signin"),
		"https://contoso.ciamlogin.com":                                         {domain.KindCIAM, ciam, tenant, "", "https://" + ciam + "/" + tenant},
		"https://contoso.ciamlogin.com/":                                        {domain.KindCIAM, ciam, tenant, "", "https://" + ciam + "/" + tenant},
		"https://contoso.ciamlogin.com/fabrikam.onmicrosoft.com/v2.0":           {domain.KindCIAM, ciam, "fabrikam.onmicrosoft.com", "", "https://" + ciam + "/fabrikam.onmicrosoft.com"},
		"https://contoso.ciamlogin.com/" + tenantGUID:                           {domain.KindCIAM, ciam, tenantGUID, "", "https://" + ciam + "/" + tenantGUID},
		"https://dsts.contoso.example/dstsv2/" + tenantGUID:                     {domain.KindDSTS, dsts, tenantGUID, "", "https://" + dsts + "/dstsv2/" + tenantGUID},
		"https://dsts.contoso.example/DSTSv2/common/v2.0/":                      {domain.KindDSTS, dsts, "common", "", "https://" + dsts + "/dstsv2/common"},
	} {
		if diff := cmp.Diff(want, shapeOf(authority(t, text))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
