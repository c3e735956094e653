package domain

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
)

// Entropy is what a flow needs of chance: 32 random bytes for each of its secrets.
type Entropy [32]byte

// Text returns the bytes as 43 characters of base64url: more than RFC 6749 §10.10
// asks of values that must not be guessed, and the length of a code verifier.
func (e Entropy) Text() string { return base64.RawURLEncoding.EncodeToString(e[:]) }

// NewCodeVerifier returns a code verifier (RFC 7636 §4.1).
func NewCodeVerifier(e Entropy) Secret { return NewSecret(e.Text()) }

// CodeChallenge returns the challenge of a verifier, for the method S256 (RFC 7636 §4.2).
func CodeChallenge(verifier Secret) string {
	sum := sha256.Sum256([]byte(verifier.Reveal()))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// NonceOnTheWire returns what is sent for a nonce and comes back in the ID token:
// its SHA-256 in hex, so that who sees the authorization request or the token does
// not know the nonce that the session holds (OIDC Core §15.5.2).
func NonceOnTheWire(nonce Secret) string {
	sum := sha256.Sum256([]byte(nonce.Reveal()))
	return hex.EncodeToString(sum[:])
}
