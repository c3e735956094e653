package domain

import (
	"fmt"
	"net/url"
	"slices"
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

	ResponseModes []string // response_modes_supported

	// IssuerInResponse: answers to authorization requests name the issuer (RFC 9207,
	// authorization_response_iss_parameter_supported).
	IssuerInResponse bool
}

// PreferredResponseMode returns form_post, which keeps the code out of histories and
// logs, unless the server says that it does not know it.
func (m ServerMetadata) PreferredResponseMode() ResponseMode {
	if len(m.ResponseModes) == 0 || slices.Contains(m.ResponseModes, string(ResponseModeFormPost)) {
		return ResponseModeFormPost
	}
	return ResponseModeQuery
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
		if err != nil || u.Scheme != "https" || !validHost(u.Hostname()) || u.User != nil || u.Fragment != "" {
			return e.name, "is not an absolute https URL without user info and fragment"
		}
	}
	return "", ""
}

// ForeignEndpoint returns the name of an endpoint, "" for none, that takes secrets and
// is on a host that is neither the authority's, its issuer's, nor of the same cloud. Of
// Microsoft's servers all endpoints are at home; those of other providers may be anywhere
// that the document, which their issuer vouches for, says.
func (a Authority) ForeignEndpoint(m ServerMetadata) (field string) {
	if !a.kind.IsMicrosoft() {
		return ""
	}
	issuer, _ := url.Parse(m.Issuer)
	for _, e := range []struct{ name, value string }{
		{"token_endpoint", m.TokenEndpoint},
		{"authorization_endpoint", m.AuthorizationEndpoint},
		{"device_authorization_endpoint", m.DeviceAuthorizationEndpoint},
		{"revocation_endpoint", m.RevocationEndpoint},
		{"jwks_uri", m.JWKSURI},
	} {
		u, err := url.Parse(e.value)
		if e.value == "" || err == nil && (normalHost(u) == a.host || issuer != nil && normalHost(u) == normalHost(issuer) || a.sameCloud(normalHost(u))) {
			continue
		}
		return e.name
	}
	return ""
}

// sameCloud reports whether a host is one of Entra ID's, for an authority that is Entra ID.
func (a Authority) sameCloud(host string) bool {
	if a.cloud != "" {
		return host == a.cloud
	}
	cloud, known := cloudOfHost[host]
	own, knownSelf := cloudOfHost[a.host]
	return a.kind == KindEntra && known && (!knownSelf || own == cloud)
}

// KnownMetadata returns the metadata of an authority whose endpoints follow from
// its name: Entra ID in a known cloud, or on a host that was declared to be one.
// Nothing needs to be asked before the first token. The issuer has the name of the
// cloud, not its alias, and "{tenantid}" for a tenant that is not named by its GUID.
func (a Authority) KnownMetadata() (ServerMetadata, bool) {
	if a.kind != KindEntra {
		return ServerMetadata{}, false
	}
	base := a.String()
	issuerTenant := IssuerTemplate
	if isGUID(a.tenant) {
		issuerTenant = a.TenantKey()
	}
	return ServerMetadata{
		Issuer:                       "https://" + a.Environment() + "/" + issuerTenant + "/v2.0",
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

// IssuerTemplate stands for the tenant in the issuer of Entra's multi-tenant
// authorities; the tid of a token goes in its place.
const IssuerTemplate = "{tenantid}"

// CheckIssuer reports why a metadata document with this issuer may not speak for
// the authority, or "" when it may. It runs before anything of the document is
// cached and before any secret is sent where the document points.
//
// A plain OpenID Connect issuer must be the authority itself (OIDC Discovery §4.3),
// but for a slash at the end, of which the document's place does not depend.
// Microsoft's servers name themselves by the GUID of a tenant that the caller may
// have named by domain, so there the host must agree: the same one, another name of
// the same cloud, or for External ID (CIAM) the tenant's own sub-domain. Two GUIDs
// must be one, and "{tenantid}" may only stand for the tenants of an authority that
// has many.
func (a Authority) CheckIssuer(issuer string) (problem string) {
	if a.kind == KindOIDC && strings.TrimSuffix(issuer, "/") == a.String() {
		return ""
	}
	u, err := url.Parse(issuer)
	switch {
	case err != nil || u.Scheme != "https" || !validHost(u.Hostname()) || u.User != nil || strings.ContainsAny(issuer, "?#"):
		return "is no https URL without user info, query and fragment"
	case a.isOwnCIAMName(u):
		return ""
	case !a.issuerHostAgrees(normalHost(u)):
		return fmt.Sprintf("is not that of the authority %s", a)
	case !a.issuerTenantAgrees(u.Path):
		return fmt.Sprintf("is that of another tenant than the authority %s has", a)
	}
	return ""
}

// issuerHostAgrees admits the authority's host, if it is one of Microsoft's servers,
// and other names of the same cloud. An OpenID Connect authority in a known cloud is
// Entra ID under its own name, whose issuer has a GUID or a template for tenant.
func (a Authority) issuerHostAgrees(host string) bool {
	cloud, known := cloudOfHost[a.host]
	if known {
		return cloudOfHost[host] == cloud
	}
	return a.kind.IsMicrosoft() && (host == a.host || a.cloud != "" && host == a.cloud)
}

// isOwnCIAMName reports whether an issuer is "https://<GUID>.ciamlogin.com/<GUID>/v2.0",
// as External ID calls itself under every name of a tenant, custom domains included.
// The GUID must be the authority's. Only when that names a tenant of *.ciamlogin.com
// by another name can it not be known.
func (a Authority) isOwnCIAMName(issuer *url.URL) bool {
	guid, isCIAM := strings.CutSuffix(normalHost(issuer), ciamSuffix)
	inPath, _, _ := strings.Cut(strings.Trim(issuer.Path, "/"), "/")
	if !isCIAM || a.kind == KindB2C || a.kind == KindDSTS || !isGUID(guid) || (inPath != "" && !strings.EqualFold(inPath, guid)) {
		return false
	}
	if named := a.firstSegment(); isGUID(named) {
		return strings.EqualFold(named, guid)
	}
	return a.kind == KindCIAM
}

// issuerTenantAgrees compares the tenants of the authority and an issuer, as far as
// both are known.
func (a Authority) issuerTenantAgrees(path string) bool {
	named := a.firstSegment()
	for segment := range strings.SplitSeq(path, "/") {
		switch {
		case segment == IssuerTemplate:
			return named == TenantCommon || named == TenantOrganizations || named == TenantConsumers
		case isGUID(segment) && isGUID(named):
			return strings.EqualFold(segment, named)
		}
	}
	return true
}

// firstSegment is the tenant in lower case, of an OpenID Connect authority too.
func (a Authority) firstSegment() string {
	first, _, _ := strings.Cut(a.tenant, "/")
	return strings.ToLower(first)
}

// isGUID reports whether s has the form of a tenant's id.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		isDash := i == 8 || i == 13 || i == 18 || i == 23
		if isDash != (s[i] == '-') || !isDash && !strings.ContainsRune("0123456789abcdefABCDEF", rune(s[i])) {
			return false
		}
	}
	return true
}
