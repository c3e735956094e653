package main

import (
	"context"
	"iter"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachekit"
)

var (
	_ cachekit.BlobStore  = (*Blobs)(nil)
	_ cachekit.BlobLister = (*Blobs)(nil)
)

// Blobs is the shorter way to a cache of one's own: a store that knows nothing of tokens,
// only bytes and their versions. Put your database where the map is; a column that counts,
// an entity tag or a revision is the version. Package cachekit does the rest, and seals.
type Blobs struct {
	mu    sync.Mutex // guards what follows
	blobs map[string]blob
	last  int // version; it goes on counting, also after a deletion
}

type blob struct {
	value   []byte
	version string
}

// NewBlobs returns an empty store.
func NewBlobs() *Blobs { return &Blobs{blobs: make(map[string]blob)} }

// ReadBlob implements [cachekit.BlobStore].
func (b *Blobs) ReadBlob(_ context.Context, name string) (value []byte, version string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.blobs[name].value, b.blobs[name].version, nil
}

// SwapBlob implements [cachekit.BlobStore].
func (b *Blobs) SwapBlob(_ context.Context, name, version string, value []byte, _ time.Time) (swapped bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.blobs[name].version != version {
		return false, nil
	}
	if value == nil {
		delete(b.blobs, name)
		return true, nil
	}
	b.last++
	b.blobs[name] = blob{value, strconv.Itoa(b.last)}
	return true, nil
}

// ListBlobs implements [cachekit.BlobLister].
func (b *Blobs) ListBlobs(_ context.Context, prefix string) iter.Seq2[string, error] {
	b.mu.Lock()
	blobs := maps.Clone(b.blobs)
	b.mu.Unlock()
	return func(yield func(string, error) bool) {
		for name := range blobs {
			if strings.HasPrefix(name, prefix) && !yield(name, nil) {
				return
			}
		}
	}
}
