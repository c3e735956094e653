package keyporttest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// Endpoint says which part of the server a request was for.
type Endpoint string

// The endpoints.
const (
	EndpointInstanceDiscovery Endpoint = "instance discovery"
	EndpointMetadata          Endpoint = "metadata"
	EndpointKeys              Endpoint = "keys"
	EndpointToken             Endpoint = "token"
	EndpointAuthorization     Endpoint = "authorization"
	EndpointSignIn            Endpoint = "sign-in" // where the forms of the pages go
	EndpointUserInfo          Endpoint = "userinfo"
	EndpointRevocation        Endpoint = "revocation"
	EndpointEndSession        Endpoint = "end session"
	EndpointDevice            Endpoint = "device authorization"
	EndpointVerification      Endpoint = "verification"      // where users enter the code of a device
	EndpointInstanceMetadata  Endpoint = "instance metadata" // of the machine, not of the authority
	EndpointUnknown           Endpoint = "unknown"
)

// place is where a request arrived.
type place struct {
	endpoint  Endpoint
	authority domain.Authority // zero where the path names none
	v1        bool             // Entra ID's endpoints from before "v2.0"
}

const (
	documentPath   = "/.well-known/openid-configuration"
	documentPathV2 = "/v2.0" + documentPath
)

var (
	entra  = []domain.AuthorityKind{domain.KindEntra}
	v2     = []domain.AuthorityKind{domain.KindEntra, domain.KindB2C, domain.KindCIAM, domain.KindDSTS}
	adfs   = []domain.AuthorityKind{domain.KindADFS}
	ciam   = []domain.AuthorityKind{domain.KindCIAM}
	noV2   = []domain.AuthorityKind{domain.KindADFS, domain.KindDSTS}
	noB2C  = []domain.AuthorityKind{domain.KindEntra, domain.KindCIAM, domain.KindADFS, domain.KindDSTS}
	oidc   = []domain.AuthorityKind{domain.KindOIDC}
	policy = "/tfp" // an older way to begin the path of a B2C user flow
)

// paths tell endpoints apart by how they end; what stands before is the authority,
// of one of the kinds.
var paths = []struct {
	end      string
	endpoint Endpoint
	kinds    []domain.AuthorityKind
	v1       bool
}{
	{documentPathV2, EndpointMetadata, v2, false},
	{documentPath, EndpointMetadata, adfs, false},
	{documentPath, EndpointMetadata, oidc, false},
	{documentPath, EndpointMetadata, entra, true},
	{"/oauth2/v2.0/token", EndpointToken, v2, false},
	{"/oauth2/token", EndpointToken, noV2, false},
	{"/oauth2/token", EndpointToken, entra, true},
	{"/token", EndpointToken, oidc, false},
	{"/discovery/v2.0/keys", EndpointKeys, v2, false},
	{"/discovery/keys", EndpointKeys, noV2, false},
	{"/discovery/keys", EndpointKeys, entra, true},
	{"/keys", EndpointKeys, oidc, false},
	{"/oauth2/v2.0/authorize", EndpointAuthorization, v2, false},
	{"/oauth2/authorize", EndpointAuthorization, noV2, false},
	{"/oauth2/authorize", EndpointAuthorization, entra, true},
	{"/authorize", EndpointAuthorization, oidc, false},
	{"/oauth2/v2.0/login", EndpointSignIn, v2, false},
	{"/oauth2/login", EndpointSignIn, noV2, false},
	{"/oauth2/login", EndpointSignIn, entra, true},
	{"/login", EndpointSignIn, oidc, false},
	{"/userinfo", EndpointUserInfo, adfs, false},
	{"/userinfo", EndpointUserInfo, oidc, false},
	{"/revoke", EndpointRevocation, oidc, false},
	{"/oauth2/v2.0/logout", EndpointEndSession, v2, false},
	{"/oauth2/logout", EndpointEndSession, noV2, false},
	{"/oauth2/logout", EndpointEndSession, entra, true},
	{"/logout", EndpointEndSession, oidc, false},
	{"/oauth2/v2.0/devicecode", EndpointDevice, entra, false},
	{"/oauth2/v2.0/devicecode", EndpointDevice, ciam, false},
	{"/oauth2/devicecode", EndpointDevice, noV2, false},
	{"/oauth2/devicecode", EndpointDevice, entra, true},
	{"/device_authorization", EndpointDevice, oidc, false},
	{"/oauth2/deviceauth", EndpointVerification, noB2C, false},
	{"/device", EndpointVerification, oidc, false},
}

func (a *Authority) route(r *http.Request) place {
	path := strings.TrimSuffix(r.URL.Path, "/") // AD FS ends its own with a slash
	if isMachine(r.URL) {
		return place{endpoint: EndpointInstanceMetadata}
	}
	if path == "/common/discovery/instance" {
		return place{endpoint: EndpointInstanceDiscovery}
	}
	if path == "/oidc/userinfo" && r.URL.Host == "graph.microsoft.com" {
		return place{endpoint: EndpointUserInfo} // of all tenants
	}
	if "https://"+r.URL.Host+path == verificationPage {
		return place{endpoint: EndpointVerification} // of all of the cloud
	}
	for _, p := range paths {
		base, ok := strings.CutSuffix(path, p.end)
		if !ok {
			continue
		}
		if authority, ok := a.authorityAt(r.URL.Host, base); ok && slices.Contains(p.kinds, authority.Kind()) {
			return place{p.endpoint, authority, p.v1}
		}
	}
	return place{endpoint: EndpointUnknown}
}

// authorityAt finds the authority whose path is all of base. Any host serves
// Microsoft's paths: which hosts may be trusted is for instance discovery to say.
func (a *Authority) authorityAt(host, base string) (domain.Authority, bool) {
	if issuer, ok := a.issuerAt(host, base); ok {
		return issuer, true
	}
	authority, err := domain.ParseAuthority("https://" + host + base)
	if err != nil {
		return domain.Authority{}, false
	}
	whole := strings.TrimPrefix(strings.ToLower(base), policy)
	canonical := strings.TrimPrefix(strings.ToLower(strings.TrimPrefix(authority.String(), "https://"+authority.Host())), policy)
	return authority, whole == canonical
}

func (a *Authority) issuerAt(host, base string) (domain.Authority, bool) {
	asked, err := domain.ParseOIDCAuthority("https://" + host + base)
	if err != nil {
		return domain.Authority{}, false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return asked, slices.Contains(a.issuers, asked)
}
