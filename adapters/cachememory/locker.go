package cachememory

import (
	"context"
	"sync"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

var _ ports.Locker = (*TokenCache)(nil)

// leases are who works on what. The zero value is ready.
type leases struct {
	mu   sync.Mutex // guards held
	held map[string]*lease
}

type lease struct{ over chan struct{} } // closed when it ends

// Lock implements [ports.Locker] among the clients that share the cache, so that no
// two of them redeem one refresh token at a time.
func (c *TokenCache) Lock(ctx context.Context, key string, atMost time.Duration) (unlock func(), err error) {
	for {
		if err := over(ctx); err != nil {
			return nil, err
		}
		mine, theirs := c.leases.take(key)
		if mine != nil {
			end := time.AfterFunc(atMost, func() { c.leases.release(key, mine) })
			return func() { end.Stop(); c.leases.release(key, mine) }, nil
		}
		select {
		case <-theirs.over:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take returns a lease of one's own, or else that of who has it.
func (l *leases) take(key string) (mine, theirs *lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if theirs = l.held[key]; theirs != nil {
		return nil, theirs
	}
	if l.held == nil {
		l.held = make(map[string]*lease)
	}
	mine = &lease{make(chan struct{})}
	l.held[key] = mine
	return mine, nil
}

func (l *leases) release(key string, mine *lease) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[key] == mine {
		delete(l.held, key)
		close(mine.over)
	}
}
