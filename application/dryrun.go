package application

import (
	"context"
	"errors"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/seed57855a68/keyport/application/internal/authority"
	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/application/internal/telemetry"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// dryRun is a double of a client with its doors shut: it reads the token cache and
// changes nothing, and what it sends is kept back and noted. A use case that runs on
// it goes its real way up to the first request, so what it tells cannot drift from what
// the client does. (See docs/adr/0015-diagnoses-and-plans.md.)
type dryRun struct {
	ConfidentialClient // a public client's use cases are among its own

	cache *readOnlyCache
	wire  *closedDoor
}

// newDryRun returns the double of c for requests to one authority, whose metadata
// are given.
func newDryRun(c *core, a domain.Authority, m domain.ServerMetadata) *dryRun {
	d := &dryRun{cache: &readOnlyCache{cache: c.ports.TokenCache}, wire: &closedDoor{}}
	own := &d.core
	own.facts = c.facts
	own.auth.credential, own.logger = c.auth.credential.standIn(), nil
	own.observer, own.watched, own.hooks = nil, false, Hooks{CacheKey: c.hooks.CacheKey} // the others are for requests that are sent
	own.ports = Ports{HTTPClient: d.wire, TokenCache: d.cache, Clock: c.ports.Clock}
	own.http = exchange.New(d.wire)
	own.resolver = authority.New(own.http, nil, c.ports.Clock, c.timeout, authority.Options{Static: &m, Authority: a}, own.reportAlone)
	own.telemetry = telemetry.New("", "")
	own.throttle = c.throttle       // it remembers nothing of requests without an answer
	own.regions = c.regions.Known() // to detect one takes requests
	own.pauses.until = c.pauses.copied()
	return d
}

// standIn is a credential that takes the place of c in a dry run: it is sent in the
// same way, and nobody is asked for a secret or a signature.
func (c Credential) standIn() Credential {
	switch c.kind.(type) {
	case *signerCredential, *funcCredential:
		return Credential{&standInCredential{c.kind}}
	case *providerCredential:
		return Credential{} // it decides when it is asked
	}
	return c // what is at hand; it does not get past the door
}

// standInCredential is one that would have to be asked for an assertion.
type standInCredential struct{ of credentialKind }

func (s *standInCredential) name() string { return s.of.name() }
func (s *standInCredential) check() error { return nil }

// standInAssertion has the form of one.
var standInAssertion = domain.NewSecret("stand.in.")

// copied returns the pauses as they are now.
func (p *pauses) copied() map[pauseKey]time.Time {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return maps.Clone(p.until)
}

// readOnlyCache asks a cache once for each partition, and stores nothing.
type readOnlyCache struct {
	cache ports.TokenCache

	mu   sync.Mutex // guards what follows; one plan's own, so nobody else waits for a slow store
	seen map[domain.PartitionKey]loaded
}

type loaded struct {
	set domain.TokenSet
	err error
}

// Load implements [ports.TokenCache].
func (c *readOnlyCache) Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	l, ok := c.seen[key]
	if !ok {
		l.set, l.err = c.cache.Load(ctx, key)
		if c.seen == nil {
			c.seen = make(map[domain.PartitionKey]loaded)
		}
		c.seen[key] = l
	}
	return l.set, l.err
}

// Update implements [ports.TokenCache].
func (c *readOnlyCache) Update(context.Context, domain.PartitionKey, func(domain.TokenSet) (domain.TokenSet, error)) error {
	return nil
}

// Keys implements [ports.TokenCache].
func (c *readOnlyCache) Keys(context.Context, domain.PartitionFilter) iter.Seq2[domain.PartitionKey, error] {
	return func(func(domain.PartitionKey, error) bool) {}
}

// closedDoor is an HTTP client that sends nothing.
type closedDoor struct {
	mu      sync.Mutex // guards stopped
	stopped []stopped
}

// stopped is a request that was not sent. Its form holds secrets.
type stopped struct {
	method, url string
	header      http.Header
	form        url.Values
}

var errNotSent = errors.New("a dry run sends nothing")

// Do implements [ports.HTTPClient].
func (d *closedDoor) Do(r *http.Request) (*http.Response, error) {
	s := stopped{method: r.Method, url: "https://" + r.URL.Host + r.URL.EscapedPath(), header: r.Header}
	if r.Body != nil {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		if s.form, err = url.ParseQuery(string(body)); err != nil {
			return nil, err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopped = append(d.stopped, s)
	return nil, errNotSent
}

// first returns the first request that was stopped.
func (d *closedDoor) first() (stopped, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.stopped) == 0 {
		return stopped{}, false
	}
	return d.stopped[0], true
}
