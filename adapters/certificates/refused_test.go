package certificates_test

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/seed57855a68/keyport/adapters/certificates"
	"github.com/seed57855a68/keyport/domain"
)

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// shortened is the encrypted key without the last byte of what is encrypted: no
// whole number of blocks.
func shortened(t *testing.T) []byte {
	t.Helper()
	var key struct {
		Algorithm asn1.RawValue
		Encrypted []byte
	}
	if _, err := asn1.Unmarshal(decoded(t, "rsa-aes256.pem"), &key); err != nil {
		t.Fatal(err)
	}
	key.Encrypted = key.Encrypted[:len(key.Encrypted)-1]
	der, err := asn1.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: der})
}

// mismatched is a PFX as no tool writes it: key and certificate do not belong together.
func mismatched(t *testing.T) []byte {
	t.Helper()
	stranger, err := x509.ParseCertificate(decoded(t, "stranger.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pfx, err := pkcs12.Modern.Encode(theKey(t), stranger, nil, passphrase)
	if err != nil {
		t.Fatal(err)
	}
	return pfx
}

func TestSourcesThatAreRefused(t *testing.T) {
	key, leaf := file(t, "rsa-pkcs8.pem"), file(t, "leaf.pem")
	block := func(kind string, content []byte) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content})
	}
	open := secret(passphrase)
	large := make([]byte, 1<<20+1)
	for _, tt := range []struct {
		name    string
		source  certificates.Source
		field   string
		problem string // a part of it
	}{
		{"nothing", certificates.Source{}, "PEM", "is empty"},
		{"certificates only", certificates.Source{Certificates: leaf}, "PEM", "is empty"},
		{"PEM and PFX", certificates.Source{PEM: key, PFX: file(t, "modern.pfx")}, "PFX", "together"},
		{"PEM and a file", certificates.Source{PEM: key, File: "testdata/modern.pfx"}, "File", "together"},
		{"large PEM", certificates.Source{PEM: large}, "PEM", "1 MiB"},
		{"large PFX", certificates.Source{PFX: large}, "PFX", "1 MiB"},
		{"large certificates", certificates.Source{PEM: key, Certificates: large}, "Certificates", "1 MiB"},
		{"65 blocks", certificates.Source{PEM: bytes.Repeat(leaf, 65)}, "PEM", "64 PEM blocks"},
		{"a text that is nothing but beginnings", certificates.Source{PEM: []byte(strings.Repeat("-----BEGIN PRIVATE KEY-----\n", 30_000))}, "PEM", "64 PEM blocks"},
		{"65 more certificates", certificates.Source{PEM: key, Certificates: bytes.Repeat(leaf, 65)}, "Certificates", "64 PEM blocks"},

		{"text", certificates.Source{PEM: []byte("canary canary canary canary")}, "PEM", "holds no PEM block"},
		{"PFX as PEM", certificates.Source{PEM: file(t, "modern.pfx"), Passphrase: open}, "PEM", "holds no PEM block"},
		{"DER as PEM", certificates.Source{PEM: decoded(t, "rsa-pkcs8.pem")}, "PEM", "holds no PEM block"},
		{"half a block", certificates.Source{PEM: key[:len(key)/2]}, "PEM", "cannot be decoded"},
		{"half a certificate", certificates.Source{PEM: append(leaf[:len(leaf)/2:len(leaf)/2], key...)}, "PEM", "cannot be decoded"},
		{"half a certificate behind", certificates.Source{PEM: append(key[:len(key):len(key)], leaf[:len(leaf)/2]...)}, "PEM", "cannot be decoded"},
		{"a letter in a certificate", certificates.Source{PEM: key, Certificates: bytes.Replace(leaf, []byte("MII"), []byte("M!I"), 1)}, "Certificates", "cannot be decoded"},
		{"indented", certificates.Source{PEM: bytes.ReplaceAll(key, []byte("-----BEGIN"), []byte("  -----BEGIN"))}, "PEM", "cannot be decoded"},
		{"no key", certificates.Source{PEM: leaf}, "PEM", "holds no private key"},
		{"public key", certificates.Source{PEM: block("PUBLIC KEY", []byte("x"))}, "PEM", "holds no private key"},
		{"two keys", certificates.Source{PEM: file(t, "rsa-pkcs8.pem", "ed25519.pem", "leaf.pem")}, "PEM", "two private keys"},
		{"the key twice", certificates.Source{PEM: file(t, "rsa-pkcs8.pem", "rsa-pkcs1.pem")}, "PEM", "two private keys"},
		{"garbage for a key", certificates.Source{PEM: block("PRIVATE KEY", []byte("canary canary canary canary"))}, "PEM", "unknown form"},
		{"certificate for a key", certificates.Source{PEM: block("PRIVATE KEY", decoded(t, "leaf.pem"))}, "PEM", "unknown form"},
		{"key with a byte missing", certificates.Source{PEM: block("PRIVATE KEY", decoded(t, "rsa-pkcs8.pem")[:1000])}, "PEM", "unknown form"},
		{"garbage for a certificate", certificates.Source{PEM: append(block("CERTIFICATE", []byte("canary canary canary canary")), key...)}, "PEM", "certificate that cannot be parsed"},
		{"RSA 1024", certificates.Source{PEM: file(t, "rsa-1024.pem")}, "PEM", "RSA key of 1024 bits"},
		{"RSA 1024 in a PFX", certificates.Source{PFX: file(t, "rsa-1024.pfx"), Passphrase: open}, "PFX", "RSA key of 1024 bits"},
		{"P-224", certificates.Source{PEM: file(t, "p224.pem")}, "PEM", "P-224"},
		{"X25519", certificates.Source{PEM: file(t, "x25519.pem")}, "PEM", "key of type"},

		{"encrypted, no passphrase", certificates.Source{PEM: file(t, "rsa-aes256.pem")}, "Passphrase", "is empty"},
		{"encrypted, wrong passphrase", certificates.Source{PEM: file(t, "rsa-aes256.pem"), Passphrase: secret("incorrect horse")}, "Passphrase", "does not decrypt"},
		{"scrypt, wrong passphrase", certificates.Source{PEM: file(t, "rsa-scrypt.pem"), Passphrase: secret("incorrect horse")}, "Passphrase", "does not decrypt"},
		{"PBES1", certificates.Source{PEM: file(t, "rsa-pbes1.pem"), Passphrase: open}, "Passphrase", "does not decrypt"},
		{"plain key that says it is encrypted", certificates.Source{PEM: block("ENCRYPTED PRIVATE KEY", decoded(t, "rsa-pkcs8.pem")), Passphrase: open}, "Passphrase", "does not decrypt"},
		{"the old way of encryption", certificates.Source{PEM: file(t, "rsa-proc-type.pem"), Passphrase: open}, "PEM", "old way of RFC 1423"},
		{"the old way, no passphrase", certificates.Source{PEM: file(t, "rsa-proc-type.pem")}, "PEM", "old way of RFC 1423"},
		{"no whole number of blocks", certificates.Source{PEM: shortened(t), Passphrase: open}, "PEM", "cannot be parsed"},

		{"PFX, no passphrase", certificates.Source{PFX: file(t, "modern.pfx")}, "Passphrase", "is empty"},
		{"PFX, wrong passphrase", certificates.Source{PFX: file(t, "modern.pfx"), Passphrase: secret("incorrect horse")}, "Passphrase", "does not open"},
		{"old PFX, wrong passphrase", certificates.Source{PFX: file(t, "legacy.pfx"), Passphrase: secret("incorrect horse")}, "Passphrase", "does not open"},
		{"PFX without a passphrase, and one", certificates.Source{PFX: file(t, "no-passphrase.pfx"), Passphrase: open}, "Passphrase", "does not open"},
		{"PFX without a key", certificates.Source{PFX: file(t, "no-key.pfx"), Passphrase: open}, "PFX", "has not one private key"},
		{"PFX with the certificate of another key", certificates.Source{PFX: mismatched(t), Passphrase: open}, "PFX", "none of them was issued for the private key"},
		{"PEM as PFX", certificates.Source{PFX: key}, "PFX", "is PEM text"},
		{"garbage as PFX", certificates.Source{PFX: []byte("canary canary canary canary"), Passphrase: open}, "PFX", "cannot be parsed"},
		{"half a PFX", certificates.Source{PFX: file(t, "modern.pfx")[:2000], Passphrase: open}, "PFX", "cannot be parsed"},
		{"key in DER as PFX", certificates.Source{PFX: decoded(t, "rsa-pkcs8.pem"), Passphrase: open}, "PFX", "cannot be parsed"},

		{"garbage for certificates", certificates.Source{PEM: key, Certificates: []byte("canary!")}, "Certificates", "no certificate"},
		{"base64 of something else", certificates.Source{PEM: key, Certificates: []byte(base64.StdEncoding.EncodeToString([]byte("canary canary canary canary")))}, "Certificates", "no certificate"},
		{"key for certificates", certificates.Source{PEM: key, Certificates: file(t, "rsa-pkcs1.pem")}, "Certificates", "no certificate"},
		{"request for certificates", certificates.Source{PEM: key, Certificates: block("CERTIFICATE REQUEST", decoded(t, "leaf.pem"))}, "Certificates", "no certificate"},
		{"certificate of another key", certificates.Source{PEM: file(t, "rsa-pkcs8.pem", "stranger.pem")}, "PEM", "none of them was issued for the private key"},
		{"certificate of another key, apart", certificates.Source{PEM: key, Certificates: file(t, "root.pem")}, "PEM", "none of them was issued for the private key"},

		{"wrong thumbprint", certificates.Source{PEM: file(t, "rsa-pkcs8.pem", "leaf.pem"), Thumbprint: strings.Repeat("0", 40)}, "Thumbprint", "another certificate"},
		{"wrong SHA-256", certificates.Source{PEM: file(t, "rsa-pkcs8.pem", "leaf.pem"), SHA256Thumbprint: strings.Repeat("0", 64)}, "SHA256Thumbprint", "another certificate"},
		{"wrong thumbprint of a PFX", certificates.Source{PFX: file(t, "modern.pfx"), Passphrase: open, Thumbprint: strings.Repeat("0", 40)}, "Thumbprint", "another certificate"},
		{"SHA-256 for SHA-1", certificates.Source{PEM: key, Thumbprint: fingerprint(t, "leaf.sha256")}, "Thumbprint", "it is a SHA-256"},
		{"SHA-1 for SHA-256", certificates.Source{PEM: key, SHA256Thumbprint: fingerprint(t, "leaf.sha1")}, "SHA256Thumbprint", "40 hex digits"},
		{"short thumbprint", certificates.Source{PEM: key, Thumbprint: "ABCD"}, "Thumbprint", "4 hex digits"},
		{"base64 for a thumbprint", certificates.Source{PEM: key, Thumbprint: "85MarYQc1y7zIAjHfantsD0pTvc"}, "Thumbprint", "not hexadecimal"},
		{"odd number of digits", certificates.Source{PEM: key, Thumbprint: strings.Repeat("0", 39)}, "Thumbprint", "not hexadecimal"},
		{"punctuation for a thumbprint", certificates.Source{PEM: key, Thumbprint: " : : "}, "Thumbprint", "0 hex digits"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if bad := mustRefuse(t, tt.source); bad.Field != tt.field || !strings.Contains(bad.Problem, tt.problem) {
				t.Errorf("got %v, want the field %s and %q", bad, tt.field, tt.problem)
			}
		})
	}
}

