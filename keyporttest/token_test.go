package keyporttest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

func TestWhatIsNoTokenRequestIsRefused(t *testing.T) {
	a, secret := newAuthority(t, nil)
	good := formOf(map[string]string{"client_secret": secret}).Encode()
	for _, row := range []struct {
		name   string
		method string
		media  string
		body   string
		status int
		code   string
		number int
	}{
		{"a good one", "POST", formType, good, 200, "", 0},
		{"a charset is no matter", "POST", "Application/X-WWW-Form-Urlencoded; charset=utf-8", good, 200, "", 0},
		{"GET", "GET", formType, "", 405, "invalid_request", 900561},
		{"JSON", "POST", "application/json", `{"grant_type":"client_credentials"}`, 400, "invalid_request", 900144},
		{"no media type", "POST", "", good, 400, "invalid_request", 900144},
		{"an odd media type", "POST", "/;", good, 400, "invalid_request", 900144},
		{"no grant type", "POST", formType, "client_id=x", 400, "invalid_request", 900144},
		{"an unknown grant type", "POST", formType, "grant_type=barter&" + good, 400, "invalid_request", 9000411},
		{"a grant type that is not served", "POST", formType, strings.Replace(good, "client_credentials", "password", 1), 400, "unsupported_grant_type", 70003},
		{"a parameter twice", "POST", formType, good + "&scope=x", 400, "invalid_request", 9000411},
		{"an unknown parameter twice", "POST", formType, good + "&a=1&a=1", 400, "invalid_request", 9000411},
		{"a resource twice", "POST", formType, good + "&resource=1&resource=2", 400, "invalid_request", 9000411},
		{"a form that cannot be read", "POST", formType, good + "&a=%zz", 400, "invalid_request", 9002313},
		{"a form that is too large", "POST", formType, good + "&a=" + strings.Repeat("a", 1<<20), 400, "invalid_request", 9002313},
		{"claims that are no JSON", "POST", formType, good + "&claims=%7B", 400, "invalid_request", 90023},
		{"claims that are no object", "POST", formType, good + "&claims=%5B%5D", 400, "invalid_request", 90023},
		{"claims", "POST", formType, good + "&claims=%7B%7D", 200, "", 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := send(t, a, row.method, tokenURL, row.body, func(r *http.Request) {
				r.Header.Set("Content-Type", row.media)
				if row.media == "" {
					r.Header.Del("Content-Type")
				}
			})
			if got.status != row.status || got.text("error") != row.code || got.number() != row.number {
				t.Errorf("got %d %s %d, want %d %s %d", got.status, got.text("error"), got.number(), row.status, row.code, row.number)
			}
			if got.status == http.StatusMethodNotAllowed && got.header.Get("Allow") != "POST, OPTIONS" {
				t.Errorf("Allow is %q", got.header.Get("Allow"))
			}
		})
	}
}

// RFC 6749 §5.1: nobody may store what a token endpoint answers.
func TestTokenAnswersAreNotForStores(t *testing.T) {
	a, secret := newAuthority(t, nil)
	for name, address := range tokenURLs {
		for _, secret := range []string{secret, "a wrong one"} {
			got := post(t, a, address, map[string]string{"client_secret": secret})
			if got.header.Get("Cache-Control") != "no-store, no-cache" || got.header.Get("Pragma") != "no-cache" {
				t.Errorf("%s, status %d: %v", name, got.status, got.header)
			}
			if want := "Tue, 24 Nov 2026 12:00:00 GMT"; got.header.Get("Date") != want {
				t.Errorf("%s: Date is %q, want the server's clock's %q", name, got.header.Get("Date"), want)
			}
		}
	}
}

func TestTheCorrelationIDComesBack(t *testing.T) {
	a, secret := newAuthority(t, nil)
	const id = "0354d9fb-d107-4c08-87d2-d969daea1f8b"
	for _, secret := range []string{secret, "a wrong one"} {
		got := send(t, a, http.MethodPost, tokenURL, formOf(map[string]string{"client_secret": secret}).Encode(), func(r *http.Request) {
			r.Header.Set("client-request-id", id)
		})
		if got.header.Get("client-request-id") != id {
			t.Errorf("status %d: header client-request-id is %q", got.status, got.header.Get("client-request-id"))
		}
		if got.status != http.StatusOK && got.text("correlation_id") != id {
			t.Errorf("correlation_id is %q", got.text("correlation_id"))
		}
	}
}

