package flight_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/seed57855a68/keyport/application/internal/flight"
)

func TestWorkThatDoesNotReturn(t *testing.T) {
	const canary = "canary-77a0"
	var list []int
	var nothing any
	for name, tt := range map[string]struct {
		end  func()
		want string
	}{
		"panic with a text":       {func() { panic(canary) }, "panic with a value of type string"},
		"panic with an error":     {func() { panic(errors.New(canary)) }, "panic with a value of type *errors.errorString"},
		"panic of the runtime":    {func() { _ = list[len(list)] }, "panic: runtime error: index out of range [0] with length 0"},
		"panic with nothing":      {func() { panic(nothing) }, "panic: panic called with nil argument"},
		"end of the goroutine":    {runtime.Goexit, "the work ended without a result"},
		"end behind a result":     {func() { defer runtime.Goexit() }, "the work ended without a result"},
		"panic behind the end":    {func() { defer func() { panic(canary) }(); runtime.Goexit() }, "panic with a value of type string"},
		"panic inside of a panic": {func() { defer func() { panic(1) }(); panic(canary) }, "panic with a value of type int"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var g group
				begin := make(chan struct{})
				w := flight.Work[int](func(context.Context, bool) (int, error) { <-begin; tt.end(); return 5, nil })
				first, _ := call(t, &g, "a", minute, w)
				second, _ := call(t, &g, "a", minute, w)
				close(begin)
				synctest.Wait()
				for _, c := range []*caller{first, second} {
					got := c.got.Load()
					if got == nil {
						t.Fatal("a caller waits for ever")
					}
					if got.err == nil || !strings.HasPrefix(got.err.Error(), tt.want) || strings.Contains(got.err.Error(), canary) {
						t.Errorf("got %+v with the error %q, want %q", got, got.err, tt.want)
					}
				}
				v, shared, err := g.Do(t.Context(), "a", g.Mark(), minute, func(context.Context, bool) (int, error) { return 6, nil })
				if v != 6 || shared || err != nil {
					t.Errorf("the next call got %d, %t, %v, want 6 of its own", v, shared, err)
				}
				if err := g.Close(t.Context()); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
		})
	}
}

func TestAPanicOfTheRuntimeCanBeTold(t *testing.T) {
	var g group
	var none map[string]int
	_, _, err := g.Do(t.Context(), "a", g.Mark(), minute, func(context.Context, bool) (int, error) { none["a"] = 1; return 0, nil })
	var of runtime.Error
	if !errors.As(err, &of) {
		t.Errorf("got %v, want a runtime.Error", err)
	}
}
