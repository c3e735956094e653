package keyporttest_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/keyporttest"
)

// wantPoll polls and compares the error; "" for tokens.
func (u users) wantPoll(f flow, when, code string, aadsts int) reply {
	u.t.Helper()
	got := u.poll(f, nil)
	status := http.StatusBadRequest
	if code == "" {
		status = http.StatusOK
	}
	if isPlain(f.kind) || f.kind == "AD FS" {
		aadsts = 0
	}
	if got.status != status || got.text("error") != code || got.number() != aadsts {
		u.t.Errorf("%s, %s: %d %s %d, want %d %s %d", f.kind, when, got.status, got.text("error"), got.number(), status, code, aadsts)
	}
	return got
}

// isPlain reports whether a kind of server keeps to the letter of the RFC.
func isPlain(kind string) bool { return strings.HasPrefix(kind, "OIDC") }

// declined is the word for a user's no.
func declined(kind string) string {
	if isPlain(kind) {
		return "access_denied"
	}
	return "authorization_declined"
}

func TestADeviceWaitsForItsUser(t *testing.T) {
	for _, kind := range deviceKinds {
		u := newDevices(t, nil)
		f := u.begin(kind)
		u.wantPoll(f, "at once", "authorization_pending", 70016)
		for range 3 {
			u.Clock().Advance(5 * time.Second)
			u.wantPoll(f, "before the user", "authorization_pending", 70016)
		}
		u.enter(u.NewBrowser(), f, keyporttest.SignIn{})
		got := u.wantPoll(f, "after the user", "", 0) // at once: nobody is told to wait who need not
		if got.text("access_token") == "" || got.text("refresh_token") == "" || got.text("id_token") == "" {
			t.Fatalf("%s: tokens are missing", kind)
		}
		if claims := got.idClaims(t); claims["aud"] != clientID || claims["nonce"] != nil {
			t.Errorf("%s: ID token: %v", kind, claims)
		}
		u.wantPoll(f, "a second time", "invalid_grant", 54005)
		if got := u.refreshPublic(kind, got.text("refresh_token")); got.status != http.StatusOK {
			t.Errorf("%s: refresh: %v", kind, got.body)
		}
	}
}

// refreshPublic redeems a refresh token without a secret.
func (u users) refreshPublic(kind, token string) reply {
	u.t.Helper()
	return u.refresh(kind, token, map[string]string{"client_secret": ""})
}

// TestDevicesMustNotHurry: RFC 8628 §3.5, at servers that insist. Each poll that comes
// too early makes the interval longer, and only its distance from the one before counts.
func TestDevicesMustNotHurry(t *testing.T) {
	for _, kind := range deviceKinds {
		u := newDevices(t, nil)
		f := u.begin(kind)
		hasty := "authorization_pending"
		if isPlain(kind) {
			hasty = "slow_down"
		}
		for _, step := range []struct {
			after time.Duration
			want  string
		}{
			{0, "authorization_pending"}, {5 * time.Second, "authorization_pending"},
			{4 * time.Second, hasty},                                               // 10 s from now on
			{9 * time.Second, hasty},                                               // 15 s
			{15 * time.Second, "authorization_pending"}, {14 * time.Second, hasty}, // 20 s
			{20 * time.Second, "authorization_pending"},
		} {
			u.Clock().Advance(step.after)
			u.wantPoll(f, "after "+step.after.String(), step.want, 70016)
		}
		u.enter(u.NewBrowser(), f, keyporttest.SignIn{})
		u.wantPoll(f, "with tokens to be had", "", 0)
	}
}

func TestDeviceCodesEnd(t *testing.T) {
	for _, kind := range deviceKinds {
		u := newDevices(t, nil)
		late, unfetched := u.begin(kind), u.begin(kind)
		u.enter(u.NewBrowser(), unfetched, keyporttest.SignIn{})
		u.Clock().Advance(15*time.Minute - time.Second)
		u.wantPoll(late, "a second before the end", "authorization_pending", 70016)
		u.Clock().Advance(time.Second)
		u.wantPoll(late, "at the end", "expired_token", 70020)
		u.wantPoll(unfetched, "at the end, with tokens to be had", "expired_token", 70020)
		if err := u.EnterCode(late.page, late.userCode, keyporttest.SignIn{}); err == nil {
			t.Errorf("%s: the code can still be entered", kind)
		}
	}
}

func TestTheUserSaysNo(t *testing.T) {
	for _, kind := range deviceKinds {
		for name, as := range map[string]keyporttest.SignIn{"cancels": {Cancel: true}, "denies": {Deny: true}} {
			for _, asked := range []bool{false, true} {
				u := newDevices(t, func(app *keyporttest.App) { app.RequireConsent = asked })
				f := u.begin(kind)
				u.enter(u.NewBrowser(), f, as)
				for range 2 {
					u.wantPoll(f, "when the user "+name, declined(kind), 65004)
				}
				if err := u.EnterCode(f.page, f.userCode, keyporttest.SignIn{}); err == nil {
					t.Errorf("%s: the user can change their mind", kind)
				}
			}
		}
	}
}

