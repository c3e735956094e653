package cachekit

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

var _ ports.Sealer = (*KeyRing)(nil)

// The envelope: magic, version, length of the key id, key id, salt, nonce, ciphertext, tag.
const (
	magic           = "kps"
	envelopeVersion = 1
	saltSize        = 32
	keySize         = 32 // AES-256
	nonceSize       = 12 // put before the ciphertext by cipher.NewGCMWithRandomNonce
	tagSize         = 16
	maxKeyID        = 64
	derivation      = "keyport sealed record, AES-256-GCM, version 1"
)

// Key is a key of a [KeyRing]. It prints without its value.
type Key struct {
	// ID names the key in what it sealed: 1 to 64 printable ASCII characters without
	// blanks, such as "2026-11". Give a new key a new id.
	ID string
	// Secret is the key: 32 random bytes in base64, as "openssl rand -base64 32" prints them.
	Secret domain.Secret
}

// KeyRingOptions configures a [KeyRing].
type KeyRingOptions struct {
	// Active seals, and opens what it sealed. Required.
	Active Key
	// Accepted open what they sealed: older keys, until all that they sealed was written
	// anew or is over; and, on the machines that come later, the next active key.
	Accepted []Key
}

// KeyRing implements [ports.Sealer] with AES-256-GCM. Each call of Seal derives a key of
// its own by HKDF-SHA-256 from a random salt, so that random nonces have no limit that
// counts. (See docs/adr/0018-sealed-records.md.) Make it with [NewKeyRing].
type KeyRing struct {
	active string
	keys   map[string][]byte
}

// NewKeyRing returns the ring of the given keys. It fails with a [*domain.ConfigError] for
// a key that cannot be used.
func NewKeyRing(o KeyRingOptions) (*KeyRing, error) {
	r := &KeyRing{active: o.Active.ID, keys: make(map[string][]byte, 1+len(o.Accepted))}
	for i, key := range append([]Key{o.Active}, o.Accepted...) {
		field := "KeyRingOptions.Active"
		if i > 0 {
			field = fmt.Sprintf("KeyRingOptions.Accepted[%d]", i-1)
		}
		if err := r.add(field, key); err != nil {
			return nil, err
		}
	}
	return r, nil
}

func (r *KeyRing) add(field string, key Key) error {
	const howToMake = `make one with "openssl rand -base64 32"`
	secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(key.Secret.Reveal()))
	_, taken := r.keys[key.ID]
	switch {
	case !isKeyID(key.ID):
		return &domain.ConfigError{Field: field + ".ID", Problem: "is not 1 to 64 printable ASCII characters without blanks", Remedy: `choose one such as "2026-11"`}
	case taken:
		return &domain.ConfigError{Field: field + ".ID", Problem: "is another key's too", Remedy: "give each key an id of its own"}
	case key.Secret.IsZero():
		return &domain.ConfigError{Field: field + ".Secret", Problem: "is empty", Remedy: howToMake}
	case err != nil:
		return &domain.ConfigError{Field: field + ".Secret", Problem: "is not base64", Remedy: howToMake}
	case len(secret) != keySize:
		return &domain.ConfigError{Field: field + ".Secret", Problem: fmt.Sprintf("has %d bytes, not %d", len(secret), keySize), Remedy: howToMake}
	case strings.Count(string(secret), string(secret[:1])) == keySize:
		return &domain.ConfigError{Field: field + ".Secret", Problem: "is one byte again and again", Remedy: howToMake}
	}
	r.keys[key.ID] = secret
	return nil
}

func isKeyID(id string) bool {
	return id != "" && len(id) <= maxKeyID && !strings.ContainsFunc(id, func(c rune) bool { return c <= ' ' || c > '~' })
}

// Seal implements [ports.Sealer].
func (r *KeyRing) Seal(ctx context.Context, plaintext, associated []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r == nil || r.keys[r.active] == nil { // it would seal with no key
		return nil, &domain.ConfigError{Field: "KeyRing", Problem: "has no key", Remedy: "make it with NewKeyRing"}
	}
	header := make([]byte, 0, len(magic)+2+len(r.active)+saltSize+nonceSize+len(plaintext)+tagSize)
	header = append(append(header, magic...), envelopeVersion, byte(len(r.active))) //nolint:gosec // at most 64
	header = append(header, r.active...)
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // it never fails
	header = append(header, salt...)
	aead, err := aeadOf(r.keys[r.active], salt)
	if err != nil {
		return nil, err
	}
	return aead.Seal(header, nil, plaintext, bound(header, associated)), nil //nolint:gosec // it draws its nonce itself
}

// Open implements [ports.Sealer]. It fails with [domain.ErrSealBroken], or with
// [ErrUnknownKey] or [ErrNewer] when it cannot tell.
func (r *KeyRing) Open(ctx context.Context, sealed, associated []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	header, err := headerOf(sealed)
	if err != nil {
		return nil, err
	}
	id := header[len(magic)+2 : len(header)-saltSize]
	var key []byte
	if r != nil {
		key = r.keys[string(id)]
	}
	if key == nil {
		return nil, fmt.Errorf("sealed with key %q: %w", id, ErrUnknownKey)
	}
	aead, err := aeadOf(key, header[len(header)-saltSize:])
	if err != nil {
		return nil, err
	}
	plaintext, err := aead.Open(nil, nil, sealed[len(header):], bound(header, associated))
	if err != nil {
		return nil, domain.ErrSealBroken
	}
	return plaintext, nil
}

// headerOf returns what precedes the nonce.
func headerOf(sealed []byte) ([]byte, error) {
	fixed := len(magic) + 2
	switch {
	case len(sealed) < fixed || string(sealed[:len(magic)]) != magic:
		return nil, domain.ErrSealBroken
	case sealed[len(magic)] > envelopeVersion:
		return nil, ErrNewer
	case sealed[len(magic)] < envelopeVersion:
		return nil, domain.ErrSealBroken
	}
	size := fixed + int(sealed[fixed-1]) + saltSize
	if len(sealed) < size+nonceSize+tagSize || !isKeyID(string(sealed[fixed:size-saltSize])) {
		return nil, domain.ErrSealBroken
	}
	return sealed[:size:size], nil
}

// aeadOf derives the key of one sealed record. The nonce is random and the module's own, as
// FIPS 140-3 wants it.
func aeadOf(key, salt []byte) (cipher.AEAD, error) {
	derived, err := hkdf.Key(sha256.New, key, salt, derivation, keySize)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// bound is what is authenticated beside the ciphertext: the header, whose length it tells
// itself, and what the caller says.
func bound(header, associated []byte) []byte {
	return append(header[:len(header):len(header)], associated...)
}

// Format implements [fmt.Formatter] without any key.
func (r *KeyRing) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "key ring") }

// Format implements [fmt.Formatter] without the value.
func (k Key) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "key "+k.ID) }
