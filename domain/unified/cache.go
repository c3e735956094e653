package unified

import (
	"bytes"
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

// Parse reads a cache file. It never fails: what cannot be read is told of. No data is an
// empty cache.
func Parse(data []byte) (*Cache, []Problem) {
	c := &Cache{without: map[domain.PartitionKey][]string{}}
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	top, ok := document(data)
	switch {
	case len(data) == 0 || string(data) == "null":
	case ok:
		c.read(top)
	default:
		c.damaged = true
		c.report("", -1, "is not a JSON object; it was searched for records")
		c.salvage(data)
	}
	c.index()
	return c, c.problems
}

func (c *Cache) report(section string, position int, reason string) {
	c.problems = append(c.problems, Problem{section, position, reason})
}

func (c *Cache) read(top []member) {
	seen := map[string]bool{}
	for _, m := range top {
		kind := kindOf(m.name)
		known := kind != 0 || m.name == ownSection
		if known && seen[m.name] {
			c.damaged = true
			c.report(m.name, -1, "is there twice")
		}
		switch {
		case kind != 0:
			c.readSection(kind, m)
		case m.name == ownSection:
			c.readOwn(m.value)
		}
		if known && seen[m.name] {
			continue
		}
		seen[m.name] = true
		if known {
			m.value = nil
		}
		c.order = append(c.order, m)
	}
}

func (c *Cache) readSection(kind domain.RecordKind, m member) {
	if string(m.value) == "null" {
		return
	}
	list, ok := document(m.value)
	if !ok {
		c.damaged = true
		c.report(m.name, -1, "is not a JSON object")
		return
	}
	seen := make(map[string]int, len(list))
	for i, m := range list {
		seen[m.name] = i
	}
	for i, m := range list {
		if seen[m.name] != i { // as every reader of JSON does, the last one counts
			c.damaged = true
			c.report(sections[kind], i, "is there twice")
			continue
		}
		e, problem := decode(kind, m)
		if problem != "" {
			c.report(sections[kind], i, problem)
		}
		c.entries[kind] = append(c.entries[kind], e)
	}
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
			for _, v := range e.views {
				c.tokens[v.partition] = append(c.tokens[v.partition], e)
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
	var b bytes.Buffer
	b.Grow(c.size())
	separator := "{"
	order := slices.Clone(c.order)
	for _, name := range append(slices.Clone(sections[1:]), ownSection) {
		if !slices.ContainsFunc(order, func(m member) bool { return m.name == name }) {
			order = append(order, member{name, quote(name), nil})
		}
	}
	for _, m := range order {
		value := m.value
		switch kind := kindOf(m.name); {
		case kind != 0:
			value = object(membersIn(c.entries[kind]))
		case m.name == ownSection:
			value = c.writeOwn()
		}
		if value != nil {
			b.WriteString(separator)
			b.Write(m.rawName)
			b.WriteByte(':')
			b.Write(value)
			separator = ",\n"
		}
	}
	b.WriteString("}\n")
	return b.Bytes()
}

func membersIn(list []*entry) []member {
	out := make([]member, len(list))
	for i, e := range list {
		out[i] = member{e.name, e.rawName, e.raw}
	}
	return out
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
