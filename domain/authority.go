package domain

import (
	"fmt"
	"slices"
	"strings"
)

// AuthorityKind tells token servers apart by what is particular to them.
type AuthorityKind uint8

// The kinds of authority.
const (
	KindEntra AuthorityKind = iota + 1 // Microsoft Entra ID, in every cloud
	KindADFS                           // Active Directory Federation Services: tenant "adfs"
	KindB2C                            // Azure AD B2C: a user flow ("policy") is part of the path
	KindCIAM                           // Microsoft Entra External ID: *.ciamlogin.com
	KindDSTS                           // dSTS: /dstsv2/<tenant>
	KindOIDC                           // any OpenID Connect issuer
)

// String returns the kind's name, for logs and errors.
func (k AuthorityKind) String() string {
	names := [...]string{"unknown", "Entra ID", "AD FS", "B2C", "CIAM", "dSTS", "OpenID Connect"}
	if int(k) >= len(names) {
		return names[0]
	}
	return names[k]
}

// IsMicrosoft reports whether the server is one of Microsoft's, which take
// Microsoft's parameters and headers besides the standard's.
func (k AuthorityKind) IsMicrosoft() bool { return k != KindOIDC && k != 0 }

// takesDefaultScopeOnly reports whether an application may ask for "/.default" only.
func (k AuthorityKind) takesDefaultScopeOnly() bool {
	return k == KindEntra || k == KindB2C || k == KindCIAM
}

// The tenants of Entra ID that stand for more than one.
const (
	TenantCommon        = "common"        // work, school and personal accounts
	TenantOrganizations = "organizations" // work and school accounts
	TenantConsumers     = "consumers"     // personal accounts
)

const (
	ciamSuffix = ".ciamlogin.com"
	adfsTenant = "adfs"
	dstsPrefix = "dstsv2"
	tfpPrefix  = "tfp"
)

// Authority is a token server as a client names it: a parsed, normalised URL. If
// you hold one that is not zero, it is well formed. Authorities compare with ==;
// spellings of one URL (letter case of the host, ":443", a trailing slash) are equal.
type Authority struct {
	kind   AuthorityKind
	host   string // lower case, with the port when it is not 443
	path   string // without leading and trailing slashes, letter case as given
	tenant string // the tenant's letter case as given
	policy string // B2C user flow, lower case
	cloud  string // preferred host of a cloud that only the configuration knows; see [Authority.InCloud]
}

// ParseAuthority reads an authority URL such as
// "https://login.microsoftonline.com/contoso.onmicrosoft.com" and tells its kind
// from its form. It fails with a [*ConfigError] for anything but an https URL with
// a tenant and without user info, query or fragment.
func ParseAuthority(text string) (Authority, error) {
	u, err := parseSecureURL("Authority", text, authorityRemedy)
	if err != nil {
		return Authority{}, err
	}
	a := Authority{host: normalHost(u), path: strings.Trim(u.Path, "/")}
	return a.classify()
}

// ParseOIDCAuthority reads the issuer URL of an OpenID Connect provider, such as
// "https://accounts.example.com/realms/one". Its metadata document must be at the
// issuer's path followed by "/.well-known/openid-configuration" (OIDC Discovery §4).
func ParseOIDCAuthority(text string) (Authority, error) {
	u, err := parseSecureURL("OIDCAuthority", text, `pass the provider's issuer URL, such as "https://accounts.example.com"`)
	if err != nil {
		return Authority{}, err
	}
	path := strings.TrimSuffix("/"+strings.Trim(u.Path, "/"), "/.well-known/openid-configuration")
	path = strings.Trim(path, "/")
	return Authority{kind: KindOIDC, host: normalHost(u), path: path, tenant: path}, nil
}

const authorityRemedy = `pass a URL such as "https://login.microsoftonline.com/<tenant>", ` +
	`"https://<name>.ciamlogin.com", "https://<name>.b2clogin.com/<tenant>/<policy>" or "https://<host>/adfs"`

