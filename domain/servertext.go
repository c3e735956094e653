package domain

import (
	"strconv"
	"strings"
)

// maxServerText bounds what a server can write into one place of a log.
const maxServerText = 100

// ValidErrorCode reports whether text may be an error code: printable ASCII without
// quotation marks and backslashes (RFC 6749 §5.2); and no space, for codes are words.
func ValidErrorCode(text string) bool {
	return text != "" && len(text) <= maxServerText && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r > '~' || r == '"' || r == '\\'
	})
}

// PrintableText makes a server's text safe for one line of a log: at most 100
// bytes, and "?" for what is not printable ASCII.
func PrintableText(text string) string {
	if len(text) > maxServerText {
		text = text[:maxServerText]
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, text)
}

// numberAfter returns the digits that follow prefix in a text, as Microsoft's
// servers put the number of an error in front of its description.
func numberAfter(prefix, text string) string {
	_, rest, found := strings.Cut(text, prefix)
	if !found {
		return ""
	}
	end := 0
	for end < len(rest) && end < 9 && '0' <= rest[end] && rest[end] <= '9' {
		end++
	}
	return rest[:end]
}

// errorNumbers finds the AADSTS number in a description.
func errorNumbers(description string) []int {
	n, err := strconv.Atoi(numberAfter("AADSTS", description))
	if err != nil {
		return nil
	}
	return []int{n}
}

// b2cNumber finds B2C's number in a description: "AADB2C90118" is a user who wants a
// new password.
func b2cNumber(description string) string {
	if n := numberAfter("AADB2C", description); n != "" {
		return "AADB2C" + n
	}
	return ""
}
