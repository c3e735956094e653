package flight_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/seed57855a68/keyport/application/internal/flight"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type group = flight.Group[string, int]

var minute = flight.Options{Timeout: time.Minute}

// job is work that a test watches and ends.
type job struct {
	starts    atomic.Int32
	lookAgain atomic.Bool
	ctx       context.Context // of the last start
	end       chan int        // a value to return; heedless work waits for one whatever its context says
	heedless  bool
	landed    atomic.Int32
}

func newJob() *job { return &job{end: make(chan int)} }

// work implements [flight.Work].
func (j *job) work(ctx context.Context, lookAgain bool) (int, error) {
	j.ctx = ctx
	j.lookAgain.Store(lookAgain)
	j.starts.Add(1)
	defer j.landed.Add(1)
	ended := ctx.Done()
	if j.heedless {
		ended = nil
	}
	select {
	case v := <-j.end:
		return v, nil
	case <-ended:
		return 0, ctx.Err()
	}
}

// outcome is what a caller got.
type outcome struct {
	value  int
	shared bool
	err    error
}

// caller waits in a goroutine of its own.
type caller struct{ got atomic.Pointer[outcome] }

func (c *caller) done() bool { return c.got.Load() != nil }

// call boards a flight and returns once the caller waits. leave ends its context.
func call(t *testing.T, g *group, key string, o flight.Options, w flight.Work[int]) (c *caller, leave context.CancelFunc) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	c = &caller{}
	go func() {
		v, shared, err := g.Do(ctx, key, g.Mark(), o, w)
		c.got.Store(&outcome{v, shared, err})
	}()
	synctest.Wait()
	return c, cancel
}

func check(t *testing.T, who string, c *caller, want outcome) {
	t.Helper()
	synctest.Wait()
	if got := c.got.Load(); got == nil || *got != want {
		t.Errorf("%s got %+v, want %+v", who, got, want)
	}
}
