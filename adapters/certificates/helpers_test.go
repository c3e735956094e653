package certificates_test

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/adapters/certificates"
	"github.com/seed57855a68/keyport/domain"
)

// The passphrases of testdata; see its README.
const (
	passphrase = "correct horse"
	notASCII   = "schlüssel"
)

// file returns the content of files in testdata, one behind the other.
func file(t testing.TB, names ...string) []byte {
	t.Helper()
	var out []byte
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, data...)
	}
	return out
}

// decoded returns the first PEM block of a file in testdata that holds what is wanted.
func decoded(t testing.TB, name string) []byte {
	t.Helper()
	block, _ := pem.Decode(file(t, name))
	if block == nil {
		t.Fatalf("%s holds no PEM block", name)
	}
	return block.Bytes
}

// theKey is the RSA key that most files hold, read by the standard library.
func theKey(t testing.TB) crypto.Signer {
	t.Helper()
	key, err := x509.ParsePKCS8PrivateKey(decoded(t, "rsa-pkcs8.pem"))
	if err != nil {
		t.Fatal(err)
	}
	signer, _ := key.(crypto.Signer)
	return signer
}

func mustParse(t *testing.T, s certificates.Source) certificates.Certificate {
	t.Helper()
	c, err := certificates.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// mustRefuse expects a ConfigError that names a field, a problem and a remedy, and
// holds nothing of what was given.
func mustRefuse(t *testing.T, s certificates.Source) *domain.ConfigError {
	t.Helper()
	c, err := certificates.Parse(s)
	var bad *domain.ConfigError
	if !errors.As(err, &bad) {
		t.Fatalf("got %v, want a ConfigError", err)
	}
	if !c.IsZero() {
		t.Errorf("a certificate beside %v", err)
	}
	if bad.Field == "" || bad.Problem == "" || bad.Remedy == "" {
		t.Errorf("got %+v, want a field, a problem and a remedy", *bad)
	}
	checkClean(t, err.Error(), s)
	return bad
}

func checkClean(t *testing.T, text string, s certificates.Source) {
	t.Helper()
	if secret := s.Passphrase.Reveal(); secret != "" && strings.Contains(text, secret) {
		t.Errorf("error shows the passphrase: %s", text)
	}
	const piece = 24 // what no two texts share by chance
	for _, data := range [][]byte{s.PEM, s.PFX, s.Certificates} {
		for i := 0; i+piece <= len(text); i++ {
			if part := text[i : i+piece]; strings.Contains(string(data), part) {
				t.Errorf("error shows %q of what was given", part)
			}
		}
	}
}

// subjects are the common names of a chain.
func subjects(chain []*x509.Certificate) string {
	var out []string
	for _, c := range chain {
		out = append(out, c.Subject.CommonName)
	}
	return strings.Join(out, " < ")
}

func sameKey(a, b crypto.PublicKey) bool {
	key, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && key.Equal(b)
}

func secret(s string) domain.Secret { return domain.NewSecret(s) }
