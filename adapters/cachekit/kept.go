package cachekit

import (
	"context"
	"sync"
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
	mu   sync.RWMutex // guards sets
	sets map[string]keptSet
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
		k.sets = make(map[string]keptSet)
	}
	if _, known := k.sets[name]; !known && len(k.sets) >= maxKept {
		for other := range k.sets { // any: it is opened again
			delete(k.sets, other)
			break
		}
	}
	k.sets[name] = s
}

func (k *kept) drop(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.sets, name)
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
