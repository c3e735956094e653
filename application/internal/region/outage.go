package region

import (
	"sync"
	"time"
)

// Outage remembers that the region's host fails, so that not every token waits for it.
// The zero Outage is none; it is safe for concurrent use.
type Outage struct {
	mu    sync.Mutex // guards what follows
	err   error
	until time.Time
}

// memory is how long the global host is asked at once.
const memory = 5 * time.Minute

// Since returns what the region's host failed with while it is not to be asked, and nil
// when it is. After the pause one caller finds out for all whether it is well again, for
// which it has the time trial; the others still ask the global host meanwhile.
func (o *Outage) Since(now time.Time, trial time.Duration) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil || now.Before(o.until) {
		return o.err
	}
	o.until = now.Add(trial)
	return nil
}

func (o *Outage) state() (until time.Time, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.until, o.err
}

// Begin notes that the host failed.
func (o *Outage) Begin(now time.Time, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err, o.until = err, now.Add(memory)
}

// End notes that the host answered.
func (o *Outage) End() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = nil
}
