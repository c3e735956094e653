package keyporttest

import (
	"maps"
	"slices"

	"github.com/seed57855a68/keyport/domain"
)

// issuerTemplate stands for the tenant in the issuer of an authority of many.
const issuerTemplate = "{tenantid}"

// consumersTenantID is the tenant of all personal accounts.
const consumersTenantID = "9188040d-6c67-4c5b-b112-36a304b66dad"

// issuer is how an authority names itself.
func (a *Authority) issuer(x *exchange) (string, *problem) {
	t, problem := a.tenantOf(x.authority)
	if problem != nil {
		return "", problem
	}
	return x.issuerOf(t), nil
}

// issuerOf is how the authority of a tenant names itself: by the tenant's GUID,
// whatever name a client used; the zero tenant is many.
func (x *exchange) issuerOf(t Tenant) string {
	at := x.authority
	switch at.Kind() {
	case domain.KindADFS, domain.KindOIDC:
		return at.String()
	case domain.KindDSTS:
		return at.String() + "/v2.0"
	case domain.KindB2C:
		return "https://" + at.Host() + "/" + t.ID + "/v2.0/"
	case domain.KindCIAM:
		return "https://" + t.ID + ".ciamlogin.com/" + t.ID + "/v2.0"
	}
	id := t.ID
	switch {
	case at.TenantKey() == domain.TenantConsumers:
		id = consumersTenantID
	case id == "":
		id = issuerTemplate
	}
	if x.v1 {
		return "https://sts.windows.net/" + id + "/"
	}
	return "https://" + x.cloud() + "/" + id + "/v2.0"
}

// base is what the authority's own endpoints begin with. Entra ID names the tenant
// by its GUID there too.
func (x *exchange) base(t Tenant) string {
	switch kind := x.authority.Kind(); {
	case kind == domain.KindEntra && t.ID != "", kind == domain.KindCIAM:
		return "https://" + x.authority.Host() + "/" + t.ID
	}
	return x.authority.String()
}

// metadata is the document of an authority (OIDC Discovery §3), with what is
// particular to its kind.
func (a *Authority) metadata(x *exchange) (any, *problem) {
	t, problem := a.tenantOf(x.authority)
	if problem != nil {
		problem.code = "invalid_tenant" // what the token endpoint calls invalid_request
		return nil, problem
	}
	base := x.base(t)
	var d map[string]any
	switch x.authority.Kind() {
	case domain.KindADFS:
		d = adfsDocument(base)
	case domain.KindOIDC:
		d = plainDocument(base)
	case domain.KindB2C:
		d = b2cDocument(base)
	case domain.KindDSTS:
		d = entraDocument(base, "")
		d["token_endpoint"], d["jwks_uri"] = base+"/oauth2/token", base+"/discovery/keys"
		delete(d, "userinfo_endpoint") // Microsoft Graph's takes no tokens of dSTS
	default:
		version := "/v2.0"
		if x.v1 {
			version = ""
		}
		d = entraDocument(base, version)
	}
	d["issuer"] = x.issuerOf(t)
	d["id_token_signing_alg_values_supported"] = []string{string(a.identityKey(x.authority.Kind()).algorithm)}
	return d, nil
}

func entraDocument(base, version string) map[string]any {
	oauth2 := base + "/oauth2" + version
	return map[string]any{
		"authorization_endpoint":                oauth2 + "/authorize",
		"token_endpoint":                        oauth2 + "/token",
		"device_authorization_endpoint":         oauth2 + "/devicecode",
		"end_session_endpoint":                  oauth2 + "/logout",
		"jwks_uri":                              base + "/discovery" + version + "/keys",
		"userinfo_endpoint":                     Graph + "/oidc/userinfo",
		"token_endpoint_auth_methods_supported": []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		"response_types_supported":              []string{"code", "id_token", "code id_token", "id_token token"},
		"response_modes_supported":              []string{"query", "fragment", "form_post"},
		"scopes_supported":                      []string{"openid", "profile", "email", "offline_access"},
		"subject_types_supported":               []string{"pairwise"},
		"claims_supported":                      []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email"},
		"request_uri_parameter_supported":       false,
		"http_logout_supported":                 true,
		"frontchannel_logout_supported":         true,
		"tenant_region_scope":                   nil,
		"msgraph_host":                          "graph.microsoft.com",
	}
}

// b2cDocument has no device authorization endpoint, for B2C has none.
func b2cDocument(base string) map[string]any {
	d := entraDocument(base, "/v2.0")
	for _, name := range []string{"device_authorization_endpoint", "userinfo_endpoint", "tenant_region_scope", "msgraph_host", "http_logout_supported", "frontchannel_logout_supported"} {
		delete(d, name)
	}
	d["token_endpoint_auth_methods_supported"] = []string{"client_secret_post", "client_secret_basic"}
	d["scopes_supported"] = []string{"openid"}
	return d
}

// adfsDocument has endpoints with a slash at the end, and an issuer of access
// tokens that is not the issuer.
func adfsDocument(base string) map[string]any {
	d := entraDocument(base, "")
	maps.Copy(d, map[string]any{
		"authorization_endpoint":                           base + "/oauth2/authorize/",
		"token_endpoint":                                   base + "/oauth2/token/",
		"userinfo_endpoint":                                base + "/userinfo",
		"access_token_issuer":                              adfsTokenIssuer(base),
		"token_endpoint_auth_methods_supported":            []string{"client_secret_post", "client_secret_basic", "private_key_jwt", "windows_client_authentication"},
		"token_endpoint_auth_signing_alg_values_supported": []string{"RS256"},
		"grant_types_supported":                            grantTypes(domain.KindADFS),
		"microsoft_multi_refresh_token":                    true,
	})
	delete(d, "tenant_region_scope")
	delete(d, "msgraph_host")
	return d
}

func plainDocument(base string) map[string]any {
	return map[string]any{
		"authorization_endpoint":                           base + "/authorize",
		"token_endpoint":                                   base + "/token",
		"device_authorization_endpoint":                    base + "/device_authorization",
		"end_session_endpoint":                             base + "/logout",
		"userinfo_endpoint":                                base + "/userinfo",
		"revocation_endpoint":                              base + "/revoke",
		"jwks_uri":                                         base + "/keys",
		"grant_types_supported":                            grantTypes(domain.KindOIDC),
		"token_endpoint_auth_methods_supported":            []string{"client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"},
		"token_endpoint_auth_signing_alg_values_supported": names(plainAlgorithms),
		"response_types_supported":                         []string{"code"},
		"scopes_supported":                                 []string{"openid", "profile", "email", "offline_access"},
		"subject_types_supported":                          []string{"public"},
		"code_challenge_methods_supported":                 []string{"S256"},
		"response_modes_supported":                         []string{"query", "form_post"},
		"prompt_values_supported":                          knownPrompts,
		"claims_parameter_supported":                       true,
		"request_parameter_supported":                      false,
		"request_uri_parameter_supported":                  false,

		"authorization_response_iss_parameter_supported": true, // RFC 9207 §3
	}
}

// grantTypes are those that a kind of server serves.
func grantTypes(k domain.AuthorityKind) []string {
	types := slices.Sorted(maps.Keys(grants))
	if !servesOnBehalf(k) {
		types = slices.DeleteFunc(types, func(t string) bool { return t == onBehalfOfGrant })
	}
	return types
}
