package keyporttest

import (
	"context"
	"slices"
	"sync"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

var _ ports.Observer = (*Observations)(nil)

// Observations is a [ports.Observer] that keeps what it is told, so that a test can say
// how tokens were come by. The zero value is ready.
type Observations struct {
	mu     sync.Mutex // guards events
	events []domain.Event
}

// Observe implements [ports.Observer].
func (o *Observations) Observe(_ context.Context, event domain.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = append(o.events, event)
}

// All returns the events so far, in the order in which they came.
func (o *Observations) All() []domain.Event {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.events)
}

// Acquisitions returns the acquisitions that ended.
func (o *Observations) Acquisitions() []domain.AcquisitionEvent {
	return eventsOf[domain.AcquisitionEvent](o)
}

// CacheOperations returns what the token cache did.
func (o *Observations) CacheOperations() []domain.CacheEvent { return eventsOf[domain.CacheEvent](o) }

// Refreshes returns the renewals in the background that ended.
func (o *Observations) Refreshes() []domain.RefreshEvent { return eventsOf[domain.RefreshEvent](o) }

func eventsOf[E domain.Event](o *Observations) []E {
	var out []E
	for _, event := range o.All() {
		if e, ok := event.(E); ok {
			out = append(out, e)
		}
	}
	return out
}
