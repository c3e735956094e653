package keyporttest_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

func TestWhatDevicesAreTold(t *testing.T) {
	u := newDevices(t, nil)
	for kind, page := range map[string]string{
		"Entra ID": "https://microsoft.com/devicelogin", "common": "https://microsoft.com/devicelogin", "Entra ID v1": "https://microsoft.com/devicelogin",
		"CIAM":  keyporttest.CIAMAuthorityURL + "/" + keyporttest.TenantID + "/oauth2/deviceauth",
		"AD FS": keyporttest.ADFSAuthorityURL + "/oauth2/deviceauth", "dSTS": keyporttest.DSTSAuthorityURL + "/oauth2/deviceauth",
		"OIDC": keyporttest.OIDCIssuerPath + "/device", "OIDC root": keyporttest.OIDCIssuer + "/device",
	} {
		got := u.device(kind, nil)
		deviceCode, userCode := got.text("device_code"), got.text("user_code")
		form := `^[B-DF-HJ-NP-TV-XZ]{9}$`
		want := map[string]any{"device_code": deviceCode, "user_code": userCode, "verification_uri": page, "expires_in": 900.0, "interval": 5.0}
		if strings.HasPrefix(kind, "OIDC") {
			form = `^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$`
			want["verification_uri_complete"] = page + "?user_code=" + userCode
		} else {
			want["message"] = "To sign in, open the page " + page + " in a web browser and enter the code " + userCode + "."
		}
		if kind == "Entra ID v1" {
			delete(want, "verification_uri")
			want["verification_url"], want["expires_in"], want["interval"] = page, "900", "5"
		}
		if diff := cmp.Diff(want, got.body); diff != "" || got.status != http.StatusOK {
			t.Errorf("%s: %d (-want +got):\n%s", kind, got.status, diff)
		}
		if !regexp.MustCompile(form).MatchString(userCode) || len(deviceCode) < 40 {
			t.Errorf("%s: user code %q, and a device code of %d", kind, userCode, len(deviceCode))
		}
		if got.header.Get("Cache-Control") != "no-store, no-cache" {
			t.Errorf("%s: Cache-Control %q", kind, got.header.Get("Cache-Control"))
		}
		if requests := u.Requests(keyporttest.EndpointDevice); len(requests) == 0 || requests[len(requests)-1].ClientID != clientID {
			t.Errorf("%s: the request was not recorded as one of a device", kind)
		}
	}
}

// TestB2CHasNoDevices: neither the endpoint nor the page.
func TestB2CHasNoDevices(t *testing.T) {
	u := newDevices(t, nil)
	for _, end := range []string{"/oauth2/v2.0/devicecode", "/oauth2/devicecode", "/oauth2/deviceauth", "/device", "/device_authorization"} {
		if got := get(t, u.Authority, keyporttest.B2CAuthorityURL+end); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", end, got.status)
		}
	}
}

// TestOtherCloudsHaveAPageOfTheirOwn: one for all tenants.
func TestOtherCloudsHaveAPageOfTheirOwn(t *testing.T) {
	u := newDevices(t, nil)
	for host, want := range map[string]string{
		"login.microsoftonline.us": "https://login.microsoftonline.us/common/oauth2/deviceauth",
		"private.example":          "https://private.example/common/oauth2/deviceauth",
		"login.windows.net":        "https://microsoft.com/devicelogin",
	} {
		form := laidOver(map[string]string{"client_id": clientID, "scope": reports + "/read"}, nil)
		got := send(t, u.Authority, http.MethodPost, "https://"+host+"/"+keyporttest.TenantID+"/oauth2/v2.0/devicecode", form.Encode(), nil)
		if got.text("verification_uri") != want {
			t.Errorf("%s: %q, want %q", host, got.text("verification_uri"), want)
		}
	}
}

func TestNoTwoDevicesShareACode(t *testing.T) {
	u := newDevices(t, nil)
	seen := map[string]bool{}
	for range 50 {
		f := u.begin("OIDC")
		if seen[f.userCode] || seen[f.deviceCode] {
			t.Fatal("a code was given twice")
		}
		seen[f.userCode], seen[f.deviceCode] = true, true
	}
}

