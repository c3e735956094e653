package cachememory

import (
	"sync/atomic"

	"github.com/seed57855a68/keyport/domain"
)

// table is a hash table with open addressing, which readers walk while one writer
// changes it: every word of it changes by one atomic store, and an entry never
// says anything else of its set than it did when it was put here.
//
// A key belongs into the slot that its hash names, or the next free one after it.
// A slot that was never taken ends the walk, so removing a key empties its slot
// only: a reader may be on its way past it. Rebuilding drops such slots.
type table struct {
	slots []slot // a power of two
	mask  uint64 // len(slots)-1
}

// slot is a place for an entry. A reader that meets a slot while it is taken anew
// sees a hash without an entry, or an entry of another key, and goes on.
type slot struct {
	hash  atomic.Uint64 // 0: never taken
	entry atomic.Pointer[entry]
}

// emptyTable is where every shard begins. Nothing is ever put into it, because a
// table must stay a quarter empty.
var emptyTable = newTable(1)

// newTable returns a table of so many slots, a power of two.
func newTable(size int) *table {
	return &table{slots: make([]slot, size), mask: uint64(size) - 1} //nolint:gosec // a size is positive
}

// at returns a slot by its number; numbers wrap around.
func (t *table) at(i uint64) *slot { return &t.slots[i&t.mask] }

// find returns the entry of key, or nil. It is what a cached token costs.
func (t *table) find(hash uint64, key *domain.PartitionKey) *entry {
	for i := hash; ; i++ {
		s := t.at(i)
		switch s.hash.Load() {
		case hash:
			if e := s.entry.Load(); e != nil && e.key == *key {
				return e
			}
		case 0:
			return nil
		}
	}
}

// place returns the slot of key and its entry, or the slot to put it into and nil.
// Only the writer may call it.
func (t *table) place(hash uint64, key *domain.PartitionKey) (*slot, *entry) {
	var free *slot
	for i := hash; ; i++ {
		s := t.at(i)
		e := s.entry.Load()
		if e != nil && e.key == *key {
			return s, e
		}
		if e == nil && free == nil {
			free = s
		}
		if s.hash.Load() == 0 {
			return free, nil
		}
	}
}
