package ports

import (
	"context"
	"iter"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// TokenCache stores token sets by partition. Implementations are safe for
// concurrent use, and so are the sets they return, because sets are immutable.
//
// Times may lose what is below a second, never move forward, and zero stays zero.
// Everything in keys and records counts, letter case too.
// Keys name people: errors, which end up in logs, do not quote them.
//
// A store that is shared by processes or machines keeps the promise of Update
// among all of them. Package ports/portstest holds the conformance suite.
type TokenCache interface {
	// Load returns the set stored under key; the empty set, not an error, when
	// there is none. It sees every Update that returned before it began.
	Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error)

	// Update replaces the set under key with change(current), as one step with
	// respect to every other Update of that key, in this and in every other process
	// that shares the store. change is pure and may run more than once. When change
	// fails, Update stores nothing and returns its error. An empty result deletes
	// the key. A store with time-to-live keeps the set at least until
	// [domain.TokenSet.RetainUntil].
	//
	// An Update whose context ends either happened or did not; it is never half done.
	Update(ctx context.Context, key domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error)) error

	// Keys yields the partitions that f admits, each once, in no order. It may cost
	// as much as the store is large. Partitions that come or go meanwhile may or may
	// not be yielded. After an error the sequence ends.
	Keys(ctx context.Context, f domain.PartitionFilter) iter.Seq2[domain.PartitionKey, error]
}

// HTTPCache keeps public documents and throttling marks; no tokens, no personal
// data. Losing an entry costs a request and nothing else, so a store may drop
// entries at any time. Values are not modified by either side after the call.
type HTTPCache interface {
	// Get returns the value under key and the time it expires, expired entries
	// too, so that the application can serve stale while a server fails. A nil
	// value without an error means absent.
	Get(ctx context.Context, key string) (value []byte, expires time.Time, err error)
	// Set stores value under key.
	Set(ctx context.Context, key string, value []byte, expires time.Time) error
	// Delete removes key; absent keys are no error.
	Delete(ctx context.Context, key string) error
}

// Locker lets one of many processes do a piece of work at a time.
//
// Lock waits until the caller holds key or ctx ends. The lease ends with unlock
// or after atMost, whichever comes first, so a crashed holder delays others but
// does not block them. A lease is an optimisation: correctness rests on
// [TokenCache.Update], and holders look again at the cache after Lock returns.
type Locker interface {
	Lock(ctx context.Context, key string, atMost time.Duration) (unlock func(), err error)
}
