package keyport_test

import (
	"context"
	"net/http"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// situation is what there is before a plan is made.
type situation struct {
	name   string
	change func(*keyport.ConfidentialClientConfig)
	given  func(*planned) call
	want   domain.PlanOutcome
	sends  int    // requests that are planned
	misses string // a part of the reason why the nearest token does not serve; "" for none
}

const (
	fails  = domain.PlanFails
	serves = domain.PlanServes
	behind = domain.PlanServesAndRenews
	renews = domain.PlanRenews
	asks   = domain.PlanAsks
)

func oidc(c *keyport.ConfidentialClientConfig) {
	c.Authority, c.OIDCAuthority = "", keyporttest.OIDCIssuer
}

var claimsChallenge = `{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}`

var appSituations = []situation{
	{"app: nothing cached", nil, func(p *planned) call { return p.forClient(keyport.ClientCredentialsRequest{}) }, asks, 1, ""},
	{"app: fresh", nil, func(p *planned) call { return p.warm(p.forClient(keyport.ClientCredentialsRequest{})) }, serves, 0, ""},
	{"app: stale", nil, func(p *planned) call {
		c := p.warm(p.forClient(keyport.ClientCredentialsRequest{}))
		p.advance(40 * time.Minute)
		return c
	}, behind, 1, ""},
	{"app: stale, and renewing has just failed", nil, func(p *planned) call {
		c := p.warm(p.forClient(keyport.ClientCredentialsRequest{}))
		p.advance(40 * time.Minute)
		p.failing()
		p.warm(c)
		synctest.Wait()
		return c
	}, serves, 0, ""},
	{"app: due", nil, func(p *planned) call {
		c := p.warm(p.forClient(keyport.ClientCredentialsRequest{}))
		p.advance(57 * time.Minute)
		return c
	}, renews, 1, "due"},
	{"app: due, and renewing has just failed", nil, func(p *planned) call {
		c := p.warm(p.forClient(keyport.ClientCredentialsRequest{}))
		p.advance(57 * time.Minute)
		p.failing()
		return p.warm(c)
	}, serves, 0, ""},
	{"app: expired", nil, func(p *planned) call {
		c := p.warm(p.forClient(keyport.ClientCredentialsRequest{}))
		p.advance(2 * time.Hour)
		return c
	}, asks, 1, "expired"},
	{"app: forced", nil, func(p *planned) call {
		p.warm(p.forClient(keyport.ClientCredentialsRequest{}))
		return p.forClient(keyport.ClientCredentialsRequest{ForceRefresh: true})
	}, asks, 1, "wants a new one"},
	{"app: a claims challenge", nil, func(p *planned) call {
		p.warm(p.forClient(keyport.ClientCredentialsRequest{}))
		return p.forClient(keyport.ClientCredentialsRequest{ClaimsChallenge: claimsChallenge})
	}, asks, 1, "wants a new one"},
	{"app: a claims challenge that is none", nil, func(p *planned) call {
		return p.forClient(keyport.ClientCredentialsRequest{ClaimsChallenge: "{"})
	}, fails, 0, ""},
	{"app: other client claims", nil, func(p *planned) call {
		p.warm(p.forClient(keyport.ClientCredentialsRequest{}))
		return p.forClient(keyport.ClientCredentialsRequest{ClientClaims: claimsChallenge})
	}, asks, 1, "client claims"},
	{"app: another parameter that is part of the key", nil, func(p *planned) call {
		p.warm(p.forClient(keyport.ClientCredentialsRequest{}))
		return p.forClient(keyport.ClientCredentialsRequest{ExtraParameters: keyport.Parameters{Body: []keyport.Parameter{{Name: "dc", Value: "1", InCacheKey: true}}}})
	}, asks, 1, "parameters"},
	{"app: another parameter that is not", nil, func(p *planned) call {
		p.warm(p.forClient(keyport.ClientCredentialsRequest{}))
		return p.forClient(keyport.ClientCredentialsRequest{ExtraParameters: keyport.Parameters{Body: []keyport.Parameter{{Name: "dc", Value: "1"}}}})
	}, serves, 0, ""},
	{"app: another tenant", nil, func(p *planned) call {
		p.warm(p.forClient(keyport.ClientCredentialsRequest{}))
		return p.forClient(keyport.ClientCredentialsRequest{Tenant: otherTenant})
	}, asks, 1, ""},
	{"app: a tenant that is none", nil, func(p *planned) call {
		return p.forClient(keyport.ClientCredentialsRequest{Tenant: "../evil"})
	}, fails, 0, ""},
	{"app: another resource", nil, func(p *planned) call {
		p.warm(p.forClient(keyport.ClientCredentialsRequest{}))
		return p.forClient(keyport.ClientCredentialsRequest{Scopes: []string{"api://reports/.default"}})
	}, asks, 1, ""},
	{"app: a scope that applications cannot ask for", nil, func(p *planned) call {
		return p.forClient(keyport.ClientCredentialsRequest{Scopes: []string{planScope}})
	}, fails, 0, ""},
	{"app: a scope that is none", nil, func(p *planned) call {
		return p.forClient(keyport.ClientCredentialsRequest{Scopes: []string{"a b"}})
	}, fails, 0, ""},
	{"app: an authority of many tenants", func(c *keyport.ConfidentialClientConfig) { c.Authority = "" }, func(p *planned) call {
		return p.forClient(keyport.ClientCredentialsRequest{})
	}, fails, 0, ""},
	{"app: no metadata yet", oidc, func(p *planned) call {
		return p.forClient(keyport.ClientCredentialsRequest{Scopes: []string{"api:read"}})
	}, asks, 2, ""},
	{"app: with metadata", oidc, func(p *planned) call {
		p.warm(p.forClient(keyport.ClientCredentialsRequest{Scopes: []string{"api:read"}}))
		return p.forClient(keyport.ClientCredentialsRequest{Scopes: []string{"api:write"}})
	}, asks, 1, "other scopes"},
	{"app: fewer scopes than cached", oidc, func(p *planned) call {
		p.warm(p.forClient(keyport.ClientCredentialsRequest{Scopes: []string{"api:read", "api:write"}}))
		return p.forClient(keyport.ClientCredentialsRequest{Scopes: []string{"api:write"}})
	}, serves, 0, ""},
	{"app: metadata in the configuration", func(c *keyport.ConfidentialClientConfig) {
		oidc(c)
		c.Metadata = &keyport.ServerMetadata{Issuer: keyporttest.OIDCIssuer, TokenEndpoint: keyporttest.OIDCIssuer + "/token"}
	}, func(p *planned) call {
		return p.forClient(keyport.ClientCredentialsRequest{Scopes: []string{"api:read"}})
	}, asks, 1, ""},
	{"app: a host that the configuration vouches for", func(c *keyport.ConfidentialClientConfig) {
		c.Authority, c.DisableInstanceDiscovery = "https://sts.contoso.example/"+keyporttest.TenantID, true
	}, func(p *planned) call {
		p.server.AddHost("sts.contoso.example")
		return p.forClient(keyport.ClientCredentialsRequest{})
	}, asks, 2, ""},
	{"app: a host that Microsoft must vouch for", func(c *keyport.ConfidentialClientConfig) {
		c.Authority = "https://sts.contoso.example/" + keyporttest.TenantID
	}, func(p *planned) call {
		p.server.AddHost("sts.contoso.example")
		return p.forClient(keyport.ClientCredentialsRequest{})
	}, asks, 3, ""},
	{"app: a broken cache", nil, func(p *planned) call {
		p.cache.broken.Store(true)
		return p.forClient(keyport.ClientCredentialsRequest{})
	}, asks, 1, ""},
	{"app: a provider of credentials", func(c *keyport.ConfidentialClientConfig) {
		own := c.Credential
		c.Credential = keyport.CredentialFunc(func(context.Context, keyport.CredentialRequest) (keyport.Credential, error) { return own, nil })
	}, func(p *planned) call { return p.forClient(keyport.ClientCredentialsRequest{}) }, asks, 1, ""},
	{"app: kept back after Retry-After", nil, func(p *planned) call {
		p.server.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointToken, Times: 1, Status: 429, Header: http.Header{"Retry-After": {"60"}}, Body: `{"error":"temporarily_unavailable"}`})
		c := p.forClient(keyport.ClientCredentialsRequest{})
		_, _ = c.acquire(p.ctx)
		return c
	}, fails, 0, ""},
	{"app: kept back with a certificate", func(c *keyport.ConfidentialClientConfig) {
		certificate := keyporttest.NewCertificate("x")
		c.Credential = keyport.ClientCertificate(keyport.CertificateSource{PEM: append(certificate.KeyPEM(), certificate.PEM()...)}, keyport.CertificateOptions{})
	}, func(p *planned) call {
		c := p.forClient(keyport.ClientCredentialsRequest{})
		_, _ = c.acquire(p.ctx)
		return c
	}, fails, 0, ""},
	{"app: in a region", func(c *keyport.ConfidentialClientConfig) { c.AzureRegion = "westus2" }, func(p *planned) call {
		return p.forClient(keyport.ClientCredentialsRequest{})
	}, asks, 1, ""},
	{"app: closed", nil, func(p *planned) call {
		if err := p.app.Close(p.ctx); err != nil {
			p.t.Fatal(err)
		}
		return p.forClient(keyport.ClientCredentialsRequest{})
	}, fails, 0, ""},
	{"app: a context that has ended", nil, func(p *planned) call {
		ended, cancel := context.WithCancel(p.ctx)
		cancel()
		p.ctx = ended
		return p.forClient(keyport.ClientCredentialsRequest{})
	}, fails, 0, ""},
}

