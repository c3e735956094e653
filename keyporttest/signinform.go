package keyporttest

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// The buttons of the pages.
const (
	doSignIn = "sign-in"
	doCreate = "create"
	doChoose = "choose"
	doAccept = "accept"
	doDeny   = "deny"
	doCancel = "cancel"
	doForget = "forgot"
)

// submit takes the forms of the pages. The authorization request is in the query and
// is checked anew: nothing is remembered between two pages but the session.
func (a *Authority) submit(x *exchange) answer {
	if x.request.Method != http.MethodPost {
		return notAllowedHere("POST")
	}
	r, problem := a.readAuthorization(x, x.request.URL.Query())
	if problem == nil && (x.isForged() || x.badForm != nil) {
		problem = &expiredPage
	}
	if problem != nil {
		return a.errorPage(x, problem)
	}
	if problem := a.check(x, &r); problem != nil {
		return a.sendBack(x, r, problem)
	}
	return a.act(x, r, a.visitorOf(x))
}

// act does what the button says that the user has pressed.
func (a *Authority) act(x *exchange, r authorization, v visitor) answer {
	switch x.form.Get("do") {
	case doSignIn:
		return a.submitSignIn(x, r, v)
	case doCreate:
		return a.submitCreate(x, r, v)
	case doChoose, doAccept:
		i := slices.IndexFunc(v.accounts, func(s signedIn) bool { return s.id == x.form.Get("account") })
		if i < 0 {
			return a.page(x, r, v, pageSignIn, "")
		}
		v.chosen, v.accepted = &v.accounts[i], x.form.Get("do") == doAccept
		return a.proceed(x, r, v)
	case doDeny:
		return a.sendBack(x, r, &userDeclined)
	case doCancel:
		return a.sendBack(x, r, &userCancelled)
	case doForget:
		return a.sendBack(x, r, &userForgot)
	}
	return a.errorPage(x, &expiredPage)
}

func (a *Authority) submitSignIn(x *exchange, r authorization, v visitor) answer {
	p, problem := a.identify(x, r)
	switch {
	case problem == &userForgot:
		return a.sendBack(x, r, problem)
	case problem != nil:
		return a.page(x, r, v, pageSignIn, a.explain(x, problem))
	}
	if _, problem := a.admit(x, p); problem != nil {
		return a.page(x, r, v, pageSignIn, a.explain(x, problem))
	}
	a.meet(p)
	a.signIn(&v, p)
	return a.proceed(x, r, v)
}

// identify checks user name and password.
func (a *Authority) identify(x *exchange, r authorization) (person, *problem) {
	username, domainHint := x.form.Get("username"), r.get("domain_hint")
	if !strings.Contains(username, "@") && strings.Contains(domainHint, ".") {
		username += "@" + domainHint
	}
	p, known := a.personCalled(username)
	switch {
	case !known:
		return p, &unknownUser
	case p.ForgotPassword && x.authority.Kind() == domain.KindB2C:
		return p, &userForgot
	case p.Password == "" || x.form.Get("password") != p.Password:
		return p, &wrongPassword
	case p.PasswordExpired:
		return p, &oldPassword
	}
	return p, nil
}

// submitCreate registers a user (OpenID prompt create 1.0).
func (a *Authority) submitCreate(x *exchange, r authorization, v visitor) answer {
	u := User{Username: strings.TrimSpace(x.form.Get("username")), Password: x.form.Get("password"), Name: x.form.Get("name")}
	if _, taken := a.personCalled(u.Username); taken || u.Username == "" || u.Password == "" {
		return a.page(x, r, v, pageCreate, a.explain(x, &takenUsername))
	}
	home := TenantID
	if _, known := a.tenantCalled(x.tenant.ID); known {
		home = x.tenant.ID
	}
	a.AddUser(home, u)
	p, _ := a.personCalled(u.Username)
	a.meet(p)
	a.signIn(&v, p)
	return a.proceed(x, r, v)
}

// formAction is where a page's form goes: beside the authorization endpoint, with the
// request in its query. What the user has just done is not asked for once more.
func (x *exchange) formAction(r authorization, v visitor) string {
	query := url.Values{}
	for name, values := range r.params {
		query[name] = values
	}
	prompts := slices.Clone(r.prompts)
	if v.chosen != nil && v.fresh {
		prompts = slices.DeleteFunc(prompts, func(p string) bool { return p != string(domain.PromptConsent) })
	}
	query.Set("prompt", strings.Join(prompts, " "))
	if len(prompts) == 0 {
		query.Del("prompt")
	}
	path := strings.TrimSuffix(x.request.URL.Path, "/")
	if base, ok := strings.CutSuffix(path, "/authorize"); ok {
		path = base + "/login"
	}
	return path + "?" + query.Encode()
}
