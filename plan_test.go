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
				checkCame(t, plan, got, err, p.server.Requests()[before:])
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
func checkCame(t *testing.T, plan keyport.TokenPlan, got keyport.Result, err error, sent []keyporttest.Request) {
	t.Helper()
	var came []keyporttest.Request
	for _, r := range sent {
		if r.Endpoint != keyporttest.EndpointKeys { // a plan does not know what is in the answer
			came = append(came, r)
		}
	}
	if len(came) != len(plan.Requests) {
		t.Fatalf("%d requests were sent, %d planned", len(came), len(plan.Requests))
	}
	for i, r := range plan.Requests {
		checkSent(t, r, came[i])
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
