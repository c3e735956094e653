package unified

import (
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strconv"

	"github.com/seed57855a68/keyport/domain"
)

// Cache is the content of a cache file. It does not change: [Cache.Store] returns another. It may
// be read by any number of goroutines. It holds tokens and prints without them.
type Cache struct {
	order   []member // the sections as they came: name, and the value of those that are only kept
	entries [len(sections)][]*entry
	own     []*entry
	ownRaw  []byte // of a newer version, which is kept as it is
	without map[domain.PartitionKey][]string

	damaged, newer bool
	problems       []Problem

	// What follows is made of the above by index.
	tokens   map[domain.PartitionKey][]*entry // what belongs to one partition, or to two
	accounts map[string][]*entry              // by home account id
	apps     map[string][]*entry              // by client
}

// Problem tells of something in a file that is not used.
type Problem struct {
	Section  string // "AccessToken"; "" for the file
	Position int    // of the record in the section, from 0; -1 for the section or the file
	Reason   string // without personal data: "expires_on is not a time in seconds"
}

// String says what and where.
func (p Problem) String() string {
	switch {
	case p.Section == "":
		return "the file " + p.Reason
	case p.Position < 0:
		return "section " + p.Section + " " + p.Reason
	}
	return "record " + strconv.Itoa(p.Position) + " of section " + p.Section + " " + p.Reason
}

// index finds records by whose they are.
func (c *Cache) index() {
	n := len(c.own)
	for _, list := range c.entries {
		n += len(list)
	}
	c.tokens = make(map[domain.PartitionKey][]*entry, n)
	c.accounts, c.apps = map[string][]*entry{}, map[string][]*entry{}
	for _, list := range append(c.entries[:], c.own) {
		for _, e := range list {
			for _, p := range e.partitions {
				c.tokens[p] = append(c.tokens[p], e)
			}
			switch e.shared.(type) {
			case domain.Account:
				c.accounts[e.home] = append(c.accounts[e.home], e)
			case domain.AppMetadata:
				c.apps[e.client] = append(c.apps[e.client], e)
			}
		}
	}
}

// Load returns what is cached in a partition; the empty set when nothing is.
func (c *Cache) Load(p domain.PartitionKey) domain.TokenSet {
	list := c.tokens[p]
	if len(list) == 0 {
		return domain.TokenSet{}
	}
	rs := make([]domain.Record, 0, len(list)+2)
	for _, e := range c.sharedBy(p) {
		if !slices.Contains(c.without[p], nameOfShared(e.shared)) {
			rs = append(rs, e.shared)
		}
	}
	at := make(map[domain.RecordKey]int, len(list))
	for _, e := range list {
		r := e.record(p)
		key := r.RecordKey()
		if i, ok := at[key]; !ok {
			at[key] = len(rs)
			rs = append(rs, r)
		} else if !isOlder(r, rs[i]) {
			rs[i] = r
		}
	}
	return domain.NewTokenSet(rs...)
}

// isOlder reports whether of two records of one key, as two libraries wrote them, a is to
// go. A refresh token without a time is the newer: MSAL Go and MSAL Node write none, and
// what they wrote before was replaced here.
func isOlder(a, b domain.Record) bool {
	switch a := a.(type) {
	case domain.AccessToken:
		b, ok := b.(domain.AccessToken)
		return ok && a.ExpiresOn.Before(b.ExpiresOn)
	case domain.RefreshToken:
		b, ok := b.(domain.RefreshToken)
		return ok && !a.LastModified.IsZero() && (b.LastModified.IsZero() || a.LastModified.Before(b.LastModified))
	}
	return false
}

// sharedBy returns the accounts and client metadata that a partition has unless it is
// said to have them not.
func (c *Cache) sharedBy(p domain.PartitionKey) []*entry {
	switch p.Kind() {
	case domain.UserPartition:
		return slices.Concat(c.accounts[p.Owner()], c.apps[p.ClientID()])
	case domain.FamilyPartition:
		return c.accounts[p.Owner()]
	}
	return nil
}

// Keys yields the partitions that there are, in no order.
func (c *Cache) Keys() iter.Seq[domain.PartitionKey] { return maps.Keys(c.tokens) }

// Damaged reports whether parts of the file were not readable and are not in
// [Cache.Bytes]: keep the file before it is overwritten.
func (c *Cache) Damaged() bool { return c.damaged }

// Newer reports whether a newer version of this package has written the file, which
// [Cache.Store] therefore refuses to change.
func (c *Cache) Newer() bool { return c.newer }

// Bytes returns the file.
func (c *Cache) Bytes() []byte {
	b := make([]byte, 0, c.size())
	order := slices.Clone(c.order)
	for _, name := range append(slices.Clone(sections[1:]), ownSection) {
		if !slices.ContainsFunc(order, func(m member) bool { return m.name == name }) {
			order = append(order, member{name, quote(name), nil})
		}
	}
	separator := "{"
	for _, m := range order {
		kind := kindOf(m.name)
		if m.name == ownSection {
			m.value = c.writeOwn()
		}
		if kind == 0 && m.value == nil {
			continue
		}
		b = append(append(append(b, separator...), m.rawName...), ':')
		if kind != 0 {
			b = appendObject(b, c.entries[kind])
		} else {
			b = append(b, m.value...)
		}
		separator = ",\n"
	}
	return append(b, "}\n"...)
}

func appendObject(b []byte, list []*entry) []byte {
	b = append(b, '{')
	for i, e := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(append(b, e.rawName...), ':')
		b = append(b, e.raw...)
	}
	return append(b, '}')
}

func (c *Cache) size() int {
	n := 256
	for _, list := range append(c.entries[:], c.own) {
		for _, e := range list {
			n += len(e.rawName) + len(e.raw) + 2
		}
	}
	for _, m := range c.order {
		n += len(m.rawName) + len(m.value) + 2
	}
	return n
}

// Format implements [fmt.Formatter] without any token.
func (c *Cache) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "unified cache of "+strconv.Itoa(len(c.tokens))+" partitions")
}
