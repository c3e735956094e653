package turn_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/seed57855a68/keyport/application/internal/turn"
)

func TestOneAtATimeForEachKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q turn.Queue[string]
		done, waited, err := q.Take(t.Context(), "a")
		if err != nil || waited {
			t.Fatalf("the first waited: %v, %v", waited, err)
		}
		otherDone, waited, err := q.Take(t.Context(), "b")
		if err != nil || waited {
			t.Errorf("another key waited: %v, %v", waited, err)
		}
		otherDone()
		inside, most := 0, 0
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				done, waited, err := q.Take(t.Context(), "a")
				if err != nil || !waited {
					t.Errorf("got a turn out of turn: %v, %v", waited, err)
					return
				}
				inside++
				most = max(most, inside)
				inside--
				done()
			})
		}
		synctest.Wait()
		if most != 0 {
			t.Error("somebody had a turn while it was another's")
		}
		done()
		all.Wait()
		if most != 1 {
			t.Errorf("%d had a turn at a time", most)
		}
		if _, waited, _ := q.Take(t.Context(), "a"); waited {
			t.Error("an empty line made somebody wait")
		}
	})
}

func TestWhoGivesUpLeavesTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q turn.Queue[int]
		done, _, _ := q.Take(t.Context(), 1)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, _, err := q.Take(ctx, 1); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context.Canceled", err)
			}
		})
		all.Go(func() {
			next, _, err := q.Take(t.Context(), 1)
			if err != nil {
				t.Error(err)
				return
			}
			next()
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		done()
		all.Wait()
	})
}
