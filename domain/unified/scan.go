package unified

import (
	"bytes"
	"encoding/binary"
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

// object passes an object. each passes one of its values.
func (s *scanner) object(each func(rawName []byte) (ok bool)) bool {
	if !s.take('{') {
		return false
	}
	if s.take('}') {
		return true
	}
	for {
		s.peek()
		rawName, ok := s.text()
		if !ok || !s.take(':') || !each(rawName) {
			return false
		}
		if s.take('}') {
			return true
		}
		if !s.take(',') {
			return false
		}
	}
}

// members passes an object and adds its members to a list. It is named when each name is text.
func (s *scanner) members(list []member, depth int) (_ []member, named, ok bool) {
	named = true
	ok = s.object(func(rawName []byte) bool {
		value, ok := s.value(depth)
		name, isText := nameOf(rawName)
		named = named && isText
		list = append(list, member{name, rawName, value})
		return ok
	})
	return list, named, ok
}

// nameOf decodes a name, without a copy when it is known.
func nameOf(raw []byte) (string, bool) {
	if name, ok := known[string(raw)]; ok {
		return name, true
	}
	return unquote(raw)
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
		ok = s.object(func([]byte) bool {
			_, ok := s.value(depth - 1)
			return ok
		})
	case c == '[':
		ok = s.array(depth)
	default:
		ok = s.literal()
	}
	return s.data[start:s.at], ok
}

func (s *scanner) array(depth int) bool {
	s.at++
	if s.take(']') {
		return true
	}
	for {
		if _, ok := s.value(depth - 1); !ok {
			return false
		}
		if s.take(']') {
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
	rest := s.data[start+1:]
	if end := bytes.IndexByte(rest, '"'); end >= 0 && isPlain(rest[:end]) { // nearly all of them
		s.at = start + end + 2
		return s.data[start:s.at], true
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

// isPlain reports whether there is neither a control character nor a backslash in a text. It looks at eight
// bytes at a time: a token has thousands, and no other work is done for each of them.
func isPlain(text []byte) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for ; len(text) >= 8; text = text[8:] {
		eight := binary.LittleEndian.Uint64(text)
		backslashes := eight ^ '\\'*ones // zero where there is one
		if ((eight-' '*ones)&^eight|(backslashes-ones)&^backslashes)&tops != 0 {
			return false
		}
	}
	for _, c := range text {
		if c < ' ' || c == '\\' {
			return false
		}
	}
	return true
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

func (s *scanner) ended() bool { return s.peek() == 0 && s.at == len(s.data) }

// document reads the members of a text that is one object.
func document(data []byte) ([]member, bool) {
	s := scanner{data: data}
	list, named, ok := s.members(make([]member, 0, usualMembers), maxDepth)
	return list, ok && named && s.ended()
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
