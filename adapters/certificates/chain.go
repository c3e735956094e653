package certificates

import (
	"bytes"
	"crypto"
	"crypto/sha1" //nolint:gosec // RFC 7515 §4.1.7: the name of a certificate for older servers; it proves nothing
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// maxChain ends the walk; servers take no longer ones.
const maxChain = 8

// assemble puts key, chain and thumbprints together and checks that they agree.
func (s Source) assemble(key crypto.Signer, found []*x509.Certificate) (Certificate, error) {
	c := &content{signer: key}
	var err error
	if c.sha1, err = digits("Thumbprint", s.Thumbprint, sha1.Size, "SHA-1"); err != nil {
		return Certificate{}, err
	}
	if c.sha256, err = digits("SHA256Thumbprint", s.SHA256Thumbprint, sha256.Size, "SHA-256"); err != nil {
		return Certificate{}, err
	}
	if len(found) == 0 {
		return Certificate{c}, nil
	}
	if c.chain = order(key, found); len(c.chain) == 0 {
		return Certificate{}, bad(s.keyField(), "comes with certificates, but none of them was issued for the private key", "pass the certificate and the key that belong together", nil)
	}
	one, two := sha1.Sum(c.chain[0].Raw), sha256.Sum256(c.chain[0].Raw) //nolint:gosec // as above
	for _, t := range []struct {
		field       string
		given, real []byte
	}{{"Thumbprint", c.sha1, one[:]}, {"SHA256Thumbprint", c.sha256, two[:]}} {
		if t.given != nil && !bytes.Equal(t.given, t.real) {
			return Certificate{}, bad(t.field, "is that of another certificate than the one of the key",
				fmt.Sprintf("it should be %X; leave it empty to have it computed", t.real), nil)
		}
	}
	c.sha1, c.sha256 = one[:], two[:]
	return Certificate{c}, nil
}

// digits reads a thumbprint.
func digits(field, text string, size int, name string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	clean := strings.NewReplacer(":", "", " ", "", "\u200e", "").Replace(text) // Windows puts a mark in front
	remedy := fmt.Sprintf("pass the %s of the certificate's DER form: %d hex digits", name, 2*size)
	sum, err := hex.DecodeString(clean)
	switch {
	case err != nil:
		return nil, bad(field, "is not hexadecimal", remedy, nil)
	case len(sum) == sha256.Size && size == sha1.Size:
		return nil, bad(field, "has 64 digits: it is a SHA-256", "pass it as SHA256Thumbprint", nil)
	case len(sum) != size:
		return nil, bad(field, fmt.Sprintf("has %d hex digits", len(clean)), remedy, nil)
	}
	return sum, nil
}

// order puts the key's certificate first and each issuer after what it issued.
func order(key crypto.Signer, found []*x509.Certificate) []*x509.Certificate {
	var chain []*x509.Certificate
	for _, c := range found {
		if sameKey(c, key) {
			chain = append(chain, c)
			break
		}
	}
	for len(chain) > 0 && len(chain) < maxChain {
		last := chain[len(chain)-1]
		if bytes.Equal(last.RawIssuer, last.RawSubject) {
			break
		}
		issuer := issuerOf(last, found)
		if issuer == nil || slices.ContainsFunc(chain, issuer.Equal) {
			break
		}
		chain = append(chain, issuer)
	}
	return chain
}

func issuerOf(c *x509.Certificate, found []*x509.Certificate) *x509.Certificate {
	for _, candidate := range found {
		if bytes.Equal(c.RawIssuer, candidate.RawSubject) && !c.Equal(candidate) && c.CheckSignatureFrom(candidate) == nil {
			return candidate
		}
	}
	return nil
}
