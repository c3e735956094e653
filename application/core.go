package application

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/seed57855a68/keyport/application/internal/assertion"
	"github.com/seed57855a68/keyport/application/internal/authority"
	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/application/internal/flight"
	"github.com/seed57855a68/keyport/application/internal/keyset"
	"github.com/seed57855a68/keyport/application/internal/region"
	"github.com/seed57855a68/keyport/application/internal/skew"
	"github.com/seed57855a68/keyport/application/internal/telemetry"
	"github.com/seed57855a68/keyport/application/internal/throttle"
	"github.com/seed57855a68/keyport/application/internal/turn"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

const defaultTimeout = 30 * time.Second

// facts are what the configuration says. They do not change.
type facts struct {
	clientID     string
	authority    domain.Authority
	environment  string // of authority; computed once
	tenant       string // of authority, as caches compare it
	tenanted     bool   // it is one tenant, and does not stand for many
	auth         clientAuth
	capabilities []string
	exclude      domain.Scopes // of those that are added for users
	unverified   bool          // ID tokens are taken without their signature
	timeout      time.Duration
	ports        Ports
	logger       *slog.Logger
	logPII       bool
	hooks        Hooks
	observer     ports.Observer // nil for none
	watched      bool           // by an observer or a logger
}

// core is what every kind of client has.
type core struct {
	facts

	http       *exchange.Client
	resolver   *authority.Resolver
	keys       *keyset.Resolver
	assertions assertion.Cache
	regions    *region.Finder // nil for none
	skew       skew.Skew
	telemetry  *telemetry.Client
	throttle   *throttle.Guard // nil when the client is not to keep back requests
	flights    flight.Group[flightKey, domain.Result]
	turns      turn.Queue[domain.PartitionKey]
	pauses     pauses
	scopeLists scopeLists
	flows      spentFlows
	closed     atomic.Bool

	observerBroke atomic.Bool // and that was logged
}

// settings are what the configurations of all kinds of client have in common.
type settings struct {
	clientID, authority, oidcAuthority string

	skipValidation, noDiscovery bool
	knownAuthorities            []string
	clouds                      []domain.CloudInfo
	metadata                    *domain.ServerMetadata
	appName, appVersion         string
	capabilities, excludeScopes []string
	unverified, unthrottled     bool
	timeout                     time.Duration
	ports                       Ports
	logger                      *slog.Logger
	logPII                      bool
	hooks                       Hooks
	auth                        clientAuth
}

// start fills a core from checked settings. It sends nothing.
func (c *core) start(s settings) error {
	a, err := s.check()
	if err != nil {
		return err
	}
	c.clientID, c.authority = s.clientID, a
	c.environment, c.tenant, c.tenanted = a.Environment(), a.TenantKey(), a.IsTenanted()
	c.auth, c.unverified = s.auth, s.unverified
	c.capabilities = append([]string(nil), s.capabilities...)
	c.exclude = domain.ScopesFromResponse(strings.Join(s.excludeScopes, " "))
	c.ports, c.logger, c.logPII, c.hooks = s.ports, s.logger, s.logPII, s.hooks
	c.ports.Locker = s.ports.locker()
	if c.timeout = s.timeout; c.timeout == 0 {
		c.timeout = defaultTimeout
	}
	c.http = exchange.New(s.ports.HTTPClient)
	if c.observer = s.ports.observer(); c.observer != nil {
		c.ports.TokenCache = observedCache{s.ports.TokenCache, c}
	}
	if c.watched = c.observer != nil || c.logger != nil; c.watched {
		c.http.Measure(c.requests)
	}
	c.telemetry = telemetry.New(s.appName, s.appVersion)
	report, documents := c.reportAlone, patient(s.ports.HTTPCache, c.timeout)
	if !s.unthrottled {
		c.throttle = throttle.New(documents, s.ports.Clock, report)
	}
	c.keys = keyset.New(c.http, documents, s.ports.Clock, c.timeout/2, report) // half, so that what came before is stored
	c.resolver = authority.New(c.http, documents, s.ports.Clock, c.timeout, authority.Options{
		Static: s.metadata, Authority: a, Trusted: lowered(s.knownAuthorities),
		NoInstanceDiscovery: s.noDiscovery || s.skipValidation,
	}, report)
	c.debug(context.Background(), "a client was made", slog.String("authority_kind", a.Kind().String()), slog.String("host", c.environment),
		c.personal("tenant", c.tenant))
	return nil
}

// startRegion is what more a client does that may have a region. It sends nothing.
func (c *core) startRegion(setting string) (err error) {
	environment := c.ports.Environment
	if isNil(environment) {
		environment = nil
	}
	c.regions, err = region.New(setting, c.authority, environment, c.http, c.ports.Clock, c.reportAlone)
	return err
}

// lowered returns hosts as authorities have them.
func lowered(hosts []string) []string {
	out := make([]string, len(hosts))
	for i, h := range hosts {
		out[i] = strings.ToLower(h)
	}
	return out
}

// reportAlone is report for what no caller's context belongs to.
func (c *core) reportAlone(operation string, err error) {
	c.report(context.Background(), operation, err)
}

// ready refuses what must not start.
func (c *core) ready(ctx context.Context) error {
	if ctx == nil {
		return &domain.ConfigError{Field: "ctx", Problem: "is nil", Remedy: "pass context.Background() or the request's context"}
	}
	if c.closed.Load() {
		return domain.ErrClientClosed
	}
	return ctx.Err()
}

// close refuses further calls and waits for work under way.
func (c *core) close(ctx context.Context) error {
	c.closed.Store(true)
	return errors.Join(c.flights.Close(ctx), c.resolver.Close(ctx), c.keys.Close(ctx), c.assertions.Close(ctx), c.regions.Close(ctx))
}

// invalidate takes a token that a resource has refused out of the cache.
func (c *core) invalidate(ctx context.Context, refused domain.Result) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	partition, _ := refused.Filed()
	if partition.IsZero() || refused.AccessToken.IsZero() {
		return &domain.ConfigError{Field: "Result", Problem: "was not made by a client", Remedy: "pass the result that the token came in"}
	}
	err := c.ports.TokenCache.Update(ctx, partition, func(s domain.TokenSet) (domain.TokenSet, error) {
		return s.WithoutToken(refused.AccessToken), nil
	})
	if err != nil {
		return errors.Join(errors.New("invalidate the token: the token cache could not be written"), err)
	}
	c.debug(ctx, "a token that a resource refused was forgotten", slog.String("partition", partition.Kind().String()))
	return nil
}

// setAccessTokenKey is [domain.AccessTokenKey] without computing the environment anew.
// It is on the path of every hit, so key, which is zero, is written once and not copied.
func (c *core) setAccessTokenKey(key *domain.RecordKey, tenant string, scopes domain.Scopes, extra string) {
	key.Kind = domain.AccessTokenRecord
	key.Environment = c.environment
	key.Tenant = tenant
	key.ClientID = c.clientID
	key.Scopes = scopes.Key()
	key.Policy = c.authority.Policy()
	key.Extra = extra
}
