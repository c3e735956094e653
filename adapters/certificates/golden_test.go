package certificates_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/adapters/certificates"
	"github.com/seed57855a68/keyport/domain"
)

// fingerprint reads what "openssl x509 -fingerprint" wrote.
func fingerprint(t testing.TB, name string) string {
	t.Helper()
	_, digits, ok := strings.Cut(strings.TrimSpace(string(file(t, name))), "=")
	if !ok {
		t.Fatalf("%s holds no fingerprint", name)
	}
	return digits
}

// checkThumbprints compares with OpenSSL's.
func checkThumbprints(t *testing.T, c certificates.Certificate) {
	t.Helper()
	for name, got := range map[string][]byte{"leaf.sha1": c.SHA1Thumbprint(), "leaf.sha256": c.SHA256Thumbprint()} {
		if want := strings.ReplaceAll(fingerprint(t, name), ":", ""); !strings.EqualFold(hex.EncodeToString(got), want) {
			t.Errorf("%s: thumbprint %x, want %s", name, got, want)
		}
	}
}

func TestEveryFormOfOneKey(t *testing.T) {
	for _, tt := range []struct {
		file       string
		passphrase string
	}{
		{"rsa-pkcs8.pem", ""},
		{"rsa-pkcs8.pem", "of another file"}, // not needed, not looked at
		{"rsa-pkcs1.pem", ""},
		{"rsa-aes256.pem", passphrase},
		{"rsa-des3.pem", passphrase},
		{"rsa-scrypt.pem", passphrase},
		{"rsa-not-ascii.pem", notASCII},
	} {
		t.Run(tt.file, func(t *testing.T) {
			c := mustParse(t, certificates.Source{PEM: file(t, tt.file, "leaf.pem"), Passphrase: secret(tt.passphrase)})
			if !sameKey(c.Signer().Public(), theKey(t).Public()) {
				t.Error("another key than in the file")
			}
			if got := subjects(c.Chain()); got != "app" {
				t.Errorf("chain %q, want the leaf", got)
			}
			checkThumbprints(t, c)
		})
	}
}

func TestPFX(t *testing.T) {
	for _, tt := range []struct{ file, passphrase, chain string }{
		{"modern.pfx", passphrase, "app < Intermediate < Root"},
		{"legacy.pfx", passphrase, "app < Intermediate < Root"},
		{"no-passphrase.pfx", "", "app"},
		{"not-ascii.pfx", notASCII, "app"},
	} {
		t.Run(tt.file, func(t *testing.T) {
			c := mustParse(t, certificates.Source{PFX: file(t, tt.file), Passphrase: secret(tt.passphrase)})
			if !sameKey(c.Signer().Public(), theKey(t).Public()) {
				t.Error("another key than in the file")
			}
			if got := subjects(c.Chain()); got != tt.chain {
				t.Errorf("chain %q, want %q", got, tt.chain)
			}
			checkThumbprints(t, c)
			fromFile, err := certificates.ReadFile("testdata/"+tt.file, secret(tt.passphrase))
			if err != nil || subjects(fromFile.Chain()) != tt.chain {
				t.Errorf("ReadFile: chain %q, %v", subjects(fromFile.Chain()), err)
			}
		})
	}
}

func TestOtherKindsOfKey(t *testing.T) {
	for name, want := range map[string]string{"p256-sec1": "P-256", "p384": "P-384", "p521": "P-521", "ed25519": "Ed25519"} {
		t.Run(name, func(t *testing.T) {
			c := mustParse(t, certificates.Source{PEM: file(t, name+".pem"), Certificates: file(t, name+".crt")})
			got := fmt.Sprintf("%T", c.Signer())
			switch key := c.Signer().(type) {
			case *ecdsa.PrivateKey:
				got = key.Curve.Params().Name
			case ed25519.PrivateKey:
				got = "Ed25519"
			case *rsa.PrivateKey:
				got = "RSA"
			}
			if got != want || subjects(c.Chain()) != name {
				t.Errorf("a key of kind %s with the chain %q, want %s with %s", got, subjects(c.Chain()), want, name)
			}
		})
	}
}

func TestReadFilePEM(t *testing.T) {
	path := t.TempDir() + "/app.anything"
	write(t, path, file(t, "leaf.pem", "rsa-aes256.pem", "intermediate.pem"))
	for _, read := range []func() (certificates.Certificate, error){
		func() (certificates.Certificate, error) { return certificates.ReadFile(path, secret(passphrase)) },
		func() (certificates.Certificate, error) {
			return certificates.Parse(certificates.Source{File: path, Passphrase: secret(passphrase), Thumbprint: fingerprint(t, "leaf.sha1"), Certificates: file(t, "root.pem")})
		},
	} {
		c, err := read()
		if err != nil || !strings.HasPrefix(subjects(c.Chain()), "app < Intermediate") {
			t.Errorf("chain %q, %v", subjects(c.Chain()), err)
		}
	}
}

func TestTheZeroCertificate(t *testing.T) {
	var c certificates.Certificate
	if !c.IsZero() || c.Signer() != nil || c.Chain() != nil || c.SHA1Thumbprint() != nil || c.SHA256Thumbprint() != nil {
		t.Errorf("the zero Certificate has something: %v", c)
	}
	if c := mustParse(t, certificates.Source{PEM: file(t, "rsa-pkcs8.pem")}); c.IsZero() {
		t.Error("a key is no certificate at all")
	}
}

func TestACallerCannotChangeACertificate(t *testing.T) {
	c := mustParse(t, certificates.Source{PEM: file(t, "rsa-pkcs8.pem", "leaf.pem", "intermediate.pem")})
	c.Chain()[0] = nil
	c.SHA1Thumbprint()[0]++
	c.SHA256Thumbprint()[0]++
	if subjects(c.Chain()) != "app < Intermediate" {
		t.Error("the chain has changed")
	}
	checkThumbprints(t, c)
}

func TestPassphraseIsRedacted(t *testing.T) {
	s := certificates.Source{Passphrase: domain.NewSecret(passphrase)}
	if text := fmt.Sprintf("%v %+v %#v", s, s, s); strings.Contains(text, passphrase) {
		t.Errorf("a Source prints its passphrase: %s", text)
	}
}
