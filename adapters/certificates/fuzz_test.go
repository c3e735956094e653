package certificates_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/seed57855a68/keyport/adapters/certificates"
	"github.com/seed57855a68/keyport/domain"
)

// FuzzParse gives what may be PEM, PFX and certificates. What comes back is a key
// with its own certificate in front, or an error that names a field.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"rsa-pkcs8.pem", "rsa-pkcs1.pem", "rsa-proc-type.pem", "rsa-aes256.pem", "p256-sec1.pem", "p224.pem", "p521.pem", "ed25519.pem", "x25519.pem", "leaf.pem"} {
		f.Add(file(f, name), []byte(nil), file(f, "leaf.pem"), "")
		f.Add(file(f, name, "leaf.pem", "root.pem"), []byte(nil), []byte(nil), fingerprint(f, "leaf.sha1"))
	}
	f.Add(file(f, "ed25519.pem", "ed25519.crt"), []byte(nil), file(f, "p384.crt"), "\u200eab")
	f.Add([]byte(nil), file(f, "no-passphrase.pfx"), file(f, "intermediate.pem"), "")
	f.Add([]byte(nil), file(f, "modern.pfx"), []byte("bGVhZg=="), fingerprint(f, "leaf.sha256"))
	f.Fuzz(func(t *testing.T, pem, pfx, more []byte, thumbprint string) {
		// No passphrase: what is encrypted may ask for work without an end.
		c, err := certificates.Parse(certificates.Source{PEM: pem, PFX: pfx, Certificates: more, Thumbprint: thumbprint})
		if err != nil {
			var bad *domain.ConfigError
			fields := []string{"PEM", "PFX", "Certificates", "Passphrase", "Thumbprint"}
			if !errors.As(err, &bad) || !slices.Contains(fields, bad.Field) || !c.IsZero() {
				t.Fatalf("got %v beside %#v", c, err)
			}
			return
		}
		if c.IsZero() || c.Signer() == nil {
			t.Fatal("neither a key nor an error")
		}
		chain := c.Chain()
		if len(chain) == 0 {
			return
		}
		if !sameKey(chain[0].PublicKey, c.Signer().Public()) || len(c.SHA1Thumbprint()) != 20 || len(c.SHA256Thumbprint()) != 32 {
			t.Errorf("the first certificate is not that of the key, or has no thumbprints")
		}
		for i := 1; i < len(chain); i++ {
			if err := chain[i-1].CheckSignatureFrom(chain[i]); err != nil {
				t.Errorf("certificate %d did not issue the one before it: %v", i, err)
			}
		}
	})
}
