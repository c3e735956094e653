package keyporttest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

const document = "/.well-known/openid-configuration"

// documentURLs of an authority of each kind.
var documentURLs = map[string]string{
	"Entra ID":    keyporttest.AuthorityURL + "/v2.0" + document,
	"Entra ID v1": keyporttest.AuthorityURL + document,
	"B2C":         keyporttest.B2CAuthorityURL + "/v2.0" + document,
	"CIAM":        keyporttest.CIAMAuthorityURL + "/" + keyporttest.TenantDomain + "/v2.0" + document,
	"AD FS":       keyporttest.ADFSAuthorityURL + document,
	"dSTS":        keyporttest.DSTSAuthorityURL + "/v2.0" + document,
	"OIDC":        keyporttest.OIDCIssuer + document,
	"OIDC path":   keyporttest.OIDCIssuerPath + document,
}

func TestDocumentsOfEachKindOfServer(t *testing.T) {
	const (
		id    = keyporttest.TenantID
		cloud = "https://login.microsoftonline.com/"
	)
	a := keyporttest.New(keyporttest.Options{})
	for _, row := range []struct{ url, issuer, token, keys, device string }{
		// Entra ID names the tenant by its GUID, whatever it was asked by.
		{documentURLs["Entra ID"], cloud + id + "/v2.0", cloud + id + "/oauth2/v2.0/token", cloud + id + "/discovery/v2.0/keys", cloud + id + "/oauth2/v2.0/devicecode"},
		{documentURLs["Entra ID v1"], "https://sts.windows.net/" + id + "/", cloud + id + "/oauth2/token", cloud + id + "/discovery/keys", cloud + id + "/oauth2/devicecode"},
		{cloud + "common/v2.0" + document, cloud + "{tenantid}/v2.0", cloud + "common/oauth2/v2.0/token", cloud + "common/discovery/v2.0/keys", cloud + "common/oauth2/v2.0/devicecode"},
		{cloud + "organizations/v2.0" + document, cloud + "{tenantid}/v2.0", cloud + "organizations/oauth2/v2.0/token", cloud + "organizations/discovery/v2.0/keys", cloud + "organizations/oauth2/v2.0/devicecode"},
		{cloud + "consumers/v2.0" + document, cloud + "9188040d-6c67-4c5b-b112-36a304b66dad/v2.0", cloud + "consumers/oauth2/v2.0/token", cloud + "consumers/discovery/v2.0/keys", cloud + "consumers/oauth2/v2.0/devicecode"},
		// An alias and a region's host speak for the cloud.
		{"https://login.windows.net/" + id + "/v2.0" + document, cloud + id + "/v2.0", "https://login.windows.net/" + id + "/oauth2/v2.0/token", "https://login.windows.net/" + id + "/discovery/v2.0/keys", "https://login.windows.net/" + id + "/oauth2/v2.0/devicecode"},
		{"https://westus.login.microsoft.com/" + id + "/v2.0" + document, cloud + id + "/v2.0", "https://westus.login.microsoft.com/" + id + "/oauth2/v2.0/token", "https://westus.login.microsoft.com/" + id + "/discovery/v2.0/keys", "https://westus.login.microsoft.com/" + id + "/oauth2/v2.0/devicecode"},
		{"https://private.example/" + id + "/v2.0" + document, "https://private.example/" + id + "/v2.0", "https://private.example/" + id + "/oauth2/v2.0/token", "https://private.example/" + id + "/discovery/v2.0/keys", "https://private.example/" + id + "/oauth2/v2.0/devicecode"},
		{documentURLs["B2C"], "https://contoso.b2clogin.com/" + id + "/v2.0/", keyporttest.B2CAuthorityURL + "/oauth2/v2.0/token", keyporttest.B2CAuthorityURL + "/discovery/v2.0/keys", ""},
		{documentURLs["CIAM"], "https://" + id + ".ciamlogin.com/" + id + "/v2.0", "https://contoso.ciamlogin.com/" + id + "/oauth2/v2.0/token", "https://contoso.ciamlogin.com/" + id + "/discovery/v2.0/keys", "https://contoso.ciamlogin.com/" + id + "/oauth2/v2.0/devicecode"},
		{documentURLs["AD FS"], keyporttest.ADFSAuthorityURL, keyporttest.ADFSAuthorityURL + "/oauth2/token/", keyporttest.ADFSAuthorityURL + "/discovery/keys", keyporttest.ADFSAuthorityURL + "/oauth2/devicecode"},
		{documentURLs["dSTS"], keyporttest.DSTSAuthorityURL + "/v2.0", keyporttest.DSTSAuthorityURL + "/oauth2/token", keyporttest.DSTSAuthorityURL + "/discovery/keys", keyporttest.DSTSAuthorityURL + "/oauth2/devicecode"},
		{documentURLs["OIDC"], keyporttest.OIDCIssuer, keyporttest.OIDCIssuer + "/token", keyporttest.OIDCIssuer + "/keys", keyporttest.OIDCIssuer + "/device_authorization"},
		{documentURLs["OIDC path"], keyporttest.OIDCIssuerPath, keyporttest.OIDCIssuerPath + "/token", keyporttest.OIDCIssuerPath + "/keys", keyporttest.OIDCIssuerPath + "/device_authorization"},
	} {
		got := get(t, a, row.url)
		want := []string{row.issuer, row.token, row.keys, row.device}
		if diff := cmp.Diff(want, []string{got.text("issuer"), got.text("token_endpoint"), got.text("jwks_uri"), got.text("device_authorization_endpoint")}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.url, diff)
		}
		if got.header.Get("Cache-Control") != "max-age=86400, private" || got.header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s: %v", row.url, got.header)
		}
		if keys := get(t, a, row.keys); keys.status != http.StatusOK {
			t.Errorf("%s: the keys are not at %s: %d", row.url, row.keys, keys.status)
		}
	}
}