func TestTenants(t *testing.T) {
	a, secret := newAuthority(t, nil)
	a.AddTenant(keyporttest.Tenant{ID: "6babcaad-604b-40ac-a9d7-9fd97c0b779f", Domains: []string{"fabrikam.onmicrosoft.com", "fabrikam.example"}})
	const cloud, end = "https://login.microsoftonline.com/", "/oauth2/v2.0/token"
	for _, row := range []struct {
		url    string
		number int
	}{
		{cloud + "72F988BF-86F1-41AF-91AB-2D7CD011DB47" + end, 0},
		{cloud + "Contoso.OnMicrosoft.com" + end, 0},
		{cloud + "fabrikam.example" + end, 0},
		{"https://login.windows.net/contoso.onmicrosoft.com" + end, 0},
		{"https://westus.login.microsoft.com/contoso.onmicrosoft.com" + end, 0},
		{cloud + "nobody.onmicrosoft.com" + end, 90002},
		{cloud + "00000000-86f1-41af-91ab-2d7cd011db47" + end, 90002},
		{cloud + "nobody" + end, 900023},
		{cloud + "72f988bf-86f1-41af-91ab-2d7cd011dbzz" + end, 900023},
		{cloud + "common" + end, 50059},
		{cloud + "organizations" + end, 50059},
		{cloud + "consumers" + end, 50059},
		{"https://contoso.ciamlogin.com/contoso.onmicrosoft.com" + end, 0},
		{"https://" + keyporttest.TenantID + ".ciamlogin.com/" + keyporttest.TenantID + end, 0},
		{"https://nobody.ciamlogin.com/nobody.onmicrosoft.com" + end, 90002},
		{"https://nobody.ciamlogin.com/contoso.onmicrosoft.com" + end, 90002}, // a sub-domain belongs to its tenant
		{"https://contoso.ciamlogin.com/fabrikam.onmicrosoft.com" + end, 90002},
		{"https://fabrikam.ciamlogin.com/6babcaad-604b-40ac-a9d7-9fd97c0b779f" + end, 0},
		{"https://contoso.b2clogin.com/fabrikam.onmicrosoft.com/b2c_1_signin" + end, 90002},
		{"https://login.contoso.example/contoso.onmicrosoft.com/b2c_1_signin" + end, 0},
	} {
		got := post(t, a, row.url, map[string]string{"client_secret": secret})
		if got.number() != row.number || (row.number == 0) != (got.status == http.StatusOK) {
			t.Errorf("%s: got %d, AADSTS%d; want AADSTS%d", row.url, got.status, got.number(), row.number)
		}
		if row.number != 0 && (got.text("error") != "invalid_request" || got.status != http.StatusBadRequest) {
			t.Errorf("%s: got %d %s", row.url, got.status, got.text("error"))
		}
	}
}

func TestAnAppExistsInItsTenantsOnly(t *testing.T) {
	a, secret := newAuthority(t, func(app *keyporttest.App) { app.Tenants = []string{"FABRIKAM.onmicrosoft.com"} })
	fabrikam := keyporttest.Tenant{ID: "6babcaad-604b-40ac-a9d7-9fd97c0b779f", Domains: []string{"fabrikam.onmicrosoft.com"}}
	a.AddTenant(fabrikam)
	got := post(t, a, "https://login.microsoftonline.com/"+fabrikam.ID+"/oauth2/v2.0/token", map[string]string{"client_secret": secret})
	if got.status != http.StatusOK {
		t.Errorf("in its tenant: %v", got.body)
	}
	// A wrong secret makes no difference: the app is looked for first.
	for _, secret := range []string{secret, "a wrong one"} {
		got = post(t, a, tokenURL, map[string]string{"client_secret": secret})
		if got.number() != 700016 || got.text("error") != "unauthorized_client" || got.status != http.StatusBadRequest {
			t.Errorf("in another: %d %v", got.status, got.body)
		}
	}
	for _, kind := range []string{"AD FS", "OIDC"} { // have no tenants
		if got := post(t, a, tokenURLs[kind], map[string]string{"client_secret": secret}); got.status != http.StatusOK {
			t.Errorf("%s: %d %v", kind, got.status, got.body)
		}
	}
}

func TestDisabledAppsAndGrants(t *testing.T) {
	disabled, secret := newAuthority(t, func(app *keyporttest.App) { app.Disabled = true })
	for kind, want := range map[string]int{"Entra ID": 7000112, "CIAM": 7000112, "B2C": 7000112, "OIDC": 0} {
		got := post(t, disabled, tokenURLs[kind], map[string]string{"client_secret": secret})
		if got.text("error") != "unauthorized_client" || got.number() != want || got.status != http.StatusBadRequest {
			t.Errorf("disabled, %s: %d %v", kind, got.status, got.body)
		}
	}
	limited, secret := newAuthority(t, func(app *keyporttest.App) { app.GrantTypes = []string{"authorization_code"} })
	for kind, want := range map[string]string{"Entra ID": "", "AD FS": "unauthorized_client", "OIDC": "unauthorized_client"} {
		if got := post(t, limited, tokenURLs[kind], map[string]string{"client_secret": secret}); got.text("error") != want {
			t.Errorf("without the grant, %s: %d %v", kind, got.status, got.body)
		}
	}
	allowed, secret := newAuthority(t, func(app *keyporttest.App) { app.GrantTypes = []string{"client_credentials"} })
	if got := post(t, allowed, tokenURLs["OIDC"], map[string]string{"client_secret": secret}); got.status != http.StatusOK {
		t.Errorf("with the grant: %v", got.body)
	}
}
