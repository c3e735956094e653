package domain

import (
	"crypto/subtle"
	"fmt"
	"io"
)

// Redacted is what a [Secret] shows in place of its value.
const Redacted = "[redacted]"

// Secret is a string that must not be seen: a password, a token, an assertion.
//
// It prints as [Redacted] under every fmt verb, in encoding/json and
// encoding/xml, and in log/slog. The value sits behind a pointer, so that fmt
// cannot reach it even inside an unexported field of another struct, where it
// does not call methods. (See docs/adr/0009-secrets-behind-a-pointer.md.)
//
// The zero value is the absent secret. Compare with [Secret.Equal], never with
// ==, which would compare addresses.
type Secret struct{ value *string }

// NewSecret hides s. The empty string is the absent secret.
func NewSecret(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{value: &s}
}

// Reveal returns the hidden string. Call it only where the secret leaves for the
// wire or for a store.
func (s Secret) Reveal() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no secret.
func (s Secret) IsZero() bool { return s.value == nil }

// Equal compares two secrets in a time that depends on their lengths only.
func (s Secret) Equal(other Secret) bool {
	return s.value == other.value ||
		subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String returns [Redacted], or "" for the absent secret.
func (s Secret) String() string {
	if s.IsZero() {
		return ""
	}
	return Redacted
}

// Format implements [fmt.Formatter] for every verb, %#v and %x included.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText implements [encoding.TextMarshaler] with the redacted form;
// encoding/json, encoding/xml and log/slog use it. A type that must survive a
// store marshals Reveal itself.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
