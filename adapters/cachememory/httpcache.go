package cachememory

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

var _ ports.HTTPCache = (*HTTPCache)(nil)

const (
	defaultMaxEntries = 1024
	defaultMaxBytes   = 16 << 20
)

// HTTPCacheOptions configures an [HTTPCache]. The zero value is ready to use.
type HTTPCacheOptions struct {
	MaxEntries int // the number of values; when zero or less, 1024
	MaxBytes   int // keys and values together; when zero or less, 16 MiB
}

// HTTPCache implements [ports.HTTPCache] in memory. When it is full, what expires
// soonest makes room; nothing else is dropped, so that a document can be served
// past its time while its server fails. It never waits, looks at no context and
// does not fail. Make it with [NewHTTPCache].
type HTTPCache struct {
	maxEntries, maxBytes int

	mu      sync.Mutex
	entries map[string]document
	bytes   int // of the keys and values in entries
}

// document is a value and its end. The value is shared with callers: by contract
// nobody modifies it.
type document struct {
	value   []byte
	expires time.Time
}

// NewHTTPCache returns an empty cache.
func NewHTTPCache(o HTTPCacheOptions) *HTTPCache {
	if o.MaxEntries <= 0 {
		o.MaxEntries = defaultMaxEntries
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = defaultMaxBytes
	}
	return &HTTPCache{maxEntries: o.MaxEntries, maxBytes: o.MaxBytes, entries: map[string]document{}}
}

// Get implements [ports.HTTPCache].
func (c *HTTPCache) Get(_ context.Context, key string) (value []byte, expires time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.entries[key]
	return d.value, d.expires, nil
}

// Set implements [ports.HTTPCache]. A value that exceeds the cache's bound in bytes
// by itself is not kept, nor is what it was to replace. A nil value is kept as an
// empty one.
func (c *HTTPCache) Set(_ context.Context, key string, value []byte, expires time.Time) error {
	if value == nil {
		value = []byte{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(key)
	if len(key)+len(value) > c.maxBytes {
		return nil
	}
	for len(c.entries) >= c.maxEntries || c.bytes+len(key)+len(value) > c.maxBytes {
		c.remove(c.expiresFirst())
	}
	c.entries[key] = document{value, expires}
	c.bytes += len(key) + len(value)
	return nil
}

// Delete implements [ports.HTTPCache].
func (c *HTTPCache) Delete(_ context.Context, key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.remove(key)
	return nil
}

func (c *HTTPCache) remove(key string) {
	if d, ok := c.entries[key]; ok {
		delete(c.entries, key)
		c.bytes -= len(key) + len(d.value)
	}
}

// expiresFirst returns the key of the entry that expires soonest. It looks at all
// of them: there are few, and a full cache is rare.
func (c *HTTPCache) expiresFirst() string {
	var first string
	found := false
	for key, d := range c.entries {
		if !found || d.expires.Before(c.entries[first].expires) {
			first, found = key, true
		}
	}
	return first
}

// Format implements [fmt.Formatter]. Without it, fmt would read the entries while
// others write them.
func (c *HTTPCache) Format(f fmt.State, _ rune) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = io.WriteString(f, "memory HTTP cache of "+strconv.Itoa(len(c.entries))+" entries")
}