var userSituations = []situation{
	{"user: no account", nil, func(p *planned) call { return p.silent(keyport.SilentRequest{}) }, fails, 0, ""},
	{"user: a stranger", nil, func(p *planned) call {
		return p.silent(keyport.SilentRequest{Account: keyport.Account{HomeAccountID: "nobody." + keyporttest.TenantID}})
	}, fails, 0, ""},
	{"user: no scopes", nil, func(p *planned) call {
		return p.silent(keyport.SilentRequest{Account: p.signIn(p.app), Scopes: []string{}})
	}, fails, 0, ""},
	{"user: fresh", nil, func(p *planned) call { return p.silent(keyport.SilentRequest{Account: p.signIn(p.app)}) }, serves, 0, ""},
	{"user: stale", nil, func(p *planned) call {
		account := p.signIn(p.app)
		p.advance(40 * time.Minute)
		return p.silent(keyport.SilentRequest{Account: account})
	}, behind, 1, ""},
	{"user: due", nil, func(p *planned) call {
		account := p.signIn(p.app)
		p.advance(57 * time.Minute)
		return p.silent(keyport.SilentRequest{Account: account})
	}, renews, 1, "due"},
	{"user: expired", nil, func(p *planned) call {
		account := p.signIn(p.app)
		p.advance(2 * time.Hour)
		return p.silent(keyport.SilentRequest{Account: account})
	}, asks, 1, "expired"},
	{"user: another scope", nil, func(p *planned) call {
		return p.silent(keyport.SilentRequest{Account: p.signIn(p.app), Scopes: []string{keyporttest.Graph + "/Mail.Read"}})
	}, asks, 1, "other scopes"},
	{"user: forced", nil, func(p *planned) call {
		return p.silent(keyport.SilentRequest{Account: p.signIn(p.app), ForceRefresh: true})
	}, asks, 1, "wants a new one"},
	{"user: a claims challenge", nil, func(p *planned) call {
		return p.silent(keyport.SilentRequest{Account: p.signIn(p.app), ClaimsChallenge: claimsChallenge})
	}, asks, 1, "wants a new one"},
	{"user: a scheme that takes a broker", nil, func(p *planned) call {
		return p.silent(keyport.SilentRequest{Account: p.signIn(p.app), Scheme: keyport.PoP{Method: "GET", URL: "https://api.example/"}})
	}, fails, 0, ""},
	{"user: a correlation id that no header can have", nil, func(p *planned) call {
		return p.silent(keyport.SilentRequest{Account: p.signIn(p.app), ForceRefresh: true, CorrelationID: "a b"})
	}, fails, 0, "wants a new one"},
	{"user: at B2C, with metadata", func(c *keyport.ConfidentialClientConfig) { c.Authority = keyporttest.B2CAuthorityURL }, func(p *planned) call {
		p.server.AddResource("https://contoso.onmicrosoft.com/api")
		flow, response := begin(p.t, p.server, p.app, keyport.AuthCodeFlowRequest{Scopes: []string{"https://contoso.onmicrosoft.com/api/read"}})
		r, err := p.app.AcquireTokenByAuthCodeFlow(p.ctx, flow, response)
		if err != nil {
			p.t.Fatal(err)
		}
		return p.silent(keyport.SilentRequest{Account: r.Account, Scopes: []string{"https://contoso.onmicrosoft.com/api/write"}})
	}, asks, 1, "other scopes"},
	{"user: a broken cache", nil, func(p *planned) call {
		account := p.signIn(p.app)
		p.cache.broken.Store(true)
		return p.silent(keyport.SilentRequest{Account: account})
	}, fails, 0, ""},

	{"on behalf: nothing cached", nil, func(p *planned) call {
		return p.onBehalfOf(keyport.OnBehalfOfRequest{UserAssertion: p.assertion(p.signIn(p.app))})
	}, asks, 1, ""},
	{"on behalf: fresh", nil, func(p *planned) call {
		return p.warm(p.onBehalfOf(keyport.OnBehalfOfRequest{UserAssertion: p.assertion(p.signIn(p.app))}))
	}, serves, 0, ""},
	{"on behalf: another assertion", nil, func(p *planned) call {
		account := p.signIn(p.app)
		p.warm(p.onBehalfOf(keyport.OnBehalfOfRequest{UserAssertion: p.assertion(account)}))
		r, err := p.app.AcquireTokenSilent(p.ctx, keyport.SilentRequest{Scopes: []string{"api://my-app/read"}, Account: account, ForceRefresh: true})
		if err != nil {
			p.t.Fatal(err)
		}
		return p.onBehalfOf(keyport.OnBehalfOfRequest{UserAssertion: r.AccessToken})
	}, asks, 1, ""},
	{"on behalf: other scopes", nil, func(p *planned) call {
		assertion := p.assertion(p.signIn(p.app))
		p.warm(p.onBehalfOf(keyport.OnBehalfOfRequest{UserAssertion: assertion}))
		return p.onBehalfOf(keyport.OnBehalfOfRequest{UserAssertion: assertion, Scopes: []string{keyporttest.Graph + "/Mail.Read"}})
	}, asks, 1, "other scopes"},
	{"on behalf: forced", nil, func(p *planned) call {
		assertion := p.assertion(p.signIn(p.app))
		p.warm(p.onBehalfOf(keyport.OnBehalfOfRequest{UserAssertion: assertion}))
		return p.onBehalfOf(keyport.OnBehalfOfRequest{UserAssertion: assertion, ForceRefresh: true})
	}, asks, 1, "wants a new one"},
	{"on behalf: no assertion", nil, func(p *planned) call { return p.onBehalfOf(keyport.OnBehalfOfRequest{}) }, fails, 0, ""},
	{"on behalf: no scopes", nil, func(p *planned) call {
		return p.onBehalfOf(keyport.OnBehalfOfRequest{UserAssertion: p.assertion(p.signIn(p.app)), Scopes: []string{}})
	}, fails, 0, ""},
}