// classify tells the kind from host and path, in MSAL's order.
func (a Authority) classify() (Authority, error) {
	first, rest, _ := strings.Cut(a.path, "/")
	name := a.hostname()
	switch {
	case isLookAlike(name):
		return Authority{}, &ConfigError{
			Field: "Authority", Problem: "has a host that begins like one of Microsoft's and is another", Remedy: authorityRemedy,
		}
	case strings.HasSuffix(name, ciamSuffix):
		a.kind, a.tenant = KindCIAM, first
		if first == "" {
			a.tenant = strings.TrimSuffix(name, ciamSuffix) + ".onmicrosoft.com"
		}
	case first == "":
		return Authority{}, &ConfigError{Field: "Authority", Problem: "names no tenant", Remedy: authorityRemedy}
	case strings.EqualFold(first, adfsTenant):
		a.kind, a.tenant, a.path = KindADFS, adfsTenant, adfsTenant
		return a, nil
	case strings.EqualFold(first, dstsPrefix):
		a.kind = KindDSTS
		if a.tenant, _, _ = strings.Cut(rest, "/"); a.tenant == "" {
			return Authority{}, &ConfigError{Field: "Authority", Problem: "names no dSTS tenant", Remedy: `pass "https://<host>/dstsv2/<tenant>"`}
		}
	case strings.EqualFold(first, tfpPrefix), isB2CHost(name), isB2CPolicy(rest):
		return a.classifyB2C()
	default:
		a.kind, a.tenant = KindEntra, first
	}
	return a.checked()
}

// checked returns the authority with its canonical path, if its parts are names.
func (a Authority) checked() (Authority, error) {
	if !isTenant(a.tenant) || (a.kind == KindB2C && !isName(a.policy)) {
		return Authority{}, &ConfigError{Field: "Authority", Problem: "has a tenant or user flow that cannot be one", Remedy: authorityRemedy}
	}
	a.path = a.canonicalPath()
	return a, nil
}

// isLookAlike reports whether a host continues the name of one of Microsoft's, as
// "login.microsoftonline.com.evil.example" does.
func isLookAlike(name string) bool {
	for host := range cloudOfHost {
		if rest, found := strings.CutPrefix(name, host); found && rest != "" && strings.ContainsAny(rest[:1], ".-") {
			return true
		}
	}
	for _, suffix := range append([]string{ciamSuffix}, b2cSuffixes[:]...) {
		if strings.Contains(name, suffix+".") || strings.Contains(name, suffix+"-") {
			return true
		}
	}
	return false
}

// classifyB2C reads /<tenant>/<policy> and the older /tfp/<tenant>/<policy>.
func (a Authority) classifyB2C() (Authority, error) {
	segments := strings.Split(a.path, "/")
	if strings.EqualFold(segments[0], tfpPrefix) {
		segments = segments[1:]
	}
	if len(segments) < 2 {
		return Authority{}, &ConfigError{
			Field: "Authority", Problem: "names no B2C user flow",
			Remedy: `pass "https://<name>.b2clogin.com/<tenant>/<policy>"`,
		}
	}
	a.kind, a.tenant, a.policy = KindB2C, segments[0], strings.ToLower(segments[1])
	return a.checked()
}

var b2cSuffixes = [...]string{".b2clogin.com", ".b2clogin.cn", ".b2clogin.us", ".b2clogin.de"}

