package application

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"time"

	"github.com/seed57855a68/keyport/application/internal/flight"
	"github.com/seed57855a68/keyport/application/internal/tokenendpoint"
	"github.com/seed57855a68/keyport/domain"
)

// lookup is where a token is filed. It is computed once for a request and carried.
type lookup struct {
	partition domain.PartitionKey
	key       domain.RecordKey
}

// plan is what the corridor walks: where to look, and what to do when nothing is there.
type plan struct {
	lookup
	operation string
	scopes    domain.Scopes // as requested
	claims    string        // part of the flight's identity: callers with other claims do not share
	forced    bool          // the cached access token will not do
	detached  bool          // the server remembers: finish even when all callers have gone

	// redeem asks the server. It returns the response, and what the cache gains by it
	// apart from the access token.
	redeem func(ctx context.Context, reason domain.RefreshReason) (redeemed, error)
}

// redeemed is a token response and how it was come by.
type redeemed struct {
	response      tokenendpoint.Response
	grant         domain.Grant // without the access token
	correlationID string
	endpoint      string
}

// flightKey tells which callers want the same thing from the server.
type flightKey struct {
	lookup
	claims string
	forced bool
}

// found is what the cache had.
type found struct {
	token *domain.AccessToken
	state domain.Freshness
	mark  uint64 // taken before the cache was asked
}

// landed is what a flight brought to all aboard.
type landed struct {
	token  *domain.AccessToken
	result domain.Result // of the flight; a caller's own says who shared
}

// lookUp asks the cache: the first crossing, and for a fresh token the only one. A
// cache that cannot be read counts as empty and is reported.
func (c *core) lookUp(ctx context.Context, l lookup) (found, error) {
	mark := c.flights.Mark()
	set, err := c.ports.TokenCache.Load(ctx, l.partition)
	if err != nil {
		if ctx.Err() != nil {
			return found{}, ctx.Err()
		}
		c.report(ctx, "read the token cache", err)
		return found{mark: mark}, nil
	}
	token, state := set.Select(l.key, c.ports.Clock.Now())
	return found{token, state, mark}, nil
}

// acquire walks a plan from what the cache had to a result. The caller has dealt
// with fresh tokens.
func (c *core) acquire(ctx context.Context, p plan, f found) (domain.Result, error) {
	reason := reasonFor(p, f)
	switch {
	case p.forced:
	case f.state == domain.Stale:
		c.renewBehind(ctx, p, f)
		return domain.ResultOf(f.token, p.partition, domain.SourceCache, domain.ReasonNotApplicable), nil
	case f.state == domain.Due && !c.pauses.over(pauseKey{p.lookup, true}, c.ports.Clock.Now()):
		return domain.ResultOf(f.token, p.partition, domain.SourceCache, domain.ReasonNotApplicable), nil
	}
	key := flightKey{p.lookup, p.claims, p.forced}
	v, shared, err := c.flights.Do(ctx, key, f.mark, flight.Options{Timeout: c.timeout, Detached: p.detached}, c.work(p, reason))
	switch {
	case err == nil:
		result := v.result
		result.Metadata.Shared = shared
		return result, nil
	case f.state == domain.Due && !p.forced && ctx.Err() == nil:
		// The old token is good for a few minutes yet. Whatever went wrong, it serves.
		c.report(ctx, "renew the token", err)
		c.pauses.set(pauseKey{p.lookup, true}, c.ports.Clock.Now().Add(duePause))
		return domain.ResultOf(f.token, p.partition, domain.SourceCache, reason), nil
	}
	return domain.Result{}, err
}

func reasonFor(p plan, f found) domain.RefreshReason {
	switch {
	case p.forced:
		return domain.ReasonForced
	case f.state == domain.Absent:
		return domain.ReasonNoCachedToken
	case f.state == domain.Stale:
		return domain.ReasonProactiveRefresh
	}
	return domain.ReasonExpired
}

// work is what one flight does for all aboard: redeem, then store.
func (c *core) work(p plan, reason domain.RefreshReason) flight.Work[landed] {
	return func(ctx context.Context, lookAgain bool) (landed, error) {
		if lookAgain && !p.forced {
			f, err := c.lookUp(ctx, p.lookup)
			if err == nil && serves(f.state, reason) {
				return landed{f.token, domain.ResultOf(f.token, p.partition, domain.SourceCache, domain.ReasonNotApplicable)}, nil
			}
		}
		got, err := p.redeem(ctx, reason)
		if err != nil {
			return landed{}, err
		}
		return c.store(ctx, p, reason, got), nil
	}
}

// serves reports whether a token that another flight stored spares this one.
func serves(state domain.Freshness, reason domain.RefreshReason) bool {
	return state == domain.Fresh || (state == domain.Stale && reason != domain.ReasonProactiveRefresh)
}

// store files what was redeemed. A cache that cannot be written costs the next
// caller a request; this one has a token.
func (c *core) store(ctx context.Context, p plan, reason domain.RefreshReason, got redeemed) landed {
	now := c.ports.Clock.Now()
	token := accessToken(p, got.response, now)
	grant := got.grant
	grant.AccessToken, grant.Forced = token, p.forced

	var failed error
	if token.ExpiresOn.After(now) || grant.RefreshToken != nil {
		failed = c.ports.TokenCache.Update(ctx, p.partition, func(s domain.TokenSet) (domain.TokenSet, error) {
			return s.With(grant, now), nil
		})
	}
	if failed != nil {
		c.report(ctx, "write the token cache", failed)
	}
	result := domain.ResultOf(token, p.partition, domain.SourceIdentityProvider, reason)
	result.Metadata.CorrelationID = got.correlationID
	result.Metadata.TokenEndpoint = got.endpoint
	result.Metadata.CacheError = failed
	for name, raw := range got.response.Extra {
		if result.ExtraFields == nil {
			result.ExtraFields = make(map[string]json.RawMessage, len(got.response.Extra))
		}
		result.ExtraFields[name] = raw
	}
	return landed{token, result}
}

// accessToken files the response's token under what was asked for, so that the
// same request finds it again, with the scopes that were granted.
func accessToken(p plan, r tokenendpoint.Response, now time.Time) *domain.AccessToken {
	t := &domain.AccessToken{
		Key: p.key, Secret: r.AccessToken, Type: r.TokenType, Scopes: r.Scopes, CachedAt: now,
	}
	if t.Scopes.IsZero() {
		t.Scopes = p.scopes
	}
	if !r.HasExpiry {
		return t // good for this caller; when it ends is anybody's guess, so it is not cached
	}
	t.ExpiresOn = now.Add(r.ExpiresIn)
	if r.ExtExpiresIn > 0 {
		t.ExtendedExpiresOn = now.Add(r.ExtExpiresIn)
	}
	if r.RefreshIn > 0 {
		t.RefreshOn = now.Add(r.RefreshIn - jitter(r.RefreshIn/10))
	}
	return t
}

// jitter returns a random part of most, so that a fleet that got its tokens
// together does not renew them together.
func jitter(most time.Duration) time.Duration {
	if most <= 0 {
		return 0
	}
	var b [8]byte
	_, _ = rand.Read(b[:])
	return time.Duration(binary.LittleEndian.Uint64(b[:]) % uint64(most)) //nolint:gosec // both are positive
}
