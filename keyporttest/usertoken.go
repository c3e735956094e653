package keyporttest

import (
	"maps"
	"strings"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// issuedToken is a user's access token, by the id that it has.
type issuedToken struct {
	delegation *delegation
	asked      asked
	at         domain.Authority
	tenant     Tenant
	claims     map[string]any // that were asked for
	expires    time.Time
}

// ofUser makes the claims of an access token those of a user's.
func (a *Authority) ofUser(x *exchange, claims map[string]any, g granted) {
	u, p := g.user, g.user.person
	claims["sub"] = p.subject(x.authority.Kind(), x.tenant, x.app.ClientID)
	switch kind := x.authority.Kind(); kind {
	case domain.KindOIDC:
		claims["auth_time"] = u.delegation.authTime.Unix()
	case domain.KindADFS:
		x.adfsUser(claims, u)
	default:
		a.directoryUser(x, claims, g)
	}
	if values := valuesOf(u.claims, "access_token", "xms_cc"); len(values) > 0 {
		claims["xms_cc"] = values
	}
	if values := valuesOf(u.claims, "access_token", "acrs"); len(values) > 0 {
		claims["acrs"] = values
	}
}

func (x *exchange) adfsUser(claims map[string]any, u *userGrant) {
	maps.Copy(claims, map[string]any{
		"scp": joined(u.asked.scp), "upn": u.person.Username, "unique_name": accountName(u.person.Username),
		"authmethod": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", "auth_time": u.delegation.authTime.Unix(),
	})
	if x.app.Public {
		claims["apptype"] = "Public"
	}
}

// accountName is a user name as Windows has it.
func accountName(username string) string {
	name, domainName, _ := strings.Cut(username, "@")
	netbios, _, _ := strings.Cut(domainName, ".")
	return strings.ToUpper(netbios) + `\` + name
}

// directoryUser is what Entra ID and its kin say of a user.
func (a *Authority) directoryUser(x *exchange, claims map[string]any, g granted) {
	u, p := g.user, g.user.person
	delete(claims, "roles") // are an application's
	maps.Copy(claims, map[string]any{"oid": p.objectID(x.tenant), "scp": joined(u.asked.scp), "idtyp": "user", "sid": u.delegation.sid})
	setText(claims, "name", p.Name)
	switch {
	case x.authority.Kind() == domain.KindB2C:
		claims["tfp"], claims["ver"] = x.authority.Policy(), "1.0"
	case claims["ver"] == "1.0":
		maps.Copy(claims, map[string]any{"upn": p.Username, "unique_name": p.Username, "acr": "1", "amr": []string{"pwd"}})
		setText(claims, "given_name", p.GivenName)
		setText(claims, "family_name", p.FamilyName)
	default:
		claims["preferred_username"] = p.Username
	}
	if id, known := a.apiOf(g.audience[0]); known && claims["ver"] == "2.0" {
		claims["aud"] = id // version 2.0 names an API by its client id
	}
	if !strings.EqualFold(p.home, x.tenant.ID) && isGUID(x.tenant.ID) {
		claims["idp"] = "https://sts.windows.net/" + p.home + "/"
	}
}

func setText(claims map[string]any, name, value string) {
	if value != "" {
		claims[name] = value
	}
}

// keep remembers a user's access token, so that it can be revoked and acted upon.
func (a *Authority) keep(x *exchange, g granted, claims map[string]any, expires time.Time) {
	now := a.clock.Now()
	t := &issuedToken{
		delegation: g.user.delegation, asked: g.user.asked, at: x.authority, tenant: x.tenant,
		claims: g.user.claims, expires: expires,
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	prune(a.flows.issued, func(t *issuedToken) bool { return now.After(t.expires.Add(24 * time.Hour)) })
	a.flows.issued[tokenID(claims)] = t
}

// tokenID is the id that the server gave a token.
func tokenID(claims map[string]any) string {
	for _, name := range []string{"uti", "jti"} {
		if id, ok := claims[name].(string); ok {
			return id
		}
	}
	return ""
}

// addUserTokens adds to a token response what comes with a user.
func (a *Authority) addUserTokens(x *exchange, g granted, accessToken string, response map[string]any) {
	u, kind := g.user, x.authority.Kind()
	response["scope"] = joined(u.asked.told)
	if u.asked.has(domain.ScopeOpenID) {
		response["id_token"] = a.idToken(x, g, accessToken)
	}
	if u.brings(domain.ScopeOfflineAccess) {
		response["refresh_token"] = a.newRefreshToken(kind, u.delegation)
		if x.app.FamilyID != "" && kind == domain.KindEntra {
			response["foci"] = x.app.FamilyID
		}
	}
	if x.form.Get("client_info") == "1" && hasClientInfo(kind) {
		response["client_info"] = x.clientInfo(u.person)
	}
	if kind == domain.KindB2C && u.asked.has(domain.ScopeOpenID) {
		response["id_token_expires_in"] = int64(idTokenLife / time.Second)
	}
	if g.isSignInAlone(x) {
		for _, name := range []string{"access_token", "expires_in", "expires_on", "resource", "refresh_in"} {
			delete(response, name)
		}
	}
}

// isSignInAlone reports whether nobody has asked for an API. B2C issues no access token
// then.
func (g granted) isSignInAlone(x *exchange) bool {
	return x.authority.Kind() == domain.KindB2C && len(g.user.asked.scp) == 0
}

// brings reports whether the answer has a refresh token: a first one for
// offline_access (OIDC Core §11), and a next one where they rotate.
func (u *userGrant) brings(offline string) bool {
	if u.refreshed {
		return u.rotate
	}
	return u.asked.has(offline)
}
