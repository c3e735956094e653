package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"golang.org/x/oauth2"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/cachememory"
)

const (
	clientID = "11111111-2222-3333-4444-555555555555"
	graph    = "https://graph.microsoft.com/.default"
	home     = "72f988bf-86f1-41af-91ab-2d7cd011db47"
)

// stub answers token requests at once, inside the process, with tokens of the
// usual 1.7 KB; and the discovery requests of those who make them.
type stub struct{ n atomic.Int64 }

var filler = strings.Repeat("x", 1700)

// Do implements the HTTP client of both libraries.
func (s *stub) Do(r *http.Request) (*http.Response, error) {
	body := fmt.Sprintf(`{"token_type":"Bearer","expires_in":86400,"access_token":"%s%d"}`, filler, s.n.Add(1))
	if r.Method == http.MethodGet {
		body = discovery(r)
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(body)), Request: r,
	}, nil
}

// CloseIdleConnections is what MSAL for Go asks of a client.
func (s *stub) CloseIdleConnections() {}

func discovery(r *http.Request) string {
	const host = "https://login.microsoftonline.com/"
	if strings.Contains(r.URL.Path, "discovery/instance") {
		return `{"tenant_discovery_endpoint":"` + host + home + `/v2.0/.well-known/openid-configuration","metadata":[{"preferred_network":"login.microsoftonline.com","preferred_cache":"login.windows.net","aliases":["login.microsoftonline.com","login.windows.net"]}]}`
	}
	tenant, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	return `{"issuer":"` + host + tenant + `/v2.0","token_endpoint":"` + host + tenant + `/oauth2/v2.0/token","authorization_endpoint":"` + host + tenant + `/oauth2/v2.0/authorize"}`
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// subject is a filled contender: op acquires the i-th token (or a token of any
// number, which it brings into range).
type subject struct {
	name string
	op   func(i int)
}

// spread visits n items in an order that caches cannot guess.
func spread(i, n int) int { return int(uint(i) * 2654435761 % uint(n)) }

func tenants(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%08x-0000-4000-8000-%012x", i, i)
	}
	return names
}

func resources(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("https://resource-%08x.example/.default", i)
	}
	return names
}

// limit is the least that any cache can do: a map with keys of its own, read under
// a read lock by a caller who has the key in hand.
func limit(names []string) subject {
	c := &rawMap{m: make(map[string]rawToken, len(names))}
	for _, name := range names {
		c.m[strings.Clone(name)] = rawToken{filler, time.Now().Add(time.Hour)}
	}
	return subject{"map under RLock", func(i int) {
		if t, ok := c.get(names[spread(i, len(names))]); !ok || t.value == "" {
			panic("no token")
		}
	}}
}

type rawMap struct {
	mu sync.RWMutex // guards m
	m  map[string]rawToken
}

type rawToken struct {
	value   string
	expires time.Time
}

//go:noinline
func (c *rawMap) get(key string) (rawToken, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	t, ok := c.m[key]
	return t, ok
}

func newKeyport(size int) *keyport.ConfidentialClient {
	return must(keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: clientID, Authority: "https://login.microsoftonline.com/" + home, Credential: keyport.ClientSecret("a-secret"),
		Ports: keyport.Ports{
			HTTPClient: &stub{},
			TokenCache: cachememory.NewTokenCache(cachememory.TokenCacheOptions{MaxPartitions: 2*size + 1000}),
		},
	}))
}

// byTenant acquires one resource's token in the tenant of the given name.
func byTenant(app *keyport.ConfidentialClient) func(string) {
	ctx := context.Background()
	return func(name string) {
		must(app.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{Scopes: []string{graph}, Tenant: name}))
	}
}

// byResource acquires a token for the given scope in one tenant.
func byResource(app *keyport.ConfidentialClient) func(string) {
	ctx := context.Background()
	return func(name string) {
		must(app.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{Scopes: []string{name}}))
	}
}

func keyportTenants(names []string) subject   { return filled(names, byTenant) }
func keyportResources(names []string) subject { return filled(names, byResource) }

func filled(names []string, by func(*keyport.ConfidentialClient) func(string)) subject {
	acquire := by(newKeyport(len(names)))
	for _, name := range names {
		acquire(name)
	}
	return subject{"Keyport", func(i int) { acquire(names[spread(i, len(names))]) }}
}

func msalTenants(names []string) subject {
	app, ctx := newMSAL(), context.Background()
	acquire := func(name string) {
		must(app.AcquireTokenByCredential(ctx, []string{graph}, confidential.WithTenantID(name)))
	}
	for _, name := range names {
		acquire(name)
	}
	return subject{"MSAL Go", func(i int) { acquire(names[spread(i, len(names))]) }}
}

func msalResources(names []string) subject {
	app, ctx := newMSAL(), context.Background()
	acquire := func(name string) { must(app.AcquireTokenByCredential(ctx, []string{name})) }
	for _, name := range names {
		acquire(name)
	}
	return subject{"MSAL Go", func(i int) { acquire(names[spread(i, len(names))]) }}
}

func newMSAL() confidential.Client {
	return must(confidential.New("https://login.microsoftonline.com/"+home, clientID,
		must(confidential.NewCredFromSecret("a-secret")), confidential.WithHTTPClient(&stub{})))
}

// oauth2Map is what a program without a library would write.
func oauth2Map(names []string) subject {
	var mu sync.RWMutex
	m := make(map[string]oauth2.TokenSource, len(names))
	for _, name := range names {
		m[name] = oauth2.ReuseTokenSource(&oauth2.Token{AccessToken: filler, Expiry: time.Now().Add(time.Hour)}, nil)
	}
	return subject{"x/oauth2 map", func(i int) {
		name := names[spread(i, len(names))]
		mu.RLock()
		source := m[name]
		mu.RUnlock()
		must(source.Token())
	}}
}
