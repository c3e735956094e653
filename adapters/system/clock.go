package system

import (
	"context"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

var _ ports.Clock = Clock{}

// Clock is the machine's clock. The zero value is ready.
type Clock struct{}

// Now implements [ports.Clock].
func (Clock) Now() time.Time { return time.Now() }

// Sleep implements [ports.Clock].
func (Clock) Sleep(ctx context.Context, d time.Duration) error {
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
