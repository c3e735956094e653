package keyporttest_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/keyporttest"
)

func TestCertificatesBelongToTheirKeys(t *testing.T) {
	_, ed, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]keyporttest.Certificate{
		"RSA": rsaCertificate(), "EC": keyporttest.NewECCertificate("client"),
		"P-521": keyporttest.NewCertificateFor(ecKey(t, elliptic.P521()), "client"), "Ed25519": keyporttest.NewCertificateFor(ed, "client"),
	} {
		pair, err := tls.X509KeyPair(c.PEM(), c.KeyPEM()) // fails when they do not belong together
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if pair.Leaf.Subject.CommonName != "client" || len(pair.Certificate) != len(c.Chain) {
			t.Errorf("%s: %v, %d certificates", name, pair.Leaf.Subject, len(pair.Certificate))
		}
		for _, now := range []time.Time{noon, noon.AddDate(20, 0, 0), noon.AddDate(-20, 0, 0)} {
			if now.After(c.Leaf.NotAfter) || now.Before(c.Leaf.NotBefore) {
				t.Errorf("%s: not valid at %v", name, now)
			}
		}
	}
	if key, ok := rsaCertificate().Signer.(*rsa.PrivateKey); !ok || key.N.BitLen() != 2048 {
		t.Error("NewCertificate is to have an RSA key of 2048 bits")
	}
}

func TestAChainIsWrittenLeafFirst(t *testing.T) {
	one, two := keyporttest.NewECCertificate("leaf"), keyporttest.NewECCertificate("issuer")
	one.Chain = append(one.Chain, two.Leaf)
	rest := one.PEM()
	for _, want := range []string{"leaf", "issuer"} {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil || c.Subject.CommonName != want {
			t.Errorf("got %v, %v; want %s", c.Subject, err, want)
		}
	}
}

func TestACertificatePrintsWithoutItsKey(t *testing.T) {
	c := keyporttest.NewECCertificate("client")
	text, err := json.Marshal(c)
	if err != nil || string(text) != `"certificate of client"` {
		t.Errorf("JSON: %s, %v", text, err)
	}
	keyporttest.AssertClean(t, nil, "a certificate", c, fmt.Sprintf("%+v %#v", c, c))
	if got := fmt.Sprint(keyporttest.Certificate{}); got != "certificate of nobody" {
		t.Errorf("the zero certificate prints as %q", got)
	}
}

// elsewhere is a key that does not leave its device.
type elsewhere struct{ crypto.Signer }

func (e elsewhere) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return e.Signer.Sign(random, digest, opts)
}

func TestAKeyElsewhereHasACertificateAndNoPEM(t *testing.T) {
	c := keyporttest.NewCertificateFor(elsewhere{ecKey(t, elliptic.P256())}, "hardware")
	if c.Leaf.CheckSignatureFrom(c.Leaf) == nil && c.Leaf.Subject.CommonName != "hardware" {
		t.Error("another certificate")
	}
	defer func() {
		if recover() == nil {
			t.Error("KeyPEM of a key that cannot be had did not panic")
		}
	}()
	c.KeyPEM()
}

// broken cannot sign.
type broken struct{ elsewhere }

func (broken) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, errors.New("device removed")
}

func TestAKeyThatCannotSignPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	keyporttest.NewCertificateFor(broken{elsewhere{ecKey(t, elliptic.P256())}}, "hardware")
}
