package keyporttest

import (
	"context"
	"sync"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

var _ ports.Clock = (*Clock)(nil)

// Clock is time that passes when a test says so. Make it with [NewClock].
type Clock struct {
	mu       sync.Mutex // guards what follows
	now      time.Time
	sleepers map[*sleeper]bool
	changed  chan struct{} // closed and replaced when somebody falls asleep
}

type sleeper struct {
	until time.Time
	wake  chan struct{}
}

// NewClock returns a clock that stands at now.
func NewClock(now time.Time) *Clock {
	return &Clock{now: now, sleepers: make(map[*sleeper]bool), changed: make(chan struct{})}
}

// Now implements [ports.Clock].
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep implements [ports.Clock]: it returns when Advance has passed d.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	s := &sleeper{wake: make(chan struct{})}
	c.mu.Lock()
	s.until = c.now.Add(d)
	c.sleepers[s] = true
	close(c.changed)
	c.changed = make(chan struct{})
	c.mu.Unlock()
	select {
	case <-s.wake:
		return nil
	case <-ctx.Done():
		c.mu.Lock()
		delete(c.sleepers, s)
		c.mu.Unlock()
		return ctx.Err()
	}
}

// Advance lets d pass and wakes those whose time has come.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for s := range c.sleepers {
		if !s.until.After(c.now) {
			delete(c.sleepers, s)
			close(s.wake)
		}
	}
}

// WaitForSleepers returns when n goroutines sleep, or ctx ends.
func (c *Clock) WaitForSleepers(ctx context.Context, n int) error {
	for {
		c.mu.Lock()
		enough, changed := len(c.sleepers) >= n, c.changed
		c.mu.Unlock()
		if enough {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
