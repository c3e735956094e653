package application

import (
	"context"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

// patientCache is an HTTP cache that is given up when it takes long: what it holds spares
// requests, and must not cost the time of the request itself.
type patientCache struct {
	cache    ports.HTTPCache
	patience time.Duration
}

// patient gives a cache two seconds, and less to a client that has little time: one
// acquisition may look into the cache half a dozen times.
func patient(c ports.HTTPCache, timeout time.Duration) patientCache {
	return patientCache{c, min(2*time.Second, timeout/15)}
}

// Get implements [ports.HTTPCache].
func (p patientCache) Get(ctx context.Context, key string) ([]byte, time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	return p.cache.Get(ctx, key)
}

// Set implements [ports.HTTPCache].
func (p patientCache) Set(ctx context.Context, key string, value []byte, expires time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	return p.cache.Set(ctx, key, value, expires)
}

// Delete implements [ports.HTTPCache].
func (p patientCache) Delete(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, p.patience)
	defer cancel()
	return p.cache.Delete(ctx, key)
}
