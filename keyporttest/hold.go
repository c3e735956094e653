package keyporttest

import (
	"context"
	"slices"
	"sync"
)

// Hold keeps requests waiting. Make it with [Authority.Hold].
type Hold struct {
	endpoint Endpoint

	mu       sync.Mutex // guards what follows
	waiting  int
	arrived  chan struct{} // closed and replaced at each arrival
	released chan struct{} // closed by Release
}

// Hold makes requests to an endpoint wait until Release.
func (a *Authority) Hold(e Endpoint) *Hold {
	h := &Hold{endpoint: e, arrived: make(chan struct{}), released: make(chan struct{})}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.holds = append(a.holds, h)
	return h
}

// Waiting returns how many requests wait.
func (h *Hold) Waiting() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.waiting
}

// WaitFor returns when n requests wait, or ctx ends.
func (h *Hold) WaitFor(ctx context.Context, n int) error {
	for {
		h.mu.Lock()
		enough, arrived := h.waiting >= n, h.arrived
		h.mu.Unlock()
		if enough {
			return nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Release lets go of those who wait, and of all who come.
func (h *Hold) Release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.isReleased() {
		close(h.released)
	}
}

func (h *Hold) isReleased() bool {
	select {
	case <-h.released:
		return true
	default:
		return false
	}
}

// wait keeps a request to an endpoint at every hold of it.
func (a *Authority) wait(ctx context.Context, e Endpoint) error {
	a.mu.Lock()
	a.holds = slices.DeleteFunc(a.holds, (*Hold).isReleased)
	holds := slices.Clone(a.holds)
	a.mu.Unlock()
	for _, h := range holds {
		if h.endpoint != e {
			continue
		}
		if err := h.stay(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (h *Hold) stay(ctx context.Context) error {
	h.mu.Lock()
	h.waiting++
	close(h.arrived)
	h.arrived = make(chan struct{})
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		h.waiting--
		h.mu.Unlock()
	}()
	select {
	case <-h.released:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
