package flight_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/application/internal/flight"
)

func TestCallersShareOnePieceOfWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		j, other := newJob(), newJob()
		first, _ := call(t, &g, "a", minute, j.work)
		second, _ := call(t, &g, "a", minute, j.work)
		elsewhere, _ := call(t, &g, "b", minute, other.work)
		if j.starts.Load() != 1 || other.starts.Load() != 1 {
			t.Fatalf("%d and %d starts, want one for each key", j.starts.Load(), other.starts.Load())
		}
		j.end <- 7
		check(t, "first", first, outcome{value: 7})
		check(t, "second", second, outcome{value: 7, shared: true})
		if elsewhere.done() {
			t.Error("a caller of another key got something")
		}
		other.end <- 8
		check(t, "caller of another key", elsewhere, outcome{value: 8})
		if err := j.ctx.Err(); !errors.Is(err, context.Canceled) {
			t.Errorf("the work's context says %v after landing, want it to have ended", err)
		}

		again, _ := call(t, &g, "a", minute, j.work)
		j.end <- 9
		check(t, "next", again, outcome{value: 9})
	})
}

func TestAFailureIsSharedAndNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		broken := errors.New("broken")
		begin := make(chan struct{})
		fails := func(context.Context, bool) (int, error) { <-begin; return 3, broken }
		first, _ := call(t, &g, "a", minute, fails)
		second, _ := call(t, &g, "a", minute, fails)
		close(begin)
		check(t, "first", first, outcome{value: 3, err: broken})
		check(t, "second", second, outcome{value: 3, shared: true, err: broken})
		v, shared, err := g.Do(t.Context(), "a", g.Mark(), minute, func(context.Context, bool) (int, error) { return 4, nil })
		if v != 4 || shared || err != nil {
			t.Errorf("next got %d, %t, %v, want a flight of its own", v, shared, err)
		}
	})
}

func TestACancelledLeaderPoisonsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		j := newJob()
		leader, leave := call(t, &g, "a", minute, j.work)
		waiter, _ := call(t, &g, "a", minute, j.work)
		leave()
		check(t, "leader", leader, outcome{err: context.Canceled})
		if waiter.done() || j.ctx.Err() != nil {
			t.Fatalf("the waiter has %+v and the work's context says %v, want both to go on", waiter.got.Load(), j.ctx.Err())
		}
		late, _ := call(t, &g, "a", minute, j.work)
		j.end <- 7
		check(t, "waiter", waiter, outcome{value: 7, shared: true})
		check(t, "late-comer", late, outcome{value: 7, shared: true})
		if n := j.starts.Load(); n != 1 {
			t.Errorf("%d starts, want 1", n)
		}
	})
}

func TestACancelledWaiterLeavesAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		j := newJob()
		leader, _ := call(t, &g, "a", minute, j.work)
		waiter, leave := call(t, &g, "a", minute, j.work)
		leave()
		check(t, "waiter", waiter, outcome{shared: true, err: context.Canceled})
		j.end <- 7
		check(t, "leader", leader, outcome{value: 7})
	})
}

func TestWorkStopsWhenItsLastWaiterLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		old := newJob()
		old.heedless = true // it winds down slowly
		leader, leave1 := call(t, &g, "a", minute, old.work)
		waiter, leave2 := call(t, &g, "a", minute, old.work)
		leave1()
		leave2()
		check(t, "leader", leader, outcome{err: context.Canceled})
		check(t, "waiter", waiter, outcome{shared: true, err: context.Canceled})
		if !errors.Is(old.ctx.Err(), context.Canceled) {
			t.Errorf("the work's context says %v, want it cancelled", old.ctx.Err())
		}

		// A newcomer starts afresh, and the old flight's landing does not disturb its own.
		fresh := newJob()
		newcomer, _ := call(t, &g, "a", minute, fresh.work)
		old.end <- 1
		synctest.Wait()
		companion, _ := call(t, &g, "a", minute, fresh.work)
		if newcomer.done() || fresh.starts.Load() != 1 {
			t.Fatalf("newcomer has %+v after %d starts, want it to wait for the one flight", newcomer.got.Load(), fresh.starts.Load())
		}
		fresh.end <- 2
		check(t, "newcomer", newcomer, outcome{value: 2})
		check(t, "companion", companion, outcome{value: 2, shared: true})
	})
}

