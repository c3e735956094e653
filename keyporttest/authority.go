package keyporttest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"net/http"
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
}

// Authority is a token server inside the process. It is safe for concurrent use.
type Authority struct {
	clock *Clock
	key   *ecdsa.PrivateKey // signs tokens
	keyID string

	mu        sync.Mutex // guards what follows
	tenants   []Tenant
	apps      map[string]App
	resources map[string]bool
	issuers   []domain.Authority // OpenID Connect
	hosts     map[string]bool    // vouched for by instance discovery, beyond the known clouds
	lifetime  time.Duration
	refreshIn time.Duration
	usedJTI   map[string]bool
	rules     []*Rule
	holds     []*Hold
	requests  []Request
	secrets   map[string]string // value to kind
}

// Tenant is a directory.
type Tenant struct {
	ID      string   // a GUID
	Domains []string // such as "contoso.onmicrosoft.com"
}

// App is a registered client.
type App struct {
	ClientID string
	Secrets  []string
	// ExpiredSecrets were right once: they are refused with AADSTS7000222.
	ExpiredSecrets []string
	Certificates   []*x509.Certificate
	// PublicKeys by key id, for private_key_jwt at the OpenID Connect issuers.
	PublicKeys map[string]crypto.PublicKey
	// Issuers whose JWTs are taken as federated client assertions, by their key.
	Issuers map[string]crypto.PublicKey
	// Tenants in which the app exists; empty for all.
	Tenants []string
	// Scopes that it may ask at the OpenID Connect issuers; empty for all.
	Scopes []string
}

// New returns a server with the default tenant and Microsoft Graph.
func New(o Options) *Authority {
	if o.Clock == nil {
		o.Clock = NewClock(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
	}
	a := &Authority{
		clock: o.Clock, key: newECKey(), keyID: "keyporttest-1",
		apps: map[string]App{}, resources: map[string]bool{Graph: true}, hosts: map[string]bool{},
		lifetime: 3599 * time.Second, usedJTI: map[string]bool{}, secrets: map[string]string{},
	}
	a.AddTenant(Tenant{ID: TenantID, Domains: []string{TenantDomain}})
	a.AddIssuer(OIDCIssuer)
	a.AddIssuer(OIDCIssuerPath)
	return a
}

// Clock returns the server's clock.
func (a *Authority) Clock() *Clock { return a.clock }

// AddTenant adds a directory.
func (a *Authority) AddTenant(t Tenant) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tenants = append(a.tenants, t)
}

// AddApp registers a client, in place of an earlier one of the same id.
func (a *Authority) AddApp(app App) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.apps[app.ClientID] = app
	for _, s := range append(append([]string(nil), app.Secrets...), app.ExpiredSecrets...) {
		a.secrets[s] = "client secret"
	}
}

// AddResource adds an API by its identifier, such as "api://reports".
func (a *Authority) AddResource(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.resources[strings.ToLower(id)] = true
}

// AddIssuer adds a plain OpenID Connect issuer by its URL.
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

// Client returns an HTTP client whose every request the authority answers, inside
// the process.
func (a *Authority) Client() *http.Client { return &http.Client{Transport: a.RoundTripper()} }

// RoundTripper returns the transport of [Authority.Client].
func (a *Authority) RoundTripper() http.RoundTripper { return transport{a} }

// tenant finds a directory by GUID or domain.
func (a *Authority) tenant(name string) (Tenant, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, t := range a.tenants {
		if strings.EqualFold(t.ID, name) {
			return t, true
		}
		for _, d := range t.Domains {
			if strings.EqualFold(d, name) {
				return t, true
			}
		}
	}
	return Tenant{}, false
}

func (a *Authority) app(id string) (App, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	app, ok := a.apps[id]
	return app, ok
}
