package authority

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/application/internal/flight"
	"github.com/seed57855a68/keyport/application/internal/strictjson"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

const (
	documentLife = 24 * time.Hour
	// staleLife is how long after its life a document serves while its server fails.
	staleLife = 7 * 24 * time.Hour
	metadata  = "metadata"
	instances = "instance discovery"
)

// Options are what a client's configuration says about discovery.
type Options struct {
	// Static is the metadata of Authority, given by the caller; nil for none.
	Static    *domain.ServerMetadata
	Authority domain.Authority
	// Trusted hosts need no instance discovery.
	Trusted []string
	// NoInstanceDiscovery trusts every host that the configuration names.
	NoInstanceDiscovery bool
}

// Resolver finds metadata. It is safe for concurrent use.
type Resolver struct {
	http    *exchange.Client
	cache   ports.HTTPCache
	clock   ports.Clock
	options Options
	timeout time.Duration
	report  func(operation string, err error) // a cache that fails

	flights flight.Group[domain.Authority, domain.ServerMetadata]
}

// New returns a resolver. report is told of a cache that fails, which costs a
// request and nothing else.
func New(c *exchange.Client, cache ports.HTTPCache, clock ports.Clock, timeout time.Duration, o Options, report func(string, error)) *Resolver {
	return &Resolver{http: c, cache: cache, clock: clock, options: o, timeout: timeout, report: report}
}

// Close waits for requests under way.
func (r *Resolver) Close(ctx context.Context) error { return r.flights.Close(ctx) }

// Resolve returns the metadata of an authority: where its endpoints are. In a known
// cloud they follow from its name, and nothing is asked.
func (r *Resolver) Resolve(ctx context.Context, a domain.Authority) (domain.ServerMetadata, error) {
	if a.IsKnownCloud() && (r.options.Static == nil || a != r.options.Authority) {
		m, _ := a.KnownMetadata()
		return m, nil
	}
	return r.Describe(ctx, a)
}

// Describe returns the metadata that the authority publishes, in a known cloud too:
// for what does not follow from its name.
func (r *Resolver) Describe(ctx context.Context, a domain.Authority) (domain.ServerMetadata, error) {
	if r.options.Static != nil && a == r.options.Authority {
		return *r.options.Static, nil
	}
	mark := r.flights.Mark()
	if m, ok := r.cached(ctx, a, false); ok {
		return m, nil
	}
	m, _, err := r.flights.Do(ctx, a, mark, flight.Options{Timeout: r.timeout}, func(ctx context.Context, lookAgain bool) (domain.ServerMetadata, error) {
		if lookAgain {
			if m, ok := r.cached(ctx, a, false); ok {
				return m, nil
			}
		}
		return r.discover(ctx, a)
	})
	return m, err
}

// discover asks the network, and falls back to an old document while a server fails.
func (r *Resolver) discover(ctx context.Context, a domain.Authority) (domain.ServerMetadata, error) {
	// Half of the time is for the network, so that an old document serves in place of
	// a server that hangs.
	network, cancel := context.WithTimeout(ctx, r.timeout/2)
	defer cancel()
	m, body, err := r.ask(network, a)
	if err == nil {
		if err := r.cache.Set(ctx, cacheKey(a), body, r.clock.Now().Add(documentLife)); err != nil {
			r.report("store "+metadata, err)
		}
		return m, nil
	}
	if isOutage(err) {
		if m, ok := r.cached(ctx, a, true); ok {
			return m, nil
		}
	}
	return domain.ServerMetadata{}, err
}

func (r *Resolver) ask(ctx context.Context, a domain.Authority) (domain.ServerMetadata, []byte, error) {
	address := a.MetadataURL()
	if a.Kind() == domain.KindEntra && !r.trusts(a) {
		if err := r.vouch(ctx, a); err != nil {
			return domain.ServerMetadata{}, nil, err
		}
	}
	answer, err := r.http.Get(ctx, metadata, address, nil)
	if err != nil {
		return domain.ServerMetadata{}, nil, err
	}
	if answer.Status >= 400 && answer.Status < 500 && answer.Status != http.StatusTooManyRequests {
		return domain.ServerMetadata{}, nil, &domain.ConfigError{
			Field: fieldOf(a), Problem: "the server knows no such tenant or issuer: " + address + " is not there",
			Remedy: "check the tenant's name or GUID, and that the host is the right cloud",
		}
	}
	m, err := parse(a, answer)
	return m, answer.Body, err
}

// trusts reports whether the host is known, or the configuration vouches for it.
func (r *Resolver) trusts(a domain.Authority) bool {
	return a.IsKnownCloud() || r.options.NoInstanceDiscovery || slices.Contains(r.options.Trusted, a.Host())
}

// vouch asks the public cloud whether a host that is not known here is one of
// Microsoft's. A secret must not go to a host that only the configuration names.
func (r *Resolver) vouch(ctx context.Context, a domain.Authority) error {
	address := "https://" + string(domain.AzurePublic) + "/common/discovery/instance?" + url.Values{
		"api-version":            {"1.1"},
		"authorization_endpoint": {a.String() + "/oauth2/v2.0/authorize"},
	}.Encode()
	answer, err := r.http.Get(ctx, instances, address, nil)
	if err != nil {
		return err
	}
	bad := func(problem string, err error) error {
		return &domain.ResponseError{Operation: instances, Host: string(domain.AzurePublic), Status: answer.Status, Problem: problem, Err: err}
	}
	object, err := strictjson.Parse(answer.Body)
	if err != nil {
		return bad("", err)
	}
	if code, _ := object.String("error"); code != "" {
		if code != "invalid_instance" {
			return bad("refuses to answer", nil)
		}
		return &domain.ConfigError{
			Field: "Authority", Problem: "the host " + a.Host() + " is not known to Microsoft (invalid_instance)",
			Remedy: "check its spelling; for a private cloud or your own host name set KnownAuthorities or DisableInstanceDiscovery, for another identity provider use OIDCAuthority",
		}
	}
	if where, err := object.String("tenant_discovery_endpoint"); err != nil || where == "" || answer.Status != http.StatusOK {
		return bad("names no tenant_discovery_endpoint", nil)
	}
	return nil
}

// cached returns the metadata that the HTTP cache holds; expired too when stale is set.
func (r *Resolver) cached(ctx context.Context, a domain.Authority, stale bool) (domain.ServerMetadata, bool) {
	body, expires, err := r.cache.Get(ctx, cacheKey(a))
	if err != nil {
		r.report("read "+metadata, err)
		return domain.ServerMetadata{}, false
	}
	if stale {
		expires = expires.Add(staleLife)
	}
	if body == nil || !r.clock.Now().Before(expires) {
		return domain.ServerMetadata{}, false
	}
	m, err := parse(a, exchange.Answer{Status: http.StatusOK, Body: body})
	return m, err == nil
}

// cacheKey is a digest: tenant names are nobody else's business.
func cacheKey(a domain.Authority) string {
	sum := sha256.Sum256([]byte(a.Kind().String() + " " + a.MetadataURL()))
	return "metadata." + base64.RawURLEncoding.EncodeToString(sum[:])
}

// fieldOf is the name of the configuration field that an authority came from.
func fieldOf(a domain.Authority) string {
	if a.Kind() == domain.KindOIDC {
		return "OIDCAuthority"
	}
	return "Authority"
}
