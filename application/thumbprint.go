package application

import (
	"crypto/sha1" //nolint:gosec // RFC 7515 §4.1.7: AD FS finds a certificate by its SHA-1; it proves nothing
	"crypto/sha256"
	"crypto/x509"
)

// thumbprints returns the digests by which servers find a certificate.
func thumbprints(leaf *x509.Certificate) (sha1Sum, sha256Sum []byte) {
	one := sha1.Sum(leaf.Raw) //nolint:gosec // as above
	two := sha256.Sum256(leaf.Raw)
	return one[:], two[:]
}
