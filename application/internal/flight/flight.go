package flight

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// Group shares work by key. The zero Group is ready; it must not be copied.
type Group[K comparable, V any] struct {
	completed atomic.Uint64 // flights that have ended

	mu      sync.Mutex // guards what follows
	running map[K]*call[V]
	closed  bool
	flying  sync.WaitGroup
}

// call is one flight.
type call[V any] struct {
	done   chan struct{}
	value  V               // set before done is closed
	err    error           // likewise
	life   context.Context // of the work
	cancel context.CancelFunc

	waiters  int  // guarded by Group.mu
	detached bool // by an option, for good
	held     bool // by Detach, until Attach
}

// Options say how long the work may take and whether it outlives its waiters.
type Options struct {
	Timeout  time.Duration
	Detached bool
}

// Work is what a flight does. When lookAgain is true, another flight of the group
// ended after the caller's [Group.Mark], so what the caller knows may be old.
type Work[V any] func(ctx context.Context, lookAgain bool) (V, error)

// Mark returns the point in time to hand to Do: take it before looking into a cache.
func (g *Group[K, V]) Mark() uint64 { return g.completed.Load() }

// Do returns the value of the flight under key, joining one that is under way
// (shared is true) or starting one. It returns early, with the context's error,
// when ctx ends. A panic of the work becomes an error of every waiter.
func (g *Group[K, V]) Do(ctx context.Context, key K, mark uint64, o Options, work Work[V]) (v V, shared bool, err error) {
	c, shared, err := g.board(ctx, key, mark, o, work, 1)
	if err != nil {
		return v, false, err
	}
	select {
	case <-c.done:
		return c.value, shared, c.err
	case <-ctx.Done():
		g.leave(key, c)
		return v, shared, ctx.Err()
	}
}

// Start begins a detached flight that nobody waits for, unless one is under way.
func (g *Group[K, V]) Start(ctx context.Context, key K, mark uint64, timeout time.Duration, work Work[V]) {
	_, _, _ = g.board(ctx, key, mark, Options{Timeout: timeout, Detached: true}, work, 0)
}

// board joins the flight under key or takes off. It joins none whose time is over:
// work that does not heed its context may keep it in the air for long.
func (g *Group[K, V]) board(ctx context.Context, key K, mark uint64, o Options, work Work[V], waiters int) (*call[V], bool, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c, ok := g.running[key]; ok && c.life.Err() == nil {
		c.waiters += waiters
		c.detached = c.detached || o.Detached
		return c, true, nil
	}
	if g.closed {
		return nil, false, domain.ErrClientClosed
	}
	if g.running == nil {
		g.running = make(map[K]*call[V])
	}
	// The values of the first caller's context stay, its end does not. The deadline is
	// a guard against I/O that hangs, so it runs on real time.
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.Timeout) //nolint:gosec // fly calls cancel, however the work ends
	c := &call[V]{done: make(chan struct{}), life: own, cancel: cancel, waiters: waiters, detached: o.Detached}
	g.running[key] = c
	g.flying.Add(1)
	lookAgain := g.completed.Load() != mark
	inside := context.WithValue(context.WithValue(own, detacherKey{}, g.detacher(c)), attacherKey{}, g.attacher(key, c))
	go g.fly(inside, key, c, lookAgain, work)
	return c, false, nil
}

// fly does the work and lands, however the work ends.
func (g *Group[K, V]) fly(ctx context.Context, key K, c *call[V], lookAgain bool, work Work[V]) {
	c.err = fmt.Errorf("the work ended without a result") // stands when work calls runtime.Goexit
	defer func() {
		if p := recover(); p != nil {
			c.err = panicError(p)
		}
		g.land(key, c)
		c.cancel() // after landing: until then callers may come aboard
	}()
	c.value, c.err = work(ctx, lookAgain)
}

// panicError says what panicked. The value may come from a caller's callback and
// hold anything, so only the runtime's own are shown.
func panicError(p any) error {
	if e, ok := p.(runtime.Error); ok {
		return fmt.Errorf("panic: %w", e)
	}
	return fmt.Errorf("panic with a value of type %T", p)
}

func (g *Group[K, V]) land(key K, c *call[V]) {
	g.mu.Lock()
	if g.running[key] == c {
		delete(g.running, key)
	}
	g.completed.Add(1)
	close(c.done)
	g.mu.Unlock()
	g.flying.Done()
}

// leave takes one waiter off a flight and, when nobody is left, ends it at once:
// the next caller must not board a flight that is going down.
func (g *Group[K, V]) leave(key K, c *call[V]) {
	g.mu.Lock()
	defer g.mu.Unlock()
	c.waiters--
	if c.waiters > 0 || c.detached || c.held {
		return
	}
	c.cancel()
	if g.running[key] == c {
		delete(g.running, key)
	}
}

// Close refuses new flights and waits for those under way. When ctx ends first, it
// cancels them and returns the context's error, without waiting for work that does not
// heed its own.
func (g *Group[K, V]) Close(ctx context.Context) error {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()

	landed := make(chan struct{})
	go func() {
		g.flying.Wait()
		close(landed)
	}()
	select {
	case <-landed:
		return nil
	case <-ctx.Done():
		g.cancelAll()
		return ctx.Err()
	}
}

func (g *Group[K, V]) cancelAll() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.running {
		c.cancel()
	}
}
