package application

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/seed57855a68/keyport/application/internal/flight"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// observe hands an event on. An observer measures the work and must not end it, so its
// panics stop here; the first one is logged. (See docs/adr/0016-observation.md.)
func (c *core) observe(ctx context.Context, event domain.Event) {
	if c.observer == nil {
		return
	}
	defer func() {
		if p := recover(); p != nil && !c.observerBroke.Swap(true) {
			c.report(ctx, "observe an event", fmt.Errorf("the Observer panicked with a value of type %T; this is told once", p))
		}
	}()
	c.observer.Observe(ctx, event)
}

// failureOf is [domain.FailureOf] with what only the application knows of contexts.
func failureOf(err error) domain.Failure {
	f := domain.FailureOf(err)
	if errors.Is(err, context.Canceled) {
		f.Kind = domain.ErrorCanceled
	}
	return f
}

// fly is [flight.Group.Do] that tells of what it shared: the time in which another did
// the work, and that it did.
func (c *core) fly(ctx context.Context, key flightKey, mark uint64, o flight.Options, work flight.Work[domain.Result]) (domain.Result, bool, error) {
	r := c.recorder(ctx)
	if r == nil {
		return c.flights.Do(ctx, key, mark, o, c.completing(work))
	}
	start := c.ports.Clock.Now()
	result, shared, err := c.flights.Do(ctx, key, mark, o, c.completing(work))
	if shared {
		waited := c.ports.Clock.Now().Sub(start)
		r.note(func(e *domain.AcquisitionEvent) { e.Shared, e.Durations.Waiting = true, e.Durations.Waiting+waited })
	}
	return result, shared, err
}

// refreshed tells how a renewal in the background ended.
func (r *recorder) refreshed(ctx context.Context, err error, next time.Time) {
	if r == nil {
		return
	}
	acquisition, who := r.closed()
	event := domain.RefreshEvent{Activity: acquisition.Activity, NextTry: next}
	event.Failure = failureOf(err)
	r.core.observe(ctx, event)
	r.core.logRefresh(ctx, event, who)
}

// background returns a recorder for work that a caller starts and does not wait for.
func (c *core) background(ctx context.Context) (context.Context, *recorder) {
	r := c.recorder(ctx)
	if r == nil {
		return ctx, nil
	}
	r.mu.Lock()
	id, who := r.event.API, r.who
	r.mu.Unlock()
	return c.record(ctx, id, who)
}

// observedCache tells of each operation of a token cache. It is there only when an
// Observer is set.
type observedCache struct {
	ports.TokenCache
	core *core
}

// Load implements [ports.TokenCache].
func (o observedCache) Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	event := o.begin(domain.CacheLoad, key.Kind())
	set, err := o.TokenCache.Load(ctx, key)
	event.Hit = err == nil && !set.IsZero()
	o.end(ctx, event, o.since(event), err)
	return set, err
}

// Update implements [ports.TokenCache].
func (o observedCache) Update(ctx context.Context, key domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error)) error {
	event := o.begin(domain.CacheUpdate, key.Kind())
	err := o.TokenCache.Update(ctx, key, func(s domain.TokenSet) (domain.TokenSet, error) {
		event.Runs++
		event.Hit = !s.IsZero()
		return change(s)
	})
	o.end(ctx, event, o.since(event), err)
	return err
}

// Keys implements [ports.TokenCache]. What the loop does with a key is not the cache's time.
func (o observedCache) Keys(ctx context.Context, f domain.PartitionFilter) iter.Seq2[domain.PartitionKey, error] {
	return func(yield func(domain.PartitionKey, error) bool) {
		event := o.begin(domain.CacheKeys, f.Kind)
		var failed error
		var outside time.Duration
		defer func() { o.end(ctx, event, o.since(event)-outside, failed) }()
		for key, err := range o.TokenCache.Keys(ctx, f) {
			if failed = err; err == nil {
				event.Keys, event.Hit = event.Keys+1, true
			}
			before := o.core.ports.Clock.Now()
			goOn := yield(key, err)
			outside += o.core.ports.Clock.Now().Sub(before)
			if !goOn {
				return
			}
		}
	}
}

func (o observedCache) begin(op domain.CacheOperation, kind domain.PartitionKind) domain.CacheEvent {
	return domain.CacheEvent{Operation: op, ClientID: o.core.clientID, Partition: kind, Start: o.core.ports.Clock.Now()}
}

func (o observedCache) since(event domain.CacheEvent) time.Duration {
	return o.core.ports.Clock.Now().Sub(event.Start)
}

func (o observedCache) end(ctx context.Context, event domain.CacheEvent, took time.Duration, err error) {
	event.Duration, event.Failure = took, failureOf(err)
	o.core.recorder(ctx).add(inCache, took)
	o.core.observe(ctx, event)
}
