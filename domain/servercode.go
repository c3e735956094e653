package domain

import (
	"iter"
	"slices"
	"strconv"
	"strings"
)

// ServerCode is what is publicly known of one code that authorization servers answer
// with: an error code of OAuth 2.0 or OpenID Connect, a suberror of Microsoft's
// servers, or a number such as "AADSTS50076", "AADB2C90118" or "MSIS9612".
type ServerCode struct {
	Code    string
	Problem Problem
	Retry   Retry
	Actor   Actor
	Meaning string // in plain words, without a full stop
	Remedy  string // one or two sentences
}

// catalogue holds the tables of codes, by family of servers and by topic. A code is
// looked up when a request has failed, so a walk through all of them is quick enough.
func catalogue() [][]ServerCode {
	return [][]ServerCode{
		oauthCodes, subErrorCodes,
		entraClientCodes, entraResourceCodes, entraRequestCodes, entraServerCodes,
		entraSignInCodes, entraAccountCodes, entraPolicyCodes, entraGrantCodes,
		b2cCodes, adfsCodes,
	}
}

// ServerCodes yields every code that the library knows something about.
func ServerCodes() iter.Seq[ServerCode] {
	return func(yield func(ServerCode) bool) {
		for _, table := range catalogue() {
			for _, c := range table {
				if !yield(c) {
					return
				}
			}
		}
	}
}

// LookupServerCode returns what is known of a code, spelled as the server spells it.
func LookupServerCode(code string) (ServerCode, bool) {
	for c := range ServerCodes() {
		if c.Code == code {
			return c, true
		}
	}
	return ServerCode{}, false
}

// Codes returns the server's codes, the most telling one first: numbers such as
// "AADSTS50076", then the suberror, then the error code. Of the description it has the
// numbers and nothing else.
func (e *OAuthError) Codes() []string {
	var codes []string
	add := func(code string) {
		if ValidErrorCode(code) && !slices.Contains(codes, code) {
			codes = append(codes, code)
		}
	}
	for _, n := range e.ErrorCodes {
		add(entraPrefix + strconv.Itoa(n))
	}
	for _, number := range serverNumbers(e.Description.Reveal()) {
		add(number)
	}
	add(e.SubError)
	add(e.Code)
	return codes
}

// Known returns what is known of the most telling code that anything is known of.
func (e *OAuthError) Known() (ServerCode, bool) {
	for _, code := range e.Codes() {
		if c, ok := LookupServerCode(code); ok {
			return c, true
		}
	}
	return ServerCode{}, false
}

const (
	entraPrefix = "AADSTS"
	b2cPrefix   = "AADB2C"
	adfsPrefix  = "MSIS"

	maxNumbers = 4 // that are looked for in one description
	maxDigits  = 9
)

// serverNumbers returns the numbers that Microsoft's servers put into a description,
// with their prefixes, in their order. What is next to them may be a person's name,
// so nothing but digits is taken.
func serverNumbers(description string) []string {
	var numbers []string
	for rest := description; rest != "" && len(numbers) < maxNumbers; {
		prefix, at := firstPrefix(rest)
		if prefix == "" {
			break
		}
		rest = rest[at+len(prefix):]
		digits := len(rest) - len(strings.TrimLeft(rest, "0123456789"))
		if digits > 0 && digits <= maxDigits {
			numbers = append(numbers, prefix+rest[:digits])
		}
		rest = rest[digits:]
	}
	return numbers
}

// firstPrefix finds the first prefix of a number in text.
func firstPrefix(text string) (prefix string, at int) {
	at = len(text)
	for _, p := range [...]string{entraPrefix, b2cPrefix, adfsPrefix} {
		if i := strings.Index(text, p); i >= 0 && i < at {
			prefix, at = p, i
		}
	}
	return prefix, at
}
