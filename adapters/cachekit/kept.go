package cachekit

import (
	"context"
	"sync"

	"github.com/seed57855a68/keyport/domain"
)

// maxKept bounds the sets that are kept of a [BlobVersioner].
const maxKept = 4096

// BlobVersioner is what a [BlobStore] may also be, when asking for a version costs much less than reading the
// value: a stat, a HEAD request. Sets that were opened whole are then kept in memory, up to
// 4096 of them, and served while their version is the same, so that a hit opens no seal.
type BlobVersioner interface {
	// BlobVersion returns the version that ReadBlob would return; "" when there is no value.
	BlobVersion(ctx context.Context, name string) (version string, err error)
}

// kept are the documents as they were opened. The zero value is ready.
type kept struct {
	mu    sync.RWMutex // guards what follows
	sets  map[string]keptSet
	names map[domain.PartitionKey]string // of the sets: a digest costs as much as the rest of a hit
}

// keptSet is one of them, with the store's version.
type keptSet struct {
	document *Document
	blob     string
}

func (k *kept) of(name string) (keptSet, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	s, ok := k.sets[name]
	return s, ok
}

func (k *kept) keep(name string, s keptSet) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.sets == nil {
		k.sets, k.names = make(map[string]keptSet), make(map[domain.PartitionKey]string)
	}
	if _, known := k.sets[name]; !known && len(k.sets) >= maxKept {
		for other := range k.sets { // any: it is opened again
			k.remove(other)
			break
		}
	}
	k.sets[name], k.names[s.document.partition] = s, name
}

func (k *kept) drop(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.remove(name)
}

// remove is for who holds mu.
func (k *kept) remove(name string) {
	if s, ok := k.sets[name]; ok {
		delete(k.names, s.document.partition)
		delete(k.sets, name)
	}
}

// name returns the codec's name of a partition.
func (c *TokenCache) name(key domain.PartitionKey) string {
	c.kept.mu.RLock()
	name, ok := c.kept.names[key]
	c.kept.mu.RUnlock()
	if ok {
		return name
	}
	return c.codec.Name(key)
}

// unchanged returns the set that was opened before, if it is still what is stored. A reader that was slow may have
// kept an older one after a newer was seen; that is not served, even if somebody puts it back.
func (c *TokenCache) unchanged(ctx context.Context, name string, seen seenVersion) (s stored, ok bool) {
	if c.versioner == nil {
		return s, false
	}
	known, ok := c.kept.of(name)
	if !ok || !seen.allows(known.document.lineage, known.document.version) {
		return s, false
	}
	version, err := c.versioner.BlobVersion(ctx, name)
	if err != nil || version != known.blob { // an error will be that of reading, too
		return s, false
	}
	return stored{document: known.document, blob: version, exists: true, seen: seen}, true
}

// opened keeps what was read and can be used whole. What has problems is told of each time, and may be whole the next.
func (c *TokenCache) opened(name string, s stored) {
	switch d := s.document; {
	case c.versioner == nil:
	case d == nil || d.plain || len(d.problems) > 0:
		c.kept.drop(name)
	default:
		c.kept.keep(name, keptSet{d, s.blob})
	}
}
