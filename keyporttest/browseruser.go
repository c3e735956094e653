package keyporttest

import (
	"errors"
	"net/url"
)

// userAt is a user before a browser.
type userAt struct {
	browser *Browser
	as      SignIn
	typed   bool // the password was typed before
	denied  bool
}

func (u *userAt) username() string {
	if u.as.Username == "" {
		return Username
	}
	return u.as.Username
}

// act does what the user does at a page.
func (u *userAt) act(p *htmlPage) (*htmlForm, url.Values, error) {
	if len(p.forms) == 0 || p.alert != "" {
		return nil, nil, p.problem(200) //nolint:mnd // the HTTP status
	}
	form := p.forms[0]
	switch p.id {
	case pageReturn:
		return form, form.values, nil
	case pageChoose:
		return u.choose(p)
	case pageSignIn, pageCreate:
		return u.signIn(p.id, form)
	case pageConsent:
		u.denied = u.as.Deny
		if u.denied {
			return form, form.press(doDeny), nil
		}
		return form, form.press(doAccept), nil
	}
	return nil, nil, p.problem(200) //nolint:mnd // the HTTP status
}

func (u *userAt) signIn(page string, form *htmlForm) (*htmlForm, url.Values, error) {
	switch {
	case u.as.Cancel:
		return form, form.press(doCancel), nil
	case u.as.ForgotPassword && !form.has(doForget):
		return nil, nil, errors.New("keyporttest: the page has no way out for who has forgotten the password")
	case u.as.ForgotPassword:
		return form, form.press(doForget), nil
	case u.typed:
		return nil, nil, errors.New("keyporttest: the server asks for the password again and again")
	}
	u.typed = true
	do := doSignIn
	if page == pageCreate {
		do = doCreate
	}
	values := form.press(do)
	values.Set("username", u.username())
	values.Set("password", u.password())
	if page == pageCreate {
		values.Set("name", u.as.Name)
	}
	return form, values, nil
}

// password is the one that the user types: the right one, unless the test says another.
func (u *userAt) password() string {
	if u.as.Password != "" {
		return u.as.Password
	}
	if p, known := u.browser.authority.personCalled(u.username()); known {
		return p.Password
	}
	return randomText() // for a new account, or nobody's
}

// choose picks the account, or another one when it is not among those on the page.
func (u *userAt) choose(p *htmlPage) (*htmlForm, url.Values, error) {
	wanted, _ := u.browser.authority.personCalled(u.username())
	last := p.forms[len(p.forms)-1]
	if u.as.Cancel {
		return last, last.press(doCancel), nil
	}
	for _, form := range p.forms {
		if id := form.values.Get("account"); id != "" && id == wanted.ID {
			return form, form.press(doChoose), nil
		}
	}
	return last, last.press(doChoose), nil
}
