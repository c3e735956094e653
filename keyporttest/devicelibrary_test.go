package keyporttest_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// publicClient returns a client of the library.
func (u users) publicClient(authority, issuer string) *keyport.PublicClient {
	u.t.Helper()
	app, err := keyport.NewPublicClient(keyport.PublicClientConfig{
		ClientID: clientID, Authority: authority, OIDCAuthority: issuer,
		Ports: keyport.Ports{HTTPClient: u.Client(), Clock: u.Clock()},
	})
	if err != nil {
		u.t.Fatal(err)
	}
	u.t.Cleanup(func() { _ = app.Close(u.t.Context()) })
	return app
}

// deviceEnd is how a device flow ended.
type deviceEnd struct {
	result keyport.Result
	err    error
}

// wait waits for the user on the fake clock. before is called before each poll with
// its number, from 0; every poll takes an interval.
func (u users) wait(app *keyport.PublicClient, f keyport.DeviceFlow, before func(poll int)) deviceEnd {
	u.t.Helper()
	ctx, cancel := context.WithCancel(soon(u.t))
	end := make(chan deviceEnd, 1)
	go func() {
		defer cancel()
		result, err := app.AcquireTokenByDeviceFlow(ctx, f)
		end <- deviceEnd{result, err}
	}()
	for poll := 0; u.Clock().WaitForSleepers(ctx, 1) == nil; poll++ {
		before(poll)
		u.Clock().Advance(f.Interval)
	}
	return <-end
}

var devicePlaces = map[string]struct{ authority, issuer string }{
	"Entra ID": {keyporttest.AuthorityURL, ""}, "common": {"https://login.microsoftonline.com/common", ""},
	"US government": {"https://login.microsoftonline.us/" + keyporttest.TenantID, ""}, "CIAM": {keyporttest.CIAMAuthorityURL, ""},
	"AD FS": {keyporttest.ADFSAuthorityURL, ""}, "dSTS": {keyporttest.DSTSAuthorityURL, ""},
	"OIDC": {"", keyporttest.OIDCIssuer}, "OIDC path": {"", keyporttest.OIDCIssuerPath},
}

// TestTheLibrarySignsDevicesInHere: codes, polls, tokens, the cache and a refresh,
// against each kind of server.
func TestTheLibrarySignsDevicesInHere(t *testing.T) {
	scopes := []string{reports + "/read"}
	for name, at := range devicePlaces {
		t.Run(name, func(t *testing.T) {
			u := newDevices(t, func(app *keyporttest.App) { app.RequireConsent = true })
			app := u.publicClient(at.authority, at.issuer)
			f, err := app.InitiateDeviceFlow(t.Context(), keyport.DeviceFlowRequest{Scopes: scopes})
			if err != nil {
				t.Fatal(err)
			}
			end := u.wait(app, f, func(poll int) {
				if poll == 100 {
					u.enter(u.NewBrowser(), flow{page: f.VerificationURI, userCode: f.UserCode}, keyporttest.SignIn{})
				}
			})
			if end.err != nil {
				t.Fatal(end.err)
			}
			if n := len(u.Requests(keyporttest.EndpointToken)); n != 101 {
				t.Errorf("%d polls, want 101", n)
			}
			if end.result.Account.Username != keyporttest.Username || end.result.IDToken.IsZero() {
				t.Errorf("signed in somebody else: %v", end.result.Account)
			}
			u.Clock().Advance(2 * time.Hour)
			if _, err := app.AcquireTokenSilent(t.Context(), keyport.SilentRequest{Scopes: scopes, Account: end.result.Account}); err != nil {
				t.Errorf("refreshed: %v", err)
			}
		})
	}
}

