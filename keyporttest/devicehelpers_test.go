package keyporttest_test

import (
	"net/http"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

const deviceGrant = "urn:ietf:params:oauth:grant-type:device_code"

// deviceKinds are the kinds of server whose documents have a device authorization
// endpoint.
var deviceKinds = []string{"Entra ID", "common", "Entra ID v1", "CIAM", "AD FS", "dSTS", "OIDC", "OIDC root"}

// newDevices is a server with a public client.
func newDevices(t *testing.T, change func(*keyporttest.App)) users {
	t.Helper()
	a, _ := newAuthority(t, func(app *keyporttest.App) {
		app.Secrets, app.Public = nil, true
		if change != nil {
			change(app)
		}
	})
	a.AddResource(reports)
	return users{Authority: a, t: t}
}

// flow is what a device is told.
type flow struct {
	kind, deviceCode, userCode, page string
}

// device asks for codes.
func (u users) device(kind string, changed map[string]string) reply {
	u.t.Helper()
	form := map[string]string{"client_id": clientID, "scope": "openid profile offline_access " + reports + "/read"}
	if kind == "Entra ID v1" {
		form["resource"] = reports
	}
	return send(u.t, u.Authority, http.MethodPost, u.endpoint(kind, "device_authorization_endpoint"), laidOver(form, changed).Encode(), nil)
}

// begin begins a flow.
func (u users) begin(kind string) flow {
	u.t.Helper()
	got := u.device(kind, nil)
	if got.status != http.StatusOK {
		u.t.Fatalf("%s: %d %v", kind, got.status, got.body)
	}
	page := got.text("verification_uri")
	if kind == "Entra ID v1" {
		page = got.text("verification_url")
	}
	return flow{kind, got.text("device_code"), got.text("user_code"), page}
}

// poll asks for the tokens.
func (u users) poll(f flow, changed map[string]string) reply {
	u.t.Helper()
	form := map[string]string{"grant_type": deviceGrant, "client_id": clientID, "device_code": f.deviceCode}
	return u.post(f.kind, laidOver(form, changed))
}

// enter is the user.
func (u users) enter(b *keyporttest.Browser, f flow, as keyporttest.SignIn) {
	u.t.Helper()
	if err := b.EnterCode(f.page, f.userCode, as); err != nil {
		u.t.Fatalf("%s: the user: %v %s", f.kind, err, textOf(err))
	}
}
