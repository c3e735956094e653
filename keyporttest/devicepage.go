package keyporttest

import (
	html "html/template"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// The pages of the verification URI, and their buttons.
const (
	pageDeviceCode     = "device-code"
	pageDeviceConfirm  = "device-confirm"
	pageDeviceDone     = "device-done"
	pageDeviceDeclined = "device-declined"

	doNext    = "next"
	doConfirm = "confirm"
)

const notWaiting = "No device waits with this code. Check it, or have the device show a new one."

// verification is where users enter the code of a device (RFC 8628 §3.3). Then they
// sign in as elsewhere, and confirm.
func (a *Authority) verification(x *exchange) answer {
	query := x.request.URL.Query()
	code := query.Get("user_code")
	switch x.request.Method {
	case http.MethodGet:
		if x.authority.IsZero() { // the short address
			to := url.URL{
				Scheme: "https", Host: string(domain.AzurePublic), Path: "/" + domain.TenantCommon + "/oauth2/deviceauth", RawQuery: query.Encode(),
			}
			return redirect(x, to.String())
		}
		if code == "" {
			return x.askForCode("", "")
		}
	case http.MethodPost:
		if x.isForged() || x.badForm != nil {
			return a.errorPage(x, &expiredPage)
		}
		if sent, there := x.form["user_code"]; there {
			code = sent[0]
		}
	default:
		return notAllowedHere("GET, POST")
	}
	r, waits := a.deviceRequest(x, code)
	if !waits {
		return x.askForCode(code, notWaiting)
	}
	var problem *problem
	if x.tenant, problem = a.tenantOf(x.authority); problem == nil {
		x.app, problem = a.appOf(x, r.device.clientID)
	}
	if problem != nil {
		return a.errorPage(x, problem)
	}
	return a.actForDevice(x, r, a.visitorOf(x))
}

// deviceRequest finds the device that waits with a code at this server, and returns
// what it asks of the user. From there on the exchange is with the authority that the
// device asked.
func (a *Authority) deviceRequest(x *exchange, code string) (authorization, bool) {
	now := a.clock.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	d, known := a.flows.devices.byUserCode[userCodeKey(code)]
	if !known || !d.waits(now) || x.checkServer(&delegation{at: d.at.authority}) != nil {
		return authorization{}, false
	}
	x.authority, x.v1 = d.at.authority, d.at.v1
	return authorization{params: url.Values{"user_code": {d.userCode}, "resource": d.resources}, scopes: d.scopes, device: d}, true
}

// waits reports whether the user may still say yes or no. The caller holds mu.
func (d *device) waits(now time.Time) bool {
	return now.Before(d.expires) && d.granted == nil && !d.declined
}

// actForDevice does what the button says that the user has pressed.
func (a *Authority) actForDevice(x *exchange, r authorization, v visitor) answer {
	switch do := x.form.Get("do"); do {
	case "", doNext:
	case doConfirm:
		i := slices.IndexFunc(v.accounts, func(s signedIn) bool { return s.id == x.form.Get("account") })
		if i < 0 {
			return a.page(x, r, v, pageSignIn, "")
		}
		v.chosen, r.confirmed = &v.accounts[i], true
	default:
		return a.act(x, r, v)
	}
	return a.proceed(x, r, v)
}

// askForCode shows the form for a code.
func (x *exchange) askForCode(typed, alert string) answer {
	return render(http.StatusOK, pageData{
		Page: pageDeviceCode, Title: pageTitles[pageDeviceCode], Action: html.URL(x.request.URL.Path), Code: typed, Alert: alert, //nolint:gosec // a path of our own
	})
}

// grantDevice asks the user whether it is their own device, and takes yes for an answer.
//
// RFC 8628 §5.4: "it is RECOMMENDED to inform the user that they are authorizing a
// device during the user-interaction step and to confirm that the device is in their
// possession."
func (a *Authority) grantDevice(x *exchange, r authorization, d *delegation) answer {
	if !r.confirmed {
		p, _ := a.personOf(d.userID)
		return render(http.StatusOK, pageData{
			Page: pageDeviceConfirm, Title: pageTitles[pageDeviceConfirm], App: x.app.ClientID, Username: p.Username, Account: p.ID, Code: r.device.userCode,
			Action: html.URL(x.formAction(r, visitor{})), //nolint:gosec // a path of our own with an encoded query
		})
	}
	return a.decide(x, r.device, pageDeviceDone, func() { r.device.granted = d })
}

// declineDevice takes no for an answer.
func (a *Authority) declineDevice(x *exchange, d *device) answer {
	return a.decide(x, d, pageDeviceDeclined, func() { d.declined = true })
}

// decide ends the user's part, unless it has ended.
func (a *Authority) decide(x *exchange, d *device, page string, decision func()) answer {
	now := a.clock.Now()
	a.mu.Lock()
	defer a.mu.Unlock()
	if !d.waits(now) {
		return x.askForCode(d.userCode, notWaiting)
	}
	decision()
	return render(http.StatusOK, pageData{Page: page, Title: pageTitles[page]})
}
