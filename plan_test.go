package keyport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
)

// watchedCache counts the crossings of a cache, and can fail.
type watchedCache struct {
	ports.TokenCache
	loads, updates atomic.Int64
	broken         atomic.Bool
}

var errBrokenCache = errors.New("the disk is full")

func (c *watchedCache) Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	c.loads.Add(1)
	if c.broken.Load() {
		return domain.TokenSet{}, errBrokenCache
	}
	return c.TokenCache.Load(ctx, key)
}

func (c *watchedCache) Update(ctx context.Context, key domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error)) error {
	c.updates.Add(1)
	return c.TokenCache.Update(ctx, key, change)
}

// planned is a client in front of an authority, and what it planned.
type planned struct {
	t      *testing.T
	server *keyporttest.Authority
	cache  *watchedCache
	app    *keyport.ConfidentialClient
	ctx    context.Context
}

const planScope = keyporttest.Graph + "/User.Read"

func newPlanned(t *testing.T, change func(*keyport.ConfidentialClientConfig)) *planned {
	t.Helper()
	server := keyporttest.New(keyporttest.Options{})
	server.AddResource("api://reports")
	secret := keyporttest.PlantSecret("client secret")
	server.AddApp(keyporttest.App{
		ClientID: "my-app", Secrets: []string{secret}, RedirectURIs: []string{redirectURI}, IdentifierURIs: []string{"api://my-app"},
	})
	server.AddTenant(keyporttest.Tenant{ID: otherTenant, Domains: []string{"fabrikam.example"}})
	server.SetTokenLifetime(time.Hour, 30*time.Minute)
	clock := server.Clock()
	cache := &watchedCache{TokenCache: cachememory.NewTokenCache(cachememory.TokenCacheOptions{Clock: clock})}
	config := keyport.ConfidentialClientConfig{
		ClientID: "my-app", Authority: keyporttest.AuthorityURL, Credential: keyport.ClientSecret(secret),
		Ports: keyport.Ports{HTTPClient: server.Client(), Clock: clock, TokenCache: cache},
	}
	if change != nil {
		change(&config)
	}
	app, err := keyport.NewConfidentialClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return &planned{t: t, server: server, cache: cache, app: app, ctx: t.Context()}
}

const otherTenant = "0f0e0d0c-1111-2222-3333-444455556666"

func (p *planned) advance(d time.Duration) { p.server.Clock().Advance(d) }

// failing has the token endpoint fail the next time.
func (p *planned) failing() {
	p.server.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointToken, Times: 1, Status: http.StatusServiceUnavailable, Body: "busy"})
}

func (p *planned) signIn(app *keyport.ConfidentialClient) keyport.Account {
	p.t.Helper()
	flow, response := begin(p.t, p.server, app, keyport.AuthCodeFlowRequest{Scopes: []string{planScope}})
	r, err := app.AcquireTokenByAuthCodeFlow(p.ctx, flow, response)
	if err != nil {
		p.t.Fatal(err)
	}
	return r.Account
}

// assertion is an access token for the API that the client is.
func (p *planned) assertion(account keyport.Account) keyport.Secret {
	p.t.Helper()
	r, err := p.app.AcquireTokenSilent(p.ctx, keyport.SilentRequest{Scopes: []string{"api://my-app/read"}, Account: account})
	if err != nil {
		p.t.Fatal(err)
	}
	return r.AccessToken
}

// call plans a request, sends it, and compares.
type call struct {
	plan    func(context.Context) keyport.TokenPlan
	acquire func(context.Context) (keyport.Result, error)
}

func (p *planned) forClient(r keyport.ClientCredentialsRequest) call {
	if r.Scopes == nil {
		r.Scopes = []string{keyporttest.Graph + "/.default"}
	}
	return call{
		func(ctx context.Context) keyport.TokenPlan { return p.app.PlanTokenForClient(ctx, r) },
		func(ctx context.Context) (keyport.Result, error) { return p.app.AcquireTokenForClient(ctx, r) },
	}
}

func (p *planned) silent(r keyport.SilentRequest) call {
	if r.Scopes == nil {
		r.Scopes = []string{planScope}
	}
	return call{
		func(ctx context.Context) keyport.TokenPlan { return p.app.PlanTokenSilent(ctx, r) },
		func(ctx context.Context) (keyport.Result, error) { return p.app.AcquireTokenSilent(ctx, r) },
	}
}

func (p *planned) onBehalfOf(r keyport.OnBehalfOfRequest) call {
	if r.Scopes == nil {
		r.Scopes = []string{planScope}
	}
	return call{
		func(ctx context.Context) keyport.TokenPlan { return p.app.PlanTokenOnBehalfOf(ctx, r) },
		func(ctx context.Context) (keyport.Result, error) { return p.app.AcquireTokenOnBehalfOf(ctx, r) },
	}
}

// warm makes a request once, so that its token is cached.
func (p *planned) warm(c call) call {
	p.t.Helper()
	if _, err := c.acquire(p.ctx); err != nil {
		p.t.Fatal(err)
	}
	return c
}

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

