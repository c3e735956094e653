//go:build e2e

package e2e_test

import (
	"errors"
	"testing"
	"time"

	"github.com/seed57855a68/keyport"
)

// initiate begins a sign-in on another device.
func initiate(t *testing.T, app *keyport.PublicClient) keyport.DeviceFlow {
	t.Helper()
	flow, err := app.InitiateDeviceFlow(t.Context(), keyport.DeviceFlowRequest{Scopes: []string{"api:read"}})
	if err != nil {
		t.Fatal(err)
	}
	return flow
}

// enter types a code into the server's page. The first time it is mistaken.
func (w *window) enter(code string) {
	w.Helper()
	w.fill("#peer-device-code input[name=user_code]", "WRNG-CODE")
	w.click("#peer-device-code button")
	if got := w.text("#peer-device-code [role=alert]"); got != "NotFoundError" {
		w.Errorf("after a wrong code the page says %q", got)
	}
	w.call("POST", w.find("#peer-device-code input[name=user_code]")+"/clear", map[string]string{}, nil)
	w.fill("#peer-device-code input[name=user_code]", code)
	w.click("#peer-device-code button")
}

// TestUserTypesTheCodeOfAnotherDevice, while the program waits in real time.
func TestUserTypesTheCodeOfAnotherDevice(t *testing.T) {
	p := startPeer(t, peerOptions{}, deviceClient)
	app, w := newPublicClient(t, p, keyport.Ports{}), openWindow(t, p.cert)
	flow := initiate(t, app)
	done := meanwhile(func() (keyport.Result, error) { return app.AcquireTokenByDeviceFlow(t.Context(), flow) })

	w.visit(flow.VerificationURI)
	w.enter(flow.UserCode)
	if got := w.text("#peer-device-confirm #code"); got != flow.UserCode {
		t.Errorf("the page asks about the code %s, the device shows %s", got, flow.UserCode)
	}
	w.click("#peer-device-confirm button:not([name])")
	w.playSignIn()
	w.click("#peer-consent button[value=accept]")
	w.find("#peer-device-done")
	p.checkSignedIn(t, app, <-done)
}

// TestUserFollowsTheLinkWithTheCode: between two polls. The clock is moved, so nobody
// waits.
func TestUserFollowsTheLinkWithTheCode(t *testing.T) {
	p, clock := startPeer(t, peerOptions{}, deviceClient), newClock()
	app, w := newPublicClient(t, p, keyport.Ports{Clock: clock}), openWindow(t, p.cert)
	flow := initiate(t, app)
	clock.advance(flow.Interval)
	_, flow, err := app.PollDeviceFlow(t.Context(), flow)
	if !errors.Is(err, keyport.ErrAuthorizationPending) {
		t.Fatalf("before the user came: %v, want ErrAuthorizationPending", err)
	}
	w.visit(flow.VerificationURIComplete)
	w.click("#peer-device-confirm button:not([name])")
	w.playSignIn()
	w.click("#peer-consent button[value=accept]")
	w.find("#peer-device-done")

	result, err := app.AcquireTokenByDeviceFlow(t.Context(), flow)
	p.checkSignedIn(t, app, acquired{result, err})
	if _, err := app.AcquireTokenByDeviceFlow(t.Context(), flow); !errors.Is(err, keyport.ErrInteractionRequired) {
		t.Errorf("the second time: %v, want that the code is spent", err)
	}
}

func TestUserSaysNoOnAnotherDevice(t *testing.T) {
	p, clock := startPeer(t, peerOptions{}, deviceClient), newClock()
	app := newPublicClient(t, p, keyport.Ports{Clock: clock})
	stranger := openWindow(t, p.cert)
	for _, row := range []struct {
		name string
		no   func(*window)
	}{
		{"to the device", func(w *window) { w.click("#peer-device-confirm button[name=abort]") }},
		{"to the sign-in", func(w *window) { w.yesToDevice(); w.click("#peer-sign-in button[value=cancel]") }},
		{"to the consent", func(w *window) { w.yesToDevice(); w.playSignIn(); w.click("#peer-consent button[value=cancel]") }},
	} {
		t.Run(row.name, func(t *testing.T) {
			w, flow := stranger.in(t), initiate(t, app)
			w.visit(flow.VerificationURIComplete)
			row.no(w)
			w.find("#peer-device-code [role=alert]")
			_, err := app.AcquireTokenByDeviceFlow(t.Context(), flow)
			checkDenied(t, err)
			checkNobodyIsSignedIn(t, app)
		})
	}
}

func (w *window) yesToDevice() {
	w.Helper()
	w.click("#peer-device-confirm button:not([name])")
}

// TestNobodyEntersTheCode: to the end of its life, by the program's clock.
func TestNobodyEntersTheCode(t *testing.T) {
	p, clock := startPeer(t, peerOptions{}, deviceClient), newClock()
	app := newPublicClient(t, p, keyport.Ports{Clock: clock})
	flow := initiate(t, app)
	_, err := app.AcquireTokenByDeviceFlow(t.Context(), flow)
	if !errors.Is(err, keyport.ErrInteractionRequired) || clock.Now().Before(flow.ExpiresAt.Add(-flow.Interval-time.Second)) {
		t.Errorf("%v at %s; the code ends at %s", err, clock.Now(), flow.ExpiresAt)
	}
	polls := 0
	for _, e := range p.log(t) {
		if e.Error == "authorization_pending" {
			polls++
		}
	}
	if want := int(flow.ExpiresAt.Sub(flow.NextPoll)/flow.Interval) - 1; polls < want {
		t.Errorf("the server was asked %d times, want at least %d", polls, want)
	}
}
