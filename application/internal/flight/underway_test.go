package flight_test

import (
	"context"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/application/internal/flight"
)

func TestUnderway(t *testing.T) {
	var g flight.Group[string, int]
	inside, release := make(chan struct{}), make(chan struct{})
	done := make(chan struct{})
	if g.Underway("a") {
		t.Error("nothing has begun")
	}
	go func() {
		defer close(done)
		_, _, _ = g.Do(t.Context(), "a", g.Mark(), flight.Options{Timeout: time.Minute}, func(context.Context, bool) (int, error) {
			close(inside)
			<-release
			return 1, nil
		})
	}()
	<-inside
	if !g.Underway("a") || g.Underway("b") {
		t.Errorf("a flies: got %v; b does not: got %v", g.Underway("a"), g.Underway("b"))
	}
	close(release)
	<-done
	if g.Underway("a") {
		t.Error("it has landed")
	}
}
