package keyporttest

import (
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/domain"
)

const onBehalfOfGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// onBehalfOf gives an API a token of the user who called it, for the next API: the
// Microsoft identity platform's use of RFC 7523 §2.1.
func (a *Authority) onBehalfOf(x *exchange) (answer, *problem) {
	assertion, scopes := x.form.Get("assertion"), strings.Fields(x.form.Get("scope"))
	switch {
	case !servesOnBehalf(x.authority.Kind()):
		return answer{}, wrongGrant.because("the server does not act on behalf of users")
	case x.app.Public:
		return answer{}, &publicOnBehalf
	case assertion == "" || x.form.Get("requested_token_use") != "on_behalf_of":
		return answer{}, &noAssertionUse
	case len(scopes) == 0 && x.form.Get("resource") == "":
		return answer{}, &noScope
	}
	t, problem := a.checkUserAssertion(x, assertion)
	if problem != nil {
		return answer{}, problem
	}
	d := t.delegation
	next := &delegation{
		clientID: x.app.ClientID, familyID: x.app.FamilyID, userID: d.userID, tenant: t.tenant, at: x.authority,
		scopes: scopes, began: d.began, authTime: d.authTime, sid: d.sid, claims: t.claims,
	}
	g, problem := a.grantUser(x, next, scopes, x.form["resource"])
	if problem != nil {
		return answer{}, problem
	}
	return a.issue(x, g), nil
}

// servesOnBehalf reports whether a kind of server knows the grant.
func servesOnBehalf(k domain.AuthorityKind) bool { return k.IsMicrosoft() && k != domain.KindB2C }

// checkUserAssertion checks that the assertion is an access token of a user that this
// authority has issued for this client, in this tenant, and that it is good yet.
func (a *Authority) checkUserAssertion(x *exchange, assertion string) (*issuedToken, *problem) {
	claims, genuine := a.verified(assertion)
	t := a.issuedAs(tokenID(claims))
	switch {
	case !genuine, a.isIDToken(assertion):
		return nil, &badAssertion
	case t == nil: // genuine, and not of a user
		return nil, &appAssertion
	case t.at.Kind() != x.authority.Kind(), x.tenant.ID != "" && !strings.EqualFold(x.tenant.ID, t.tenant.ID):
		return nil, badAssertion.because("the assertion was issued in another tenant")
	case !slices.ContainsFunc(audiences(claims["aud"]), func(aud string) bool { return a.isAPI(aud, x.app) }):
		return nil, &otherAudience
	case !a.clock.Now().Before(t.expires):
		return nil, &lateAssertion
	}
	return t, a.endedBy(t.delegation)
}

// isAPI reports whether a token's audience is the API that the app is.
func (a *Authority) isAPI(audience string, app App) bool {
	id, known := a.apiOf(audience)
	return known && id == app.ClientID
}

// issuedAs finds a user's access token by its id; nil when there is none.
func (a *Authority) issuedAs(id string) *issuedToken {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.flows.issued[id]
}

// verified reads a JWT that one of the server's own keys has signed, those that are
// not published any more excepted. It does not look at the times.
func (a *Authority) verified(token string) (claims map[string]any, ok bool) {
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	if err != nil {
		return nil, false
	}
	for _, key := range a.publishedKeys() {
		if _, err := jws.Verify(key.public); err == nil {
			_, claims, ok := decodeJWT(token)
			return claims, ok
		}
	}
	return nil, false
}

// expiry is the claim of that name.
func expiry(claims map[string]any) time.Time {
	seconds, _ := claims["exp"].(float64)
	return time.Unix(int64(seconds), 0)
}