func TestTheRemedyForTheOldWayOfEncryptionWorks(t *testing.T) {
	if bad := mustRefuse(t, certificates.Source{PEM: file(t, "rsa-proc-type.pem")}); !strings.Contains(bad.Remedy, "openssl pkcs8 -topk8") {
		t.Errorf("remedy %q, want the command that converts", bad.Remedy)
	}
}

func TestTheRemedyForAThumbprintIsTheRightOne(t *testing.T) {
	bad := mustRefuse(t, certificates.Source{PEM: file(t, "rsa-pkcs8.pem", "leaf.pem"), Thumbprint: strings.Repeat("0", 40)})
	if want := strings.ReplaceAll(fingerprint(t, "leaf.sha1"), ":", ""); !strings.Contains(bad.Remedy, want) {
		t.Errorf("remedy %q, want it to say %s", bad.Remedy, want)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/empty", nil)
	write(t, dir+"/large", make([]byte, 1<<20+1))
	write(t, dir+"/large.pem", append(file(t, "rsa-pkcs8.pem"), make([]byte, 1<<20)...))
	write(t, dir+"/text", []byte("canary"))
	write(t, dir+"/leaf.pem", file(t, "leaf.pem"))
	for _, tt := range []struct {
		path, field, problem string
		is                   error
	}{
		{dir + "/absent", "File", "cannot be read", fs.ErrNotExist},
		{dir, "File", "cannot be read", fs.ErrInvalid},
		{dir + "/empty", "File", "is empty", nil},
		{dir + "/large", "PFX", "1 MiB", nil},
		{dir + "/large.pem", "PEM", "1 MiB", nil},
		{dir + "/text", "PFX", "cannot be parsed", nil},
		{dir + "/leaf.pem", "PEM", "holds no private key", nil},
	} {
		c, err := certificates.ReadFile(tt.path, secret(passphrase))
		var bad *domain.ConfigError
		if !errors.As(err, &bad) || bad.Field != tt.field || !strings.Contains(bad.Problem, tt.problem) || (tt.is != nil && !errors.Is(err, tt.is)) || !c.IsZero() {
			t.Errorf("%s: got %v, want the field %s and %q", tt.path, err, tt.field, tt.problem)
		}
	}
	if c, err := certificates.ReadFile("", secret(passphrase)); err == nil || !c.IsZero() {
		t.Errorf("no path: got %v, %v", c, err)
	}
}
