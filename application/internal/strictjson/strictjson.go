package strictjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds nesting. Token responses and metadata need three levels.
const maxDepth = 64

// Object is the members of a JSON object, undecoded.
type Object map[string]json.RawMessage

// The reasons to refuse a text. They quote nothing of it.
var (
	ErrNotUTF8   = errors.New("is not UTF-8 text without a byte order mark")
	ErrNotObject = errors.New("is not a JSON object")
	ErrDuplicate = errors.New("has a member twice")
	ErrTooDeep   = errors.New("is nested too deeply")
	ErrType      = errors.New("has the wrong type")
)

// Parse reads text as one JSON object.
func Parse(text []byte) (Object, error) {
	switch {
	case !utf8.Valid(text) || bytes.HasPrefix(text, []byte("\xef\xbb\xbf")):
		return nil, ErrNotUTF8
	case tooDeep(text):
		return nil, ErrTooDeep
	case !json.Valid(text):
		return nil, ErrNotObject
	case hasLoneSurrogate(text):
		return nil, ErrNotUTF8
	}
	text = bytes.TrimSpace(text)
	if text[0] != '{' {
		return nil, ErrNotObject
	}
	return members(text)
}

// members splits a valid object at its top level.
func members(text []byte) (Object, error) {
	object := Object{}
	rest := skipSpace(text[1:])
	for rest[0] != '}' {
		end := valueEnd(rest)
		var name string
		if json.Unmarshal(rest[:end], &name) != nil {
			return nil, ErrNotObject
		}
		rest = skipSpace(skipSpace(rest[end:])[1:]) // the colon
		end = valueEnd(rest)
		if _, twice := object[name]; twice {
			return nil, ErrDuplicate
		}
		object[name] = json.RawMessage(bytes.TrimSpace(rest[:end]))
		if rest = skipSpace(rest[end:]); rest[0] == ',' {
			rest = skipSpace(rest[1:])
		}
	}
	return object, nil
}

func skipSpace(text []byte) []byte { return bytes.TrimLeft(text, " \t\r\n") }

// valueEnd returns the length of the value at the start of text, which is valid JSON.
func valueEnd(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i += stringEnd(text[i:])
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // the end of the object around a bare value
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',':
			if depth == 0 {
				return i
			}
		}
	}
	return len(text)
}

// stringEnd returns the index of the closing quotation mark, or of the last byte.
func stringEnd(text []byte) int {
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text) - 1
}

func tooDeep(text []byte) bool {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i += stringEnd(text[i:])
		case '{', '[':
			if depth++; depth > maxDepth {
				return true
			}
		case '}', ']':
			depth--
		}
	}
	return false
}

// hasLoneSurrogate reports whether valid JSON escapes half a character, such as
// "\ud800", for which encoding/json reads U+FFFD without a word.
func hasLoneSurrogate(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		first := escaped(text[i:])
		if i++; !utf16.IsSurrogate(first) {
			continue
		}
		if utf16.DecodeRune(first, escaped(text[i+5:])) == unicode.ReplacementChar {
			return true
		}
		i += 10 // behind the second half
	}
	return false
}

// escaped returns the code unit of a \uXXXX at the start of text, or -1.
func escaped(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(unit)
}

// String returns the member as a string; "" when it is absent or null. It fails
// with [ErrType] for any other value.
func (o Object) String(name string) (string, error) {
	raw := o[name]
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	if raw[0] != '"' {
		return "", ErrType
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil {
		return "", ErrType
	}
	return s, nil
}

// Strings returns the member as a list of strings; nil when it is absent or null. It
// fails with [ErrType] for any other value, and for a list with null in it.
func (o Object) Strings(name string) ([]string, error) {
	raw := o[name]
	if len(raw) == 0 || string(raw) == "null" {
		return nil, nil
	}
	var list []*string // pointers, to tell null from ""
	if err := json.Unmarshal(raw, &list); err != nil || slices.Contains(list, nil) {
		return nil, ErrType
	}
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = *s
	}
	return out, nil
}