// TestAClientBelievesTheDocuments: the domain's own rule about issuers holds for
// the documents of each kind.
func TestAClientBelievesTheDocuments(t *testing.T) {
	a := keyporttest.New(keyporttest.Options{})
	for _, text := range []string{
		keyporttest.AuthorityURL, keyporttest.ADFSAuthorityURL, keyporttest.B2CAuthorityURL, keyporttest.CIAMAuthorityURL, keyporttest.DSTSAuthorityURL,
		"https://login.microsoftonline.com/common", "https://login.windows.net/" + keyporttest.TenantID,
	} {
		authority, err := domain.ParseAuthority(text)
		if err != nil {
			t.Fatal(err)
		}
		if problem := authority.CheckIssuer(get(t, a, authority.MetadataURL()).text("issuer")); problem != "" {
			t.Errorf("%s: the issuer %s", text, problem)
		}
	}
}

func TestWhatADocumentOffers(t *testing.T) {
	a := keyporttest.New(keyporttest.Options{})
	methods := func(kind string) []any {
		list, _ := get(t, a, documentURLs[kind]).body["token_endpoint_auth_methods_supported"].([]any)
		return list
	}
	if got := methods("OIDC"); !slices.Contains(got, "client_secret_jwt") {
		t.Errorf("OIDC: %v", got)
	}
	for _, kind := range []string{"Entra ID", "AD FS", "CIAM"} {
		if got := methods(kind); slices.Contains(got, "client_secret_jwt") || !slices.Contains(got, "private_key_jwt") {
			t.Errorf("%s: %v", kind, got)
		}
	}
	if got := methods("B2C"); slices.Contains(got, "private_key_jwt") {
		t.Errorf("B2C: %v", got)
	}
	adfs := get(t, a, documentURLs["AD FS"])
	if adfs.text("access_token_issuer") != "http://adfs.contoso.example/adfs/services/trust" {
		t.Errorf("AD FS: access_token_issuer %q", adfs.text("access_token_issuer"))
	}
	if diff := cmp.Diff([]any{"authorization_code", "client_credentials", "refresh_token", deviceGrant, jwtBearerGrant}, adfs.body["grant_types_supported"]); diff != "" {
		t.Errorf("AD FS (-want +got):\n%s", diff)
	}
}

func TestTheKeysNameTheirIssuer(t *testing.T) {
	a := keyporttest.New(keyporttest.Options{})
	for kind, want := range map[string]any{
		"Entra ID": entraBase + "/v2.0", "AD FS": nil, "OIDC": nil,
	} {
		keys, _ := get(t, a, get(t, a, documentURLs[kind]).text("jwks_uri")).body["keys"].([]any)
		key, _ := keys[0].(map[string]any)
		if key["issuer"] != want {
			t.Errorf("%s: issuer %v, want %v", kind, key["issuer"], want)
		}
		if hasAlgorithm := key["alg"] != nil; hasAlgorithm != (kind == "OIDC") {
			t.Errorf("%s: alg %v", kind, key["alg"])
		}
		if key["d"] != nil || key["use"] != "sig" || key["kid"] == nil {
			t.Errorf("%s: %v", kind, key)
		}
	}
}

func TestDocumentsOfUnknownTenants(t *testing.T) {
	a := keyporttest.New(keyporttest.Options{})
	for address, number := range map[string]int{
		"https://login.microsoftonline.com/nobody.example/v2.0" + document:                                   90002,
		"https://login.microsoftonline.com/nobody/v2.0" + document:                                           900023,
		"https://nobody.ciamlogin.com/nobody.onmicrosoft.com/v2.0" + document:                                90002,
		"https://nobody.b2clogin.com/contoso.onmicrosoft.com/b2c_1_x/v2.0" + document:                        90002,
		"https://login.microsoftonline.com/nobody.example/discovery/v2.0/keys":                               90002,
		"https://contoso.b2clogin.com/nobody.onmicrosoft.com/b2c_1_x/v2.0" + document:                        90002,
		"https://login.microsoftonline.com/nobody.example" + document:                                        90002,
		"https://contoso.ciamlogin.com/nobody.onmicrosoft.com/discovery/v2.0/keys":                           90002,
		"https://00000000-0000-0000-0000-000000000000.ciamlogin.com/contoso.onmicrosoft.com/v2.0" + document: 90002,
	} {
		got := get(t, a, address)
		want := "invalid_tenant"
		if strings.HasSuffix(address, "/keys") {
			want = "invalid_request"
		}
		if got.status != http.StatusBadRequest || got.number() != number || got.text("error") != want {
			t.Errorf("%s: got %d %v, want %s AADSTS%d", address, got.status, got.body, want, number)
		}
	}
}

func TestDocumentsAreToBeRead(t *testing.T) {
	a := keyporttest.New(keyporttest.Options{})
	for _, address := range []string{documentURLs["Entra ID"], documentURLs["OIDC"], entraBase + "/discovery/v2.0/keys", instanceURL("1.1", entraBase)} {
		got := send(t, a, http.MethodPost, address, "", nil)
		if got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != http.MethodGet {
			t.Errorf("POST %s: %d, Allow %q", address, got.status, got.header.Get("Allow"))
		}
	}
}
