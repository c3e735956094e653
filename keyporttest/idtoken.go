package keyporttest

import (
	"crypto/sha256"
	"maps"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

const idTokenLife = time.Hour

// idToken says who the user is, in the way of each kind of server (OIDC Core §2).
func (a *Authority) idToken(x *exchange, g granted, accessToken string) string {
	u, now := g.user, a.clock.Now()
	claims := map[string]any{
		"iss": x.issuerOf(x.tenant), "aud": x.app.ClientID, "sub": u.person.subject(x.authority.Kind(), x.tenant, x.app.ClientID),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(idTokenLife).Unix(), "sid": u.delegation.sid,
	}
	if !g.isSignInAlone(x) {
		claims["at_hash"] = halfHash(accessToken)
	}
	if u.code != "" {
		claims["c_hash"] = halfHash(u.code)
	}
	setText(claims, "nonce", u.nonce)
	if u.delegation.tellsAuthTime {
		claims["auth_time"] = u.delegation.authTime.Unix()
	}
	switch x.authority.Kind() {
	case domain.KindOIDC:
		delete(claims, "nbf")
		maps.Copy(claims, u.standardClaims())
	case domain.KindADFS:
		maps.Copy(claims, map[string]any{
			"upn": u.person.Username, "unique_name": accountName(u.person.Username), "ver": "1.0", "appid": x.app.ClientID,
			"authmethod": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport", "auth_time": u.delegation.authTime.Unix(),
		})
	case domain.KindB2C:
		maps.Copy(claims, map[string]any{
			"ver": "1.0", "oid": u.person.ID, "tfp": x.authority.Policy(), "auth_time": u.delegation.authTime.Unix(), "emails": []string{u.person.Email},
		})
		setText(claims, "name", u.person.Name)
	default:
		x.entraIDToken(claims, u)
	}
	maps.Copy(claims, u.person.Claims)
	u.essentialClaims(claims)
	token := a.signIDToken(x, claims)
	a.learn(kindIDToken, token)
	a.mu.Lock()
	defer a.mu.Unlock()
	prune(a.flows.idTokens, now.After)
	a.flows.idTokens[sha256.Sum256([]byte(token))] = now.Add(idTokenLife)
	return token
}

// isIDToken tells ID tokens from access tokens, which may be signed with the same keys.
func (a *Authority) isIDToken(token string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, is := a.flows.idTokens[sha256.Sum256([]byte(token))]
	return is
}

// entraIDToken adds what Entra ID says, by version.
func (x *exchange) entraIDToken(claims map[string]any, u *userGrant) {
	p := u.person
	maps.Copy(claims, map[string]any{"tid": x.tenant.ID, "ver": "2.0", "login_hint": p.loginHint(), "uti": base64url([]byte(newUUID())[:16])})
	if p.home != x.tenant.ID && isGUID(x.tenant.ID) {
		claims["idp"] = "https://sts.windows.net/" + p.home + "/"
	}
	if u.asked.has(domain.ScopeProfile) || x.v1 {
		claims["oid"], claims["preferred_username"] = p.objectID(x.tenant), p.Username
		setText(claims, "name", p.Name)
	}
	if u.asked.has("email") {
		claims["email"] = p.Email
	}
	if x.v1 {
		delete(claims, "preferred_username")
		maps.Copy(claims, map[string]any{"ver": "1.0", "upn": p.Username, "unique_name": p.Username, "amr": []string{"pwd"}})
		setText(claims, "given_name", p.GivenName)
		setText(claims, "family_name", p.FamilyName)
	}
}

// standardClaims are those of the scopes (OIDC Core §5.4).
func (u *userGrant) standardClaims() map[string]any { return u.person.standardClaims(u.asked.signIn) }

func (p person) standardClaims(scopes []string) map[string]any {
	claims := map[string]any{}
	for _, scope := range scopes {
		switch scope {
		case domain.ScopeProfile:
			claims["preferred_username"] = p.Username
			setText(claims, "name", p.Name)
			setText(claims, "given_name", p.GivenName)
			setText(claims, "family_name", p.FamilyName)
		case "email":
			claims["email"], claims["email_verified"] = p.Email, !p.EmailUnverified
		}
	}
	return claims
}

// essentialClaims adds what the claims parameter asks of the ID token by name (OIDC
// Core §5.5), as far as the server knows it.
func (u *userGrant) essentialClaims(claims map[string]any) {
	known := u.person.standardClaims([]string{domain.ScopeProfile, "email"})
	for name, value := range known {
		if asks(u.claims, name) {
			claims[name] = value
		}
	}
	if values := valuesOf(u.claims, "id_token", "acr"); len(values) > 0 {
		claims["acr"] = values[0]
	}
}

// halfHash is at_hash and c_hash for the algorithms that hash with SHA-256, as all do
// that the server signs with (OIDC Core §3.1.3.6).
func halfHash(of string) string {
	sum := sha256.Sum256([]byte(of))
	return base64url(sum[:sha256.Size/2])
}