// TestPlansComeTrue: whatever the situation, the request does what its plan says, and
// planning it changes nothing.
func TestPlansComeTrue(t *testing.T) {
	for _, s := range append(append([]situation{}, appSituations...), userSituations...) {
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPlanned(t, s.change)
				c := s.given(p)
				before := len(p.server.Requests())
				loads, updates := p.cache.loads.Load(), p.cache.updates.Load()

				plan := c.plan(p.ctx)
				if plan.Outcome != s.want || len(plan.Requests) != s.sends {
					t.Errorf("the plan is to send %d requests, want %d and that it %v:\n%v", len(plan.Requests), s.sends, s.want, plan)
				}
				if got := len(p.server.Requests()) - before; got != 0 {
					t.Errorf("planning sends %d requests", got)
				}
				if got := p.cache.loads.Load() - loads; got > 2 || got > 1 && !strings.HasPrefix(s.name, "user:") {
					t.Errorf("planning reads the cache %d times", got)
				}
				if p.cache.updates.Load() != updates {
					t.Error("planning writes to the cache")
				}
				checkMisses(t, plan, s.misses)
				keyporttest.AssertClean(t, p.server, "the plan", plan.String(), fmt.Sprintf("%+v", plan), plan.Requests, plan.Tokens)
				if again := c.plan(p.ctx); again.String() != plan.String() {
					t.Errorf("planned again, it is\n%v\nand was\n%v", again, plan)
				}

				got, err := c.acquire(p.ctx)
				synctest.Wait() // for what goes on in the background
				checkCame(t, p, plan, got, err, p.server.Requests()[before:])
			})
		})
	}
}

func checkMisses(t *testing.T, plan keyport.TokenPlan, want string) {
	t.Helper()
	served := 0
	for _, token := range plan.Tokens {
		if token.Serves {
			served++
		}
		if token.Serves == (len(token.Misses) > 0) {
			t.Errorf("a token that serves has no misses, and any other has: %v", token)
		}
	}
	if want := plan.Outcome == serves || plan.Outcome == behind; want != (served == 1) || want && !plan.Tokens[0].Serves {
		t.Errorf("%d tokens serve:\n%v", served, plan)
	}
	if want != "" && (len(plan.Tokens) == 0 || !strings.Contains(strings.Join(plan.Tokens[0].Misses, ", "), want)) {
		t.Errorf("the nearest token does not miss by %q:\n%v", want, plan)
	}
}

// checkCame compares a plan with what the request did.
func checkCame(t *testing.T, p *planned, plan keyport.TokenPlan, got keyport.Result, err error, sent []keyporttest.Request) {
	t.Helper()
	var real []keyporttest.Request
	for _, r := range sent {
		if r.Endpoint != keyporttest.EndpointKeys { // a plan does not know what is in the answer
			real = append(real, r)
		}
	}
	if len(real) != len(plan.Requests) {
		t.Fatalf("%d requests were sent, %d planned", len(real), len(plan.Requests))
	}
	for i, r := range plan.Requests {
		checkSent(t, r, real[i])
	}
	switch plan.Outcome {
	case fails:
		if err == nil || plan.Err == nil || err.Error() != plan.Err.Error() {
			t.Errorf("got error %v, planned %v", err, plan.Err)
		}
		return
	case serves, behind:
		if err != nil || got.Metadata.Source != keyport.SourceCache {
			t.Errorf("got a token from %v, %v; planned one from the cache", got.Metadata.Source, err)
		}
	case renews, asks:
		if err != nil || got.Metadata.Source != keyport.SourceIdentityProvider || got.Metadata.RefreshReason != plan.Reason {
			t.Errorf("got a token from %v because of %v, %v; planned one from the server because of %v",
				got.Metadata.Source, got.Metadata.RefreshReason, err, plan.Reason)
		}
	}
	if partition, _ := got.Filed(); partition != plan.Partition {
		t.Errorf("the token is filed in %v, planned %v", partition, plan.Partition)
	}
	for _, token := range plan.Tokens {
		if token.Serves && (!token.ExpiresOn.Equal(got.ExpiresOn) || token.Scopes != got.Scopes) {
			t.Errorf("the token that serves is another than planned: %v", token)
		}
	}
	_ = p
}

// checkSent compares a planned request with the real one: where it goes, and each
// parameter of the form.
func checkSent(t *testing.T, planned domain.PlannedRequest, sent keyporttest.Request) {
	t.Helper()
	where := "https://" + sent.URL.Host + sent.URL.Path
	if planned.URL != "" && planned.URL != where || planned.Method != sent.Method || planned.Operation != string(sent.Endpoint)+endpointSuffix[sent.Endpoint] {
		t.Errorf("%s %s was sent to the %s, planned:\n%v", sent.Method, where, sent.Endpoint, planned)
	}
	if planned.URL == "" || planned.Authentication == "what the credential provider brings" {
		return // some of it was not known
	}
	form := url.Values{}
	for _, p := range planned.Parameters {
		form.Set(p.Name, p.Value)
	}
	for name := range sent.Form {
		if value := form.Get(name); value == "" || value != domain.Redacted && value != sent.Form.Get(name) {
			t.Errorf("%s is planned as %q, and another value was sent", name, value)
		}
		form.Del(name)
	}
	if len(form) > 0 {
		t.Errorf("planned and not sent: %v", form)
	}
}

var endpointSuffix = map[keyporttest.Endpoint]string{keyporttest.EndpointToken: " endpoint"}
