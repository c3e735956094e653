package certificates_test

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/certificates"
)

func TestTheChainIsPutInOrder(t *testing.T) {
	for _, tt := range []struct {
		name       string
		pem, apart []string
		want       string
	}{
		{"in order", []string{"rsa-pkcs8.pem", "leaf.pem", "intermediate.pem", "root.pem"}, nil, "app < Intermediate < Root"},
		{"backwards", []string{"root.pem", "intermediate.pem", "leaf.pem", "rsa-pkcs8.pem"}, nil, "app < Intermediate < Root"},
		{"with a stranger", []string{"stranger.pem", "root.pem", "rsa-pkcs8.pem", "leaf.pem", "intermediate.pem"}, nil, "app < Intermediate < Root"},
		{"leaf alone", []string{"rsa-pkcs8.pem", "leaf.pem"}, nil, "app"},
		{"with a gap", []string{"rsa-pkcs8.pem", "root.pem", "leaf.pem"}, nil, "app"},
		{"twice", []string{"leaf.pem", "leaf.pem", "intermediate.pem", "intermediate.pem", "rsa-pkcs8.pem", "root.pem", "root.pem"}, nil, "app < Intermediate < Root"},
		{"apart", []string{"rsa-pkcs8.pem"}, []string{"root.pem", "leaf.pem", "intermediate.pem"}, "app < Intermediate < Root"},
		{"partly apart", []string{"rsa-pkcs8.pem", "leaf.pem"}, []string{"root.pem", "intermediate.pem"}, "app < Intermediate < Root"},
		{"apart, in a file with the key", []string{"rsa-pkcs8.pem"}, []string{"rsa-pkcs1.pem", "leaf.pem"}, "app"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := mustParse(t, certificates.Source{PEM: file(t, tt.pem...), Certificates: file(t, tt.apart...)})
			if got := subjects(c.Chain()); got != tt.want {
				t.Errorf("chain %q, want %q", got, tt.want)
			}
			checkThumbprints(t, c)
		})
	}
	more := mustParse(t, certificates.Source{PFX: file(t, "not-ascii.pfx"), Passphrase: secret(notASCII), Certificates: file(t, "intermediate.pem")})
	if got := subjects(more.Chain()); got != "app < Intermediate" {
		t.Errorf("PFX and certificates: chain %q", got)
	}
}

func TestPEMAsItIsFoundInTheWild(t *testing.T) {
	whole := string(file(t, "leaf.pem", "rsa-pkcs8.pem"))
	for name, text := range map[string]string{
		"Windows line ends":   strings.ReplaceAll(whole, "\n", "\r\n"),
		"text in between":     "Bag Attributes\n    friendlyName: app\n" + strings.ReplaceAll(whole, "-----BEGIN", "subject=CN = app\n-----BEGIN"),
		"no line end":         strings.TrimSuffix(whole, "\n"),
		"byte order mark":     "\ufeff" + whole,
		"parameters in front": "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + whole,
		"another label":       strings.ReplaceAll(string(file(t, "rsa-pkcs1.pem")), "RSA PRIVATE KEY", "PRIVATE KEY") + string(file(t, "leaf.pem")),
	} {
		t.Run(name, func(t *testing.T) {
			c := mustParse(t, certificates.Source{PEM: []byte(text)})
			if !sameKey(c.Signer().Public(), theKey(t).Public()) || subjects(c.Chain()) != "app" {
				t.Errorf("chain %q, and perhaps another key", subjects(c.Chain()))
			}
		})
	}
}

func TestACertificateInBareBase64(t *testing.T) {
	text := base64.StdEncoding.EncodeToString(decoded(t, "leaf.pem"))
	for _, form := range []string{text, "\n  " + text[:64] + "\r\n" + text[64:] + "\t\n"} {
		c := mustParse(t, certificates.Source{PEM: file(t, "rsa-pkcs8.pem"), Certificates: []byte(form)})
		checkThumbprints(t, c)
	}
	c := mustParse(t, certificates.Source{PEM: file(t, "rsa-pkcs8.pem"), Certificates: []byte(" \r\n")})
	if c.Chain() != nil {
		t.Errorf("chain %q of blanks", subjects(c.Chain()))
	}
}

