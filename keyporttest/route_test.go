package keyporttest_test

import (
	"net/http"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

func TestRoutes(t *testing.T) {
	a := keyporttest.New(keyporttest.Options{})
	a.AddIssuer("https://id.example:8443/one/")
	for _, row := range []struct {
		url       string
		endpoint  keyporttest.Endpoint
		authority string
	}{
		{instanceURL("1.1", entraBase), keyporttest.EndpointInstanceDiscovery, ""},
		{tokenURL, keyporttest.EndpointToken, entraBase},
		{"https://LOGIN.microsoftonline.com:443/contoso.onmicrosoft.com/oauth2/v2.0/token", keyporttest.EndpointToken, keyporttest.AuthorityURL},
		{"https://login.microsoftonline.com/Contoso.onmicrosoft.com/oauth2/v2.0/token/", keyporttest.EndpointToken, "https://login.microsoftonline.com/Contoso.onmicrosoft.com"},
		{keyporttest.B2CAuthorityURL + "/oauth2/v2.0/token", keyporttest.EndpointToken, keyporttest.B2CAuthorityURL},
		{"https://contoso.b2clogin.com/tfp/contoso.onmicrosoft.com/B2C_1_signin/oauth2/v2.0/token", keyporttest.EndpointToken, keyporttest.B2CAuthorityURL},
		{keyporttest.ADFSAuthorityURL + "/oauth2/token/", keyporttest.EndpointToken, keyporttest.ADFSAuthorityURL},
		{keyporttest.DSTSAuthorityURL + "/oauth2/v2.0/token", keyporttest.EndpointToken, keyporttest.DSTSAuthorityURL},
		{"https://id.example:8443/one/token", keyporttest.EndpointToken, "https://id.example:8443/one"},
		{"https://id.example:8443/one/keys", keyporttest.EndpointKeys, "https://id.example:8443/one"},
		{"https://id.example:8443/one" + document, keyporttest.EndpointMetadata, "https://id.example:8443/one"},

		{"https://id.example/one/token", keyporttest.EndpointUnknown, ""},      // another port
		{"https://id.example:8443/two/token", keyporttest.EndpointUnknown, ""}, // another issuer
		{"https://id.example:8443/one/v2.0" + document, keyporttest.EndpointUnknown, ""},
		{entraBase + "/token", keyporttest.EndpointUnknown, ""}, // a plain provider's path
		{entraBase + "/keys", keyporttest.EndpointUnknown, ""},
		{entraBase + "/more/oauth2/v2.0/token", keyporttest.EndpointUnknown, ""},
		{entraBase + "/oauth2/v2.0/tokens", keyporttest.EndpointUnknown, ""},
		{"https://login.microsoftonline.com/oauth2/v2.0/token", keyporttest.EndpointUnknown, ""},
		{keyporttest.ADFSAuthorityURL + "/v2.0" + document, keyporttest.EndpointUnknown, ""},
		{keyporttest.ADFSAuthorityURL + "/oauth2/v2.0/token", keyporttest.EndpointUnknown, ""},
		{keyporttest.ADFSAuthorityURL + "/more/oauth2/token", keyporttest.EndpointUnknown, ""},
		{keyporttest.B2CAuthorityURL + document, keyporttest.EndpointUnknown, ""},
		{keyporttest.CIAMAuthorityURL + "/v2.0" + document, keyporttest.EndpointUnknown, ""},
		{"https://contoso.b2clogin.com/contoso.onmicrosoft.com/oauth2/v2.0/token", keyporttest.EndpointUnknown, ""},
		{"https://login.microsoftonline.com/", keyporttest.EndpointUnknown, ""},
		{"https://example.com/a%2fb/oauth2/v2.0/token", keyporttest.EndpointUnknown, ""},
	} {
		a.Reset()
		got := get(t, a, row.url)
		request := a.Requests()[0]
		if request.Endpoint != row.endpoint || request.Authority != row.authority {
			t.Errorf("%s went to the %s endpoint of %q, want %s of %q", row.url, request.Endpoint, request.Authority, row.endpoint, row.authority)
		}
		if (row.endpoint == keyporttest.EndpointUnknown) != (got.status == http.StatusNotFound) {
			t.Errorf("%s: status %d", row.url, got.status)
		}
	}
}

func TestAnIssuerMustBeAURL(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	keyporttest.New(keyporttest.Options{}).AddIssuer("http://id.example")
}
