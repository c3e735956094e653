package cachekit

import (
	"context"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

var _ ports.TokenCache = (*TokenCache)(nil)

// BlobStore keeps bytes under names, with a version: a table with a revision column, a
// bucket with entity tags, a key-value store with compare-and-swap. It is safe for
// concurrent use. Names are lower-case letters, digits and one dot, at most 80.
type BlobStore interface {
	// ReadBlob returns the value under name and its version, a text of the store's own;
	// nil and "" when there is none; a store that cannot tell fails, since what is missing counts as
	// deleted, and as put back when it is there again. It sees every SwapBlob that returned before it began.
	ReadBlob(ctx context.Context, name string) (value []byte, version string, err error)
	// SwapBlob stores value under name if the version there is still the given one, where
	// "" means that there is none, and reports whether it was. Comparing and storing are
	// one step, in all processes that share the store. A nil value deletes. No version
	// comes back for another value, not even after a deletion: count on, or draw it at random.
	// The store may drop the value after expires; never when that is zero. An error beside true says that
	// it is stored and may not stay; what was there before is taken for old all the same. Beside false, which is
	// also for a store that cannot tell, nothing is remembered.
	SwapBlob(ctx context.Context, name, version string, value []byte, expires time.Time) (swapped bool, err error)
}

// BlobLister is what a [BlobStore] may also be. Without it, [TokenCache.Keys] fails with
// [ErrCannotList], and with that what needs a list: Accounts, and removing tokens of all partitions.
type BlobLister interface {
	// ListBlobs yields the names that begin with prefix, in no order, others too when it
	// cannot tell. Names that come or go meanwhile may or may not be yielded. After an
	// error the sequence ends.
	ListBlobs(ctx context.Context, prefix string) iter.Seq2[string, error]
}

// TokenCacheOptions configures a [TokenCache].
type TokenCacheOptions struct {
	CodecOptions

	// OnProblem is told of each record that is stored and not used, and of each set that
	// is replaced because nothing of it can be used, for a log or a counter; when nil, nobody is.
	// It is called where the problem was met, by many goroutines at once.
	OnProblem func(context.Context, Problem)
}

// TokenCache implements [ports.TokenCache] in a [BlobStore]. It is safe for concurrent
// use and starts no goroutines. Make it with [FromBlobStore].
type TokenCache struct {
	store     BlobStore
	versioner BlobVersioner // the store, when it is one
	codec     *Codec
	clock     ports.Clock
	report    func(context.Context, Problem)
	versions  versions
	kept      kept
	turns     leases
}

// FromBlobStore makes a token cache of any store of bytes with versions. It fails with a [*domain.ConfigError].
func FromBlobStore(s BlobStore, o TokenCacheOptions) (*TokenCache, error) {
	if s == nil {
		return nil, &domain.ConfigError{Field: "BlobStore", Problem: "is nil", Remedy: "pass your store"}
	}
	codec, err := NewCodec(o.CodecOptions)
	if err != nil {
		return nil, err
	}
	c := &TokenCache{store: s, codec: codec, clock: o.Clock, report: o.OnProblem}
	c.versioner, _ = s.(BlobVersioner)
	if c.report == nil {
		c.report = func(context.Context, Problem) {}
	}
	return c, nil
}

// stored is what a store holds under a name.
type stored struct {
	document *Document // nil when there is none, or it cannot be used
	blob     string    // the store's version
	exists   bool
	seen     seenVersion // before it was read
}

// read returns what is stored under name. The error says why it cannot be used.
func (c *TokenCache) read(ctx context.Context, name string) (s stored, err error) {
	if err := ctx.Err(); err != nil {
		return s, err
	}
	s.seen = c.versions.of(name)
	if known, ok := c.unchanged(ctx, name, s.seen); ok {
		return known, nil
	}
	defer func() { c.opened(name, s) }()
	value, version, err := c.store.ReadBlob(ctx, name)
	if err != nil {
		return s, err
	}
	if value == nil && version == "" {
		c.versions.sawNone(name, s.seen)
		return s, nil
	}
	s.blob, s.exists = version, true
	d, err := c.codec.Decode(ctx, name, value)
	switch {
	case err != nil:
		return s, err
	case d.plain: // nothing proves its version
	case !s.seen.allows(d.lineage, d.version):
		return s, ErrRolledBack
	default:
		c.versions.saw(name, s.seen, seenVersion{lineage: d.lineage, version: d.version})
	}
	s.document = d
	return s, nil
}

// Load implements [ports.TokenCache]. Records that cannot be used are told of and left
// out; when nothing of the set can be used, it fails with an [Error].
func (c *TokenCache) Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	name := c.name(key)
	s, err := c.read(ctx, name)
	if err != nil || s.document == nil {
		return domain.TokenSet{}, failed("load", name, err)
	}
	c.tell(ctx, s.document)
	return s.document.set, nil
}

