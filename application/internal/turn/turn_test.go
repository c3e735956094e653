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
		done, err := q.Take(t.Context(), "a")
		if err != nil {
			t.Fatal(err)
		}
		otherDone, err := q.Take(t.Context(), "b") // another key does not wait
		if err != nil {
			t.Fatal(err)
		}
		otherDone()
		inside, most := 0, 0
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				done, err := q.Take(t.Context(), "a")
				if err != nil {
					t.Error(err)
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
		if _, err := q.Take(t.Context(), "a"); err != nil { // the line is empty again
			t.Error(err)
		}
	})
}

func TestWhoGivesUpLeavesTheLine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q turn.Queue[int]
		done, _ := q.Take(t.Context(), 1)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := q.Take(ctx, 1); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context.Canceled", err)
			}
		})
		all.Go(func() {
			next, err := q.Take(t.Context(), 1)
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
