package keyporttest

import (
	"encoding/json"

	"github.com/seed57855a68/keyport/domain"
)

// userGrant is what a grant gives beyond an access token of an application.
type userGrant struct {
	delegation *delegation
	person     person
	asked      asked
	claims     map[string]any // that were asked for, in this request or before
	code       string         // that brought it; "" for none
	nonce      string
	refreshed  bool // a refresh token brought it
	rotate     bool // and brings a new one
}

// grantUser decides whether the client gets a token of the user for these scopes; when
// there are none, for those of the sign-in. It sets the tenant that the token is of.
func (a *Authority) grantUser(x *exchange, d *delegation, scopes, resources []string) (granted, *problem) {
	p, known := a.personOf(d.userID)
	if !known {
		return granted{}, &revokedGrant
	}
	if x.tenant.ID == "" {
		x.tenant = d.tenant
	}
	several := len(scopes) == 0 // the sign-in may have been for several APIs
	if several {
		scopes = d.scopes
	}
	switch isPlain := x.authority.Kind() == domain.KindOIDC; {
	case isPlain && !d.narrowed(scopes):
		return granted{}, notAllowed.because("a scope is not among those of the sign-in")
	case x.isEntra() && x.authority.Kind() != domain.KindDSTS && !p.isIn(x.tenant):
		return granted{}, notYourTenant.as(invalidGrant)
	}
	s, problem := a.askedOf(x, scopes, resources, several)
	if problem != nil {
		return granted{}, problem
	}
	if len(a.missingConsent(x, x.consentOf(p, x.tenant), scopes)) > 0 {
		return granted{}, &consentMissing
	}
	claims, problem := a.askClaims(x, d, s)
	if problem != nil {
		return granted{}, problem
	}
	g := granted{audience: s.audience, user: &userGrant{delegation: d, person: p, asked: s, claims: claims}}
	if x.authority.Kind() == domain.KindOIDC {
		g.scope = joined(s.scp)
	}
	return g, nil
}

// askClaims adds the claims parameter to what the sign-in was asked for, and refuses a
// token for a resource that wants more.
func (a *Authority) askClaims(x *exchange, d *delegation, s asked) (map[string]any, *problem) {
	var sent map[string]any
	_ = json.Unmarshal([]byte(x.form.Get("claims")), &sent) // was checked with the form
	a.mu.Lock()
	defer a.mu.Unlock()
	d.claims = mergeClaims(d.claims, sent)
	for _, resource := range s.audience {
		if wanted := a.flows.required[resourceKey(resource)]; !containsClaims(d.claims, wanted) {
			return nil, claimsMissing.asking(x, wanted)
		}
	}
	return d.claims, nil
}

// asking is the refusal with the claims that would help.
func (p problem) asking(x *exchange, wanted map[string]any) *problem {
	p.claims = string(asJSON(wanted))
	if x.v1 {
		p.code = interactionRequired
	}
	return &p
}

// as is the problem under another code.
func (p problem) as(code string) *problem {
	p.code = code
	return &p
}
