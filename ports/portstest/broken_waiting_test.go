package portstest_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// sleeper is a clock that sleeps in its own way.
type sleeper func(context.Context, time.Duration) error

func (sleeper) Now() time.Time { return time.Now() }

func (s sleeper) Sleep(ctx context.Context, d time.Duration) error { return s(ctx, d) }

// stopped is a clock that tells one time only.
type stopped struct{ realClock }

func (stopped) Now() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

func clock(s sleeper) func(*testing.T) { return func(t *testing.T) { clockSuite(t, s) } }

const (
	lasts      = "Sleep lasts as long as it was asked to"
	endsWith   = "Sleep ends with its context"
	endedSleep = "Sleep with a context that has ended fails"
)

var brokenClocks = []broken{
	{"stands still", func(t *testing.T) { clockSuite(t, stopped{}) }, []string{"time passes"}},
	{"does not sleep", clock(func(ctx context.Context, _ time.Duration) error { return ctx.Err() }), []string{lasts, endsWith}},
	{"wakes up early", clock(func(ctx context.Context, d time.Duration) error { return realClock{}.Sleep(ctx, d-2*time.Second) }), []string{lasts}},
	{"sleeps too long", clock(func(ctx context.Context, d time.Duration) error { return realClock{}.Sleep(ctx, d+time.Second) }), []string{
		lasts, "Sleep of nothing returns at once",
	}},
	{"sleeps on", clock(func(_ context.Context, d time.Duration) error { time.Sleep(d); return nil }), []string{endsWith, endedSleep}},
	{"wakes up and says nothing", clock(func(ctx context.Context, d time.Duration) error {
		_ = realClock{}.Sleep(ctx, d)
		return nil
	}), []string{endsWith, endedSleep}},
	{"does not look at the context first", clock(func(ctx context.Context, d time.Duration) error {
		if d <= 0 {
			return nil
		}
		return realClock{}.Sleep(ctx, d)
	}), []string{endedSleep}},
}

// lockFunc is a locker that is a function.
type lockFunc func(ctx context.Context, key string, atMost time.Duration) (func(), error)

func (f lockFunc) Lock(ctx context.Context, key string, atMost time.Duration) (func(), error) {
	return f(ctx, key, atMost)
}

// locker runs the suite on lockers over leases in memory.
func locker(f func(l *leases, ctx context.Context, key string, atMost time.Duration) (func(), error)) func(*testing.T) {
	return func(t *testing.T) {
		portstest.Locker(t, func(*testing.T) ports.Locker {
			l := newLeases()
			return lockFunc(func(ctx context.Context, key string, atMost time.Duration) (func(), error) {
				return f(l, ctx, key, atMost)
			})
		})
	}
}

const (
	oneHolder = "one holder at a time"
	waitEnds  = "a wait ends with its context"
	outlives  = "a lease outlives the context"
	ends      = "a lease ends by itself"
	nobody    = "unlock after the lease frees nobody else's lock"
)

var brokenLockers = []broken{
	{"locks nobody out", locker(func(*leases, context.Context, string, time.Duration) (func(), error) { return func() {}, nil }),
		[]string{oneHolder, waitEnds, outlives, nobody}},
	{"has one lock for all keys", locker(func(l *leases, ctx context.Context, _ string, atMost time.Duration) (func(), error) {
		return l.Lock(ctx, "", atMost)
	}), []string{"keys do not exclude each other"}},
	{"ignores the lease", locker(func(l *leases, ctx context.Context, key string, _ time.Duration) (func(), error) {
		return l.Lock(ctx, key, time.Hour)
	}), []string{ends, nobody}},
	{"takes every lease for a short one", locker(func(l *leases, ctx context.Context, key string, _ time.Duration) (func(), error) {
		return l.Lock(ctx, key, time.Millisecond)
	}), []string{oneHolder}},
	{"waits for callers who have left", locker(func(l *leases, ctx context.Context, key string, atMost time.Duration) (func(), error) {
		return l.Lock(context.WithoutCancel(ctx), key, atMost)
	}), []string{waitEnds}},
	{"hides why the wait ended", locker(func(l *leases, ctx context.Context, key string, atMost time.Duration) (func(), error) {
		unlock, err := l.Lock(ctx, key, atMost)
		if err != nil {
			err = errors.New("not locked")
		}
		return unlock, err
	}), []string{oneHolder, waitEnds, outlives, nobody}},
	{"gives the lock to callers who have left", locker(func(l *leases, ctx context.Context, key string, atMost time.Duration) (func(), error) {
		unlock, err := l.Lock(ctx, key, atMost)
		if err != nil {
			go func() { _, _ = l.Lock(context.WithoutCancel(ctx), key, atMost) }()
		}
		return unlock, err
	}), []string{waitEnds}},
	{"unlocks when the context ends", locker(func(l *leases, ctx context.Context, key string, atMost time.Duration) (func(), error) {
		unlock, err := l.Lock(ctx, key, atMost)
		if err == nil {
			context.AfterFunc(ctx, unlock)
		}
		return unlock, err
	}), []string{outlives}},
	{"needs the context to unlock", locker(func(l *leases, ctx context.Context, key string, atMost time.Duration) (func(), error) {
		unlock, err := l.Lock(ctx, key, atMost)
		return func() {
			if ctx.Err() == nil {
				unlock()
			}
		}, err
	}), []string{outlives}},
	{"unlocks whoever holds the lock", locker(func(l *leases, ctx context.Context, key string, atMost time.Duration) (func(), error) {
		_, err := l.Lock(ctx, key, atMost)
		return func() {
			l.mu.Lock()
			holder := l.held[key]
			l.mu.Unlock()
			if holder != nil {
				holder.end()
			}
		}, err
	}), []string{nobody}},
}