func TestDevicesThatAreRefused(t *testing.T) {
	for _, row := range []struct {
		kind    string
		form    map[string]string
		change  func(*keyporttest.App)
		status  int
		code    string
		aadsts  int
		problem string
	}{
		{kind: "Entra ID", form: map[string]string{"client_id": ""}, status: 400, code: "invalid_request", aadsts: 900144},
		{kind: "Entra ID", form: map[string]string{"client_id": "nobody"}, status: 400, code: "unauthorized_client", aadsts: 700016},
		{kind: "Entra ID", form: map[string]string{"scope": ""}, status: 400, code: "invalid_scope", aadsts: 900144},
		{kind: "Entra ID", form: map[string]string{"scope": "api://nobody/read"}, status: 400, code: "invalid_resource", aadsts: 500011},
		{kind: "Entra ID", change: func(app *keyporttest.App) { app.Disabled = true }, status: 400, code: "unauthorized_client", aadsts: 7000112},
		{kind: "AD FS", change: func(app *keyporttest.App) { app.GrantTypes = []string{"authorization_code"} }, status: 400, code: "unauthorized_client"},
		{kind: "OIDC", change: func(app *keyporttest.App) { app.GrantTypes = []string{"authorization_code"} }, status: 400, code: "unauthorized_client"},
		{kind: "OIDC", change: func(app *keyporttest.App) { app.Scopes = []string{"openid"} }, status: 400, code: "invalid_scope"},
		{kind: "OIDC", form: map[string]string{"client_id": "nobody"}, status: 401, code: "invalid_client"},
		// RFC 8628 §3.1: who has a credential must show it.
		{kind: "OIDC", change: func(app *keyporttest.App) { app.Public, app.Secrets = false, []string{"a secret of some length"} }, status: 401, code: "invalid_client"},
	} {
		u := newDevices(t, row.change)
		got := u.device(row.kind, row.form)
		if got.status != row.status || got.text("error") != row.code || got.number() != row.aadsts {
			t.Errorf("%s %v: %d %v, want %d %s AADSTS%d", row.kind, row.form, got.status, got.body, row.status, row.code, row.aadsts)
		}
	}
	u := newDevices(t, nil)
	endpoint := u.endpoint("Entra ID", "device_authorization_endpoint")
	if got := get(t, u.Authority, endpoint); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "POST, OPTIONS" {
		t.Errorf("GET: %d, Allow %q", got.status, got.header.Get("Allow"))
	}
	if got := send(t, u.Authority, http.MethodPost, strings.Replace(endpoint, keyporttest.TenantID, "nobody.example", 1), "client_id="+clientID, nil); got.number() != 90002 {
		t.Errorf("another tenant: %v", got.body)
	}
	if got := send(t, u.Authority, http.MethodPost, endpoint, "client_id=a&client_id=b", nil); got.number() != 9000411 {
		t.Errorf("a parameter twice: %v", got.body)
	}
}

// TestConfidentialClientsHaveDevicesToo: with their secret, where it is wanted.
func TestConfidentialClientsHaveDevicesToo(t *testing.T) {
	u := newUsers(t, nil)
	for _, kind := range []string{"Entra ID", "OIDC"} {
		secret := map[string]string{"client_secret": u.secret}
		got := u.device(kind, secret)
		f := flow{kind, got.text("device_code"), got.text("user_code"), got.text("verification_uri")}
		u.enter(u.NewBrowser(), f, keyporttest.SignIn{})
		if got := u.poll(f, secret); got.status != http.StatusOK {
			t.Errorf("%s: %d %v", kind, got.status, got.body)
		}
		if got := u.poll(f, nil); got.status != http.StatusUnauthorized {
			t.Errorf("%s, without the secret: %d", kind, got.status)
		}
	}
}

func TestSetDeviceCodes(t *testing.T) {
	u := newDevices(t, nil)
	u.SetDeviceCodes(keyporttest.DeviceCodes{Lifetime: time.Minute, Interval: 2 * time.Second})
	if got := u.device("OIDC", nil); got.body["expires_in"] != 60.0 || got.body["interval"] != 2.0 {
		t.Errorf("got %v and %v", got.body["expires_in"], got.body["interval"])
	}
	u.SetDeviceCodes(keyporttest.DeviceCodes{})
	if got := u.device("OIDC", nil); got.body["expires_in"] != 900.0 || got.body["interval"] != 5.0 {
		t.Errorf("by default: %v and %v", got.body["expires_in"], got.body["interval"])
	}
}

// TestTheDeviceCodeIsSecret: and the user code is for everybody to see.
func TestTheDeviceCodeIsSecret(t *testing.T) {
	u := newDevices(t, nil)
	f := u.begin("Entra ID")
	if got := verdict(u.Authority, "before "+f.deviceCode+" after"); len(got) != 1 || !strings.Contains(got[0], "shows the device code") {
		t.Errorf("the device code: %d reports", len(got))
	}
	if got := verdict(u.Authority, "the code is "+f.userCode+" at "+f.page); len(got) != 0 {
		t.Errorf("the user code: %q", got)
	}
	knows := func() bool {
		return slices.ContainsFunc(u.Secrets(), func(s domain.Secret) bool { return s.Equal(domain.NewSecret(f.deviceCode)) })
	}
	if !knows() {
		t.Error("Secrets does not have it")
	}
	u.Reset()
	if knows() {
		t.Error("Reset does not forget it")
	}
	if got := u.poll(f, nil); got.text("error") != "authorization_pending" {
		t.Errorf("and yet the flow goes on: %v", got.body)
	}
}
