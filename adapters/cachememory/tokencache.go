package cachememory

import (
	"context"
	"fmt"
	"io"
	"iter"
	"math/bits"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

var _ ports.TokenCache = (*TokenCache)(nil)

const (
	defaultMaxPartitions = 500_000

	// manyShards keeps what one writer holds up short: at the default bound a shard
	// that grows moves some 8,000 pointers. It is a power of two.
	manyShards = 64
	// shardsFrom is the bound from which sharding pays. Below, one shard holds exactly
	// the bound, and an empty cache is small.
	shardsFrom = 16_384
)

// TokenCacheOptions configures a [TokenCache]. The zero value is ready to use.
type TokenCacheOptions struct {
	// MaxPartitions bounds the number of token sets; when zero or less, 500,000. From
	// 16,384 on the bound is divided evenly among 64 shards, and a full one makes room
	// by itself: expect the first sets to go when the cache is filled to some 97 %.
	MaxPartitions int
	// Clock tells when tokens are over; when nil, the machine's.
	Clock ports.Clock
}

// TokenCache implements [ports.TokenCache] in memory. It is bounded, safe for
// concurrent use, and starts no goroutines. Make it with [NewTokenCache].
type TokenCache struct {
	hasher hasher
	shards []shard
	shift  uint // how far right the hash goes to number a shard
	now    func() time.Time

	_       [64]byte      // keeps what writers write off the cache line that readers read
	sweeper atomic.Uint64 // counts sweeps: their shards take turns
	leases  leases
}

// NewTokenCache returns an empty cache.
func NewTokenCache(o TokenCacheOptions) *TokenCache {
	if o.MaxPartitions <= 0 {
		o.MaxPartitions = defaultMaxPartitions
	}
	count := 1
	if o.MaxPartitions >= shardsFrom {
		count = manyShards
	}
	c := &TokenCache{
		hasher: newHasher(),
		shards: make([]shard, count),
		shift:  uint(64 - bits.TrailingZeros(uint(count))),
		now:    time.Now,
	}
	if o.Clock != nil {
		c.now = o.Clock.Now
	}
	for i := range c.shards {
		c.shards[i].max = o.MaxPartitions / count
		c.shards[i].table.Store(emptyTable)
	}
	return c
}

// Load implements [ports.TokenCache]. It does not wait and so does not look at the
// context; it never fails. The set may hold tokens that are over: judging them is
// the caller's part.
func (c *TokenCache) Load(_ context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	hash := c.hasher.hash(&key)
	e := c.shards[hash>>c.shift].table.Load().find(hash, &key)
	if e == nil {
		return domain.TokenSet{}, nil
	}
	e.markUsed()
	return e.set, nil
}

// Update implements [ports.TokenCache]. It fails with the error of change, and with
// the context's when that is over before the set is replaced; a nil context is
// never over.
//
// No lock is held while change runs: it may use the cache, and panic. It runs again
// when another Update of the key was quicker.
func (c *TokenCache) Update(
	ctx context.Context, key domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error),
) error {
	hash := c.hasher.hash(&key)
	s := &c.shards[hash>>c.shift]
	fresh := &entry{key: key}
	now := seconds(c.now())
	for replaced := false; !replaced; {
		if err := over(ctx); err != nil {
			return err
		}
		seen := s.load(hash, &key)
		set, err := change(seen)
		if err != nil {
			return err
		}
		if set == seen { // the very same: nothing to write
			break
		}
		fresh.set, fresh.retain, fresh.precious = set, seconds(set.RetainUntil()), set.HasRefreshToken()
		replaced = s.replace(hash, fresh, seen, now)
	}
	c.sweep(now)
	return nil
}

// sweep drops sets that are over from a small part of the cache, another at each call.
func (c *TokenCache) sweep(now uint32) {
	turn := c.sweeper.Add(1) % uint64(len(c.shards))
	c.shards[turn].sweep(now)
}

// Keys implements [ports.TokenCache]. It holds no lock while the caller works, so
// the caller may use the cache, delete what it is given, and take its time. It
// yields the context's error when that is over.
func (c *TokenCache) Keys(ctx context.Context, f domain.PartitionFilter) iter.Seq2[domain.PartitionKey, error] {
	return func(yield func(domain.PartitionKey, error) bool) {
		var keys []domain.PartitionKey
		for i := range c.shards {
			if err := over(ctx); err != nil {
				yield(domain.PartitionKey{}, err)
				return
			}
			keys = c.shards[i].appendKeys(keys[:0], f)
			for _, key := range keys {
				if !yield(key, nil) {
					return
				}
			}
		}
	}
}

// Len returns the number of partitions that are held, those included whose tokens
// are over and which no sweep has met yet.
func (c *TokenCache) Len() int {
	n := 0
	for i := range c.shards {
		n += c.shards[i].len()
	}
	return n
}

// Format implements [fmt.Formatter]. Without it, fmt would read the shards while
// others write them.
func (c *TokenCache) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "memory token cache of "+strconv.Itoa(c.Len())+" partitions")
}

// over returns the context's error once there is one.
func over(ctx context.Context) error {
	if ctx == nil {
		return nil
	}
	return ctx.Err()
}
