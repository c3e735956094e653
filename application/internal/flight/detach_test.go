package flight_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

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