func (c *TokenCache) tell(ctx context.Context, d *Document) {
	for _, p := range d.problems {
		c.report(ctx, p)
	}
}

// Update implements [ports.TokenCache]. In this process one Update of a key runs at a time, so
// change must not use the cache; it runs again when another process was quicker. A set that is damaged, was
// tampered with or put back is replaced; one that another key or a newer version opens is not.
func (c *TokenCache) Update(
	ctx context.Context, key domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error),
) error {
	name := c.name(key)
	release, err := c.turns.wait(ctx, name) // to race each other would only cost round trips
	if err != nil {
		return failed("update", name, err)
	}
	defer release()
	var refused error // by change: it is returned as it is
	err = Swap(ctx, c.clock, func(ctx context.Context) (bool, error) {
		s, err := c.read(ctx, name)
		switch {
		case isLost(err):
			c.report(ctx, Problem{Name: name, Err: err})
		case err != nil:
			return false, err
		}
		d := s.document
		if d == nil {
			d = NewDocument(key)
		}
		var set domain.TokenSet
		if set, refused = change(d.set); refused != nil {
			return false, refused
		}
		if s.unchangedBy(set) {
			return true, nil
		}
		return c.write(ctx, name, s, d, set)
	})
	if refused != nil {
		return refused
	}
	return failed("update", name, err)
}

// unchangedBy reports whether there is nothing to write.
func (s stored) unchangedBy(set domain.TokenSet) bool {
	if set.IsZero() {
		return !s.exists
	}
	return s.document != nil && set.Equal(s.document.set)
}

// write stores set, if nobody has written since s was read.
func (c *TokenCache) write(ctx context.Context, name string, s stored, d *Document, set domain.TokenSet) (swapped bool, err error) {
	next, err := d.With(set)
	if err != nil {
		return false, err
	}
	c.tell(ctx, d) // what is not used goes now
	var value []byte
	if !set.IsZero() {
		if value, next, err = c.codec.Encode(ctx, next, s.seen.version+1); err != nil {
			return false, err
		}
	}
	if err := ctx.Err(); err != nil {
		return false, err
	}
	swapped, err = c.store.SwapBlob(ctx, name, s.blob, value, next.RetainUntil())
	switch {
	case !swapped:
		return false, err
	case value == nil: // what was read is gone, although it was not seen before
		now := s.seen
		if s.document != nil && !s.document.plain {
			now = seenVersion{lineage: s.document.lineage, version: s.document.version}
		}
		c.versions.sawNone(name, now)
	case c.codec.o.Sealer != nil:
		c.versions.saw(name, s.seen, seenVersion{lineage: next.lineage, version: next.version})
	}
	return true, err
}

// Keys implements [ports.TokenCache]. It reads each set that the store lists, because
// names tell the kind only. Sets that cannot be used are told of and left out.
func (c *TokenCache) Keys(ctx context.Context, f domain.PartitionFilter) iter.Seq2[domain.PartitionKey, error] {
	return func(yield func(domain.PartitionKey, error) bool) {
		names, err := c.names(ctx, f)
		if err != nil {
			yield(domain.PartitionKey{}, failed("list", "", err))
			return
		}
		for _, name := range names {
			s, err := c.read(ctx, name)
			switch {
			case isLost(err):
				c.report(ctx, Problem{Name: name, Err: err})
			case err != nil:
				yield(domain.PartitionKey{}, failed("list", name, err))
				return
			case s.document != nil && f.Admits(s.document.partition):
				if !yield(s.document.partition, nil) {
					return
				}
			}
		}
	}
}

// names returns what there is to read, so that the loop may change the store.
func (c *TokenCache) names(ctx context.Context, f domain.PartitionFilter) ([]string, error) {
	lister, ok := c.store.(BlobLister)
	if !ok {
		return nil, ErrCannotList
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	prefix := ""
	if f.Kind != 0 {
		prefix = f.Kind.String() + "."
	}
	var names []string
	seen := map[string]bool{}
	for name, err := range lister.ListBlobs(ctx, prefix) {
		if err != nil {
			return nil, err
		}
		if isName(name) && !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names, ctx.Err()
}

// Format implements [fmt.Formatter] without any token or key.
func (c *TokenCache) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "blob token cache") }
