package keyporttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/domain"
)

// token is the token endpoint (RFC 6749 §3.2).
func (a *Authority) token(r *http.Request, p place, form url.Values) answer {
	answer := a.grant(r, p, form)
	if id := r.Header.Get("client-request-id"); id != "" && answer.header != nil {
		answer.header.Set("Client-Request-Id", id)
	}
	return answer
}

func (a *Authority) grant(r *http.Request, p place, form url.Values) answer {
	if r.Method != http.MethodPost {
		return refuse(http.StatusMethodNotAllowed, "invalid_request", a.number(p, 900561), "the endpoint accepts POST only")
	}
	if media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); media != "application/x-www-form-urlencoded" {
		return refuse(http.StatusBadRequest, "invalid_request", a.number(p, 900144), "the request is no form")
	}
	tenant, ok := a.tenantOf(p.authority)
	if !ok {
		return refuse(http.StatusBadRequest, "invalid_request", 90002, "the tenant was not found")
	}
	app, refusal := a.authenticate(r, p, form)
	if refusal != nil {
		return *refusal
	}
	if !existsIn(app, tenant) {
		return refuse(http.StatusBadRequest, "unauthorized_client", 700016, "the application was not found in the directory")
	}
	if claims := form.Get("claims"); claims != "" && !json.Valid([]byte(claims)) {
		return refuse(http.StatusBadRequest, "invalid_request", a.number(p, 90023), "the claims parameter is no JSON")
	}
	switch form.Get("grant_type") {
	case "client_credentials":
		return a.clientCredentials(p, app, tenant, form)
	case "":
		return refuse(http.StatusBadRequest, "invalid_request", a.number(p, 900144), "grant_type is missing")
	}
	return refuse(http.StatusBadRequest, "unsupported_grant_type", a.number(p, 70003), "the grant is not supported")
}

// number is an AADSTS number where the server has such.
func (a *Authority) number(p place, n int) int {
	if p.authority.Kind() == domain.KindOIDC {
		return 0
	}
	return n
}

// tenantOf finds the directory that an authority stands for. AD FS, dSTS and plain
// issuers have one each.
func (a *Authority) tenantOf(at domain.Authority) (Tenant, bool) {
	switch at.Kind() {
	case domain.KindEntra, domain.KindB2C:
		return a.tenant(at.Tenant())
	case domain.KindCIAM:
		if t, ok := a.tenant(at.Tenant()); ok {
			return t, true
		}
		return Tenant{}, false
	}
	return Tenant{ID: at.Tenant()}, true
}

func existsIn(app App, t Tenant) bool {
	if len(app.Tenants) == 0 {
		return true
	}
	for _, name := range app.Tenants {
		if strings.EqualFold(name, t.ID) || containsFold(t.Domains, name) {
			return true
		}
	}
	return false
}

func containsFold(list []string, s string) bool {
	for _, l := range list {
		if strings.EqualFold(l, s) {
			return true
		}
	}
	return false
}

// clientCredentials is the grant of RFC 6749 §4.4.
func (a *Authority) clientCredentials(p place, app App, t Tenant, form url.Values) answer {
	scopes := strings.Fields(form.Get("scope"))
	if p.authority.Kind() == domain.KindOIDC {
		for _, s := range scopes {
			if len(app.Scopes) > 0 && !containsFold(app.Scopes, s) {
				return refuse(http.StatusBadRequest, "invalid_scope", 0, "the client may not ask for "+s)
			}
		}
		return a.issueToken(p, app, t, app.ClientID, strings.Join(scopes, " "))
	}
	resource, refusal := a.resourceOf(p, scopes)
	if refusal != nil {
		return *refusal
	}
	return a.issueToken(p, app, t, resource, "")
}

// resourceOf finds the one resource that an application asks for.
func (a *Authority) resourceOf(p place, scopes []string) (string, *answer) {
	bad := func(code string, number int, why string) (string, *answer) {
		out := refuse(http.StatusBadRequest, code, number, why)
		return "", &out
	}
	if len(scopes) == 0 {
		return bad("invalid_request", 900144, "scope is missing")
	}
	var resource string
	for _, s := range scopes {
		id, isDefault := strings.CutSuffix(s, "/.default")
		switch {
		case s == "openid" || s == "profile" || s == "offline_access":
			return bad("invalid_scope", 70011, "an application cannot ask for "+s)
		case !isDefault && p.authority.Kind() != domain.KindADFS && p.authority.Kind() != domain.KindDSTS:
			return bad("invalid_scope", 1002012, "the scope of an application ends in /.default")
		case resource != "" && !strings.EqualFold(resource, id):
			return bad("invalid_scope", 28000, "the scopes belong to several resources")
		}
		resource = id
	}
	a.mu.Lock()
	known := a.resources[strings.ToLower(strings.TrimSuffix(resource, "/"))]
	a.mu.Unlock()
	if !known && p.authority.Kind() != domain.KindADFS && p.authority.Kind() != domain.KindDSTS {
		return bad("invalid_resource", 500011, "the resource was not found in the directory")
	}
	return resource, nil
}

// issueToken signs an access token like those of Entra ID (RFC 9068 in plain
// words) and answers with it.
func (a *Authority) issueToken(p place, app App, t Tenant, audience, scope string) answer {
	now := a.clock.Now()
	a.mu.Lock()
	life, refresh := a.lifetime, a.refreshIn
	a.mu.Unlock()
	issuer, _ := a.issuer(p.authority)
	claims := map[string]any{
		"iss": issuer, "aud": audience, "iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(life).Unix(),
		"sub": app.ClientID, "azp": app.ClientID, "appid": app.ClientID, "tid": t.ID, "ver": "2.0",
		"roles": []string{"Everything.Read"}, "uti": unique(),
	}
	token := a.sign(claims)
	a.mu.Lock()
	a.secrets[token] = "access token"
	a.mu.Unlock()

	response := map[string]any{"token_type": "Bearer", "access_token": token, "expires_in": int(life / time.Second)}
	if p.authority.Kind() != domain.KindOIDC {
		response["ext_expires_in"] = int(life / time.Second)
	}
	if refresh > 0 {
		response["refresh_in"] = int(refresh / time.Second)
	}
	if scope != "" {
		response["scope"] = scope
	}
	return object(http.StatusOK, response)
}

// sign writes a JWT. ES256 costs a thirtieth of what RS256 does, so that the
// server is not what a benchmark measures.
func (a *Authority) sign(claims map[string]any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: a.key, KeyID: a.keyID}},
		(&jose.SignerOptions{}).WithType("JWT"),
	)
	if err != nil {
		panic(err)
	}
	jws, err := signer.Sign(payload)
	if err != nil {
		panic(err)
	}
	out, err := jws.CompactSerialize()
	if err != nil {
		panic(fmt.Sprintf("keyporttest: %v", err))
	}
	return out
}
