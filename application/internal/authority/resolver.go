package authority

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/application/internal/flight"
	"github.com/seed57855a68/keyport/application/internal/strictjson"
	"github.com/seed57855a68/keyport/application/internal/throttle"
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
	guard   *throttle.Guard

	flights flight.Group[domain.Authority, domain.ServerMetadata]
}

// New returns a resolver. report is told of a cache that fails, which costs a
// request and nothing else.
func New(c *exchange.Client, cache ports.HTTPCache, clock ports.Clock, timeout time.Duration, o Options, report func(string, error)) *Resolver {
	return &Resolver{http: c, cache: cache, clock: clock, options: o, timeout: timeout, report: report, guard: throttle.New(cache, clock, report)}
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
		if err := r.known(ctx, a); err != nil {
			return domain.ServerMetadata{}, err
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
	m, answer, err := r.askUnlessThrottled(network, a)
	var unknown *unknownAuthority
	switch {
	case err == nil:
		r.store(ctx, cacheKey(a), answer.Body, answer.Life(documentLife))
		return m, nil
	case errors.As(err, &unknown):
		if unknown.lasting {
			r.store(ctx, unknownKey(a), []byte(unknown.why), unknownLife)
		}
		return domain.ServerMetadata{}, unknown.err(a)
	case isOutage(err):
		if m, ok := r.cached(ctx, a, true); ok {
			return m, nil
		}
	}
	return domain.ServerMetadata{}, err
}

// askUnlessThrottled asks unless the server wants a pause.
func (r *Resolver) askUnlessThrottled(ctx context.Context, a domain.Authority) (domain.ServerMetadata, exchange.Answer, error) {
	address := a.MetadataURL()
	pass, err := r.guard.Enter(ctx, throttle.Request{Operation: metadata, Host: a.Host(), Pause: throttle.Key(metadata, address)})
	if err != nil {
		return domain.ServerMetadata{}, exchange.Answer{}, err
	}
	m, answer, err := r.ask(ctx, a, address)
	pass.Done(ctx, err)
	return m, answer, err
}

func (r *Resolver) ask(ctx context.Context, a domain.Authority, address string) (domain.ServerMetadata, exchange.Answer, error) {
	if a.Kind() == domain.KindEntra && !r.trusts(a) {
		if err := r.vouch(ctx, a); err != nil {
			return domain.ServerMetadata{}, exchange.Answer{}, err
		}
	}
	answer, err := r.http.Get(ctx, metadata, address, nil)
	if err != nil {
		return domain.ServerMetadata{}, exchange.Answer{}, err
	}
	if answer.Status >= 400 && answer.Status < 500 && answer.Status != http.StatusTooManyRequests {
		return domain.ServerMetadata{}, exchange.Answer{}, noSuchTenant(answer.Status)
	}
	m, err := parse(a, answer, r.clock.Now())
	return m, answer, err
}

func (r *Resolver) store(ctx context.Context, key string, value []byte, life time.Duration) {
	if err := r.cache.Set(ctx, key, value, r.clock.Now().Add(life)); err != nil {
		r.report("store "+metadata, err)
	}
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
		return &domain.ResponseError{
			Operation: instances, Host: string(domain.AzurePublic), Status: answer.Status, Problem: problem, Err: err,
			RetryAfter: throttle.RetryAfter(answer.Header, r.clock.Now()),
		}
	}
	object, err := strictjson.Parse(answer.Body)
	if err != nil {
		return bad("", err)
	}
	if code, _ := object.String("error"); code != "" {
		if code != "invalid_instance" {
			return bad("refuses to answer", nil)
		}
		return &unknownAuthority{why: noInstance, lasting: true}
	}
	if where, err := object.String("tenant_discovery_endpoint"); err != nil || where == "" || answer.Status != http.StatusOK {
		return bad("names no tenant_discovery_endpoint", nil)
	}
	return nil
}

// cached returns the metadata that the HTTP cache holds; expired too when stale is set.
func (r *Resolver) cached(ctx context.Context, a domain.Authority, stale bool) (domain.ServerMetadata, bool) {
	after := time.Duration(0)
	if stale {
		after = staleLife
	}
	body, ok := r.stored(ctx, cacheKey(a), documentLife, after)
	if !ok {
		return domain.ServerMetadata{}, false
	}
	m, err := parse(a, exchange.Answer{Status: http.StatusOK, Body: body}, r.clock.Now())
	return m, err == nil
}

// stored returns what the HTTP cache has under a key, unless it ended more than after
// ago. Nothing lives longer than life: what seems to was stored when a clock was wrong,
// and counts as ended.
func (r *Resolver) stored(ctx context.Context, key string, life, after time.Duration) ([]byte, bool) {
	value, expires, err := r.cache.Get(ctx, key)
	if err != nil {
		r.report("read "+metadata, err)
		return nil, false
	}
	left := expires.Sub(r.clock.Now())
	if left > life+clockSkew {
		left = 0
	}
	return value, value != nil && (left > 0 || after > 0 && left > -after)
}

// cacheKey is a digest: tenant names are nobody else's business.
func cacheKey(a domain.Authority) string {
	sum := sha256.Sum256([]byte(a.Kind().String() + " " + a.MetadataURL()))
	return "metadata." + base64.RawURLEncoding.EncodeToString(sum[:])
}

// clockSkew is how far apart the clocks may be of those who share a cache.
const clockSkew = time.Minute

// fieldOf is the name of the configuration field that an authority came from.
func fieldOf(a domain.Authority) string {
	if a.Kind() == domain.KindOIDC {
		return "OIDCAuthority"
	}
	return "Authority"
}
