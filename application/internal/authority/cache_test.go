package authority_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/mock/gomock"

	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/application/internal/authority"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/mocks"
)

// spy is a cache that remembers the keys it was asked to store, and may fail.
type spy struct {
	*cachememory.HTTPCache
	missed func() // what happens once between a miss and its arrival at the caller

	mu       sync.Mutex // guards what follows
	keys     []string
	get, set error
}

func newSpy() *spy {
	return &spy{HTTPCache: cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{})}
}

func (c *spy) Get(ctx context.Context, key string) ([]byte, time.Time, error) {
	if c.get != nil {
		return nil, time.Time{}, c.get
	}
	if err := ctx.Err(); err != nil {
		return nil, time.Time{}, err // as a cache behind a network does
	}
	value, expires, err := c.HTTPCache.Get(ctx, key)
	if happens := c.missed; value == nil && happens != nil {
		c.missed = nil
		happens()
	}
	return value, expires, err
}

func (c *spy) Set(ctx context.Context, key string, value []byte, expires time.Time) error {
	c.mu.Lock()
	c.keys = append(c.keys, key)
	c.mu.Unlock()
	if c.set != nil {
		return c.set
	}
	return c.HTTPCache.Set(ctx, key, value, expires)
}

func (c *spy) stored() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.keys
}

func TestADocumentServesForADay(t *testing.T) {
	s := newSetup(authority.Options{})
	a := parseOIDC(t, keyporttest.OIDCIssuer)
	first := s.mustResolve(t, a)
	s.clock.Advance(24*time.Hour - 1)
	if diff := cmp.Diff(first, s.mustResolve(t, a)); diff != "" {
		t.Errorf("from the cache (-want +got):\n%s", diff)
	}
	s.checkAsked(t, metadata)
	s.clock.Advance(1)
	s.mustResolve(t, a)
	s.checkAsked(t, metadata, metadata)
	s.clock.Advance(24*time.Hour - 1)
	s.mustResolve(t, a)
	s.checkAsked(t, metadata, metadata)
}

func TestResolversShareACache(t *testing.T) {
	cache := newSpy()
	one, two := newSetupWith(authority.Options{}, cache, nil), newSetupWith(authority.Options{}, cache, nil)
	a := parse(t, keyporttest.B2CAuthorityURL)
	one.mustResolve(t, a)
	two.mustResolve(t, a)
	two.checkAsked(t)
}

func TestEachAuthorityHasItsOwnEntry(t *testing.T) {
	cache := newSpy()
	s := newSetupWith(authority.Options{NoInstanceDiscovery: true}, cache, nil)
	s.server.AddIssuer("https://login.contoso.example/" + keyporttest.TenantID + "/v2.0")
	authorities := []domain.Authority{
		parseOIDC(t, keyporttest.OIDCIssuer), parseOIDC(t, keyporttest.OIDCIssuerPath), parse(t, keyporttest.ADFSAuthorityURL), parse(t, keyporttest.B2CAuthorityURL),
		parse(t, "https://contoso.b2clogin.com/contoso.onmicrosoft.com/b2c_1_other"), parse(t, keyporttest.CIAMAuthorityURL), parse(t, keyporttest.DSTSAuthorityURL),
		// Two kinds of server may publish at one address. What one may say the other may not.
		parse(t, entraOnItsOwnHost), parseOIDC(t, entraOnItsOwnHost+"/v2.0"),
	}
	for _, a := range authorities {
		s.mustResolve(t, a)
	}
	seen := map[string]bool{}
	for _, key := range cache.stored() {
		if seen[key] {
			t.Errorf("key %s is used twice", key)
		}
		seen[key] = true
		for _, name := range []string{"contoso", keyporttest.TenantID} {
			if strings.Contains(key, name) {
				t.Errorf("key %s holds the name %s", key, name)
			}
		}
	}
	if len(seen) != len(authorities) {
		t.Errorf("%d entries for %d authorities", len(seen), len(authorities))
	}
}

func TestAnEntryThatIsNotGoodIsFetchedAgain(t *testing.T) {
	for name, poison := range map[string]string{
		"another issuer":          document(map[string]any{"issuer": "https://evil.example"}),
		"an endpoint without TLS": document(map[string]any{"token_endpoint": "http://evil.example/token"}),
		"no token endpoint":       document(map[string]any{"token_endpoint": nil}),
		"an error page":           "<html>",
		"nothing":                 "",
	} {
		t.Run(name, func(t *testing.T) {
			cache := newSpy()
			s := newSetupWith(authority.Options{}, cache, nil)
			a := parseOIDC(t, keyporttest.OIDCIssuer)
			good := s.mustResolve(t, a)
			key := cache.stored()[0]
			if err := cache.Set(t.Context(), key, []byte(poison), s.clock.Now().Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if diff := cmp.Diff(good, s.mustResolve(t, a)); diff != "" {
					t.Errorf("metadata (-want +got):\n%s", diff)
				}
			}
			s.checkAsked(t, metadata, metadata) // once more, and the good one has taken its place
		})
	}
}

