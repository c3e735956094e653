package cachefile_test

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestALeaseEndsOnTime: who runs and forgets its lease is not believed to hang. The lease ends when it is over, and
// not after the time that others add before they take it away.
func TestALeaseEndsOnTime(t *testing.T) {
	path := pathIn(t)
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		late, err := open(t, path).Lock(t.Context(), "key", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		unlock, err := open(t, path).Lock(t.Context(), "key", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(begin); waited < time.Minute || waited > time.Minute+100*time.Millisecond {
			t.Errorf("the next one waits for %v", waited)
		}
		late() // frees nothing of the other's
		unlock()
	})
}
