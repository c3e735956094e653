//go:build e2e

package e2e_test

import (
	"context"
	"sync"
	"time"
)

// clock stands still until it is moved, so that a token grows old without anybody
// waiting for it.
type clock struct {
	mu  sync.Mutex // guards now
	now time.Time
}

// newClock shows the real time, which the server goes by.
func newClock() *clock { return &clock{now: time.Now()} }

// Now implements ports.Clock.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep implements ports.Clock: the time passes at once.
func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.advance(max(d, 0))
	return ctx.Err()
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}
