package cachememory

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// entry is a set under its key. Apart from used it does not change: a new set gets
// a new entry.
type entry struct {
	key    domain.PartitionKey
	set    domain.TokenSet
	retain uint32        // the last second in which the set is of use; 0: it names no time
	used   atomic.Uint32 // 1: read since the cache last looked for room

	precious bool // it holds a refresh token, which only a user could replace
}

// markUsed notes a read. Only the first one writes, so readers of a hot token do
// not take its cache line from each other.
func (e *entry) markUsed() {
	if e.used.Load() == 0 {
		e.used.Store(1)
	}
}

// isOver reports whether every token of the set has ended. The rest of its last
// second belongs to a set's life: times were cut to whole seconds.
func (e *entry) isOver(now uint32) bool { return e.retain != 0 && e.retain < now }

// The ranks of entries when room is needed: the lowest goes first.
const (
	lowestRank  = iota // over, or without a token
	renewable          // the program can have such tokens again by itself
	renewedUsed        // likewise, and read not long ago
	users              // only the user could bring the refresh token back
	usersUsed          // likewise, and read not long ago
)

func (e *entry) rank(now uint32) int {
	if e.retain < max(1, now) {
		return lowestRank
	}
	rank := renewable
	if e.precious || e.key.Kind() == domain.UserPartition {
		rank = users
	}
	return rank + int(e.used.Load())
}

// seconds cuts a time to whole seconds since 1970. The zero time gives 0, and only
// that does; what is out of range gives the nearest time that is not.
func seconds(t time.Time) uint32 {
	if t.IsZero() {
		return 0
	}
	return uint32(min(max(t.Unix(), 1), math.MaxUint32))
}
