package certificates

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/seed57855a68/keyport/domain"
)

// maxSize bounds what is parsed. Keys and chains have a few kilobytes.
const maxSize = 1 << 20

// Source says where key and certificates come from. Exactly one of File, PEM and
// PFX is set.
type Source struct {
	// File is the path of a PEM or PFX file; its content tells which.
	File string
	// PEM holds one private key and, in any order, certificates.
	PEM []byte
	// Certificates are PEM, for a key that comes without; they are added to PEM's own.
	Certificates []byte
	// PFX is a PKCS#12 file with one key and its certificates.
	PFX []byte
	// Passphrase of the key or the PFX; zero when it has none.
	Passphrase domain.Secret
	// Thumbprint is the SHA-1 of the certificate in DER form: 40 hex digits, with colons
	// or spaces if you like. It stands in for the certificate, and is checked against it
	// when both are given.
	Thumbprint string
	// SHA256Thumbprint likewise: 64 hex digits.
	SHA256Thumbprint string
}

// Certificate is a private key and what is known of its certificate. It prints
// without the key. The zero Certificate is none.
type Certificate struct{ c *content }

// content is behind a pointer, which fmt does not follow.
type content struct {
	signer       crypto.Signer
	chain        []*x509.Certificate
	sha1, sha256 []byte
}

func (c Certificate) content() content {
	if c.IsZero() {
		return content{}
	}
	return *c.c
}

// Signer returns the private key; nil for the zero Certificate.
func (c Certificate) Signer() crypto.Signer { return c.content().signer }

// Chain returns the certificates: the key's own first, each followed by its issuer;
// empty when only a thumbprint was given.
func (c Certificate) Chain() []*x509.Certificate { return slices.Clone(c.content().chain) }

// SHA1Thumbprint returns the SHA-1 of the certificate, 20 bytes; nil for unknown.
func (c Certificate) SHA1Thumbprint() []byte { return bytes.Clone(c.content().sha1) }

// SHA256Thumbprint returns the SHA-256 of the certificate, 32 bytes; nil for unknown.
func (c Certificate) SHA256Thumbprint() []byte { return bytes.Clone(c.content().sha256) }

// IsZero reports whether there is none.
func (c Certificate) IsZero() bool { return c.c == nil }

// Format implements [fmt.Formatter]: it says whose certificate it is.
func (c Certificate) Format(f fmt.State, _ rune) {
	text := "no certificate"
	switch {
	case c.IsZero():
	case len(c.c.chain) > 0:
		text = "certificate of " + c.c.chain[0].Subject.String()
	case len(c.c.sha1) > 0:
		text = fmt.Sprintf("key with thumbprint %X", c.c.sha1)
	case len(c.c.sha256) > 0:
		text = fmt.Sprintf("key with thumbprint %X", c.c.sha256)
	default:
		text = "key without a certificate"
	}
	_, _ = io.WriteString(f, text)
}

// MarshalText implements [encoding.TextMarshaler] likewise, for logs.
func (c Certificate) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", c), nil }

// Parse reads a key and its certificates. Whether they are within their validity
// is the caller's question: it depends on the time.
func Parse(s Source) (Certificate, error) {
	s, err := s.opened()
	if err != nil {
		return Certificate{}, err
	}
	var key crypto.Signer
	var found []*x509.Certificate
	err = contained(s.keyField(), func() (err error) {
		if len(s.PFX) > 0 {
			key, found, err = parsePFX(s.PFX, s.Passphrase)
		} else {
			key, found, err = parsePEM(s.PEM, s.Passphrase)
		}
		return err
	})
	if err != nil {
		return Certificate{}, err
	}
	more, err := parseCertificates(s.Certificates)
	if err != nil {
		return Certificate{}, err
	}
	return s.assemble(key, append(found, more...))
}

// ReadFile is [Parse] of a file. The passphrase may be zero.
func ReadFile(path string, passphrase domain.Secret) (Certificate, error) {
	return Parse(Source{File: path, Passphrase: passphrase})
}

// opened returns the source with the file's content in PEM or PFX, checked.
func (s Source) opened() (Source, error) {
	if s.File == "" || len(s.PEM) > 0 || len(s.PFX) > 0 {
		return s, s.check()
	}
	data, err := readBounded(s.File)
	switch {
	case err != nil:
		return s, bad("File", "cannot be read", "check the path and its permissions", err)
	case len(data) == 0:
		return s, bad("File", "is empty", "name a PEM or PFX file with the private key", nil)
	}
	s.File = ""
	if looksLikePEM(data) {
		s.PEM = data
	} else {
		s.PFX = data
	}
	return s, s.check()
}

func readBounded(path string) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // the caller names the file
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	if info, err := file.Stat(); err != nil || info.IsDir() {
		return nil, fs.ErrInvalid
	}
	return io.ReadAll(io.LimitReader(file, maxSize+1))
}

func (s Source) check() error {
	for _, part := range []struct {
		field string
		data  []byte
	}{{"PEM", s.PEM}, {"PFX", s.PFX}, {"Certificates", s.Certificates}} {
		if len(part.data) > maxSize {
			return bad(part.field, "is larger than 1 MiB", "pass one key and its chain", nil)
		}
	}
	switch {
	case s.File != "":
		return bad("File", "is set together with PEM or PFX", "pass one of them", nil)
	case len(s.PEM) == 0 && len(s.PFX) == 0:
		return bad("PEM", "is empty, and so are PFX and File", "pass the private key in one of them", nil)
	case len(s.PEM) > 0 && len(s.PFX) > 0:
		return bad("PFX", "is set together with PEM", "pass one of them", nil)
	}
	return nil
}

// keyField names the field that the key comes from.
func (s Source) keyField() string {
	if len(s.PFX) > 0 {
		return "PFX"
	}
	return "PEM"
}

// contained turns a panic of a parser into an error: the input comes from outside.
func contained(field string, parse func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = bad(field, "cannot be parsed", "check that the file is whole", nil)
		}
	}()
	return parse()
}

func bad(field, problem, remedy string, err error) error {
	return &domain.ConfigError{Field: field, Problem: problem, Remedy: remedy, Err: err}
}