func TestDetachedWorkGoesOn(t *testing.T) {
	detached := flight.Options{Timeout: time.Minute, Detached: true}
	for name, depart := range map[string]func(*testing.T, *group, *job){
		"when its caller leaves": func(t *testing.T, g *group, j *job) {
			_, leave := call(t, g, "a", detached, j.work)
			leave()
		},
		"that nobody waits for": func(t *testing.T, g *group, j *job) {
			ctx, cancel := context.WithCancel(t.Context())
			g.Start(ctx, "a", g.Mark(), time.Minute, j.work)
			cancel()
		},
		"that others waited for a while": func(t *testing.T, g *group, j *job) {
			g.Start(t.Context(), "a", g.Mark(), time.Minute, j.work)
			_, leave := call(t, g, "a", minute, j.work)
			leave()
		},
		"that was ordinary until a caller came who needs it": func(t *testing.T, g *group, j *job) {
			_, leave1 := call(t, g, "a", minute, j.work)
			_, leave2 := call(t, g, "a", detached, j.work)
			leave2()
			leave1()
		},
		"that was ordinary until it was started again": func(t *testing.T, g *group, j *job) {
			_, leave := call(t, g, "a", minute, j.work)
			g.Start(t.Context(), "a", g.Mark(), time.Minute, j.work)
			leave()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var g group
				j := newJob()
				depart(t, &g, j)
				synctest.Wait()
				if j.starts.Load() != 1 || j.ctx.Err() != nil {
					t.Fatalf("%d starts, and the work's context says %v, want one that goes on", j.starts.Load(), j.ctx.Err())
				}
				late, _ := call(t, &g, "a", minute, j.work)
				j.end <- 7
				check(t, "late-comer", late, outcome{value: 7, shared: true})
			})
		})
	}
}

func TestWorkHasADeadlineOfItsOwn(t *testing.T) {
	for _, o := range []flight.Options{minute, {Timeout: time.Minute, Detached: true}} {
		synctest.Test(t, func(t *testing.T) {
			var g group
			j := newJob()
			begin := time.Now()
			_, leave := call(t, &g, "a", o, j.work)
			time.Sleep(20 * time.Second)
			waiter, _ := call(t, &g, "a", minute, j.work)
			leave()
			time.Sleep(40*time.Second - time.Nanosecond)
			if synctest.Wait(); waiter.done() {
				t.Fatalf("waiter has %+v before the deadline", waiter.got.Load())
			}
			time.Sleep(time.Nanosecond)
			check(t, "waiter", waiter, outcome{shared: true, err: context.DeadlineExceeded})
			if took := time.Since(begin); took != time.Minute {
				t.Errorf("ended after %v, want a minute after the start", took)
			}
		})
	}
}

func TestNobodyBoardsAFlightWhoseTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		hung, fresh := newJob(), newJob()
		hung.heedless = true
		stuck, _ := call(t, &g, "a", minute, hung.work)
		time.Sleep(time.Minute)
		synctest.Wait()
		newcomer, _ := call(t, &g, "a", minute, fresh.work)
		if fresh.starts.Load() != 1 {
			t.Fatal("the newcomer waits for work that should have ended")
		}
		fresh.end <- 2
		check(t, "newcomer", newcomer, outcome{value: 2})
		if stuck.done() {
			t.Errorf("a caller of the old flight got %+v", stuck.got.Load())
		}
		hung.end <- 1
		check(t, "caller of the old flight", stuck, outcome{value: 1})
	})
}

func TestTheWorkKeepsValuesOfItsFirstCallersContextOnly(t *testing.T) {
	type key struct{}
	synctest.Test(t, func(t *testing.T) {
		var g group
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, "trace"), time.Second)
		defer cancel()
		_, _, err := g.Do(ctx, "a", g.Mark(), minute, func(ctx context.Context, _ bool) (int, error) {
			if got := ctx.Value(key{}); got != "trace" {
				t.Errorf("value is %v, want the caller's", got)
			}
			if end, _ := ctx.Deadline(); time.Until(end) != time.Minute {
				t.Errorf("deadline in %v, want the flight's own", time.Until(end))
			}
			return 0, nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestAContextThatEndedBeforehand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g group
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		j := newJob()
		if v, _, err := g.Do(ctx, "a", g.Mark(), minute, j.work); v != 0 || !errors.Is(err, context.Canceled) {
			t.Errorf("got %d, %v, want context.Canceled", v, err)
		}
		synctest.Wait()
		if j.starts.Load() != j.landed.Load() {
			t.Error("work goes on for nobody")
		}
	})
}
