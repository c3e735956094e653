package keyporttest

import (
	"net/http"
	"slices"

	"github.com/seed57855a68/keyport/domain"
)

// authorize is the authorization endpoint (RFC 6749 §3.1, OIDC Core §3.1.2).
func (a *Authority) authorize(x *exchange) answer {
	params := x.request.URL.Query()
	switch x.request.Method {
	case http.MethodGet:
	case http.MethodPost: // OIDC Core §3.1.2.1: "using Form Serialization"
		params = x.form
	default:
		return notAllowedHere("GET, POST")
	}
	r, problem := a.readAuthorization(x, params)
	if problem != nil {
		return a.errorPage(x, problem)
	}
	if problem := a.check(x, &r); problem != nil {
		return a.sendBack(x, r, problem)
	}
	return a.proceed(x, r, a.visitorOf(x))
}

func notAllowedHere(allow string) answer {
	out := empty(http.StatusMethodNotAllowed)
	out.header.Set("Allow", allow)
	return out
}

// proceed goes as far as it can: to a page where the user must act, or back to the
// client with a code or a refusal.
func (a *Authority) proceed(x *exchange, r authorization, v visitor) answer {
	out := a.next(x, r, &v)
	a.setCookie(&out, v)
	return out
}

func (a *Authority) next(x *exchange, r authorization, v *visitor) answer {
	account, page, problem := a.choose(x, r, v)
	switch {
	case problem != nil && r.has(domain.PromptNone):
		return a.sendBack(x, r, problem)
	case problem != nil:
		return a.page(x, r, *v, page, "")
	}
	p, known := a.personOf(account.id)
	if !known {
		return a.page(x, r, *v, pageSignIn, "")
	}
	t, problem := a.admit(x, p)
	switch {
	case problem != nil && r.has(domain.PromptNone):
		return a.sendBack(x, r, problem)
	case problem != nil:
		return a.errorPage(x, problem)
	}
	key := x.consentOf(p, t)
	if v.accepted {
		a.consent(x, key, r.scopes)
	}
	lacking := a.missingConsent(x, key, r.scopes)
	switch {
	case len(lacking) > 0 && r.has(domain.PromptNone):
		return a.sendBack(x, r, &notConsented)
	case len(lacking) > 0, r.has(domain.PromptConsent) && !v.accepted:
		return a.page(x, r, *v, pageConsent, "")
	}
	return a.sendCode(x, r, p, t, account)
}

// choose finds the user who signs in to the client, or the page that asks, and why.
func (a *Authority) choose(x *exchange, r authorization, v *visitor) (signedIn, string, *problem) {
	candidates := a.candidates(x, r, v)
	switch {
	case v.chosen != nil && v.fresh:
		return *v.chosen, "", nil
	case r.has(domain.PromptCreate):
		return signedIn{}, pageCreate, &nobodySignedIn
	case r.has(domain.PromptLogin):
		return signedIn{}, pageSignIn, &nobodySignedIn
	case v.chosen != nil:
		candidates = []signedIn{*v.chosen}
	case len(candidates) > 0 && r.has(domain.PromptSelectAccount):
		return signedIn{}, pageChoose, &severalUsers
	}
	switch {
	case len(candidates) == 0:
		return signedIn{}, pageSignIn, &nobodySignedIn
	case len(candidates) > 1:
		return signedIn{}, pageChoose, &severalUsers
	}
	v.chosen = &candidates[0]
	if r.hasMaxAge && a.clock.Now().Sub(candidates[0].at) > r.maxAge {
		return signedIn{}, pageSignIn, &tooLongAgo
	}
	return candidates[0], "", nil
}

// candidates are the users of the session whom the request may mean: the one of the
// login_hint, or those whom the tenant knows.
func (a *Authority) candidates(x *exchange, r authorization, v *visitor) []signedIn {
	hint := r.get("login_hint")
	return slices.DeleteFunc(slices.Clone(v.accounts), func(s signedIn) bool {
		p, known := a.personOf(s.id)
		if !known {
			return true
		}
		if hint != "" {
			return personKey(hint) != personKey(p.Username) && hint != p.loginHint()
		}
		_, problem := a.admit(x, p)
		return problem != nil
	})
}

// admit finds the tenant in which the user signs in: the one that was asked for, or
// at an authority of many the user's home.
func (a *Authority) admit(x *exchange, p person) (Tenant, *problem) {
	if p.Disabled {
		return Tenant{}, &userDisabled
	}
	switch x.authority.Kind() {
	case domain.KindEntra, domain.KindB2C, domain.KindCIAM:
	default:
		return x.tenant, nil
	}
	t := x.tenant
	if t.ID == "" {
		isPersonalAccount := p.home == PersonalTenantID
		switch x.authority.TenantKey() {
		case domain.TenantConsumers:
			if !isPersonalAccount {
				return t, &notYourTenant
			}
		case domain.TenantOrganizations:
			if isPersonalAccount {
				return t, &notYourTenant
			}
		}
		t, _ = a.tenantCalled(p.home)
	}
	switch {
	case !p.isIn(t):
		return t, &notYourTenant
	case !x.app.existsIn(t):
		return t, unknownClient.because("the application is not registered in the user's tenant")
	}
	return t, nil
}
