package domain

import (
	"fmt"
	"net/url"
	"strings"
)

// ServerMetadata is what an authority publishes about itself (RFC 8414 §2, OIDC
// Discovery §3). Endpoints that it has not are empty.
type ServerMetadata struct {
	Issuer                      string
	TokenEndpoint               string
	AuthorizationEndpoint       string
	DeviceAuthorizationEndpoint string
	UserInfoEndpoint            string
	EndSessionEndpoint          string
	RevocationEndpoint          string
	JWKSURI                     string

	TokenEndpointAuthMethods     []string // token_endpoint_auth_methods_supported
	TokenEndpointAuthSigningAlgs []string // token_endpoint_auth_signing_alg_values_supported
	IDTokenSigningAlgs           []string // id_token_signing_alg_values_supported
}

// Check reports the first endpoint that is no absolute https URL, with the name
// it has in the document. Secrets go to these places.
func (m ServerMetadata) Check() (field, problem string) {
	for _, e := range []struct{ name, value string }{
		{"token_endpoint", m.TokenEndpoint},
		{"authorization_endpoint", m.AuthorizationEndpoint},
		{"device_authorization_endpoint", m.DeviceAuthorizationEndpoint},
		{"userinfo_endpoint", m.UserInfoEndpoint},
		{"end_session_endpoint", m.EndSessionEndpoint},
		{"revocation_endpoint", m.RevocationEndpoint},
		{"jwks_uri", m.JWKSURI},
	} {
		if e.value == "" {
			continue
		}
		u, err := url.Parse(e.value)
		if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
			return e.name, "is not an absolute https URL without user info and fragment"
		}
	}
	return "", ""
}

// KnownMetadata returns the metadata of an authority whose endpoints follow from
// its name: Entra ID in a known cloud, or on a host that was declared to be one.
// Nothing needs to be asked before the first token.
func (a Authority) KnownMetadata() (ServerMetadata, bool) {
	if a.kind != KindEntra {
		return ServerMetadata{}, false
	}
	base := a.String()
	issuerTenant := a.tenant
	if !a.IsTenanted() {
		issuerTenant = issuerTemplate
	}
	return ServerMetadata{
		Issuer:                       "https://" + a.host + "/" + issuerTenant + "/v2.0",
		TokenEndpoint:                base + "/oauth2/v2.0/token",
		AuthorizationEndpoint:        base + "/oauth2/v2.0/authorize",
		DeviceAuthorizationEndpoint:  base + "/oauth2/v2.0/devicecode",
		EndSessionEndpoint:           base + "/oauth2/v2.0/logout",
		JWKSURI:                      base + "/discovery/v2.0/keys",
		TokenEndpointAuthMethods:     []string{"client_secret_post", "private_key_jwt"},
		TokenEndpointAuthSigningAlgs: []string{"PS256", "RS256"},
		IDTokenSigningAlgs:           []string{"RS256"},
	}, true
}

// issuerTemplate stands for the tenant in the issuer of Entra's multi-tenant authorities.
const issuerTemplate = "{tenantid}"

// CheckIssuer reports why a metadata document with this issuer may not speak for
// the authority, or "" when it may. It runs before anything of the document is
// cached and before any secret is sent where the document points.
//
// A plain OpenID Connect issuer must be the authority itself, to the letter (OIDC
// Discovery §4.3). Microsoft's servers name themselves by the GUID of a tenant that
// the caller may have named by domain, so there the host must agree: the same one,
// another name of the same cloud, or for CIAM the tenant's own sub-domain.
func (a Authority) CheckIssuer(issuer string) (problem string) {
	if a.kind == KindOIDC && !a.isMicrosoftIssuer() {
		if issuer == a.String() || issuer == a.String()+"/" {
			return ""
		}
		return fmt.Sprintf("names another issuer than the authority %s", a)
	}
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "has an issuer that is no https URL"
	}
	if !a.issuerHostAgrees(normalHost(u)) {
		return fmt.Sprintf("names an issuer on another host than the authority %s", a)
	}
	return ""
}

// isMicrosoftIssuer reports whether an issuer given as an OpenID Connect authority
// is Entra ID under its own name, whose issuer has a GUID or a template for tenant.
func (a Authority) isMicrosoftIssuer() bool {
	_, known := LookupCloud(a.host)
	return known
}

func (a Authority) issuerHostAgrees(host string) bool {
	switch {
	case host == a.host:
		return true
	case a.kind == KindCIAM:
		return strings.HasSuffix(host, ciamSuffix)
	}
	_, known := LookupCloud(a.host)
	return known && CanonicalEnvironment(host) == a.Environment()
}
