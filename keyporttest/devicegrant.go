package keyporttest

import (
	"strings"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// What a device is told (RFC 8628 §3.5). The codes of Microsoft's servers that are not
// the standard's come first.
var (
	pendingDevice  = problem{code: domain.CodeAuthorizationPending, aadsts: 70016, why: "the user has not finished signing in; go on polling"}
	hastyDevice    = problem{code: domain.CodeSlowDown, why: "the device polls too often; wait 5 seconds longer from now on"}
	lateDevice     = problem{code: domain.CodeExpiredToken, aadsts: 70020, why: "the device code has expired"}
	declinedDevice = problem{code: "authorization_declined", plain: accessDenied, aadsts: 65004, why: "the user declined to sign in to the application on the device"}
	unknownDevice  = problem{code: "bad_verification_code", plain: invalidGrant, aadsts: 70018, why: "the device code is not one that was issued here"}
	spentDevice    = problem{code: invalidGrant, aadsts: 54005, why: "the device code was redeemed before"}
)

// slowDown is by how much a device has to poll less often.
//
// RFC 8628 §3.5: "the interval MUST be increased by 5 seconds for this and all
// subsequent requests."
const slowDown = 5 * time.Second

// deviceCode is the grant of RFC 8628 §3.4: a poll.
func (a *Authority) deviceCode(x *exchange) (answer, *problem) {
	text := x.form.Get("device_code")
	if text == "" && x.authority.Kind().IsMicrosoft() {
		text = x.form.Get("code") // as servers call it that are older than the RFC
		a.learn(kindDeviceCode, text)
	}
	switch {
	case x.authority.Kind() == domain.KindB2C:
		return answer{}, wrongGrant.because("the server does not sign users in on other devices")
	case text == "":
		return answer{}, missing.because("the body must contain the parameter 'device_code'")
	}
	d, problem := a.deviceOf(x, text)
	if problem != nil {
		return answer{}, problem.atDevice(x)
	}
	granted, problem := a.poll(x, d)
	if problem != nil {
		return answer{}, problem.atDevice(x)
	}
	return a.redeemDevice(x, d, granted)
}

// atDevice is the problem in the words of the server. AD FS, which has the standard's
// elsewhere, has those of Entra ID here.
func (p *problem) atDevice(x *exchange) *problem {
	if x.authority.Kind() != domain.KindADFS {
		return p
	}
	out := *p
	out.plain = ""
	return &out
}

// deviceOf finds the client's device.
func (a *Authority) deviceOf(x *exchange, code string) (*device, *problem) {
	a.mu.Lock()
	d, known := a.flows.devices.byCode[code]
	a.mu.Unlock()
	switch {
	case !known:
		return nil, &unknownDevice
	case d.clientID != x.app.ClientID:
		return nil, badGrant.because("the device code was issued to another client")
	}
	return d, x.checkServer(&delegation{at: d.at.authority})
}

// poll returns what the user has let the device do, or why there is nothing yet. OpenID
// Connect issuers insist on the interval between two polls; Microsoft's servers do not.
func (a *Authority) poll(x *exchange, d *device) (*delegation, *problem) {
	now := a.clock.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case d.declined:
		return nil, &declinedDevice
	case !now.Before(d.expires):
		return nil, &lateDevice
	case d.granted != nil:
		return d.granted, nil
	}
	isHasty := now.Before(d.polled.Add(d.interval))
	d.polled = now
	if isHasty && !x.authority.Kind().IsMicrosoft() {
		d.interval += slowDown
		return nil, &hastyDevice
	}
	return nil, &pendingDevice
}

// redeemDevice hands the tokens out, once.
func (a *Authority) redeemDevice(x *exchange, d *device, granted *delegation) (answer, *problem) {
	if problem := x.checkPlace(granted); problem != nil {
		return answer{}, problem
	}
	a.mu.Lock()
	again := d.spent
	d.spent = true
	a.mu.Unlock()
	if again {
		return answer{}, &spentDevice
	}
	if problem := a.endedBy(granted); problem != nil {
		return answer{}, problem
	}
	scopes := strings.Fields(x.form.Get("scope"))
	if x.authority.Kind() == domain.KindOIDC {
		scopes = nil // RFC 8628 §3.4 has no such parameter
	}
	resources := x.form["resource"]
	if len(resources) == 0 {
		resources = d.resources
	}
	g, problem := a.grantUser(x, granted, scopes, resources)
	if problem != nil {
		return answer{}, problem
	}
	return a.issue(x, g), nil
}