func TestAPoisonedEntryDoesNotServeWhileTheServerFails(t *testing.T) {
	cache := newSpy()
	s := newSetupWith(authority.Options{}, cache, nil)
	a := parseOIDC(t, keyporttest.OIDCIssuer)
	s.mustResolve(t, a)
	poison := document(map[string]any{"issuer": "https://evil.example"})
	if err := cache.Set(t.Context(), cache.stored()[0], []byte(poison), s.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	s.scriptMetadata(503, "")
	mustFail[*domain.ResponseError](t, s, a)
}

func TestAnOldDocumentServesWhileTheServerFails(t *testing.T) {
	const week = 7 * 24 * time.Hour
	for _, tt := range []struct {
		name  string
		fault keyporttest.Rule
		after time.Duration // the end of the document's life
		ok    bool
	}{
		{"status 503", keyporttest.Rule{Status: 503}, 0, true},
		{"status 500 with a document", keyporttest.Rule{Status: 500, Body: document(nil)}, time.Hour, true},
		{"throttling", keyporttest.Rule{Status: 429}, time.Hour, true},
		{"no connection", keyporttest.Rule{Err: errors.New("connection refused")}, time.Hour, true},
		{"up to a week", keyporttest.Rule{Status: 503}, week - 1, true},
		{"not after a week", keyporttest.Rule{Status: 503}, week, false},
		{"no such tenant", keyporttest.Rule{Status: 404}, 0, false},
		{"another issuer", keyporttest.Rule{Body: document(map[string]any{"issuer": "https://evil.example"})}, 0, false},
		{"page", keyporttest.Rule{Body: "<html>"}, 0, false},
		{"redirect", keyporttest.Rule{Status: 302, Header: http.Header{"Location": {"https://evil.example/"}}}, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSetup(authority.Options{})
			a := parseOIDC(t, keyporttest.OIDCIssuer)
			old := s.mustResolve(t, a)
			s.clock.Advance(24*time.Hour + tt.after)
			tt.fault.Endpoint, tt.fault.Times = metadata, 1
			s.server.Script(tt.fault)
			got, err := s.resolver.Resolve(t.Context(), a)
			if tt.ok {
				if diff := cmp.Diff(old, got); err != nil || diff != "" {
					t.Errorf("%v (-want +got):\n%s", err, diff)
				}
			} else if err == nil {
				t.Error("the old document serves")
			}
			s.clock.Advance(5 * time.Minute)
			s.mustResolve(t, a) // the failure is not kept for long
			s.checkAsked(t, metadata, metadata, metadata)
		})
	}
}

func TestAnOldDocumentServesWhileTheServerHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := newSpy()
		before := newSetupWith(authority.Options{}, cache, nil)
		a := parseOIDC(t, keyporttest.OIDCIssuer)
		old := before.mustResolve(t, a)

		s := newSetupWith(authority.Options{}, cache, clientFunc(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		s.clock.Advance(25 * time.Hour)
		begin := time.Now()
		got, err := s.resolver.Resolve(t.Context(), a)
		if diff := cmp.Diff(old, got); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
		if took := time.Since(begin); took != timeout/2 {
			t.Errorf("took %v, want half of the time that there is", took)
		}
		mustFail[*domain.TransportError](t, s, parseOIDC(t, keyporttest.OIDCIssuerPath)) // of which there is no old one
	})
}

func TestACacheThatFailsCostsARequestAndIsReported(t *testing.T) {
	broken := errors.New("disk full")
	for _, tt := range []struct {
		name   string
		cache  *spy
		report []string
	}{
		{"reading", &spy{get: broken}, []string{"read metadata: disk full", "read metadata: disk full", "read a throttling mark: disk full"}},
		{"writing", &spy{set: broken}, []string{"store metadata: disk full"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.cache.HTTPCache = cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{})
			s := newSetupWith(authority.Options{}, tt.cache, nil)
			for range 2 {
				s.mustResolve(t, parseOIDC(t, keyporttest.OIDCIssuer))
			}
			s.checkAsked(t, metadata, metadata)
			if diff := cmp.Diff(slices.Repeat(tt.report, 2), s.reported()); diff != "" {
				t.Errorf("reported (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMissCostsThreeReadsAndOneWrite(t *testing.T) {
	cache := mocks.NewMockHTTPCache(gomock.NewController(t))
	s := newSetupWith(authority.Options{}, cache, nil)
	s.scriptMetadata(200, document(nil))
	cache.EXPECT().Get(gomock.Any(), gomock.Any()).Return(nil, time.Time{}, nil).Times(3) // the document, that there is none, that the server wants a pause
	cache.EXPECT().Set(gomock.Any(), gomock.Any(), []byte(document(nil)), s.clock.Now().Add(24*time.Hour)).Return(nil).Times(1)
	s.mustResolve(t, parseOIDC(t, keyporttest.OIDCIssuer))
}

func TestACallerWhoMissedLooksAgainWhenAnotherWasQuicker(t *testing.T) {
	cache := newSpy()
	s := newSetupWith(authority.Options{}, cache, nil)
	a := parseOIDC(t, keyporttest.OIDCIssuer)
	cache.missed = func() { s.mustResolve(t, a) }
	s.mustResolve(t, a)
	s.checkAsked(t, metadata)
}

func TestAHundredCallersMakeOneRequest(t *testing.T) {
	s := newSetup(authority.Options{})
	s.server.AddHost("login.contoso.example")
	a := parse(t, entraOnItsOwnHost)
	hold := s.server.Hold(discovery)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if m, err := s.resolver.Resolve(t.Context(), a); err != nil || m.TokenEndpoint == "" {
				t.Errorf("got %q, %v", m.TokenEndpoint, err)
			}
		})
	}
	if err := hold.WaitFor(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	hold.Release()
	all.Wait()
	s.checkAsked(t, discovery, metadata)
}
