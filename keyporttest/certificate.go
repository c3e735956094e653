package keyporttest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"time"
)

// Certificate is a throw-away key with a certificate for it. It prints without the
// key, and [AssertClean] and [ScanOutput] look for the key.
type Certificate struct {
	Signer crypto.Signer
	Leaf   *x509.Certificate
	Chain  []*x509.Certificate // leaf first, then its issuer if it has another one
}

// The certificates outlast every clock of a test: those of a server are judged by
// the machine's, those of a client by the authority's.
var (
	notBefore = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	notAfter  = time.Date(2099, 12, 31, 0, 0, 0, 0, time.UTC)
)

// NewCertificate returns a self-signed certificate with an RSA key of 2,048 bits.
func NewCertificate(commonName string) Certificate {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return NewCertificateFor(key, commonName)
}

// NewECCertificate returns a self-signed certificate with a P-256 key.
func NewECCertificate(commonName string) Certificate {
	return NewCertificateFor(newECKey(), commonName)
}

// NewCertificateFor returns a self-signed certificate for a key.
func NewCertificateFor(key crypto.Signer, commonName string) Certificate {
	return issue(key, template(commonName), nil, nil)
}

func newECKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func template(commonName string) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		panic(err)
	}
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: commonName},
		NotBefore: notBefore, NotAfter: notAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, BasicConstraintsValid: true,
	}
}

// issue makes a certificate; without an issuer it signs itself.
func issue(key crypto.Signer, t, issuer *x509.Certificate, issuerKey crypto.Signer) Certificate {
	learnKey(key)
	self := issuer == nil
	if self {
		issuer, issuerKey = t, key
	}
	der, err := x509.CreateCertificate(rand.Reader, t, issuer, key.Public(), issuerKey)
	if err != nil {
		panic(fmt.Sprintf("create certificate: %v", err))
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(fmt.Sprintf("parse certificate: %v", err))
	}
	c := Certificate{Signer: key, Leaf: leaf, Chain: []*x509.Certificate{leaf}}
	if !self {
		c.Chain = append(c.Chain, issuer)
	}
	return c
}

// newServerCertificate returns a certificate authority and a server certificate of
// it for this machine's loopback names.
func newServerCertificate() (authority, server Certificate) {
	ca := template("keyporttest throw-away CA")
	ca.IsCA, ca.KeyUsage = true, x509.KeyUsageCertSign
	authority = issue(newECKey(), ca, nil, nil)
	t := template("localhost")
	t.DNSNames, t.IPAddresses = []string{"localhost"}, []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback}
	t.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	return authority, issue(newECKey(), t, authority.Leaf, authority.Signer)
}

// PEM returns the certificates as PEM, leaf first.
func (c Certificate) PEM() []byte {
	var out []byte
	for _, cert := range c.Chain {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})...)
	}
	return out
}

// KeyPEM returns the private key as PEM (PKCS#8, not encrypted). It panics for a key
// that does not leave its signer.
func (c Certificate) KeyPEM() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(c.Signer)
	if err != nil {
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// Format implements [fmt.Formatter] without the key.
func (c Certificate) Format(f fmt.State, _ rune) {
	name := "nobody"
	if c.Leaf != nil {
		name = c.Leaf.Subject.CommonName
	}
	_, _ = fmt.Fprintf(f, "certificate of %s", name)
}

// MarshalText implements [encoding.TextMarshaler] likewise.
func (c Certificate) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", c), nil }
