package portstest

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

// Clock checks an implementation of [ports.Clock] against its contract. newClock
// returns a clock and what lets time pass on it: [time.Sleep] for a clock that runs
// by itself, the clock's own method for one that a test moves.
//
// Each check runs in a [synctest] bubble, in which hours pass at once; the clock is
// made inside and must not use anything outside, such as a network.
func Clock(t *testing.T, newClock func(t *testing.T) (c ports.Clock, pass func(time.Duration))) {
	t.Helper()
	for _, c := range clockChecks {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				clock, pass := newClock(t)
				c.run(t, clock, pass)
			})
		})
	}
}

var clockChecks = []struct {
	name string
	run  func(t *testing.T, c ports.Clock, pass func(time.Duration))
}{
	{"time passes", timePasses},
	{"Sleep lasts as long as it was asked to", sleepLasts},
	{"Sleep of nothing returns at once", sleepOfNothing},
	{"Sleep ends with its context", sleepEndsWithItsContext},
	{"Sleep with a context that has ended fails", endedSleepFails},
}

func timePasses(t *testing.T, c ports.Clock, pass func(time.Duration)) {
	start := c.Now()
	pass(time.Hour)
	if got := c.Now().Sub(start); got != time.Hour {
		t.Errorf("Now has moved by %v in an hour", got)
	}
}

// sleeping starts a Sleep and returns what tells whether it has ended, and how.
func sleeping(ctx context.Context, c ports.Clock, d time.Duration) (ended func() (bool, error)) {
	done := make(chan error, 1)
	go func() { done <- c.Sleep(ctx, d) }()
	return func() (bool, error) {
		synctest.Wait()
		select {
		case err := <-done:
			return true, err
		default:
			return false, nil
		}
	}
}

func sleepLasts(t *testing.T, c ports.Clock, pass func(time.Duration)) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel() // a Sleep that lasts too long ends with the test
	ended := sleeping(ctx, c, time.Hour)
	if yes, err := ended(); yes {
		t.Fatalf("Sleep of an hour returns at once, with %v", err)
	}
	pass(time.Hour - time.Second)
	if yes, err := ended(); yes {
		t.Fatalf("Sleep of an hour returns a second early, with %v", err)
	}
	pass(time.Second)
	if yes, err := ended(); !yes || err != nil {
		t.Errorf("after an hour, Sleep of an hour has ended: %v, with %v", yes, err)
	}
}

func sleepOfNothing(t *testing.T, c ports.Clock, _ func(time.Duration)) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for _, d := range []time.Duration{0, -time.Hour} {
		if yes, err := sleeping(ctx, c, d)(); !yes || err != nil {
			t.Errorf("Sleep of %v has ended: %v, with %v", d, yes, err)
		}
	}
}

func sleepEndsWithItsContext(t *testing.T, c ports.Clock, pass func(time.Duration)) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := sleeping(ctx, c, time.Hour)
	pass(time.Minute)
	if yes, err := ended(); yes {
		t.Fatalf("Sleep of an hour returns after a minute, with %v", err)
	}
	cancel()
	if yes, err := ended(); !yes || !errors.Is(err, context.Canceled) {
		t.Errorf("after its context was cancelled, Sleep has ended: %v, with %v", yes, err)
	}
	pass(2 * time.Hour) // a Sleep that goes on ends here
}

func endedSleepFails(t *testing.T, c ports.Clock, pass func(time.Duration)) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, d := range []time.Duration{time.Hour, 0, -time.Hour} {
		if yes, err := sleeping(ctx, c, d)(); !yes || !errors.Is(err, context.Canceled) {
			t.Errorf("with a context that was cancelled, Sleep of %v has ended: %v, with %v", d, yes, err)
		}
	}
	pass(2 * time.Hour)
}
