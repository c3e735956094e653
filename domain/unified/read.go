package unified

import (
	"bytes"

	"github.com/seed57855a68/keyport/domain"
)

// Parse reads a cache file. It never fails: what cannot be read is told of. No data is an
// empty cache.
func Parse(data []byte) (*Cache, []Problem) {
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\ufeff")))
	c := newCache()
	if len(data) > 0 && string(data) != "null" && !c.read(data) {
		c = newCache()
		c.damage("", "is not a JSON object; it was searched for records")
		c.salvage(data)
	}
	c.index()
	return c, c.problems
}

func newCache() *Cache { return &Cache{without: map[domain.PartitionKey][]string{}} }

func (c *Cache) report(section string, position int, reason string) {
	c.problems = append(c.problems, Problem{section, position, reason})
}

// damage tells of a section or file that could not be read, and will not be written.
func (c *Cache) damage(section, reason string) {
	c.damaged = true
	c.report(section, -1, reason)
}

// read reads a file in one pass. It reports false when that is not a JSON object.
func (c *Cache) read(data []byte) bool {
	s := scanner{data: data}
	seen := map[string]bool{}
	ok := s.object(func(rawName []byte) bool {
		name, ok := nameOf(rawName)
		return ok && c.readMember(&s, member{name: name, rawName: rawName}, seen)
	})
	return ok && s.ended()
}

func (c *Cache) readMember(s *scanner, m member, seen map[string]bool) (ok bool) {
	kind := kindOf(m.name)
	known := kind != 0 || m.name == ownSection
	if known && seen[m.name] {
		c.damage(m.name, "is there twice")
	}
	if kind != 0 {
		ok = c.readSection(s, kind)
	} else {
		m.value, ok = s.value(maxDepth)
	}
	if !ok {
		return false
	}
	if m.name == ownSection {
		c.readOwn(m.value)
	}
	if known {
		if m.value = nil; seen[m.name] {
			return true
		}
	}
	seen[m.name] = true
	c.order = append(c.order, m)
	return true
}

// readSection reports false when it is not JSON.
func (c *Cache) readSection(s *scanner, kind domain.RecordKind) (ok bool) {
	if s.peek() != '{' {
		value, ok := s.value(maxDepth)
		if ok && string(value) != "null" {
			c.damage(sections[kind], "is not a JSON object")
		}
		return ok
	}
	var list []*entry
	r, named := reader{s: s}, true
	ok = s.object(func(rawName []byte) bool {
		name, isText := nameOf(rawName)
		e := r.entry(kind, member{name: name, rawName: rawName})
		list = append(list, e)
		named = named && isText
		return e != nil
	})
	switch {
	case !ok:
	case !named:
		c.damage(sections[kind], "is not a JSON object")
	default:
		c.take(kind, list)
	}
	return ok
}

// take keeps a section's entries. Of those with one name the last counts, as with every reader of JSON.
func (c *Cache) take(kind domain.RecordKind, list []*entry) {
	last := make(map[string]int, len(list))
	for i, e := range list {
		last[e.name] = i
	}
	for i, e := range list {
		switch {
		case last[e.name] != i:
			c.damaged = true
			c.report(sections[kind], i, "is there twice")
			continue
		case e.problem != "":
			c.report(sections[kind], i, e.problem)
		}
		c.entries[kind] = append(c.entries[kind], e)
	}
}

// reader reads records one after the other.
type reader struct {
	s    *scanner
	list []member // of the last record; it is used again
}

// entry passes a record; nil when that is not JSON.
func (r *reader) entry(kind domain.RecordKind, m member) *entry {
	isObject := r.s.peek() == '{'
	start := r.s.at
	var ok bool
	if isObject {
		r.list, isObject, ok = r.s.members(r.list[:0], maxDepth-2)
	} else {
		_, ok = r.s.value(maxDepth - 1)
	}
	if !ok {
		return nil
	}
	m.value = r.s.data[start:r.s.at]
	return newEntry(kind, m, r.list, isObject)
}
