package ports

import (
	"context"
	"time"
)

// Clock is the application's only source of time.
type Clock interface {
	// Now returns the current time.
	Now() time.Time
	// Sleep returns nil after d, or the context's error as soon as that ends. It
	// returns at once when d is not positive and the context is alive.
	Sleep(ctx context.Context, d time.Duration) error
}
