package exchange

import (
	"crypto/x509"
	"errors"
	"regexp"
)

// quotes are what net/http quotes of a peer that does not speak HTTP, or badly: its
// lines, which may be a body that lacks its header, and the last words of an HTTP/2
// connection.
var quotes = regexp.MustCompile(`"(?:[^"\\]|\\.)*"?|(malformed MIME header[a-z ]*: )[^"](?s:.*)`)

// withoutQuotes returns err without the words of the peer. What it wraps stays
// reachable for errors.Is and errors.As, and is not printed.
func withoutQuotes(err error) error {
	var unknown x509.UnknownAuthorityError
	if err == nil || errors.As(err, &unknown) {
		return err // it quotes the names of authorities
	}
	text := err.Error()
	clean := quotes.ReplaceAllString(text, "$1…")
	if clean == text {
		return err
	}
	return &unquoted{
		text: clean,
		is:   func(target error) bool { return errors.Is(err, target) },
		as:   func(target any) bool { return errors.As(err, target) },
	}
}

// unquoted holds an error where printing does not find it.
type unquoted struct {
	text string
	is   func(error) bool
	as   func(any) bool
}

// Error implements error.
func (e *unquoted) Error() string { return e.text }

// Is reports what the hidden error is, for [errors.Is].
func (e *unquoted) Is(target error) bool { return e.is(target) }

// As finds in the hidden error, for [errors.As].
func (e *unquoted) As(target any) bool { return e.as(target) }
