package system_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/adapters/system"
)

func TestNowIsTheMachinesClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var c system.Clock
		if got, want := c.Now(), time.Now(); !got.Equal(want) {
			t.Errorf("got %v, want %v", got, want)
		}
		time.Sleep(time.Hour)
		if got, want := c.Now(), time.Now(); !got.Equal(want) {
			t.Errorf("an hour later: got %v, want %v", got, want)
		}
	})
}

func TestSleep(t *testing.T) {
	alive := func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithCancel(ctx) }
	ended := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx, cancel
	}
	soon := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, time.Minute)
	}
	for _, tt := range []struct {
		name string
		of   func(context.Context) (context.Context, context.CancelFunc)
		d    time.Duration
		took time.Duration
		err  error
	}{
		{"an hour", alive, time.Hour, time.Hour, nil},
		{"a nanosecond", alive, 1, 1, nil},
		{"no time", alive, 0, 0, nil},
		{"less than no time", alive, -time.Hour, 0, nil},
		{"an hour of a context that ended", ended, time.Hour, 0, context.Canceled},
		{"no time of a context that ended", ended, 0, 0, context.Canceled},
		{"less than no time of a context that ended", ended, -1, 0, context.Canceled},
		{"longer than the context", soon, time.Hour, time.Minute, context.DeadlineExceeded},
		{"shorter than the context", soon, time.Second, time.Second, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := tt.of(t.Context())
				defer cancel()
				begin := time.Now()
				err := system.Clock{}.Sleep(ctx, tt.d)
				if took := time.Since(begin); !errors.Is(err, tt.err) || took != tt.took {
					t.Errorf("got %v after %v, want %v after %v", err, took, tt.err, tt.took)
				}
			})
		})
	}
}

func TestSleepEndsWhenItsContextIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		got := make(chan error, 1)
		go func() { got <- system.Clock{}.Sleep(ctx, time.Hour) }()
		time.Sleep(time.Second)
		select {
		case err := <-got:
			t.Fatalf("woke up with %v before its time", err)
		default:
		}
		begin := time.Now()
		cancel()
		if err := <-got; !errors.Is(err, context.Canceled) || time.Since(begin) != 0 {
			t.Errorf("got %v after %v, want context.Canceled at once", err, time.Since(begin))
		}
	})
}

func TestAnEndedContextWinsOverNoTime(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 100 { // a select between the two would choose either
		if err := (system.Clock{}).Sleep(ctx, 0); !errors.Is(err, context.Canceled) {
			t.Fatalf("got %v, want context.Canceled", err)
		}
	}
}
