package unified

import (
	"slices"

	"github.com/seed57855a68/keyport/domain"
)

// nameOfShared names an account or client metadata among those of one user and client.
func nameOfShared(r domain.Record) string {
	key := r.RecordKey()
	return sections[key.Kind] + "|" + key.Environment + "|" + key.Tenant
}

// putShared writes a partition's accounts and client metadata. The file has one of each
// for all partitions of a user or client, so it may be said of a partition that it has
// one not. The tokens have been written and indexed.
func (c *Cache) putShared(p domain.PartitionKey, set domain.TokenSet) error {
	hasTokens := slices.ContainsFunc(c.tokens[p], func(e *entry) bool { return e.own == nil || !isShared(e.own) })
	c.own = slices.DeleteFunc(c.own, func(e *entry) bool {
		r := e.record(p)
		return r != nil && isShared(r)
	})
	written := map[string]bool{}
	for r := range set.Records() {
		if !isShared(r) {
			continue
		}
		if hasTokens && c.share(p, r) {
			written[nameOfShared(r)] = true
			continue
		}
		e := ownEntry(p, r)
		if e == nil {
			return errRecord
		}
		c.own = append(c.own, e)
	}
	c.unshare(p, written, !set.IsZero())
	return nil
}

// share writes a record that a user's or client's partitions share. It reports false when
// the schema has no place for it.
func (c *Cache) share(p domain.PartitionKey, r domain.Record) bool {
	if !mayShare(p, r) {
		return false
	}
	name := nameOfShared(r)
	found := false
	for _, e := range c.sharedBy(p) {
		if nameOfShared(e.shared) != name {
			continue
		}
		fresh := e
		if !same(e.shared, r) {
			list := encoded(p, r, []*entry{e})
			if list == nil {
				return false
			}
			fresh = list[0]
		}
		found = true
		c.entries[e.kind][slices.Index(c.entries[e.kind], e)] = fresh
	}
	if !found {
		list := encoded(p, r, nil)
		if list == nil || c.taken(list) {
			return false
		}
		c.entries[list[0].kind] = append(c.entries[list[0].kind], list...)
		for q := range c.sharers(r, p) { // they did not have it before
			c.exclude(q, name)
		}
	}
	c.include(p, name)
	return true
}

// mayShare reports whether the record is of the partition's user or client.
func mayShare(p domain.PartitionKey, r domain.Record) bool {
	isUser := p.Kind() == domain.UserPartition
	if account, ok := r.(domain.Account); ok {
		return account.HomeAccountID == p.Owner() && (isUser || p.Kind() == domain.FamilyPartition)
	}
	return isUser && r.RecordKey().ClientID == p.ClientID()
}

// unshare sees to it that a partition has none but the written ones. A record that no
// other partition has goes.
func (c *Cache) unshare(p domain.PartitionKey, written map[string]bool, exists bool) {
	for _, e := range c.sharedBy(p) {
		name := nameOfShared(e.shared)
		if written[name] {
			continue
		}
		used := false
		for q := range c.sharers(e.shared, p) {
			used = used || !slices.Contains(c.without[q], name)
		}
		switch {
		case !used:
			c.entries[e.kind] = slices.DeleteFunc(c.entries[e.kind], func(o *entry) bool { return o == e })
			c.include(p, name)
		case exists:
			c.exclude(p, name)
		}
	}
	if !exists {
		delete(c.without, p)
	}
}

// sharers yields the partitions but p that may have a shared record.
func (c *Cache) sharers(r domain.Record, p domain.PartitionKey) func(func(domain.PartitionKey) bool) {
	account, isAccount := r.(domain.Account)
	return func(yield func(domain.PartitionKey) bool) {
		for q := range c.tokens {
			ofUser := isAccount && q.Owner() == account.HomeAccountID && (q.Kind() == domain.UserPartition || q.Kind() == domain.FamilyPartition)
			ofClient := !isAccount && q.Kind() == domain.UserPartition && q.ClientID() == r.RecordKey().ClientID
			if q != p && (ofUser || ofClient) && !yield(q) {
				return
			}
		}
	}
}

func (c *Cache) exclude(p domain.PartitionKey, name string) {
	if !slices.Contains(c.without[p], name) {
		c.without[p] = append(slices.Clone(c.without[p]), name)
	}
}

func (c *Cache) include(p domain.PartitionKey, name string) {
	list := slices.DeleteFunc(slices.Clone(c.without[p]), func(n string) bool { return n == name })
	if c.without[p] = list; len(list) == 0 {
		delete(c.without, p)
	}
}
