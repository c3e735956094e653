package authority_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/application/internal/authority"
	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
)

const (
	entraOnItsOwnHost = "https://login.contoso.example/" + keyporttest.TenantID
	timeout           = 30 * time.Second
)

// setup is a resolver with everything around it.
type setup struct {
	server   *keyporttest.Authority
	clock    *keyporttest.Clock
	cache    ports.HTTPCache
	resolver *authority.Resolver

	mu      sync.Mutex // guards reports
	reports []string
}

// newSetup returns a resolver that asks a keyporttest authority.
func newSetup(o authority.Options) *setup {
	return newSetupWith(o, cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{}), nil)
}

// newSetupWith takes a cache and, unless it is nil, another HTTP client.
func newSetupWith(o authority.Options, cache ports.HTTPCache, client ports.HTTPClient) *setup {
	s := &setup{server: keyporttest.New(keyporttest.Options{}), cache: cache}
	s.clock = s.server.Clock()
	if client == nil {
		client = s.server.Client()
	}
	s.resolver = authority.New(exchange.New(client), cache, s.clock, timeout, o, func(operation string, err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.reports = append(s.reports, operation+": "+err.Error())
	})
	return s
}

func (s *setup) reported() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reports
}

// asked returns the endpoints that were asked, in order.
func (s *setup) asked() []keyporttest.Endpoint {
	var out []keyporttest.Endpoint
	for _, r := range s.server.Requests() {
		out = append(out, r.Endpoint)
	}
	return out
}

func (s *setup) checkAsked(t *testing.T, want ...keyporttest.Endpoint) {
	t.Helper()
	if diff := cmp.Diff(want, s.asked()); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// scriptMetadata makes the server answer so, from now on.
func (s *setup) scriptMetadata(status int, body string) {
	s.server.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointMetadata, Status: status, Body: body})
}

func (s *setup) mustResolve(t *testing.T, a domain.Authority) domain.ServerMetadata {
	t.Helper()
	m, err := s.resolver.Resolve(t.Context(), a)
	if err != nil {
		t.Fatalf("resolve %v: %v", a, err)
	}
	return m
}

// mustFail expects an error of type E and no metadata.
func mustFail[E error](t *testing.T, s *setup, a domain.Authority) E {
	t.Helper()
	m, err := s.resolver.Resolve(t.Context(), a)
	var want E
	if !errors.As(err, &want) {
		t.Fatalf("resolve %v: got %v, want a %T", a, err, want)
	}
	if diff := cmp.Diff(domain.ServerMetadata{}, m); diff != "" {
		t.Errorf("metadata beside the error (-want +got):\n%s", diff)
	}
	return want
}

func parse(t *testing.T, url string) domain.Authority {
	t.Helper()
	a, err := domain.ParseAuthority(url)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func parseOIDC(t *testing.T, url string) domain.Authority {
	t.Helper()
	a, err := domain.ParseOIDCAuthority(url)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// clientFunc is an HTTP client made of one function.
type clientFunc func(*http.Request) (*http.Response, error)

// Do implements ports.HTTPClient.
func (f clientFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }
