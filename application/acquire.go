package application

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/seed57855a68/keyport/application/internal/flight"
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
	claims string // part of the flight's identity: callers with other claims do not share
	forced bool   // the cached access token will not do
	// serial says that what is redeemed is spent by it and that the server remembers: a
	// refresh token. One redemption at a time, and it is finished and stored even when
	// all callers have gone.
	serial bool

	// redeem asks the server and files what it answers.
	redeem func(context.Context, attempt) (domain.Result, error)
}

// attempt is what a redemption is told.
type attempt struct {
	reason domain.RefreshReason
	set    domain.TokenSet // what the cache has in the plan's partition
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
	set   domain.TokenSet
	mark  uint64 // taken before the cache was asked
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
	return found{token, state, set, mark}, nil
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
	result, shared, err := c.flights.Do(ctx, key, f.mark, flight.Options{Timeout: c.longest(p)}, c.work(p, f, reason))
	switch {
	case err == nil:
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

// maxQueue is how long a flight may wait for its turn; its callers rarely do.
const maxQueue = 10 * time.Minute

// longest is how long a flight of the plan may take.
func (c *core) longest(p plan) time.Duration {
	if p.serial {
		return maxQueue + c.timeout
	}
	return c.timeout
}

// work is what one flight does for all aboard.
func (c *core) work(p plan, f found, reason domain.RefreshReason) flight.Work[domain.Result] {
	return func(ctx context.Context, lookAgain bool) (domain.Result, error) {
		if p.serial {
			done, waited, err := c.takeTurn(ctx, p.partition)
			if err != nil {
				return domain.Result{}, err
			}
			defer done()
			lookAgain = lookAgain || waited
		}
		if lookAgain && (p.serial || !p.forced) {
			again, err := c.lookUp(ctx, p.lookup)
			if err != nil {
				return domain.Result{}, err
			}
			if !p.forced && serves(again.state, reason) {
				return domain.ResultOf(again.token, p.partition, domain.SourceCache, domain.ReasonNotApplicable), nil
			}
			f = again
		}
		if p.serial { // from here on the server may remember what the callers forget
			if err := flight.Detach(ctx); err != nil {
				return domain.Result{}, err
			}
			limited, cancel := context.WithTimeout(ctx, c.timeout)
			defer cancel()
			ctx = limited
		}
		return p.redeem(ctx, attempt{reason, f.set})
	}
}

// takeTurn waits until nobody else redeems what is in the partition: in this
// process, and with a Locker in any other.
func (c *core) takeTurn(ctx context.Context, key domain.PartitionKey) (done func(), waited bool, err error) {
	done, waited, err = c.turns.Take(ctx, key)
	if err != nil || c.ports.Locker == nil {
		return done, waited, err
	}
	sum := sha256.Sum256([]byte(key.Text())) // the key names a person
	unlock, err := c.ports.Locker.Lock(ctx, "redeem."+base64.RawURLEncoding.EncodeToString(sum[:]), c.timeout)
	if err != nil {
		if ctx.Err() != nil {
			done()
			return nil, false, ctx.Err()
		}
		c.report(ctx, "lock the refresh token", err) // a lease spares work; what is right rests on the cache
		return done, true, nil
	}
	return func() { unlock(); done() }, true, nil
}

// serves reports whether a token that another flight stored spares this one.
func serves(state domain.Freshness, reason domain.RefreshReason) bool {
	return state == domain.Fresh || (state == domain.Stale && reason != domain.ReasonProactiveRefresh)
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
