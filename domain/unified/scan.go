package unified

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// maxDepth bounds the nesting of what is read; the schema has three levels.
const maxDepth = 1000

// usualMembers is how many members a record has at most, as the schema goes.
const usualMembers = 14

// known are the names that come again and again, by how they stand in a file.
var known = func() map[string]string {
	names := map[string]string{}
	for _, name := range []string{
		fieldType, fieldSecret, fieldHome, fieldEnvironment, fieldRealm, fieldClient, fieldTarget, fieldTokenType, fieldCachedAt,
		fieldExpiresOn, fieldExtended, fieldRefreshOn, fieldModified, fieldFamily, fieldLocal, fieldUsername, fieldAuthorityType,
		fieldSource, fieldAsked, fieldPartition,
	} {
		names[string(quote(name))] = name
	}
	return names
}()

// member is one name and value of a JSON object, in the bytes that it was read from.
type member struct {
	name    string
	rawName []byte
	value   []byte
}

// scanner takes JSON apart without decoding it: encoding/json gives up order and bytes.
type scanner struct {
	data []byte
	at   int
}

func (s *scanner) peek() byte {
	for s.at < len(s.data) {
		switch c := s.data[s.at]; c {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) take(c byte) bool {
	if s.peek() != c || s.at >= len(s.data) {
		return false
	}
	s.at++
	return true
}

// object reads the members of an object.
func (s *scanner) object(depth int) ([]member, bool) {
	if !s.take('{') {
		return nil, false
	}
	if s.take('}') {
		return nil, true
	}
	list := make([]member, 0, usualMembers)
	for {
		s.peek()
		rawName, ok := s.text()
		if !ok || !s.take(':') {
			return list, false
		}
		value, ok := s.value(depth)
		if !ok {
			return list, false
		}
		name, ok := known[string(rawName)] // without a copy
		if !ok {
			if name, ok = unquote(rawName); !ok {
				return list, false
			}
		}
		list = append(list, member{name, rawName, value})
		if s.take('}') {
			return list, true
		}
		if !s.take(',') {
			return list, false
		}
	}
}

// value passes one value and returns its bytes.
func (s *scanner) value(depth int) ([]byte, bool) {
	c := s.peek()
	start := s.at
	ok := false
	switch {
	case depth <= 0:
	case c == '"':
		_, ok = s.text()
	case c == '{':
		ok = s.nested('}', true, depth)
	case c == '[':
		ok = s.nested(']', false, depth)
	default:
		ok = s.literal()
	}
	return s.data[start:s.at], ok
}

// nested passes an object or array.
func (s *scanner) nested(end byte, named bool, depth int) bool {
	s.at++
	if s.take(end) {
		return true
	}
	for {
		if named {
			s.peek()
			if _, ok := s.text(); !ok || !s.take(':') {
				return false
			}
		}
		if _, ok := s.value(depth - 1); !ok {
			return false
		}
		if s.take(end) {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}

// text passes a string and returns it with its quotation marks.
func (s *scanner) text() ([]byte, bool) {
	start := s.at
	if start >= len(s.data) || s.data[start] != '"' {
		return nil, false
	}
	for i, c := range s.data[start+1:] { // nearly all of them
		if c == '"' {
			s.at = start + i + 2
			return s.data[start:s.at], true
		}
		if c < ' ' || c == '\\' {
			s.at = start + i
			break
		}
	}
	for s.at++; s.at < len(s.data); s.at++ {
		switch c := s.data[s.at]; {
		case c == '"':
			s.at++
			return s.data[start:s.at], true
		case c < ' ':
			return nil, false
		case c == '\\':
			if s.at++; !s.escape() {
				return nil, false
			}
		}
	}
	return nil, false
}

// escape passes all but the last byte of what follows a backslash.
func (s *scanner) escape() bool {
	if s.at >= len(s.data) {
		return false
	}
	if s.data[s.at] != 'u' {
		return bytes.IndexByte([]byte(`"\/bfnrt`), s.data[s.at]) >= 0
	}
	if s.at+4 >= len(s.data) {
		return false
	}
	for _, c := range s.data[s.at+1 : s.at+5] {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	s.at += 4
	return true
}

func (s *scanner) literal() bool {
	start := s.at
	for s.at < len(s.data) && bytes.IndexByte([]byte(" \t\r\n,]}:[{\""), s.data[s.at]) < 0 {
		s.at++
	}
	return json.Valid(s.data[start:s.at])
}

// document reads the members of a text that is one object.
func document(data []byte) ([]member, bool) {
	s := scanner{data: data}
	list, ok := s.object(maxDepth)
	return list, ok && s.peek() == 0 && s.at == len(data)
}

// unquote decodes a string; false when it is not UTF-8 or half of a pair.
func unquote(raw []byte) (string, bool) {
	if len(raw) < 2 || raw[0] != '"' || !utf8.Valid(raw) {
		return "", false
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), true
	}
	var text string
	err := json.Unmarshal(raw, &text)
	return text, err == nil
}

func quote(text string) []byte {
	raw, err := json.Marshal(text)
	if err != nil { // strings always marshal
		return []byte(`""`)
	}
	return raw
}
