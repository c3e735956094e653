package httpclient

import (
	"context"
	"time"
)

// realTime is the ports.Clock for callers that set none. Adapters do not import
// each other, so it is not the one of adapters/system.
type realTime struct{}

// Now implements [ports.Clock].
func (realTime) Now() time.Time { return time.Now() }

// Sleep implements [ports.Clock].
func (realTime) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
