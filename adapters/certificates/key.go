package certificates

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"

	"github.com/youmark/pkcs8"

	"github.com/seed57855a68/keyport/domain"
)

const minRSABits = 2048

// parseKey reads a private key in DER form. The label of a PEM block is a hint at
// most: key vaults write PKCS#1 under "PRIVATE KEY".
func parseKey(field string, der []byte) (crypto.Signer, error) {
	for _, parse := range []func([]byte) (any, error){
		x509.ParsePKCS8PrivateKey,
		func(der []byte) (any, error) { return x509.ParsePKCS1PrivateKey(der) },
		func(der []byte) (any, error) { return x509.ParseECPrivateKey(der) },
	} {
		if key, err := parse(der); err == nil {
			return usable(field, key)
		}
	}
	return nil, bad(field, "holds a private key of an unknown form", "use PKCS#8, PKCS#1 or SEC 1", nil)
}

// decryptKey reads an encrypted PKCS#8 key (RFC 5958 §3, PBES2).
func decryptKey(der []byte, passphrase domain.Secret) (crypto.Signer, error) {
	if passphrase.IsZero() {
		return nil, bad("Passphrase", "is empty, but the private key is encrypted", "pass the passphrase that it was encrypted with", nil)
	}
	key, err := pkcs8.ParsePKCS8PrivateKey(der, []byte(passphrase.Reveal()))
	if err != nil {
		return nil, bad("Passphrase", "does not decrypt the private key", "check the passphrase; the key must be encrypted PKCS#8 with PBES2", nil)
	}
	return usable("PEM", key)
}

// usable refuses keys that are too weak or that nobody verifies with.
func usable(field string, key any) (crypto.Signer, error) {
	refuse := func(problem string) (crypto.Signer, error) {
		return nil, bad(field, problem, "use an RSA key of 2,048 bits or more, P-256, P-384, P-521 or Ed25519", nil)
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < minRSABits {
			return refuse(fmt.Sprintf("holds an RSA key of %d bits", k.N.BitLen()))
		}
		if k.Validate() != nil {
			return refuse("holds an RSA key that is not consistent")
		}
		return k, nil
	case *ecdsa.PrivateKey:
		if k.Curve == elliptic.P224() {
			return refuse("holds a P-224 key")
		}
		return k, nil
	case ed25519.PrivateKey:
		return k, nil
	}
	return refuse(fmt.Sprintf("holds a key of type %T", key))
}

// sameKey reports whether the certificate was issued for the key.
func sameKey(c *x509.Certificate, key crypto.Signer) bool {
	public, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
	return ok && public.Equal(key.Public())
}
