package cachememory

import (
	"hash/maphash"

	"github.com/seed57855a68/keyport/domain"
)

// hasher hashes partition keys, each cache in its own way, so that nobody can
// choose keys that collide.
//
// It hashes the parts side by side and not one after the other, as
// [maphash.Comparable] does: a processor works on all three at once, which takes a
// third of the time. A seed for each part keeps equal parts from cancelling out.
type hasher struct{ client, owner, resource maphash.Seed }

func newHasher() hasher {
	return hasher{client: maphash.MakeSeed(), owner: maphash.MakeSeed(), resource: maphash.MakeSeed()}
}

// hash returns the hash of key, which is never 0.
func (h *hasher) hash(key *domain.PartitionKey) uint64 {
	return max(1, maphash.String(h.client, key.ClientID())^
		maphash.String(h.owner, key.Owner())^
		maphash.String(h.resource, key.Resource())^
		uint64(key.Kind()))
}
