package certificates

import (
	"crypto"
	"crypto/x509"
	"errors"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/seed57855a68/keyport/domain"
)

// parsePFX reads a PKCS#12 file (RFC 7292).
func parsePFX(data []byte, passphrase domain.Secret) (crypto.Signer, []*x509.Certificate, error) {
	if looksLikePEM(data) {
		return nil, nil, bad("PFX", "is PEM text", "pass it as PEM", nil)
	}
	key, leaf, chain, err := pkcs12.DecodeChain(data, passphrase.Reveal())
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword) && passphrase.IsZero():
		return nil, nil, bad("Passphrase", "is empty, but the PFX has one", "pass the passphrase that it was exported with", nil)
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, nil, bad("Passphrase", "does not open the PFX", "check the passphrase that it was exported with", nil)
	case err != nil: // the parser's words may quote the file
		return nil, nil, bad("PFX", "cannot be parsed, or has not one private key with its certificate", `export it again with the private key; "openssl pkcs12 -info" shows what it holds`, nil)
	}
	signer, err := usable("PFX", key)
	if err != nil {
		return nil, nil, err
	}
	return signer, append([]*x509.Certificate{leaf}, chain...), nil
}
