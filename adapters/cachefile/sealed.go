package cachefile

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

var (
	_ ports.TokenCache = (*SealedTokenCache)(nil)
	_ ports.Locker     = (*SealedTokenCache)(nil)
)

// SealedTokenCacheOptions configures a [SealedTokenCache]. Folder and Sealer are required.
type SealedTokenCacheOptions struct {
	// Folder of the files: one of the cache's own, in a place that is the program's user's. It need not exist yet.
	Folder string

	// Sealer seals each record: a [cachekit.KeyRing], or one of yours. Others who write wait while it
	// seals, so one that asks a service for each record makes them wait for that.
	Sealer ports.Sealer

	// NameKey makes the names of files say nothing to those who know whom to look for, as in
	// [cachekit.CodecOptions]. It is never changed. When empty, who knows a user's id
	// can tell whether there is a file of theirs.
	NameKey domain.Secret

	// OnProblem is told of each record that is stored and not used, and of each set that is replaced because
	// nothing of it can be used, for a log or a counter; when nil, nobody is. It is
	// called where the problem was met, by many goroutines at once, and does not use the cache.
	OnProblem func(context.Context, cachekit.Problem)
}

// SealedTokenCache implements [ports.TokenCache] and [ports.Locker] in a folder of sealed files that processes
// share. It is safe for concurrent use and starts no goroutines. Make it with [NewSealedTokenCache].
type SealedTokenCache struct {
	folder *folder
	sets   *cachekit.TokenCache
}

// NewSealedTokenCache returns the cache in a folder. It makes the folder, and fails when that is not
// safe; it does not read the files: [SealedTokenCache.Verify] does. An option that cannot be
// used gives a [*domain.ConfigError].
func NewSealedTokenCache(o SealedTokenCacheOptions) (*SealedTokenCache, error) {
	if o.Sealer == nil {
		return nil, &domain.ConfigError{
			Field: "Sealer", Problem: "is nil", Remedy: "pass a cachekit.KeyRing; adapters/keyring makes and keeps its key",
		}
	}
	f, err := newFolder(o.Folder)
	if err != nil {
		return nil, err
	}
	sets, err := cachekit.FromBlobStore(f, cachekit.TokenCacheOptions{
		CodecOptions: cachekit.CodecOptions{Sealer: o.Sealer, NameKey: o.NameKey}, OnProblem: o.OnProblem,
	})
	if err != nil {
		return nil, err
	}
	if err := f.guard.ready(); err != nil {
		return nil, err
	}
	return &SealedTokenCache{folder: f, sets: sets}, nil
}

// Load implements [ports.TokenCache]. It waits for nobody. Records that cannot be used are told of
// and left out; when nothing of the set can be used, it fails with a [*cachekit.Error]. A folder that is not there is empty.
func (c *SealedTokenCache) Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	set, err := c.sets.Load(ctx, key)
	if errors.Is(err, errAway) {
		return domain.TokenSet{}, nil
	}
	return set, err
}

// Update implements [ports.TokenCache]. It holds the lock of the folder while change runs, so
// change must not use the cache. A set that is damaged, was tampered with or put back is replaced; one
// whose key is missing, or that a newer version of this library wrote, is not.
func (c *SealedTokenCache) Update(
	ctx context.Context, key domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error),
) error {
	err := c.update(ctx, key, change)
	if errors.Is(err, errAway) { // it was deleted with its lock, and is made again
		err = c.update(ctx, key, change)
	}
	return err
}

func (c *SealedTokenCache) update(
	ctx context.Context, key domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error),
) error {
	unlock, err := c.folder.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return c.sets.Update(ctx, key, change)
}

// Keys implements [ports.TokenCache]. It opens each file that has changed since it was read, because names
// tell the kind only. It fails at a file whose key is missing, instead of hiding a user.
func (c *SealedTokenCache) Keys(ctx context.Context, f domain.PartitionFilter) iter.Seq2[domain.PartitionKey, error] {
	return c.sets.Keys(ctx, f)
}

// Verify tries, without changing what is cached, all that the cache will need: folder, lock, writing, and
// opening all that is there. Call it at a program's start to learn of a wrong path, mode or key from an
// error there, and not from a user who signs in each time. The problems are all that
// cannot be used; those that the next write mends are no error.
func (c *SealedTokenCache) Verify(ctx context.Context) ([]cachekit.Problem, error) {
	unlock, err := c.folder.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	problems, err := c.sets.Verify(ctx)
	if err != nil {
		return problems, err
	}
	return problems, c.folder.tryWriting()
}

// Lock implements [ports.Locker] among all processes that share the folder, as [TokenCache.Lock] does.
func (c *SealedTokenCache) Lock(ctx context.Context, key string, atMost time.Duration) (unlock func(), err error) {
	return lockLease(ctx, c.folder.leases(), key, atMost)
}

// Format implements [fmt.Formatter] without any token or key.
func (c *SealedTokenCache) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "sealed token cache")
}
