package cachefile

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/domain/unified"
	"github.com/seed57855a68/keyport/ports"
)

var (
	_ ports.TokenCache = (*TokenCache)(nil)
	_ ports.Locker     = (*TokenCache)(nil)
)

// settling is how long a file that is empty or not whole may be one that another library, which
// knows no locks, is in the middle of writing.
const settling = 250 * time.Millisecond

// TokenCacheOptions configures a [TokenCache].
type TokenCacheOptions struct {
	// Path of the file, in a folder that is the program's user's. It need not exist yet.
	Path string
}

// TokenCache implements [ports.TokenCache] and [ports.Locker] in a file that processes
// share. It is safe for concurrent use and starts no goroutines. Make it with [NewTokenCache].
type TokenCache struct {
	file     *file
	snapshot atomic.Pointer[snapshot]
}

// snapshot is the file as it was read. Sets are made when they are asked for.
type snapshot struct {
	cache    *unified.Cache
	problems []unified.Problem
	data     []byte      // of a damaged file
	info     fs.FileInfo // nil when there was no file
	young    bool
	at       time.Time

	mu   sync.RWMutex // guards sets
	sets map[domain.PartitionKey]domain.TokenSet
}

// load returns a set, which is made once.
func (s *snapshot) load(key domain.PartitionKey) domain.TokenSet {
	s.mu.RLock()
	set, ok := s.sets[key]
	s.mu.RUnlock()
	if ok {
		return set
	}
	if set = s.cache.Load(key); set.IsZero() { // there is no end to what is not there
		return set
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sets == nil {
		s.sets = make(map[domain.PartitionKey]domain.TokenSet)
	}
	s.sets[key] = set
	return set
}

// NewTokenCache returns the cache in a file. It makes the folder, and fails when that or the
// file is not safe; it does not read or make the file.
func NewTokenCache(o TokenCacheOptions) (*TokenCache, error) {
	f, err := newFile(o.Path)
	if err != nil {
		return nil, err
	}
	return &TokenCache{file: f}, nil
}

// Load implements [ports.TokenCache]. It waits for nobody, except that a file which is not
// whole is read again when its writer has finished.
func (c *TokenCache) Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	s, err := c.current(ctx)
	if err != nil {
		return domain.TokenSet{}, err
	}
	return s.load(key), nil
}

// Update implements [ports.TokenCache]. It holds the lock of the file while change runs, so
// change must not use the cache.
func (c *TokenCache) Update(
	ctx context.Context, key domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error),
) error {
	unlock, err := c.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	s, err := c.settled(ctx)
	if err != nil {
		return err
	}
	set, err := change(s.cache.Load(key))
	if err != nil {
		return err
	}
	next, err := s.cache.Store(key, set)
	switch {
	case err != nil:
		return &Error{Operation: "write", Path: c.file.path, Err: err}
	case next == s.cache:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return c.write(s, next)
}

func (c *TokenCache) lock(ctx context.Context) (unlock func(), err error) {
	return c.file.take(ctx, c.file.lock)
}

// write replaces the file and what is known of it.
func (c *TokenCache) write(s *snapshot, next *unified.Cache) error {
	if s.cache.Damaged() {
		if err := c.file.keepDamaged(s.data); err != nil {
			return err
		}
	}
	data := next.Bytes()
	info, err := c.file.write(data, s.info)
	if info == nil {
		return err
	}
	if next.Damaged() { // what was written is not
		c.snapshot.Store(parsed(data, info))
	} else {
		c.snapshot.Store(snapshotOf(next, s.problems, info))
	}
	return err
}

// current returns the content of the file as it is now: the one that is known when the file
// has not changed.
func (c *TokenCache) current(ctx context.Context) (*snapshot, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s, err := c.refreshed(young)
	if err != nil || !s.torn() {
		return s, err
	}
	if known := c.snapshot.Load(); known == s && !s.young {
		return s, nil
	}
	unlock, err := c.lock(ctx) // another library may be in the middle of writing it
	if err != nil {
		return s, nil //nolint:nilerr // what was found is all that there is
	}
	defer unlock()
	return c.settled(ctx)
}

// settled reads the file for the one who has locked it. It waits for those who write without a
// lock: what we put in the place of a file that they have just emptied would be all that is left.
func (c *TokenCache) settled(ctx context.Context) (*snapshot, error) {
	for begin := time.Now(); ; {
		s, err := c.refreshed(0)
		if err != nil || !s.torn() || time.Since(s.info.ModTime()).Abs() > settling || time.Since(begin) > settling {
			return s, err
		}
		if err := pause(ctx); err != nil {
			return nil, err
		}
	}
}

// torn reports whether the file is empty or not whole, as while others write it.
func (s *snapshot) torn() bool { return s.cache.Damaged() || s.info != nil && s.info.Size() == 0 }

// refreshed reads the file when it is not as it was, and sees first whether that is safe. A young one may be
// read some time ago by who only loads; who writes must not lose what came since.
func (c *TokenCache) refreshed(ago time.Duration) (*snapshot, error) {
	if s := c.snapshot.Load(); s != nil && s.isCurrent(c.file, ago) {
		return s, nil
	}
	data, info, err := c.file.read()
	if err != nil {
		return nil, err
	}
	s := parsed(data, info)
	c.snapshot.Store(s)
	return s, nil
}

func parsed(data []byte, info fs.FileInfo) *snapshot {
	cache, problems := unified.Parse(data)
	s := snapshotOf(cache, problems, info)
	if cache.Damaged() {
		s.data = data
	}
	return s
}

func snapshotOf(cache *unified.Cache, problems []unified.Problem, info fs.FileInfo) *snapshot {
	s := &snapshot{cache: cache, problems: problems, info: info, at: time.Now()}
	s.young = info != nil && isYoung(s.at, info.ModTime())
	return s
}

// isCurrent reports whether the file is still the one that was read. When that cannot be told, it is to be read,
// unless that is less time ago.
func (s *snapshot) isCurrent(f *file, ago time.Duration) bool {
	if s.info == nil {
		info, err := f.look()
		return info == nil && err == nil
	}
	return (!s.young || time.Since(s.at) < ago) && isStill(f.path, s.info)
}

// Keys implements [ports.TokenCache]. It lists the file as it was at the beginning, so the
// caller may delete what it is given.
func (c *TokenCache) Keys(ctx context.Context, f domain.PartitionFilter) iter.Seq2[domain.PartitionKey, error] {
	return func(yield func(domain.PartitionKey, error) bool) {
		s, err := c.current(ctx)
		if err != nil {
			yield(domain.PartitionKey{}, err)
			return
		}
		for key := range s.cache.Keys() {
			if err := ctx.Err(); err != nil {
				yield(domain.PartitionKey{}, err)
				return
			}
			if f.Admits(key) && !yield(key, nil) {
				return
			}
		}
	}
}

// Verify tries, without changing what is cached, all that the cache will need: folder, lock,
// reading and writing. Call it at a program's start to learn of a wrong path or mode from an
// error there, and not from a user who signs in each time. The problems are records
// that are set aside, which is no error.
func (c *TokenCache) Verify(ctx context.Context) ([]unified.Problem, error) {
	unlock, err := c.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	s, err := c.refreshed(0)
	if err != nil {
		return nil, err
	}
	if s.cache.Newer() {
		return s.problems, &Error{Operation: "check", Path: c.file.path, Err: unified.ErrNewer}
	}
	return s.problems, c.file.tryWriting()
}

// Format implements [fmt.Formatter] without any token.
func (c *TokenCache) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "file token cache") }
