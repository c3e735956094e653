package unified

import (
	"errors"
	"maps"
	"slices"

	"github.com/seed57855a68/keyport/domain"
)

// Errors of [Cache.Store].
var (
	ErrNewer = errors.New("the cache file was written by a newer version of this library; update the program")

	errRecord = errors.New("a record has text that is not UTF-8, or a time out of range, and cannot be stored")
)

// Store returns the cache with set in a partition, in place of what it holds there; the empty set
// removes the partition. What is the same already keeps its bytes, and without a change the
// same cache is returned.
func (c *Cache) Store(p domain.PartitionKey, set domain.TokenSet) (*Cache, error) {
	old := c.Load(p)
	put, deleted := set.Diff(old)
	if len(put)+len(deleted) == 0 {
		return c, nil
	}
	if c.newer {
		return nil, ErrNewer
	}
	n, there := c.clone(), c.byKey(p)
	for _, key := range deleted {
		n.remove(p, there[key])
	}
	for _, r := range put {
		if isShared(r) {
			continue
		}
		if err := n.put(p, r, there[r.RecordKey()]); err != nil {
			return nil, err
		}
	}
	n.index()
	if err := n.putShared(p, set); err != nil {
		return nil, err
	}
	if set.IsZero() {
		n.forget(p)
	}
	n.index()
	return n, nil
}

func (c *Cache) clone() *Cache {
	n := *c
	n.entries = [len(sections)][]*entry{}
	for kind := range c.entries {
		n.entries[kind] = slices.Clone(c.entries[kind])
	}
	n.own, n.without = slices.Clone(c.own), maps.Clone(c.without)
	return &n
}

func isShared(r domain.Record) bool {
	kind := r.RecordKey().Kind
	return kind == domain.AccountRecord || kind == domain.AppMetadataRecord
}

// byKey finds a partition's entries by the key of their record. It decodes each once, however many change.
func (c *Cache) byKey(p domain.PartitionKey) map[domain.RecordKey][]*entry {
	out := make(map[domain.RecordKey][]*entry, len(c.tokens[p]))
	for _, e := range c.tokens[p] {
		key := e.record(p).RecordKey()
		out[key] = append(out[key], e)
	}
	return out
}

// remove takes out a partition's record, which may be there more than once, and returns the entries
// of the schema that it was in. The index stays as it was.
func (c *Cache) remove(p domain.PartitionKey, there []*entry) []*entry {
	var gone []*entry
	for _, e := range there {
		if e.kind == 0 {
			c.own = slices.DeleteFunc(c.own, func(o *entry) bool { return o == e })
			continue
		}
		i := slices.Index(c.entries[e.kind], e)
		switch {
		case i < 0: // its twin was there
		case p.Kind() == domain.FamilyPartition && len(e.partitions) > 1:
			c.entries[e.kind][i] = e.forUserOnly()
		default:
			c.entries[e.kind] = slices.Delete(c.entries[e.kind], i, i+1)
			gone = append(gone, e)
		}
	}
	return gone
}

// forUserOnly marks a client's refresh token that was the family's too: the family has
// another now.
func (e *entry) forUserOnly() *entry {
	list, _ := document(e.raw)
	raw := object(merged(list, []field{{fieldPartition, domain.UserPartition.String()}}))
	marked := decode(e.kind, member{e.name, e.rawName, raw})
	if marked.problem != "" {
		return e
	}
	return marked
}

// put writes a record of one partition: in the schema when it comes back from there as
// it is and nobody else's has its name, and else in the own section. It takes the place of what is there.
func (c *Cache) put(p domain.PartitionKey, r domain.Record, there []*entry) error {
	base := c.remove(p, there)
	if list := encoded(p, r, base); list != nil && !c.taken(list) {
		c.entries[list[0].kind] = append(c.entries[list[0].kind], list...)
		return nil
	}
	e := ownEntry(p, r)
	if e == nil {
		return errRecord
	}
	c.own = append(c.own, e)
	return nil
}

// taken reports whether a name is in use.
func (c *Cache) taken(list []*entry) bool {
	for _, e := range list {
		if slices.ContainsFunc(c.entries[e.kind], func(o *entry) bool { return o.name == e.name }) {
			return true
		}
	}
	return false
}

// forget removes what is only kept and is a user's of the client: a sign-out leaves none
// of their tokens.
func (c *Cache) forget(p domain.PartitionKey) {
	if p.Kind() != domain.UserPartition {
		return
	}
	for _, kind := range []domain.RecordKind{domain.AccessTokenRecord, domain.RefreshTokenRecord, domain.IDTokenRecord} {
		c.entries[kind] = slices.DeleteFunc(c.entries[kind], func(e *entry) bool {
			return len(e.partitions) == 0 && e.home == p.Owner() && e.client == p.ClientID()
		})
	}
}