func TestPollsThatAreRefused(t *testing.T) {
	u := newDevices(t, nil)
	u.AddApp(keyporttest.App{ClientID: "another", Public: true})
	for _, kind := range deviceKinds {
		f := u.begin(kind)
		unknown := "bad_verification_code"
		if isPlain(kind) {
			unknown = "invalid_grant"
		}
		for _, row := range []struct {
			name, value, want string
		}{
			{"device_code", "", "invalid_request"},
			{"device_code", "nobody's device code", unknown},
			{"client_id", "another", "invalid_grant"},
		} {
			if got := u.poll(f, map[string]string{row.name: row.value}); got.status != http.StatusBadRequest || got.text("error") != row.want {
				t.Errorf("%s, %s %q: %d %v, want %s", kind, row.name, row.value, got.status, got.body, row.want)
			}
		}
		u.wantPoll(f, "after all that", "authorization_pending", 70016)
	}
	f := u.begin("Entra ID")
	f.kind = "OIDC"
	u.wantPoll(f, "at another server", "invalid_grant", 0)
	f.kind = "B2C"
	if got := u.poll(f, nil); got.text("error") != "unsupported_grant_type" {
		t.Errorf("B2C: %v", got.body)
	}
}

// TestOlderServersCallItCode: AD FS, and Entra ID before RFC 8628.
func TestOlderServersCallItCode(t *testing.T) {
	for _, kind := range []string{"AD FS", "Entra ID", "OIDC"} {
		u := newDevices(t, nil)
		f := u.begin(kind)
		got := u.poll(f, map[string]string{"device_code": "", "code": f.deviceCode})
		want := "authorization_pending"
		if kind == "OIDC" {
			want = "invalid_request"
		}
		if got.text("error") != want {
			t.Errorf("%s: %v, want %s", kind, got.body, want)
		}
	}
}

// TestTheDeviceGetsWhatTheUserHas: who signed in where, and what became of them since.
func TestTheDeviceGetsWhatTheUserHas(t *testing.T) {
	u := newDevices(t, nil)
	f := u.begin("common")
	u.enter(u.NewBrowser(), f, keyporttest.SignIn{})
	other := "https://login.microsoftonline.com/" + keyporttest.PersonalTenantID + "/oauth2/v2.0/token"
	form := laidOver(map[string]string{"grant_type": deviceGrant, "client_id": clientID, "device_code": f.deviceCode}, nil)
	if got := send(t, u.Authority, http.MethodPost, other, form.Encode(), nil); got.number() != 700005 {
		t.Errorf("in another tenant: %v", got.body)
	}
	got := u.wantPoll(f, "after a poll in another tenant", "", 0)
	if claims := got.claims(t); claims["tid"] != keyporttest.TenantID || claims["scp"] != "read" || claims["oid"] != keyporttest.UserID {
		t.Errorf("the token is of %v for %v", claims["oid"], claims["scp"])
	}

	revoked := u.begin("Entra ID")
	u.enter(u.NewBrowser(), revoked, keyporttest.SignIn{})
	u.RevokeSessions(keyporttest.Username)
	u.wantPoll(revoked, "after the sessions were revoked", "invalid_grant", 50173)

	wanting := u.begin("Entra ID")
	u.enter(u.NewBrowser(), wanting, keyporttest.SignIn{})
	u.RequireClaims(reports, `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`)
	u.wantPoll(wanting, "when the resource wants more", "invalid_grant", 50076)
}

// TestResourcesOfADevice: RFC 8707, in the request for the codes.
func TestResourcesOfADevice(t *testing.T) {
	u := newDevices(t, nil)
	got := u.device("OIDC", map[string]string{"resource": "https://api.example"})
	f := flow{"OIDC", got.text("device_code"), got.text("user_code"), got.text("verification_uri")}
	u.enter(u.NewBrowser(), f, keyporttest.SignIn{})
	if claims := u.wantPoll(f, "with a resource", "", 0).claims(t); claims["aud"] != "https://api.example" {
		t.Errorf("the token is for %v", claims["aud"])
	}
}

// TestOneOfManyPollsGetsTheTokens: whoever polls at once.
func TestOneOfManyPollsGetsTheTokens(t *testing.T) {
	u := newDevices(t, nil)
	f := u.begin("Entra ID")
	u.enter(u.NewBrowser(), f, keyporttest.SignIn{})
	statuses := make([]int, 20)
	var all sync.WaitGroup
	for i := range statuses {
		all.Go(func() { statuses[i] = u.poll(f, nil).status })
	}
	all.Wait()
	if n := len(slices.DeleteFunc(statuses, func(s int) bool { return s != http.StatusOK })); n != 1 {
		t.Errorf("%d of them have tokens", n)
	}
}
