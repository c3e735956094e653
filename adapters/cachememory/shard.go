package cachememory

import (
	"sync"
	"sync/atomic"

	"github.com/seed57855a68/keyport/domain"
)

// shard is a part of the cache with a lock of its own for writers. Readers take
// what table points to.
type shard struct {
	table atomic.Pointer[table]

	mu        sync.Mutex
	live      int    // sets in the table
	dead      int    // slots in the table whose key was removed
	max       int    // of live
	sweepHand uint64 // the next slot to sweep
	clockHand uint64 // the next slot to look at when the shard is full

	_ [64 - 56]byte // one cache line each: writers of one shard do not disturb readers of the next
}

const (
	smallestTable = 8

	// sweepSlots is how many slots one Update looks at for sets that are over: a
	// thousand calls pass 64,000 slots, which is a cache of 20,000 sets or more.
	sweepSlots = 64
	// clockWindow is how many sets a full shard weighs against each other.
	clockWindow = 64
)

// load returns the set under key without counting as a use of it.
func (s *shard) load(hash uint64, key *domain.PartitionKey) domain.TokenSet {
	if e := s.table.Load().find(hash, key); e != nil {
		return e.set
	}
	return domain.TokenSet{}
}

// replace puts fresh in place of the set that its maker has seen, or removes that
// when the fresh one is empty. It reports false, and does nothing, when another
// writer was quicker.
func (s *shard) replace(hash uint64, fresh *entry, seen domain.TokenSet, now uint32) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	place, current := s.table.Load().place(hash, &fresh.key)
	switch {
	case current == nil && !seen.IsZero(), current != nil && current.set != seen:
		return false
	case current == nil:
		s.insert(hash, fresh, now)
	case fresh.set.IsZero():
		s.remove(place)
	default:
		fresh.used.Store(current.used.Load())
		place.entry.Store(fresh)
	}
	return true
}

func (s *shard) insert(hash uint64, fresh *entry, now uint32) {
	if s.live >= s.max {
		s.evict(now)
	}
	if 4*(s.live+s.dead+1) > 3*len(s.table.Load().slots) {
		s.rebuild()
	}
	place, _ := s.table.Load().place(hash, &fresh.key)
	if place.hash.Load() != 0 {
		s.dead--
	}
	place.hash.Store(hash)
	place.entry.Store(fresh)
	s.live++
}

func (s *shard) remove(place *slot) {
	place.entry.Store(nil)
	s.live--
	s.dead++
}

// rebuild publishes a table without the marks of removed keys, of a size that
// leaves room for as many insertions as make the work worth while.
func (s *shard) rebuild() {
	size := smallestTable
	for 5*size < 8*(s.live+1) {
		size *= 2
	}
	old, fresh := s.table.Load(), newTable(size)
	for i := range old.slots {
		e := old.slots[i].entry.Load()
		if e == nil {
			continue
		}
		at := old.slots[i].hash.Load()
		hash := at
		for fresh.at(at).hash.Load() != 0 {
			at++
		}
		fresh.at(at).hash.Store(hash)
		fresh.at(at).entry.Store(e)
	}
	s.dead = 0
	s.table.Store(fresh)
}

// sweep removes the sets that are over from the next few slots, and gives back the
// memory of a table that has become far too large.
func (s *shard) sweep(now uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.table.Load()
	for range min(sweepSlots, len(t.slots)) {
		place := t.at(s.sweepHand)
		s.sweepHand++
		if e := place.entry.Load(); e != nil && e.isOver(now) {
			s.remove(place)
		}
	}
	if len(t.slots) > smallestTable && len(t.slots) > 8*s.live {
		s.rebuild()
	}
}

// evict removes one set: of the next few, the first of the lowest rank. Those that
// stay must be read again to count as used.
func (s *shard) evict(now uint32) {
	t := s.table.Load()
	var victim *slot
	lowest := 0
	for seen, left := 0, len(t.slots); seen < clockWindow && left > 0; left-- {
		place := t.at(s.clockHand)
		s.clockHand++
		e := place.entry.Load()
		if e == nil {
			continue
		}
		seen++
		rank := e.rank(now)
		if victim == nil || rank < lowest {
			victim, lowest = place, rank
		}
		if rank == lowestRank {
			break
		}
		e.used.Store(0)
	}
	s.remove(victim)
}

// appendKeys returns the keys that f admits. It holds the lock, so that no key can
// move from a slot ahead to one behind and be counted twice, or not at all.
func (s *shard) appendKeys(keys []domain.PartitionKey, f domain.PartitionFilter) []domain.PartitionKey {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.table.Load()
	for i := range t.slots {
		if e := t.slots[i].entry.Load(); e != nil && f.Admits(e.key) {
			keys = append(keys, e.key)
		}
	}
	return keys
}

func (s *shard) len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.live
}