func TestThumbprints(t *testing.T) {
	one, two := fingerprint(t, "leaf.sha1"), fingerprint(t, "leaf.sha256")
	plain := strings.ReplaceAll(one, ":", "")
	for _, form := range []string{one, plain, strings.ToLower(one), strings.ReplaceAll(one, ":", " "), "\u200e" + strings.ToLower(plain), " " + plain + " "} {
		for _, certificate := range []string{"", "leaf.pem"} {
			s := certificates.Source{PEM: file(t, "rsa-pkcs8.pem"), Thumbprint: form}
			if certificate != "" {
				s.Certificates = file(t, certificate)
			}
			c := mustParse(t, s)
			if want := decodeHex(t, plain); !bytes.Equal(c.SHA1Thumbprint(), want) {
				t.Errorf("%q gives %x, want %x", form, c.SHA1Thumbprint(), want)
			}
			if known := c.SHA256Thumbprint() != nil; known != (certificate != "") || (c.Chain() != nil) != known {
				t.Errorf("SHA-256 known: %t, chain %q; there is a certificate: %t", known, subjects(c.Chain()), certificate != "")
			}
		}
	}
	c := mustParse(t, certificates.Source{PEM: file(t, "rsa-pkcs8.pem"), Thumbprint: one, SHA256Thumbprint: two})
	checkThumbprints(t, c)
	c = mustParse(t, certificates.Source{PEM: file(t, "rsa-pkcs8.pem"), SHA256Thumbprint: two})
	if c.SHA1Thumbprint() != nil || len(c.SHA256Thumbprint()) != 32 {
		t.Errorf("got %x and %x, want the SHA-256 alone", c.SHA1Thumbprint(), c.SHA256Thumbprint())
	}
	checkThumbprints(t, mustParse(t, certificates.Source{PEM: file(t, "rsa-pkcs8.pem", "leaf.pem"), Thumbprint: one, SHA256Thumbprint: two}))
}

func decodeHex(t *testing.T, digits string) []byte {
	t.Helper()
	n, ok := new(big.Int).SetString(digits, 16)
	if !ok {
		t.Fatalf("%q is no number", digits)
	}
	return n.FillBytes(make([]byte, len(digits)/2))
}

// party is somebody who may issue certificates.
type party struct {
	name string
	key  crypto.Signer
}

func newParty(t *testing.T, name string) party {
	t.Helper()
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return party{name, key}
}

// certify returns a certificate that says of, signed by by.
func certify(t *testing.T, of, by party) []byte {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := func(p party) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: serial, Subject: pkix.Name{CommonName: p.name}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
			NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0),
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, template(of), template(by), of.key.Public(), by.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func (p party) pem(t *testing.T) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(p.key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func TestAnIssuerMustHaveSigned(t *testing.T) {
	app, real, namesake := newParty(t, "app"), newParty(t, "CA"), newParty(t, "CA")
	leaf := certify(t, app, real)
	c := mustParse(t, certificates.Source{PEM: bytes.Join([][]byte{app.pem(t), certify(t, namesake, namesake), leaf, certify(t, real, real)}, nil)})
	if chain := c.Chain(); len(chain) != 2 || !sameKey(chain[1].PublicKey, real.key.Public()) {
		t.Errorf("chain %q, want the issuer that signed", subjects(chain))
	}
	c = mustParse(t, certificates.Source{PEM: bytes.Join([][]byte{app.pem(t), certify(t, namesake, namesake), leaf}, nil)})
	if got := subjects(c.Chain()); got != "app" {
		t.Errorf("chain %q, want no issuer: it only has the name", got)
	}
}

func TestIssuersThatCertifyEachOtherAreSentOnce(t *testing.T) {
	app, one, two := newParty(t, "app"), newParty(t, "one"), newParty(t, "two")
	c := mustParse(t, certificates.Source{PEM: bytes.Join([][]byte{app.pem(t), certify(t, app, one), certify(t, one, two), certify(t, two, one)}, nil)})
	if got := subjects(c.Chain()); got != "app < one < two" {
		t.Errorf("chain %q, want each once", got)
	}
}

func TestALongChainIsCut(t *testing.T) {
	app := newParty(t, "0")
	text, last := app.pem(t), app
	for i := 1; i <= 12; i++ {
		next := newParty(t, strconv.Itoa(i))
		text, last = append(text, certify(t, last, next)...), next
	}
	if got := subjects(mustParse(t, certificates.Source{PEM: text}).Chain()); got != "0 < 1 < 2 < 3 < 4 < 5 < 6 < 7" {
		t.Errorf("chain %q, want the first eight", got)
	}
}

func TestOfTwoCertificatesForOneKeyTheFirstServes(t *testing.T) {
	app, old, renewed := newParty(t, "app"), newParty(t, "old CA"), newParty(t, "new CA")
	first, second := certify(t, app, renewed), certify(t, app, old)
	c := mustParse(t, certificates.Source{PEM: bytes.Join([][]byte{app.pem(t), first, second, certify(t, old, old), certify(t, renewed, renewed)}, nil)})
	if got := subjects(c.Chain()); got != "app < new CA" {
		t.Errorf("chain %q, want that of the first", got)
	}
}

func TestSixtyFourBlocksAreRead(t *testing.T) {
	c := mustParse(t, certificates.Source{PEM: append(bytes.Repeat(file(t, "leaf.pem"), 63), file(t, "rsa-pkcs8.pem")...)})
	if got := subjects(c.Chain()); got != "app" {
		t.Errorf("chain %q, want the leaf once", got)
	}
}
