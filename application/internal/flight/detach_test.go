package flight_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/application/internal/flight"
)

func TestDetachFromWithin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		var life context.Context
		sent, answer := make(chan struct{}), make(chan int)
		w := flight.Work[int](func(ctx context.Context, _ bool) (int, error) {
			life = ctx
			<-sent                                                            // up to here nothing is lost when all leave
			if err := flight.Detach(context.WithoutCancel(ctx)); err != nil { // a context of the work's own will do
				return 0, err
			}
			return <-answer, nil
		})
		impatient, leave := call(t, &g, "a", minute, w)
		sent <- struct{}{}
		synctest.Wait()
		leave()
		check(t, "impatient caller", impatient, outcome{err: context.Canceled})
		if life.Err() != nil {
			t.Fatalf("the work's context says %v, want it to go on", life.Err())
		}
		late, _ := call(t, &g, "a", minute, w)
		answer <- 7
		check(t, "late-comer", late, outcome{value: 7, shared: true})
	})
}

func TestDetachComesTooLateWhenAllHaveLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		resume := make(chan struct{})
		got := make(chan error, 1)
		_, leave := call(t, &g, "a", minute, func(ctx context.Context, _ bool) (int, error) {
			<-resume
			got <- flight.Detach(ctx)
			return 0, nil
		})
		leave()
		synctest.Wait()
		close(resume)
		if err := <-got; !errors.Is(err, context.Canceled) {
			t.Errorf("Detach of a flight that was given up is %v, want context.Canceled", err)
		}
	})
}

func TestDetachOutsideAFlight(t *testing.T) {
	if err := flight.Detach(t.Context()); err != nil {
		t.Errorf("got %v, want nothing", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := flight.Detach(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v for a context that ended, want context.Canceled", err)
	}
}

// inSteps is work that detaches itself for one step, and attaches itself again.
func inSteps(step chan struct{}) (w flight.Work[int], life, attached func() error) {
	var own context.Context
	var got error
	return func(ctx context.Context, _ bool) (int, error) {
		own = ctx
		if err := flight.Detach(ctx); err != nil {
			return 1, err
		}
		<-step
		if got = flight.Attach(ctx); got != nil {
			return 2, got
		}
		select {
		case <-step:
			return 3, nil
		case <-ctx.Done():
			return 4, ctx.Err()
		}
	}, func() error { return own.Err() }, func() error { return got }
}

func TestAttach(t *testing.T) {
	for name, tt := range map[string]struct {
		detached    bool // from the start
		leaveBefore bool // Attach
		leaveAfter  bool
		cancelled   bool
		newcomer    bool // who comes at the end boards a flight of its own
	}{
		"the caller stays":                          {false, false, false, false, false},
		"the caller has left":                       {false, true, false, true, true},
		"the caller leaves then":                    {false, false, true, true, true},
		"detached from the start, caller has left":  {true, true, false, false, false},
		"detached from the start, caller goes then": {true, false, true, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var g group
				step := make(chan struct{})
				w, life, attached := inSteps(step)
				_, leave := call(t, &g, "a", flight.Options{Timeout: time.Minute, Detached: tt.detached}, w)
				if tt.leaveBefore {
					leave()
				}
				if synctest.Wait(); life() != nil {
					t.Fatalf("the work's context says %v while it is detached", life())
				}
				step <- struct{}{}
				synctest.Wait()
				if got, want := attached() != nil, tt.leaveBefore && !tt.detached; got != want {
					t.Errorf("Attach says %v, want an error: %t", attached(), want)
				}
				if tt.leaveAfter {
					leave()
				}
				if synctest.Wait(); (life() != nil) != tt.cancelled {
					t.Errorf("the work's context says %v, want it cancelled: %t", life(), tt.cancelled)
				}
				j := newJob()
				_, _ = call(t, &g, "a", minute, j.work)
				if own := j.starts.Load() == 1; own != tt.newcomer {
					t.Errorf("a newcomer boards a flight of its own: %t, want %t", own, tt.newcomer)
				}
				over, cancel := context.WithCancel(t.Context())
				cancel()
				_ = g.Close(over)
			})
		})
	}
}

func TestAttachOutsideAFlight(t *testing.T) {
	if err := flight.Attach(t.Context()); err != nil {
		t.Errorf("got %v, want nothing", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := flight.Attach(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v for a context that ended, want context.Canceled", err)
	}
}
