package ports

import (
	"context"

	"github.com/seed57855a68/keyport/domain"
)

// Observer is told what happened, for metrics and traces: one
// [domain.AcquisitionEvent] for each acquisition, one [domain.CacheEvent] for each
// operation of the token cache, and one [domain.RefreshEvent] for each renewal in the
// background.
//
// Observe is called where it happened, by many goroutines at once, and the caller of
// an acquisition waits for it: hand on what takes time. ctx is the one of the
// acquisition, for its values; it may have ended. Kinds of events may be added: ignore
// those that you do not know. An Observer that panics harms no acquisition: the panic is
// logged, once, and the event is lost.
type Observer interface {
	Observe(ctx context.Context, event domain.Event)
}
