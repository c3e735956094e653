package unified

import (
	"bytes"

	"github.com/seed57855a68/keyport/domain"
)

const (
	salvageDepth = 8
	salvageBytes = 1 << 20
)

// salvage searches a text for records. A record is whole or it is not taken; what comes
// before and after it does not matter.
func (c *Cache) salvage(data []byte) {
	names := map[string]bool{}
	for at := 0; at < len(data); {
		next := bytes.IndexByte(data[at:], '"')
		if next < 0 {
			return
		}
		at += next
		end := at
		if at == 0 || data[at-1] != '\\' { // else it opens no name; and each would be read to the end of its string
			end = c.salvageAt(data, at, names)
		}
		at = max(end, at+1)
	}
}

// salvageAt takes the record whose name begins at a place, and returns its end.
func (c *Cache) salvageAt(data []byte, at int, names map[string]bool) int {
	s := scanner{data: data[:min(len(data), at+salvageBytes)], at: at}
	rawName, ok := s.text()
	if string(rawName) == `"partition"` {
		return c.salvageOwn(data, at)
	}
	if !ok || !s.take(':') || s.peek() != '{' {
		return at
	}
	raw, ok := s.value(salvageDepth)
	if !ok {
		return at
	}
	name, ok := unquote(rawName)
	list, isObject := document(raw)
	kind := likely(&fields{list: list})
	if !ok || !isObject || kind == 0 {
		return at
	}
	e := newEntry(kind, member{name, rawName, raw}, list, isObject)
	section := sections[kind] + "|" + name
	if e.problem != "" || names[section] {
		return at
	}
	names[section] = true
	c.entries[kind] = append(c.entries[kind], e)
	return s.at
}

// salvageOwn takes the record of the own section that has its first member at a place.
func (c *Cache) salvageOwn(data []byte, at int) int {
	before := bytes.TrimRight(data[:at], " \t\r\n")
	start := len(before) - 1
	if start < 0 || before[start] != '{' {
		return at
	}
	s := scanner{data: data[:min(len(data), start+salvageBytes)], at: start}
	raw, ok := s.value(salvageDepth)
	if !ok {
		return at
	}
	e := decodeOwn(raw)
	if e.problem != "" {
		return at
	}
	c.own = append(c.own, e)
	return s.at
}

// likely tells the kind of a record by its fields.
func likely(f *fields) domain.RecordKind {
	if kind := kindOf(f.text(fieldType)); kind != 0 {
		return kind
	}
	switch {
	case f.raw(fieldType) != nil || f.raw(fieldEnvironment) == nil:
		return 0
	case f.raw(fieldLocal) != nil || f.raw(fieldUsername) != nil:
		return domain.AccountRecord
	case f.raw(fieldClient) != nil:
		return domain.AppMetadataRecord
	}
	return 0
}
