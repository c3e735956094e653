package unified

import "strings"

// keyOf joins the parts of a record's name as the schema does: in lower case.
func keyOf(parts ...string) string { return strings.ToLower(strings.Join(parts, "-")) }

// isNamed reports whether the entry's name begins with these parts, as [keyOf] joins them.
func (e *entry) isNamed(parts ...string) bool {
	rest, ok := e.name, true
	for i, part := range parts { // without a copy, when it agrees
		if i > 0 {
			rest, ok = strings.CutPrefix(rest, "-")
		}
		if !ok || !beginsWith(rest, part) {
			return strings.HasPrefix(strings.ToLower(e.name), keyOf(parts...)) // some letters are longer in lower case
		}
		rest = rest[len(part):]
	}
	return true
}

// beginsWith compares ASCII letters without their case.
func beginsWith(text, part string) bool {
	if len(text) < len(part) {
		return false
	}
	for i := range len(part) {
		if text[i] != part[i] && lower(text[i]) != lower(part[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