// TestTheLibraryHearsWhatTheUserOfADeviceDoes: nothing, no, and too late.
func TestTheLibraryHearsWhatTheUserOfADeviceDoes(t *testing.T) {
	for name, at := range devicePlaces {
		for what, row := range map[string]struct {
			as   *keyporttest.SignIn
			want error
		}{
			"no":      {&keyporttest.SignIn{Deny: true}, keyport.ErrAccessDenied},
			"cancel":  {&keyporttest.SignIn{Cancel: true}, keyport.ErrAccessDenied},
			"nothing": {nil, keyport.ErrInteractionRequired},
		} {
			u := newDevices(t, nil)
			app := u.publicClient(at.authority, at.issuer)
			f, err := app.InitiateDeviceFlow(t.Context(), keyport.DeviceFlowRequest{Scopes: []string{reports + "/read"}})
			if err != nil {
				t.Fatal(err)
			}
			end := u.wait(app, f, func(poll int) {
				if poll == 3 && row.as != nil {
					u.enter(u.NewBrowser(), flow{page: f.VerificationURI, userCode: f.UserCode}, *row.as)
				}
			})
			if !errors.Is(end.err, row.want) {
				t.Errorf("%s, %s: %v, want %v", name, what, end.err, row.want)
			}
		}
	}
}

// TestTheLibrarySlowsDown: when another process polls for the same device, and the
// server complains of both.
func TestTheLibrarySlowsDown(t *testing.T) {
	u := newDevices(t, nil)
	app := u.publicClient("", keyporttest.OIDCIssuerPath)
	f, err := app.InitiateDeviceFlow(t.Context(), keyport.DeviceFlowRequest{Scopes: []string{"openid"}})
	if err != nil {
		t.Fatal(err)
	}
	u.Clock().Advance(4 * time.Second)
	other := flow{kind: "OIDC", deviceCode: f.DeviceCode.Reveal()}
	u.wantPoll(other, "of another process", "authorization_pending", 0)
	u.Clock().Advance(time.Second)
	_, next, err := app.PollDeviceFlow(t.Context(), f)
	if !errors.Is(err, keyport.ErrAuthorizationPending) || next.Interval != 10*time.Second || next.NextPoll.Sub(u.Clock().Now()) != 10*time.Second {
		t.Fatalf("the interval is %v (%v)", next.Interval, err)
	}
	u.enter(u.NewBrowser(), flow{page: f.VerificationURIComplete, userCode: f.UserCode}, keyporttest.SignIn{})
	u.Clock().Advance(next.Interval)
	if _, _, err := app.PollDeviceFlow(t.Context(), next); err != nil {
		t.Error(err)
	}
}

// TestAnotherProcessGoesOn: with the flow in JSON.
func TestAnotherProcessGoesOn(t *testing.T) {
	u := newDevices(t, nil)
	f, err := u.publicClient("https://login.microsoftonline.com/common", "").InitiateDeviceFlow(t.Context(), keyport.DeviceFlowRequest{})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	var later keyport.DeviceFlow
	if err := json.Unmarshal(text, &later); err != nil {
		t.Fatal(err)
	}
	u.enter(u.NewBrowser(), flow{page: f.VerificationURI, userCode: f.UserCode}, keyporttest.SignIn{})
	u.Clock().Advance(later.Interval)
	got, _, err := u.publicClient("https://login.microsoftonline.com/common", "").PollDeviceFlow(t.Context(), later)
	if err != nil || got.Account.Username != keyporttest.Username {
		t.Errorf("got %v", err)
	}
}

// TestTheLibraryFindsNoDevicesAtB2C: and says so before anything is sent.
func TestTheLibraryFindsNoDevicesAtB2C(t *testing.T) {
	u := newDevices(t, nil)
	_, err := u.publicClient(keyporttest.B2CAuthorityURL, "").InitiateDeviceFlow(t.Context(), keyport.DeviceFlowRequest{})
	var bad *keyport.ConfigError
	if !errors.As(err, &bad) || bad.Field != "Authority" {
		t.Errorf("got %v", err)
	}
}