func isB2CHost(name string) bool {
	for _, suffix := range b2cSuffixes {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return false
}

func isB2CPolicy(rest string) bool {
	second, _, _ := strings.Cut(rest, "/")
	return strings.HasPrefix(strings.ToLower(second), "b2c_")
}

// canonicalPath drops what the server does not look at (".../v2.0").
func (a Authority) canonicalPath() string {
	switch a.kind {
	case KindDSTS:
		return dstsPrefix + "/" + a.tenant
	case KindB2C:
		if path := a.tenant + "/" + a.policy; isB2CHost(a.hostname()) || isB2CPolicy(a.policy) {
			return path
		}
		return tfpPrefix + "/" + a.tenant + "/" + a.policy // nothing else tells that it is B2C
	default:
		return a.tenant
	}
}

// Kind returns the kind of server.
func (a Authority) Kind() AuthorityKind { return a.kind }

// IsZero reports whether a is the zero Authority.
func (a Authority) IsZero() bool { return a.kind == 0 }

// Host returns the host to talk to, in lower case, with its port when that is not 443.
func (a Authority) Host() string { return a.host }

// hostname is the host without its port.
func (a Authority) hostname() string {
	name, _, found := strings.Cut(a.host, ":")
	if found && strings.HasPrefix(a.host, "[") {
		return a.host // an IPv6 address has colons of its own
	}
	return name
}

// Tenant returns the tenant: a GUID, a domain name, or one of the constants such as
// [TenantCommon]; for an OpenID Connect issuer its path, which may be empty.
func (a Authority) Tenant() string { return a.tenant }

// TenantKey returns the tenant as caches compare it: in lower case for Microsoft's servers.
func (a Authority) TenantKey() string {
	if a.kind == KindOIDC {
		return a.tenant
	}
	return TenantKey(a.tenant)
}

// TenantKey returns a tenant of Microsoft's servers as caches compare it: in lower
// case. It is on the path of every hit, and most tenants are in lower case already.
func TenantKey(tenant string) string {
	if classesOf(tenant)&upperByte == 0 {
		return tenant
	}
	return strings.ToLower(tenant)
}

// Policy returns the B2C user flow in lower case, or "".
func (a Authority) Policy() string { return a.policy }

// Environment returns the host that cache entries carry: the preferred name of a
// known cloud, so that its aliases share tokens, and otherwise the host itself.
func (a Authority) Environment() string {
	if a.cloud != "" {
		return a.cloud
	}
	return CanonicalEnvironment(a.host)
}

// InCloud returns the authority as one of a cloud that its host belongs to, for clouds
// that the library does not know. Others and authorities that are not Entra ID stay as
// they are.
func (a Authority) InCloud(c CloudInfo) Authority {
	if _, known := cloudOfHost[a.host]; !known && a.kind == KindEntra && (c.PreferredNetwork == a.host || slices.Contains(c.Aliases, a.host)) {
		a.cloud = c.PreferredNetwork
	}
	return a
}

// IsKnownCloud reports whether the host belongs to a Microsoft cloud whose
// endpoints follow from its name, without any discovery.
func (a Authority) IsKnownCloud() bool {
	_, known := cloudOfHost[a.host]
	return a.kind == KindEntra && (known || a.cloud != "")
}

// IsTenanted reports whether the authority stands for a single tenant. Tokens for
// an application itself need one.
func (a Authority) IsTenanted() bool {
	switch a.TenantKey() {
	case TenantCommon, TenantOrganizations, TenantConsumers:
		return a.kind != KindEntra
	}
	return true
}

// String returns the authority's URL, without a trailing slash.
func (a Authority) String() string {
	if a.IsZero() {
		return ""
	}
	if a.path == "" {
		return "https://" + a.host
	}
	return "https://" + a.host + "/" + a.path
}

// MetadataURL returns where the authority publishes its metadata (OIDC Discovery §4.1).
func (a Authority) MetadataURL() string {
	const document = "/.well-known/openid-configuration"
	if a.kind == KindOIDC || a.kind == KindADFS {
		return a.String() + document
	}
	return a.String() + "/v2.0" + document
}

// WithTenant returns the authority of another tenant on the same host: a GUID or
// a domain name. Authorities without tenants (AD FS, OpenID Connect) refuse.
func (a Authority) WithTenant(tenant string) (Authority, error) {
	bad := func(problem, remedy string) (Authority, error) {
		return Authority{}, &ConfigError{Field: "Tenant", Problem: problem, Remedy: remedy}
	}
	switch {
	case a.IsZero() || a.kind == KindADFS || a.kind == KindOIDC:
		return bad(fmt.Sprintf("an %s authority has no tenants", a.kind), "leave it empty")
	case !isTenant(tenant):
		return bad("is not a tenant", `pass a GUID such as "72f988bf-86f1-41af-91ab-2d7cd011db47" or a domain such as "contoso.onmicrosoft.com"`)
	}
	a.tenant = tenant
	a.path = a.canonicalPath()
	return a, nil
}
