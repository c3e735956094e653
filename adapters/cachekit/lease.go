package cachekit

import (
	"context"
	"sync"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

// Lock implements [ports.Locker]: by the store when that is one, and otherwise among the
// clients that share this cache. While the lock is held, the set is read from the store.
func (c *NearCache) Lock(ctx context.Context, key string, atMost time.Duration) (unlock func(), err error) {
	locker, ok := c.store.(ports.Locker)
	if !ok {
		locker = &c.leases
	}
	release, err := locker.Lock(ctx, key, atMost)
	if err != nil {
		return nil, err
	}
	var once sync.Once
	forget := func() {
		once.Do(func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			if c.locked[key]--; c.locked[key] <= 0 {
				delete(c.locked, key)
			}
		})
	}
	c.mu.Lock()
	c.locked[key]++
	for partition := range c.loads { // what is being read may be from before
		if partition.RedemptionLock() == key {
			delete(c.loads, partition)
		}
	}
	c.mu.Unlock()
	end := time.AfterFunc(atMost, forget) // a lease may end without unlock
	return func() {
		end.Stop()
		forget()
		release()
	}, nil
}

// leases lock by name within the process. The zero value is ready.
type leases struct {
	mu   sync.Mutex // guards held
	held map[string]chan struct{}
}

// Lock implements [ports.Locker].
func (l *leases) Lock(ctx context.Context, key string, atMost time.Duration) (unlock func(), err error) {
	release, err := l.wait(ctx, key)
	if err != nil {
		return nil, err
	}
	end := time.AfterFunc(atMost, release)
	return func() { end.Stop(); release() }, nil
}

// wait returns when nobody else holds key, or ctx ends. release may be called twice.
func (l *leases) wait(ctx context.Context, key string) (release func(), err error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		mine, theirs := l.take(key)
		if mine != nil {
			return func() { l.release(key, mine) }, nil
		}
		select {
		case <-theirs:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// take returns a lease of one's own, or else the one that is held; it is closed when it ends.
func (l *leases) take(key string) (mine, theirs chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if theirs = l.held[key]; theirs != nil {
		return nil, theirs
	}
	if l.held == nil {
		l.held = make(map[string]chan struct{})
	}
	mine = make(chan struct{})
	l.held[key] = mine
	return mine, nil
}

func (l *leases) release(key string, mine chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[key] == mine {
		delete(l.held, key)
		close(mine)
	}
}
