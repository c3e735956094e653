package application

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
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
	proof  string // likewise: a digest of what the grant is made with, where the partition does not tell
	// serial says that what is redeemed is spent by it and that the server remembers: a
	// refresh token. One redemption at a time, and it is finished and stored even when
	// all callers have gone.
	serial bool

	// redeem asks the server and files what it answers.
	redeem func(context.Context, attempt) (domain.Result, error)
	// hit makes the result of a token from the cache; nil for an application's own.
	hit func(found) domain.Result
}

// served is the result of a token from the cache.
func (p plan) served(f found, reason domain.RefreshReason) domain.Result {
	if p.hit == nil {
		return domain.ResultOf(f.token, p.partition, domain.SourceCache, reason)
	}
	r := p.hit(f)
	r.Metadata.RefreshReason = reason
	return r
}

// attempt is what a redemption is told.
type attempt struct {
	reason domain.RefreshReason
	set    domain.TokenSet // what the cache has in the plan's partition
	failed error           // the cache could not be read, so set is empty
}

// flightKey tells which callers want the same thing from the server.
type flightKey struct {
	lookup
	claims string
	forced bool
	proof  string // what the grant is made with, where the partition does not tell
}

func (p plan) flight() flightKey { return flightKey{p.lookup, p.claims, p.forced, p.proof} }

// found is what the cache had.
type found struct {
	token *domain.AccessToken
	state domain.Freshness
	set   domain.TokenSet
	mark  uint64 // taken before the cache was asked

	failed error // the cache could not be read
}

// lookUp asks the cache: the first crossing, and for a fresh token the only one. A
// cache that cannot be read counts as empty and is reported. What it is given and what it
// finds are large, and it is on the path of every hit, so neither is copied.
func (c *core) lookUp(ctx context.Context, l *lookup, f *found) error {
	f.mark = c.flights.Mark()
	set, err := c.ports.TokenCache.Load(ctx, l.partition)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.report(ctx, "read the token cache", err)
		f.failed = err
		return nil
	}
	f.set = set
	f.token, f.state = set.Select(l.key, c.ports.Clock.Now())
	return nil
}

// acquire walks a plan from what the cache had to a result. The caller has dealt
// with fresh tokens.
func (c *core) acquire(ctx context.Context, p plan, f found) (domain.Result, error) {
	reason := reasonFor(p, f)
	switch {
	case p.forced:
	case f.state == domain.Stale:
		c.renewBehind(ctx, p, f)
		return p.served(f, domain.ReasonNotApplicable), nil
	case f.state == domain.Due && !c.pauses.over(pauseKey{p.lookup, true}, c.ports.Clock.Now()):
		return p.served(f, domain.ReasonNotApplicable), nil
	}
	c.recorder(ctx).note(func(e *domain.AcquisitionEvent) { e.RefreshReason = reason })
	key := p.flight()
	options := flight.Options{Timeout: c.longest(p)}
	result, shared, err := c.fly(ctx, key, f.mark, options, c.work(p, f, reason))
	if over := err == nil && shared && !result.ExpiresOn.IsZero() && !result.ExpiresOn.After(c.ports.Clock.Now()); over {
		// It was on its way when the machine went to sleep.
		result, shared, err = c.fly(ctx, key, c.flights.Mark(), options, c.work(p, f, reason))
	}
	switch {
	case err == nil:
		result.Metadata.Shared = shared
		return result, nil
	case f.state == domain.Due && !p.forced && ctx.Err() == nil:
		// The old token is good for a few minutes yet. Whatever went wrong, it serves.
		c.report(ctx, "renew the token", err)
		c.recorder(ctx).note(func(e *domain.AcquisitionEvent) { e.RenewalFailure = failureOf(err) })
		c.pauses.set(pauseKey{p.lookup, true}, c.ports.Clock.Now().Add(duePause))
		return p.served(f, reason), nil
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

const (
	// maxQueue is how long a flight may wait for its turn; its callers rarely do.
	maxQueue = 10 * time.Minute
	// storeTimeout is what writing the cache may take after an answer has arrived.
	storeTimeout = 10 * time.Second
)

// longest is how long a flight of the plan may take.
func (c *core) longest(p plan) time.Duration {
	if p.serial {
		return maxQueue + c.timeout + storeTimeout
	}
	return c.timeout + storeTimeout
}

// work is what one flight does for all aboard.
func (c *core) work(p plan, f found, reason domain.RefreshReason) flight.Work[domain.Result] {
	return func(ctx context.Context, lookAgain bool) (domain.Result, error) {
		if p.serial {
			done, err := c.takeTurn(ctx, p.partition)
			if err != nil {
				return domain.Result{}, err
			}
			defer done()
			lookAgain = true // whoever had the turn before may have stored a newer refresh token
		}
		limited, cancel := context.WithTimeout(ctx, c.timeout)
		defer cancel()
		if lookAgain && (p.serial || !p.forced) {
			var again found
			if err := c.lookUp(limited, &p.lookup, &again); err != nil {
				return domain.Result{}, err
			}
			if !p.forced && serves(again.state, reason) {
				return p.served(again, domain.ReasonNotApplicable), nil
			}
			f = again
		}
		if p.serial { // from here on the server may remember what the callers forget
			if err := flight.Detach(ctx); err != nil {
				return domain.Result{}, err
			}
		}
		return p.redeem(limited, attempt{reason, f.set, f.failed})
	}
}

// takeTurn waits until nobody else redeems what is in the partition: in this client,
// and with a Locker in any other.
func (c *core) takeTurn(ctx context.Context, key domain.PartitionKey) (done func(), err error) {
	defer c.recorder(ctx).spend(inWaiting)()
	queued, cancel := context.WithTimeout(ctx, maxQueue)
	defer cancel()
	pass, err := c.turns.Take(queued, key)
	switch {
	case err != nil && ctx.Err() == nil:
		return nil, fmt.Errorf("waited too long for other refreshes of this user: %w", domain.ErrUnavailable)
	case err != nil:
		return nil, err
	case c.ports.Locker == nil:
		return pass, nil
	}
	held := false
	defer func() {
		if !held { // the Locker failed, or panicked: nobody else must wait for that
			pass()
		}
	}()
	unlock, err := c.ports.Locker.Lock(queued, key.RedemptionLock(), c.timeout+storeTimeout)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil, ctx.Err()
	case err != nil:
		c.report(ctx, "lock the refresh token", err) // a lease spares work; what is right rests on the cache
		unlock = nil
	}
	held = true
	return func() {
		defer pass()
		if unlock != nil {
			unlock()
		}
	}, nil
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
