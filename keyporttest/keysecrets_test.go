package keyporttest_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestKeysAreSecretsInEveryForm: of each kind of key that the package makes
// certificates for, private forms are found and public ones are not.
func TestKeysAreSecretsInEveryForm(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	p256 := keyporttest.NewECCertificate("p256")
	for name, c := range map[string]keyporttest.Certificate{
		"RSA": rsaCertificate(), "P-256": p256,
		"P-384": keyporttest.NewCertificateFor(ecKey(t, elliptic.P384()), "p384"), "Ed25519": keyporttest.NewCertificateFor(ed, "ed"),
	} {
		der, err := x509.MarshalPKCS8PrivateKey(c.Signer)
		if err != nil {
			t.Fatal(err)
		}
		public, err := x509.MarshalPKIXPublicKey(c.Signer.Public())
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		fmt.Fprintf(&log, "%s", c.KeyPEM())
		asJSON, err := json.Marshal(map[string]string{"pem": string(c.KeyPEM())})
		if err != nil {
			t.Fatal(err)
		}
		for form, text := range map[string]string{
			"PEM": log.String(), "PEM in JSON": string(asJSON), "PEM in Go": fmt.Sprintf("%q", c.KeyPEM()),
			"base64": base64.StdEncoding.EncodeToString(der), "hex": fmt.Sprintf("%x", der), "bytes": fmt.Sprintf("%v", der),
		} {
			if got := verdict(nil, text); len(got) != 1 {
				t.Errorf("%s, %s: %d failures", name, form, len(got))
			}
		}
		for form, text := range map[string]string{
			"certificate": string(c.PEM()), "public key": string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})),
			"public hex": fmt.Sprintf("%x", public), "the certificate": fmt.Sprint(c),
		} {
			if got := verdict(nil, text); len(got) != 0 {
				t.Errorf("%s, %s: %q", name, form, got)
			}
		}
	}
	private, ok := rsaCertificate().Signer.(*rsa.PrivateKey)
	if !ok {
		t.Fatal("no RSA key")
	}
	for name, printed := range map[string]string{
		"P-256": decimal(t, p256.Signer), "RSA": decimal(t, private), "the exponent alone": private.D.String(), "a prime alone": private.Primes[0].String(),
	} {
		if got := verdict(nil, printed); len(got) != 1 {
			t.Errorf("%s, as fmt prints a key: %d failures", name, len(got))
		}
	}
}

func decimal(t *testing.T, key crypto.Signer) string {
	t.Helper()
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return fmt.Sprint(k)
	case *ecdsa.PrivateKey:
		return fmt.Sprint(k)
	}
	t.Fatalf("a key of type %T", key)
	return ""
}

func TestTheServersOwnKeyIsASecret(t *testing.T) {
	before := keyporttest.PlantSecret("x")
	a := keyporttest.New(keyporttest.Options{})
	if got := verdict(a, fmt.Sprintf("%v", a), before); len(got) != 1 {
		t.Errorf("%q", got)
	}
}
