package keyporttest

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// Tenant is a directory.
type Tenant struct {
	ID      string   // a GUID
	Domains []string // such as "contoso.onmicrosoft.com"
}

// App is a registered client. It prints without its secrets.
type App struct {
	ClientID string
	Secrets  []string
	// ExpiredSecrets were right once: they are refused with AADSTS7000222.
	ExpiredSecrets []string
	Certificates   []*x509.Certificate
	// PublicKeys by key id, for private_key_jwt at the OpenID Connect issuers.
	PublicKeys map[string]crypto.PublicKey
	// Issuers whose JWTs Microsoft's servers take as federated client assertions, by
	// their key.
	Issuers map[string]crypto.PublicKey
	// FederatedSubjects are the subjects that such JWTs may have; empty for all.
	FederatedSubjects []string
	// Tenants in which the app exists; empty for all.
	Tenants []string
	// Scopes that it may ask at the OpenID Connect issuers; empty for all.
	Scopes []string
	// Roles in its access tokens; when empty, "Everything.Read".
	Roles []string
	// GrantTypes that it may use at AD FS and the OpenID Connect issuers; empty for all.
	GrantTypes []string
	// AuthMethods by which it may authenticate at the OpenID Connect issuers, by their
	// registered names such as "client_secret_basic"; empty for all.
	AuthMethods []string
	// Disabled apps are refused with AADSTS7000112.
	Disabled bool

	// RedirectURIs to which users may be sent back, letter by letter; a loopback one that
	// is registered without a port, such as "http://localhost", admits any. Users cannot
	// sign in to an app that has none. The first is for requests that name none.
	RedirectURIs []string
	// PostLogoutRedirectURIs are where users may go after they have signed out;
	// RedirectURIs, which serve for that too, are not repeated here.
	PostLogoutRedirectURIs []string
	// Public clients have no credential; they must use PKCE.
	Public bool
	// FamilyID is that of a family of clients, such as "1", whose members may use each
	// other's refresh tokens at Entra ID.
	FamilyID string
	// RequireConsent has users asked before the app gets a token of theirs, but for the
	// ConsentedScopes, to which an administrator has consented.
	RequireConsent  bool
	ConsentedScopes []string
	// IdentifierURIs are the names of the API that the app is, such as "api://reports",
	// beside its client id. They need no [Authority.AddResource].
	IdentifierURIs []string
}

// Format implements [fmt.Formatter] without secrets.
func (app App) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "app "+app.ClientID) }

// MarshalText implements [encoding.TextMarshaler] likewise.
func (app App) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", app), nil }

// clone copies what a caller may go on to change.
func (app App) clone() App {
	for _, list := range []*[]string{
		&app.Secrets, &app.ExpiredSecrets, &app.FederatedSubjects, &app.Tenants, &app.Scopes, &app.Roles, &app.GrantTypes, &app.AuthMethods,
		&app.RedirectURIs, &app.PostLogoutRedirectURIs, &app.ConsentedScopes, &app.IdentifierURIs,
	} {
		*list = slices.Clone(*list)
	}
	app.Certificates = slices.Clone(app.Certificates)
	app.PublicKeys, app.Issuers = maps.Clone(app.PublicKeys), maps.Clone(app.Issuers)
	return app
}

// existsIn reports whether the app has a service principal in the tenant.
func (app App) existsIn(t Tenant) bool {
	return len(app.Tenants) == 0 || slices.ContainsFunc(app.Tenants, t.isCalled)
}

func (t Tenant) isCalled(name string) bool { return strings.EqualFold(t.ID, name) || t.has(name) }

func (t Tenant) has(name string) bool {
	return slices.ContainsFunc(t.Domains, func(d string) bool { return strings.EqualFold(d, name) })
}

func (a *Authority) tenantCalled(name string) (Tenant, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	i := slices.IndexFunc(a.tenants, func(t Tenant) bool { return t.isCalled(name) })
	if i < 0 {
		return Tenant{}, false
	}
	return a.tenants[i], true
}

func (a *Authority) appCalled(id string) (App, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	app, ok := a.apps[id]
	return app, ok
}

// tenantOf finds the directory that an authority stands for; the zero one for an
// authority of Entra ID that stands for many. AD FS, dSTS and plain issuers have
// one each.
func (a *Authority) tenantOf(at domain.Authority) (Tenant, *problem) {
	name := at.Tenant()
	switch at.Kind() {
	case domain.KindEntra, domain.KindB2C, domain.KindCIAM:
	default:
		return Tenant{ID: name}, nil
	}
	if !at.IsTenanted() {
		return Tenant{}, nil
	}
	t, known := a.tenantCalled(name)
	switch {
	case !isGUID(name) && !strings.Contains(name, "."):
		return Tenant{}, notATenant.because("'" + name + "' is neither a GUID nor a domain name")
	case !known || !t.livesAt(at.Host()):
		return Tenant{}, noSuchTenant.because("the tenant '" + name + "' was not found; check its name, and that the cloud is the right one")
	}
	return t, nil
}

// livesAt reports whether a host that belongs to one tenant, such as
// "contoso.ciamlogin.com", belongs to this one.
func (t Tenant) livesAt(host string) bool {
	name, rest, _ := strings.Cut(host, ".")
	if rest != "ciamlogin.com" && !strings.HasPrefix(rest, "b2clogin.") {
		return true
	}
	return strings.EqualFold(name, t.ID) || t.has(name+".onmicrosoft.com")
}

// isGUID reports whether s has the form of a UUID.
func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		isDash := i == 8 || i == 13 || i == 18 || i == 23
		if isDash != (s[i] == '-') || !isDash && !strings.Contains("0123456789abcdefABCDEF", s[i:i+1]) {
			return false
		}
	}
	return true
}
