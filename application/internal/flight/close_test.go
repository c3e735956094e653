package flight_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// closing closes the group in a goroutine.
func closing(ctx context.Context, g *group) *caller {
	c := &caller{}
	go func() { c.got.Store(&outcome{err: g.Close(ctx)}) }()
	synctest.Wait()
	return c
}

func TestCloseWaitsForFlightsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		j, behind := newJob(), newJob()
		waiter, _ := call(t, &g, "a", minute, j.work)
		g.Start(t.Context(), "b", g.Mark(), time.Minute, behind.work)
		closed := closing(t.Context(), &g)
		twice := closing(t.Context(), &g)
		if closed.done() || j.ctx.Err() != nil || behind.ctx.Err() != nil {
			t.Fatalf("closed: %t; the works' contexts say %v and %v, want them to go on", closed.done(), j.ctx.Err(), behind.ctx.Err())
		}
		late, _ := call(t, &g, "a", minute, j.work) // it costs nothing
		j.end <- 7
		check(t, "waiter", waiter, outcome{value: 7})
		check(t, "late-comer", late, outcome{value: 7, shared: true})
		if closed.done() {
			t.Fatal("closed before a flight that nobody waits for has landed")
		}
		behind.end <- 8
		check(t, "Close", closed, outcome{})
		check(t, "second Close", twice, outcome{})
	})
}

func TestCloseRefusesNewFlights(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		if err := g.Close(t.Context()); err != nil {
			t.Errorf("Close of an unused group: %v", err)
		}
		j := newJob()
		v, shared, err := g.Do(t.Context(), "a", g.Mark(), minute, j.work)
		if v != 0 || shared || !errors.Is(err, domain.ErrClientClosed) {
			t.Errorf("got %d, %t, %v, want ErrClientClosed", v, shared, err)
		}
		g.Start(t.Context(), "a", g.Mark(), time.Minute, j.work)
		if synctest.Wait(); j.starts.Load() != 0 {
			t.Error("work starts after Close")
		}
		if err := g.Close(t.Context()); err != nil {
			t.Errorf("second Close: %v", err)
		}
	})
}

func TestCloseCancelsWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		j, slow := newJob(), newJob()
		slow.heedless = true
		waiter, _ := call(t, &g, "a", minute, j.work)
		g.Start(t.Context(), "b", g.Mark(), time.Minute, slow.work)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		closed := closing(ctx, &g)
		time.Sleep(time.Second)
		check(t, "waiter", waiter, outcome{err: context.Canceled})
		check(t, "Close", closed, outcome{err: context.DeadlineExceeded}) // it does not wait for who does not heed
		if !errors.Is(slow.ctx.Err(), context.Canceled) {
			t.Fatalf("the work's context says %v, want that it is cancelled", slow.ctx.Err())
		}
		// Nobody boards what is going down, and nothing new takes off.
		if _, _, err := g.Do(t.Context(), "b", g.Mark(), minute, j.work); !errors.Is(err, domain.ErrClientClosed) {
			t.Errorf("a caller behind the cancellation got %v, want ErrClientClosed", err)
		}
		slow.end <- 1
	})
}

func TestCloseWaitsForWorkThatItsWaitersLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		j := newJob()
		j.heedless = true // cancelled, and no longer under its key, but still at work
		_, leave := call(t, &g, "a", minute, j.work)
		leave()
		closed := closing(t.Context(), &g)
		if synctest.Wait(); closed.done() {
			t.Fatal("closed while work goes on")
		}
		j.end <- 1
		check(t, "Close", closed, outcome{})
		if j.landed.Load() != 1 {
			t.Error("the work has not ended")
		}
	})
}
