package keyporttest

import (
	"errors"
	"net/url"
)

// EnterCode is [Browser.EnterCode] in a new browser.
func (a *Authority) EnterCode(verificationURI, userCode string, as SignIn) error {
	return a.NewBrowser().EnterCode(verificationURI, userCode, as)
}

// EnterCode is the user of a device flow (RFC 8628 §3.3), with what the device shows:
// it visits the verification URI, types the code, signs in, consents, and confirms that
// the device is the user's own, under the account that [SignIn] names. With a
// verification_uri_complete the code is not typed, but compared.
//
// When [SignIn] says Cancel, the user leaves at the page after the code; Deny is a no to
// the consent, or else to the confirmation. Both are an answer for the device, and no
// error here. A code for which no device waits is a [*PageError].
func (b *Browser) EnterCode(verificationURI, userCode string, as SignIn) error {
	u := userOfDevice{userAt: userAt{browser: b, as: as}, code: userCode}
	_, err := b.walk(verificationURI, u.act)
	return err
}

// userOfDevice is a user before a browser, with a device in the hand.
type userOfDevice struct {
	userAt
	code string // that the device shows
}

// act does what the user does at a page; at the last one, nothing.
func (u *userOfDevice) act(p *htmlPage) (*htmlForm, url.Values, error) {
	switch {
	case p.id == pageDeviceDone, p.id == pageDeviceDeclined:
		return nil, nil, nil
	case p.id == pageDeviceCode && p.alert == "":
		form := p.forms[0]
		values := form.press(doNext)
		values.Set("user_code", u.code)
		return form, values, nil
	case p.id == pageDeviceConfirm:
		return u.confirm(p)
	}
	return u.userAt.act(p)
}

// confirm compares the code, and who is signed in.
func (u *userOfDevice) confirm(p *htmlPage) (*htmlForm, url.Values, error) {
	form, other := p.forms[0], p.forms[len(p.forms)-1]
	wanted, known := u.browser.authority.personCalled(u.as.Username)
	switch {
	case userCodeKey(form.values.Get("user_code")) != userCodeKey(u.code):
		return nil, nil, errors.New("keyporttest: the page shows another code than the device")
	case u.as.Cancel, u.as.Deny:
		return form, form.press(doDeny), nil
	case known && wanted.ID != form.values.Get("account"):
		return other, other.press(doChoose), nil
	}
	return form, form.press(doConfirm), nil
}
