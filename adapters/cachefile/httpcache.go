package cachefile

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"sync/atomic"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

var _ ports.HTTPCache = (*HTTPCache)(nil)

const (
	maxDocuments     = 1024
	maxDocumentBytes = 16 << 20
)

// HTTPCacheOptions configures an [HTTPCache].
type HTTPCacheOptions struct {
	// Path of the file; another than that of the tokens.
	Path string
}

// HTTPCache implements [ports.HTTPCache] in a file of its own: a command that runs for a second
// then asks for no metadata that the last one had. It keeps 1024 documents and
// 16 MiB; what expires soonest makes room. A damaged file counts as empty. Make it with [NewHTTPCache].
type HTTPCache struct {
	file     *file
	snapshot atomic.Pointer[documents]
}

// documents are the entries as they were read. They are not changed.
type documents struct {
	info    fs.FileInfo
	entries map[string]document
}

// document is one entry. Expires is in seconds; 0 for the zero time.
type document struct {
	Value   []byte `json:"value"`
	Expires int64  `json:"expires"`
}

// NewHTTPCache returns the cache in a file, as [NewTokenCache] does.
func NewHTTPCache(o HTTPCacheOptions) (*HTTPCache, error) {
	f, err := newFile(o.Path)
	if err != nil {
		return nil, err
	}
	return &HTTPCache{file: f}, nil
}

// Get implements [ports.HTTPCache].
func (c *HTTPCache) Get(ctx context.Context, key string) (value []byte, expires time.Time, err error) {
	if err := ctx.Err(); err != nil {
		return nil, time.Time{}, err
	}
	d, err := c.refreshed()
	if err != nil {
		return nil, time.Time{}, err
	}
	e, ok := d.entries[key]
	if !ok {
		return nil, time.Time{}, nil
	}
	if e.Expires != 0 {
		expires = time.Unix(e.Expires, 0).UTC()
	}
	return e.Value, expires, nil
}

// Set implements [ports.HTTPCache]. A value that is too large by itself is not kept, nor is what
// it was to replace.
func (c *HTTPCache) Set(ctx context.Context, key string, value []byte, expires time.Time) error {
	e := document{Value: append([]byte{}, value...)}
	if !expires.IsZero() {
		e.Expires = expires.Unix()
	}
	return c.update(ctx, func(entries map[string]document) {
		delete(entries, key)
		if len(key)+len(value) > maxDocumentBytes {
			return
		}
		makeRoom(entries, len(key)+len(value))
		entries[key] = e
	})
}

// Delete implements [ports.HTTPCache].
func (c *HTTPCache) Delete(ctx context.Context, key string) error {
	return c.update(ctx, func(entries map[string]document) { delete(entries, key) })
}

func (c *HTTPCache) update(ctx context.Context, change func(map[string]document)) error {
	unlock, err := c.file.take(ctx, c.file.lock)
	if err != nil {
		return err
	}
	defer unlock()
	d, err := c.refreshed()
	if err != nil {
		return err
	}
	entries := maps.Clone(d.entries)
	change(entries)
	data, err := json.Marshal(map[string]any{"version": 1, "entries": entries})
	if err != nil {
		return failed("write", c.file.path, err)
	}
	info, err := c.file.write(data, d.info)
	if info != nil {
		c.snapshot.Store(readDocuments(data, info))
	}
	return err
}

// refreshed reads the file when it is not as it was.
func (c *HTTPCache) refreshed() (*documents, error) {
	if d := c.snapshot.Load(); d != nil && d.info != nil && isStill(c.file.path, d.info) {
		return d, nil
	}
	data, info, err := c.file.read()
	if err != nil {
		return nil, err
	}
	d := readDocuments(data, info)
	c.snapshot.Store(d)
	return d, nil
}

func readDocuments(data []byte, info fs.FileInfo) *documents {
	var content struct {
		Version int                 `json:"version"`
		Entries map[string]document `json:"entries"`
	}
	if json.Unmarshal(data, &content) != nil || content.Version != 1 || content.Entries == nil {
		content.Entries = map[string]document{}
	}
	return &documents{info, content.Entries}
}

// makeRoom drops what expires soonest until the rest and n bytes fit.
func makeRoom(entries map[string]document, n int) {
	for k, e := range entries {
		n += len(k) + len(e.Value)
	}
	for len(entries) > 0 && (len(entries) >= maxDocuments || n > maxDocumentBytes) {
		first, found := "", false
		for k, e := range entries {
			if !found || e.Expires < entries[first].Expires {
				first, found = k, true
			}
		}
		n -= len(first) + len(entries[first].Value)
		delete(entries, first)
	}
}

// Format implements [fmt.Formatter].
func (c *HTTPCache) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "file HTTP cache") }
