package keyporttest

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// granted is what a grant gives.
type granted struct {
	audience []string
	scope    string     // to be told to the client, when not empty
	user     *userGrant // nil for an application's own token
}

// issue signs an access token and answers with it, each kind of server in its way.
func (a *Authority) issue(x *exchange, g granted) answer {
	now := a.clock.Now()
	a.mu.Lock()
	life, refresh := a.lifetime, a.refreshIn
	a.mu.Unlock()
	typ, claims := typeJWT, map[string]any{"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(life).Unix()}
	switch kind := x.authority.Kind(); {
	case kind == domain.KindOIDC:
		typ = typeAccessToken
		x.plainClaims(claims, g)
	case kind == domain.KindADFS:
		x.adfsClaims(claims, g)
	case kind == domain.KindEntra && resourceKey(g.audience[0]) == Graph, x.v1:
		x.claimsV1(claims, g)
	default:
		x.claimsV2(claims, g)
	}
	if g.user != nil {
		a.ofUser(x, claims, g)
		a.keep(x, g, claims, now.Add(life))
	}
	token := a.accessKey().sign(typ, claims)
	a.learn(kindAccessToken, token)

	seconds := int64(life / time.Second)
	response := map[string]any{"token_type": "Bearer", "access_token": token, "expires_in": seconds}
	switch kind := x.authority.Kind(); {
	case kind == domain.KindOIDC:
		if g.scope != "" {
			response["scope"] = g.scope
		}
	case kind == domain.KindADFS:
		response["token_type"] = "bearer"
	case kind == domain.KindB2C:
		response["not_before"], response["expires_on"], response["resource"] = now.Unix(), now.Unix()+seconds, g.audience[0]
	case x.v1: // every number is a text
		text := strconv.FormatInt(seconds, 10)
		response["expires_in"], response["ext_expires_in"], response["resource"] = text, text, g.audience[0]
		response["not_before"], response["expires_on"] = strconv.FormatInt(now.Unix(), 10), strconv.FormatInt(now.Unix()+seconds, 10)
	default:
		response["ext_expires_in"] = seconds
	}
	if refresh > 0 {
		response["refresh_in"] = int64(refresh / time.Second)
	}
	if g.user != nil {
		a.addUserTokens(x, g, token, response)
	}
	return object(http.StatusOK, response)
}

// plainClaims are those of RFC 9068 §2.2.
func (x *exchange) plainClaims(claims map[string]any, g granted) {
	claims["iss"], claims["sub"], claims["client_id"], claims["jti"] = x.authority.String(), x.app.ClientID, x.app.ClientID, newUUID()
	claims["aud"] = any(g.audience)
	if len(g.audience) == 1 {
		claims["aud"] = g.audience[0]
	}
	if g.scope != "" {
		claims["scope"] = g.scope
	}
}

// claimsV2 are those of a resource that takes tokens of version 2.0.
func (x *exchange) claimsV2(claims map[string]any, g granted) {
	x.directoryClaims(claims)
	claims["ver"], claims["iss"] = "2.0", x.issuerOf(x.tenant)
	claims["azp"], claims["azpacr"] = x.app.ClientID, x.assurance()
	claims["aud"] = g.audience[0]
	if id := strings.TrimPrefix(g.audience[0], "api://"); isGUID(id) {
		claims["aud"] = id // version 2.0 names a resource by its client id
	}
}

// claimsV1 are those of Microsoft Graph and other older resources.
func (x *exchange) claimsV1(claims map[string]any, g granted) {
	x.directoryClaims(claims)
	issuer := "https://sts.windows.net/" + x.tenant.ID + "/"
	claims["ver"], claims["iss"], claims["idp"] = "1.0", issuer, issuer
	claims["appid"], claims["appidacr"], claims["idtyp"] = x.app.ClientID, x.assurance(), "app"
	claims["aud"] = g.audience[0]
}

// directoryClaims are what a directory says of an application: sub and oid are its
// service principal, the same for every token.
func (x *exchange) directoryClaims(claims map[string]any) {
	principal := servicePrincipal(x.tenant, x.app)
	claims["sub"], claims["oid"], claims["tid"] = principal, principal, x.tenant.ID
	claims["roles"] = []string{"Everything.Read"}
	if len(x.app.Roles) > 0 {
		claims["roles"] = x.app.Roles
	}
	one, two := newUUID(), newUUID()
	claims["uti"] = base64.RawURLEncoding.EncodeToString([]byte(one)[:16])
	claims["aio"] = base64.StdEncoding.EncodeToString([]byte(two)[:32])
}

// assurance says how the client proved who it is: "1" by a secret, "2" by a key, "0"
// not at all.
func (x *exchange) assurance() string {
	switch x.method {
	case privateKeyJWT:
		return "2"
	case noMethod:
		return "0"
	}
	return "1"
}

// servicePrincipal is the object id of an app in a tenant.
func servicePrincipal(t Tenant, app App) string {
	sum := sha256.Sum256([]byte(t.ID + " " + app.ClientID))
	return formatUUID([16]byte(sum[:16]))
}

// adfsClaims are those of AD FS 2016 and later.
func (x *exchange) adfsClaims(claims map[string]any, g granted) {
	claims["iss"], claims["aud"], claims["ver"] = adfsTokenIssuer(x.authority.String()), g.audience[0], "1.0"
	claims["appid"], claims["apptype"], claims["jti"] = x.app.ClientID, "Confidential", newUUID()
}

// adfsTokenIssuer is what AD FS calls itself in access tokens: its federation
// service identifier, which begins with http.
func adfsTokenIssuer(base string) string {
	return "http" + strings.TrimPrefix(base, "https") + "/services/trust"
}
