package flight_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/application/internal/flight"
)

func TestLookAgain(t *testing.T) {
	quick := func(context.Context, bool) (int, error) { return 0, nil }
	for name, tt := range map[string]struct {
		between func(context.Context, *group) // Mark and Do
		want    bool
	}{
		"nothing happened":           {func(context.Context, *group) {}, false},
		"a flight of the key":        {func(ctx context.Context, g *group) { _, _, _ = g.Do(ctx, "a", g.Mark(), minute, quick) }, true},
		"a flight of another":        {func(ctx context.Context, g *group) { _, _, _ = g.Do(ctx, "b", g.Mark(), minute, quick) }, true},
		"one that nobody waited for": {func(ctx context.Context, g *group) { g.Start(ctx, "a", g.Mark(), time.Minute, quick) }, true},
		"a flight that failed": {func(ctx context.Context, g *group) {
			_, _, _ = g.Do(ctx, "a", g.Mark(), minute, func(context.Context, bool) (int, error) { return 0, errors.New("broken") })
		}, true},
		"a flight that is still in the air": {func(ctx context.Context, g *group) {
			g.Start(ctx, "b", g.Mark(), time.Minute, func(ctx context.Context, _ bool) (int, error) { <-ctx.Done(); return 0, nil })
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, start := range []bool{false, true} {
				synctest.Test(t, func(t *testing.T) {
					var g group
					_, _, _ = g.Do(t.Context(), "a", g.Mark(), minute, quick) // long before: no reason to look again
					mark := g.Mark()
					tt.between(t.Context(), &g)
					synctest.Wait()
					var got atomic.Int32
					w := flight.Work[int](func(_ context.Context, lookAgain bool) (int, error) {
						got.Store(1)
						if lookAgain {
							got.Store(2)
						}
						return 0, nil
					})
					if start {
						g.Start(t.Context(), "a", mark, time.Minute, w)
					} else {
						_, _, _ = g.Do(t.Context(), "a", mark, minute, w)
					}
					synctest.Wait()
					over, cancel := context.WithCancel(t.Context())
					cancel()
					_ = g.Close(over)
					if got.Load() == 0 || (got.Load() == 2) != tt.want {
						t.Errorf("look again: %t, want %t (0 is never called, it is %d)", got.Load() == 2, tt.want, got.Load())
					}
				})
			}
		})
	}
}

// TestACacheInFrontIsFilledOnce has callers who look into a cache, miss, and board.
// However their steps interleave, the value is made once for each round.
func TestACacheInFrontIsFilledOnce(t *testing.T) {
	const rounds, callers = 2000, 6
	for round := range rounds {
		var g group
		var cache atomic.Bool
		var made atomic.Int32
		w := flight.Work[int](func(_ context.Context, lookAgain bool) (int, error) {
			if lookAgain && cache.Load() {
				return round, nil
			}
			made.Add(1)
			cache.Store(true)
			return round, nil
		})
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				mark := g.Mark()
				if cache.Load() {
					return
				}
				if v, _, err := g.Do(t.Context(), "a", mark, minute, w); v != round || err != nil {
					t.Errorf("got %d, %v, want %d", v, err, round)
				}
			})
		}
		all.Wait()
		if n := made.Load(); n != 1 {
			t.Fatalf("round %d: made %d times, want once", round, n)
		}
	}
}

// TestCallersWhoComeAndGo lets callers give up at random. Those who stay get the
// value, and no two pieces of work that anybody waits for run at a time.
func TestCallersWhoComeAndGo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const callers = 2000
		var g group
		var wanted, most atomic.Int32
		w := flight.Work[int](func(ctx context.Context, _ bool) (int, error) {
			n := wanted.Add(1)
			if n > most.Load() {
				most.Store(n)
			}
			defer wanted.Add(-1)
			select {
			case <-time.After(10 * time.Millisecond):
				return 7, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		})
		var all sync.WaitGroup
		for i := range callers {
			all.Go(func() {
				time.Sleep(time.Duration(i*i%977) * time.Millisecond / 4)
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%31)*time.Millisecond)
				defer cancel()
				v, _, err := g.Do(ctx, "a", g.Mark(), minute, w)
				if err == nil && v != 7 || err != nil && !errors.Is(err, context.DeadlineExceeded) || err != nil && i%31 > 11 {
					t.Errorf("caller with %d ms of patience got %d, %v", i%31, v, err)
				}
			})
		}
		all.Wait()
		if most.Load() > 2 { // one that was just given up may still be going down
			t.Errorf("%d at a time", most.Load())
		}
		if err := g.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
