package keyporttest

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// The default tenant, and authorities that the server knows from the start.
const (
	TenantID     = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	TenantDomain = "contoso.onmicrosoft.com"

	AuthorityURL     = "https://login.microsoftonline.com/" + TenantDomain
	ADFSAuthorityURL = "https://adfs.contoso.example/adfs"
	B2CAuthorityURL  = "https://contoso.b2clogin.com/" + TenantDomain + "/b2c_1_signin"
	CIAMAuthorityURL = "https://contoso.ciamlogin.com"
	DSTSAuthorityURL = "https://dsts.contoso.example/dstsv2/" + TenantID
	OIDCIssuer       = "https://id.contoso.example"
	OIDCIssuerPath   = "https://id.contoso.example/realms/one"

	// Graph is a resource that every tenant has.
	Graph = "https://graph.microsoft.com"
)

// Options configure an [Authority]. The zero value is a good default.
type Options struct {
	// Clock of the server; when nil, one that stands at noon on 24 November 2026.
	Clock *Clock
	// SigningAlgorithm of the tokens: "ES256", or "RS256" as Microsoft's servers have
	// it, which takes thirty times as long. When empty, ES256. The ID tokens of
	// Microsoft's servers are signed with RS256 always.
	SigningAlgorithm string
	// AllowPersonalData has [AssertClean] and [ScanOutput] look for no names and addresses
	// of this authority's users.
	AllowPersonalData bool
}

// Authority is a token server inside the process. It is safe for concurrent use.
type Authority struct {
	clock *Clock

	mu        sync.Mutex // guards what follows
	ring      keyring
	flows     userFlows
	tenants   []Tenant
	apps      map[string]App
	resources map[string]bool
	issuers   []domain.Authority // OpenID Connect
	hosts     map[string]bool    // vouched for by instance discovery, beyond the known clouds
	lifetime  time.Duration
	refreshIn time.Duration
	region    string               // of the machine; "" for a machine outside Azure
	usedJTI   map[string]time.Time // to the end of the assertion
	rules     []*script
	holds     []*Hold
	requests  []Request
	secrets   map[string]string // value to kind
}

// New returns a server with the default tenant and Microsoft Graph. It panics when
// the signing algorithm is not known.
func New(o Options) *Authority {
	if o.Clock == nil {
		o.Clock = NewClock(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
	}
	a := &Authority{
		clock: o.Clock, ring: newKeyring(o.SigningAlgorithm), flows: newUserFlows(o),
		apps: map[string]App{}, resources: map[string]bool{Graph: true}, hosts: map[string]bool{},
		lifetime: 3599 * time.Second, usedJTI: map[string]time.Time{}, secrets: map[string]string{},
	}
	a.AddTenant(Tenant{ID: TenantID, Domains: []string{TenantDomain}})
	a.AddTenant(Tenant{ID: PersonalTenantID})
	a.AddIssuer(OIDCIssuer)
	a.AddIssuer(OIDCIssuerPath)
	return a
}

// Clock returns the server's clock.
func (a *Authority) Clock() *Clock { return a.clock }

// AddTenant adds a directory.
func (a *Authority) AddTenant(t Tenant) {
	t.Domains = slices.Clone(t.Domains)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tenants = append(a.tenants, t)
}

// AddApp registers a client, in place of an earlier one of the same id. Its secrets
// are looked for by [AssertClean] and [ScanOutput].
func (a *Authority) AddApp(app App) {
	app = app.clone()
	a.learn("client secret", app.Secrets...)
	a.learn("client secret", app.ExpiredSecrets...)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.apps[app.ClientID] = app
	for _, uri := range app.IdentifierURIs {
		a.resources[resourceKey(uri)] = true
	}
}

// AddResource adds an API by its identifier, such as "api://reports". AD FS, dSTS
// and plain issuers issue tokens for any resource.
func (a *Authority) AddResource(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.resources[resourceKey(id)] = true
}

// AddIssuer adds a plain OpenID Connect issuer by its URL. It panics when that is
// no https URL.
func (a *Authority) AddIssuer(issuer string) {
	parsed, err := domain.ParseOIDCAuthority(issuer)
	if err != nil {
		panic("keyporttest: " + err.Error())
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.issuers = append(a.issuers, parsed)
}

// AddHost makes instance discovery vouch for a host that serves Entra ID under a
// name of its own.
func (a *Authority) AddHost(host string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hosts[strings.ToLower(host)] = true
}

// SetTokenLifetime sets expires_in and, when it is not zero, refresh_in.
func (a *Authority) SetTokenLifetime(life, refreshIn time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lifetime, a.refreshIn = life, refreshIn
}

// Reset forgets the requests, the scripts, and the tokens that were issued as secrets.
// Apps, tenants, users, what they are signed in to, and the clock stay, and
// [ScanOutput] still looks for the tokens.
func (a *Authority) Reset() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests, a.rules = nil, nil
	maps.DeleteFunc(a.secrets, func(_, kind string) bool { return isPassing(kind) })
}

// Client returns an HTTP client whose every request the authority answers, inside
// the process.
func (a *Authority) Client() *http.Client { return &http.Client{Transport: a.RoundTripper()} }

// RoundTripper returns the transport of [Authority.Client].
func (a *Authority) RoundTripper() http.RoundTripper { return transport{a.serve} }

// Format implements [fmt.Formatter] without the secrets that the server knows.
func (a *Authority) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "keyporttest authority") }
