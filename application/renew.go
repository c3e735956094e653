package application

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/seed57855a68/keyport/application/internal/flight"
	"github.com/seed57855a68/keyport/domain"
)

const (
	// stalePause is how long a failed background renewal rests at least; it is
	// doubled at random so that a fleet does not come back as one.
	stalePause = 5 * time.Minute
	// duePause is how long callers are spared the wait after a renewal inside the
	// margin failed, while the old token serves.
	duePause  = 30 * time.Second
	maxPauses = 10_000
)

// renewBehind starts one renewal of a stale token that nobody waits for. Its
// failure harms nobody: it is reported, and the next one is some minutes off.
func (c *core) renewBehind(ctx context.Context, p plan, f found) {
	now := c.ports.Clock.Now()
	key := pauseKey{p.lookup, false}
	if !c.pauses.claim(key, now, now.Add(c.timeout)) {
		return
	}
	c.debug(ctx, "the token is old: it serves, and is renewed in the background")
	work := c.completing(c.work(p, f, domain.ReasonProactiveRefresh))
	c.flights.Start(ctx, p.flight(), f.mark, c.longest(p), flight.Work[domain.Result](
		func(ctx context.Context, lookAgain bool) (v domain.Result, err error) {
			ctx, w := c.background(ctx)
			ended := false
			defer func() { // also when a callback panics
				if err == nil && ended {
					c.pauses.end(key)
					w.refreshed(ctx, nil, time.Time{})
					return
				}
				failed, next := cmp.Or(err, errPanicked), c.ports.Clock.Now().Add(stalePause+jitter(stalePause))
				c.report(ctx, "renew the token in the background", failed)
				c.pauses.set(key, next)
				w.refreshed(ctx, failed, next)
			}()
			v, err = work(ctx, lookAgain)
			ended = true
			return v, err
		}))
}

var errPanicked = errors.New("a callback panicked")

// pauseKey tells pauses apart: a token inside its margin does not wait for the end
// of the pause that it earned while it was merely stale.
type pauseKey struct {
	lookup
	due bool
}

// pauses remembers until when a renewal is not to be tried again. Only tokens
// that should be renewed get here, so it is off the path of fresh ones.
type pauses struct {
	mu    sync.RWMutex // guards until
	until map[pauseKey]time.Time
}

// over reports whether no pause of key is on at now.
func (p *pauses) over(key pauseKey, now time.Time) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return !now.Before(p.until[key])
}

// claim begins a pause unless one is on, and reports whether it did: of many
// callers one gets to renew.
func (p *pauses) claim(key pauseKey, now, until time.Time) bool {
	if !p.over(key, now) {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Before(p.until[key]) {
		return false
	}
	p.put(key, until)
	return true
}

func (p *pauses) set(key pauseKey, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.put(key, until)
}

// put makes room first when there is none. The caller holds mu.
func (p *pauses) put(key pauseKey, until time.Time) {
	if p.until == nil {
		p.until = make(map[pauseKey]time.Time)
	}
	if len(p.until) >= maxPauses {
		maps.DeleteFunc(p.until, func(_ pauseKey, t time.Time) bool { return t.Before(until.Add(-3 * stalePause)) })
	}
	if len(p.until) >= maxPauses {
		clear(p.until)
	}
	p.until[key] = until
}

func (p *pauses) end(key pauseKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.until, key)
}
