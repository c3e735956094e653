package keyporttest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/keyporttest"
)

func TestAdvanceWakesThoseWhoseTimeHasCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := keyporttest.NewClock(noon)
		awake := map[time.Duration]chan error{}
		for _, d := range []time.Duration{time.Second, 2 * time.Second, 2*time.Second + 1} {
			done := make(chan error, 1)
			awake[d] = done
			go func() { done <- c.Sleep(t.Context(), d) }()
		}
		if err := c.WaitForSleepers(t.Context(), 3); err != nil {
			t.Fatal(err)
		}
		isAwake := func(d time.Duration) bool {
			synctest.Wait()
			select {
			case err := <-awake[d]:
				if err != nil {
					t.Error(err)
				}
				return true
			default:
				return false
			}
		}
		c.Advance(time.Second - 1)
		if isAwake(time.Second) {
			t.Error("awake a nanosecond too early")
		}
		c.Advance(1)
		if !isAwake(time.Second) || isAwake(2*time.Second) {
			t.Error("after a second the first is to be awake, and nobody else")
		}
		c.Advance(time.Second)
		if !isAwake(2*time.Second) || isAwake(2*time.Second+1) {
			t.Error("after two seconds the second is to be awake, and nobody else")
		}
		c.Advance(time.Hour)
		if !isAwake(2*time.Second + 1) {
			t.Error("who is overdue must wake")
		}
		if want := noon.Add(2*time.Second + time.Hour); !c.Now().Equal(want) {
			t.Errorf("it is %v, want %v", c.Now(), want)
		}
	})
}

func TestSleepKeepsItsPromises(t *testing.T) {
	c := keyporttest.NewClock(noon)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, row := range []struct {
		name string
		ctx  context.Context
		d    time.Duration
		want error
	}{
		{"no time", t.Context(), 0, nil},
		{"less than none", t.Context(), -time.Hour, nil},
		{"a context that has ended", ended, time.Hour, context.Canceled},
		{"both", ended, 0, context.Canceled},
	} {
		if err := c.Sleep(row.ctx, row.d); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", row.name, err, row.want)
		}
	}
}

func TestWhoIsCancelledSleepsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := keyporttest.NewClock(noon)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Sleep(ctx, time.Hour) }()
		if err := c.WaitForSleepers(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		short, stop := context.WithTimeout(t.Context(), time.Second) // of the bubble
		defer stop()
		if err := c.WaitForSleepers(short, 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("somebody still sleeps: %v", err)
		}
	})
}

func TestTheClockMayGoBack(t *testing.T) {
	c := keyporttest.NewClock(noon)
	c.Advance(-time.Hour)
	if want := noon.Add(-time.Hour); !c.Now().Equal(want) {
		t.Errorf("it is %v, want %v", c.Now(), want)
	}
}
