package portstest

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

// Locker checks an implementation of [ports.Locker] against its contract. Each call
// of newLocker returns a locker on which nothing is held; for locks between
// processes, one that shares its store with nobody else. Leases end on real time,
// so the suite waits for some fractions of a second.
func Locker(t *testing.T, newLocker func(t *testing.T) ports.Locker) {
	t.Helper()
	for _, c := range lockerChecks {
		t.Run(c.name, func(t *testing.T) { c.run(t, newLocker(t)) })
	}
}

var lockerChecks = []check[ports.Locker]{
	alone("one holder at a time", oneHolderAtATime),
	alone("keys do not exclude each other", lockKeysDoNotMeet),
	alone("a wait ends with its context", aWaitEndsWithItsContext),
	alone("a lease outlives the context", aLeaseOutlivesTheContext),
	alone("a lease ends by itself", aLeaseEndsByItself),
	alone("unlock after the lease frees nobody else's lock", unlockAfterTheLease),
}

const (
	lockKey    = "refresh|client|user"
	longLease  = time.Hour
	shortLease = 100 * time.Millisecond
	// aWhile is how long a caller tries to get a lock that it must not get. A correct
	// locker refuses whatever the machine's pace; a slow wrong one may slip through.
	aWhile = 100 * time.Millisecond
)

// lock takes a lock that is free, or becomes free by itself.
func lock(t *testing.T, l ports.Locker, key string, atMost time.Duration, what string) (unlock func()) {
	t.Helper()
	var err error
	mustReturn(t, "Lock "+what, func() { unlock, err = l.Lock(t.Context(), key, atMost) })
	if err != nil {
		t.Fatalf("Lock %s: %v", what, err)
	}
	if unlock == nil {
		t.Fatalf("Lock %s returns neither an unlock function nor an error", what)
	}
	return unlock
}

// wantHeld reports when the lock can be had.
func wantHeld(t *testing.T, l ports.Locker, when string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), aWhile)
	defer cancel()
	var unlock func()
	var err error
	mustReturn(t, "Lock whose context ends", func() { unlock, err = l.Lock(ctx, lockKey, longLease) })
	switch {
	case err == nil:
		t.Errorf("the lock can be had %s", when)
		unlock()
	case !errors.Is(err, context.DeadlineExceeded):
		t.Errorf("Lock whose context ended returns %v, want %v", err, context.DeadlineExceeded)
	}
}

func oneHolderAtATime(t *testing.T, l ports.Locker) {
	// Atomic, because the race detector does not see locks outside the process; and in
	// two steps, so that a second holder makes work disappear.
	var holders, most, work atomic.Int64
	together(t, "Lock by many callers", callers, func(int) error {
		for range 5 {
			unlock, err := l.Lock(t.Context(), lockKey, longLease)
			if err != nil {
				return err
			}
			most.Store(max(most.Load(), holders.Add(1)))
			done := work.Load()
			runtime.Gosched()
			work.Store(done + 1)
			holders.Add(-1)
			unlock()
		}
		return nil
	})
	if most.Load() > 1 || work.Load() != callers*5 {
		t.Errorf("%d callers held the lock at a time; of %d pieces of work, %d are left", most.Load(), callers*5, work.Load())
	}
	unlock := lock(t, l, lockKey, longLease, "after all have unlocked")
	defer unlock()
	wantHeld(t, l, "while it is held")
}

func lockKeysDoNotMeet(t *testing.T, l ports.Locker) {
	for _, key := range []string{"a", "A", "a ", "a|b", "a%7Cb", "a/b", `a\b`, "../a", "a*", "caf\u00e9", "cafe\u0301"} {
		unlock := lock(t, l, key, longLease, fmt.Sprintf("of %q while others are held", key))
		defer unlock()
	}
}

func aWaitEndsWithItsContext(t *testing.T, l ports.Locker) {
	unlock := lock(t, l, lockKey, longLease, "that is free")
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error, 1)
	go func() {
		late, err := l.Lock(ctx, lockKey, longLease)
		if err == nil {
			late()
		}
		waited <- err
	}()
	wantHeld(t, l, "while it is held and another waits")
	cancel()
	var err error
	mustReturn(t, "Lock whose context was cancelled", func() { err = <-waited })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Lock whose context was cancelled returns %v, want %v", err, context.Canceled)
	}
	unlock()
	for range 50 { // who has left must not be given the lock, at once or in turn
		runtime.Gosched()
		lock(t, l, lockKey, longLease, "after a waiter has left")()
	}
}

// aLeaseOutlivesTheContext: the context of Lock is for waiting; it neither ends the
// lease nor keeps unlock from working.
func aLeaseOutlivesTheContext(t *testing.T, l ports.Locker) {
	ctx, cancel := context.WithCancel(t.Context())
	unlock, err := l.Lock(ctx, lockKey, longLease)
	if err != nil {
		t.Fatalf("Lock that is free: %v", err)
	}
	cancel()
	wantHeld(t, l, "after the holder's context has ended")
	unlock()
	lock(t, l, lockKey, longLease, "that was unlocked after its context had ended")()
}

func aLeaseEndsByItself(t *testing.T, l ports.Locker) {
	lock(t, l, lockKey, shortLease, "that is free") // and crash
	lock(t, l, lockKey, longLease, "whose lease has ended")()
}

func unlockAfterTheLease(t *testing.T, l ports.Locker) {
	late := lock(t, l, lockKey, shortLease, "that is free")
	unlock := lock(t, l, lockKey, longLease, "whose lease has ended")
	late()
	wantHeld(t, l, "although its holder has not unlocked: who held it before has")
	unlock()
	lock(t, l, lockKey, longLease, "that was unlocked")()
}
