package keyporttest

import (
	"net/http"
	"net/url"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/domain"
)

// instanceDiscovery says whether a host is one of Microsoft's.
func (a *Authority) instanceDiscovery(r *http.Request) answer {
	asked, err := url.Parse(r.URL.Query().Get("authorization_endpoint"))
	if err != nil || asked.Host == "" {
		return refuse(http.StatusBadRequest, "invalid_request", 90014, "authorization_endpoint is missing")
	}
	cloud, known := domain.LookupCloud(asked.Host)
	a.mu.Lock()
	vouched := a.hosts[asked.Host]
	a.mu.Unlock()
	if !known && !vouched {
		return refuse(http.StatusBadRequest, "invalid_instance", 50049, "the host is not known")
	}
	if !known {
		cloud = domain.CloudInfo{PreferredNetwork: asked.Host, Aliases: []string{asked.Host}}
	}
	authority, err := domain.ParseAuthority("https://" + asked.Host + asked.Path)
	if err != nil {
		return refuse(http.StatusBadRequest, "invalid_request", 90014, "authorization_endpoint is no authority")
	}
	return object(http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": authority.MetadataURL(),
		"api-version":               "1.1",
		"metadata": []any{map[string]any{
			"preferred_network": cloud.PreferredNetwork, "preferred_cache": cloud.PreferredNetwork, "aliases": cloud.Aliases,
		}},
	})
}

// metadata is the document of an authority.
func (a *Authority) metadata(p place) answer {
	issuer, ok := a.issuer(p.authority)
	if !ok {
		return refuse(http.StatusBadRequest, "invalid_tenant", 90002, "no such tenant")
	}
	base := p.authority.String()
	tokenPath, keysPath := "/oauth2/v2.0/token", "/discovery/v2.0/keys"
	methods := []string{"client_secret_post", "private_key_jwt", "client_secret_basic"}
	switch p.authority.Kind() {
	case domain.KindADFS, domain.KindDSTS:
		tokenPath, keysPath = "/oauth2/token", "/discovery/keys"
	case domain.KindOIDC:
		tokenPath, keysPath = "/token", "/keys"
		methods = []string{"client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"}
	}
	return object(http.StatusOK, map[string]any{
		"issuer":                                issuer,
		"token_endpoint":                        base + tokenPath,
		"authorization_endpoint":                base + "/oauth2/v2.0/authorize",
		"device_authorization_endpoint":         base + "/oauth2/v2.0/devicecode",
		"end_session_endpoint":                  base + "/oauth2/v2.0/logout",
		"jwks_uri":                              base + keysPath,
		"token_endpoint_auth_methods_supported": methods,
		"token_endpoint_auth_signing_alg_values_supported": []string{"RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA", "HS256"},
		"id_token_signing_alg_values_supported":            []string{"ES256"},
		"subject_types_supported":                          []string{"pairwise"},
		"response_types_supported":                         []string{"code"},
	})
}

// issuer is how an authority names itself; false when it has no such tenant.
func (a *Authority) issuer(at domain.Authority) (string, bool) {
	switch at.Kind() {
	case domain.KindADFS, domain.KindOIDC:
		return at.String(), true
	case domain.KindDSTS:
		return at.String() + "/v2.0", true
	}
	if !at.IsTenanted() {
		return "https://" + at.Host() + "/{tenantid}/v2.0", true
	}
	tenant, ok := a.tenant(at.Tenant())
	switch at.Kind() {
	case domain.KindB2C:
		return "https://" + at.Host() + "/" + tenant.ID + "/v2.0/", ok
	case domain.KindCIAM:
		return "https://" + tenant.ID + ".ciamlogin.com/" + tenant.ID + "/v2.0", ok
	}
	return "https://" + at.Host() + "/" + tenant.ID + "/v2.0", ok
}

// keys is the JWKS of the tokens that the server signs.
func (a *Authority) keys() answer {
	return object(http.StatusOK, map[string]any{"keys": []jose.JSONWebKey{{
		Key: a.key.Public(), KeyID: a.keyID, Algorithm: string(jose.ES256), Use: "sig",
	}}})
}
