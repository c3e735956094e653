package flight

import (
	"context"
	"runtime"
	"testing"
	"time"
)

// TestAFlightLandsBeforeItsContextEnds: otherwise a caller who comes between the two
// finds a flight whose time is over, boards another one, and is not told to look
// again, although the value is there.
func TestAFlightLandsBeforeItsContextEnds(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // so that Gosched lets all others run
	var g Group[string, int]
	var c *call[int]
	begin, ended := make(chan struct{}), make(chan bool)
	g.Start(t.Context(), "a", g.Mark(), time.Minute, func(ctx context.Context, _ bool) (int, error) {
		context.AfterFunc(ctx, func() {
			select {
			case <-c.done:
				ended <- true
			default:
				ended <- false
			}
		})
		<-begin
		return 0, nil
	})
	g.mu.Lock() // nothing can land
	c = g.running["a"]
	close(begin)
	for range 1000 { // time enough to do it the wrong way round
		runtime.Gosched()
	}
	g.mu.Unlock()
	if landed := <-ended; !landed {
		t.Error("the context of the work ended before the flight had landed")
	}
}
