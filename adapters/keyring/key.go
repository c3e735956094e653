package keyring

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// KeySize is the length of a key in bytes: AES-256, XChaCha20.
const KeySize = 32

// Key is a secret key. It prints as its [Key.ID].
type Key struct{ text domain.Secret } // base64, as it is kept everywhere

// NewKey makes a key from the system's random numbers.
func NewKey() Key {
	var random [KeySize]byte
	_, _ = rand.Read(random[:]) // never fails: it ends the program instead
	return Key{domain.NewSecret(base64.StdEncoding.EncodeToString(random[:]))}
}

// ParseKey reads the form in which keys are kept: the base64 of 32 bytes, as `openssl rand -base64 32`
// prints it. Space around it does not count.
func ParseKey(text domain.Secret) (Key, error) {
	trimmed := strings.TrimSpace(text.Reveal())
	decoded, err := base64.StdEncoding.Strict().DecodeString(trimmed)
	if err != nil || len(decoded) != KeySize { // the decoder's error tells a part of the text
		return Key{}, &domain.ConfigError{
			Field: "Key", Problem: "is not the base64 of 32 bytes",
			Remedy: "make one with: openssl rand -base64 32",
		}
	}
	return Key{domain.NewSecret(trimmed)}, nil
}

// IsZero reports whether there is no key.
func (k Key) IsZero() bool { return k.text.IsZero() }

// Equal compares two keys in constant time.
func (k Key) Equal(other Key) bool { return k.text.Equal(other.text) }

// Bytes returns a copy of the key's 32 bytes; nil for no key.
func (k Key) Bytes() []byte {
	if k.IsZero() {
		return nil
	}
	decoded, _ := base64.StdEncoding.DecodeString(k.text.Reveal()) // as it was checked or made
	return decoded
}

// Text returns the form that [ParseKey] reads, for a [Source] of your own.
func (k Key) Text() domain.Secret { return k.text }

// ID names the key without telling anything of it: 16 hexadecimal digits. "" for no key.
func (k Key) ID() string {
	if k.IsZero() {
		return ""
	}
	sum := sha256.Sum256(append([]byte("keyport key id\x00"), k.Bytes()...))
	return hex.EncodeToString(sum[:8])
}

// String returns the key's [Key.ID].
func (k Key) String() string { return k.ID() }
