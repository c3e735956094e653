package assertion_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/application/internal/assertion"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

const (
	clientID      = "11111111-2222-3333-4444-555555555555"
	tokenEndpoint = "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token"
	issuer        = "https://id.contoso.example"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// Making an RSA key takes long, so that one serves all tests.
var (
	rsaKey      = sync.OnceValue(func() crypto.Signer { return must(rsa.GenerateKey(rand.Reader, 2048)) })
	otherRSAKey = sync.OnceValue(func() crypto.Signer { return must(rsa.GenerateKey(rand.Reader, 2048)) })
)

func ecKey(curve elliptic.Curve) crypto.Signer { return must(ecdsa.GenerateKey(curve, rand.Reader)) }

func edKey() crypto.Signer {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return must(key, err)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// keyOf describes a key with a self-signed certificate for it.
func keyOf(signer crypto.Signer) assertion.Key {
	c := keyporttest.NewCertificateFor(signer, "app")
	one, two := sha1.Sum(c.Leaf.Raw), sha256.Sum256(c.Leaf.Raw)
	return assertion.Key{
		Signer: signer, Chain: c.Chain, SHA1: one[:], SHA256: two[:],
		PublicHash: sha256.Sum256(must(x509.MarshalPKIXPublicKey(signer.Public()))),
	}
}

func entra() assertion.Profile {
	return assertion.Profile{Kind: domain.KindEntra, Audience: tokenEndpoint, ClientID: clientID}
}

func plain(offered ...string) assertion.Profile {
	return assertion.Profile{Kind: domain.KindOIDC, Audience: issuer, ClientID: clientID, Offered: offered}
}

func mustGet(t *testing.T, c *assertion.Cache, k assertion.Key, p assertion.Profile, now time.Time) string {
	t.Helper()
	got, err := c.Get(t.Context(), k, p, now)
	if err != nil {
		t.Fatal(err)
	}
	if got.IsZero() || got.String() != domain.Redacted {
		t.Fatalf("the assertion prints as %q", got.String())
	}
	return got.Reveal()
}

// mustRefuse expects a ConfigError of the field and no assertion.
func mustRefuse(t *testing.T, field string, got domain.Secret, err error) *domain.ConfigError {
	t.Helper()
	var bad *domain.ConfigError
	if !errors.As(err, &bad) || bad.Field != field {
		t.Fatalf("got %v, want a ConfigError of %s", err, field)
	}
	if !got.IsZero() {
		t.Errorf("an assertion beside %v", err)
	}
	return bad
}

// read takes an assertion apart and verifies it.
func read(t *testing.T, text string, public crypto.PublicKey) (header, claims map[string]any) {
	t.Helper()
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		t.Fatalf("the assertion has %d parts", len(parts))
	}
	for i, into := range []*map[string]any{&header, &claims} {
		decoder := json.NewDecoder(base64.NewDecoder(base64.RawURLEncoding, strings.NewReader(parts[i])))
		decoder.UseNumber() // to see how numbers are written
		if err := decoder.Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	alg, _ := header["alg"].(string)
	jws, err := jose.ParseSignedCompact(text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jws.Verify(public); err != nil {
		t.Errorf("the public key does not verify the assertion: %v", err)
	}
	return header, claims
}

// counted is a key that counts its signatures.
type counted struct {
	crypto.Signer
	n *atomic.Int32
}

func count(s crypto.Signer) counted { return counted{s, new(atomic.Int32)} }

// Sign implements [crypto.Signer].
func (c counted) Sign(random io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	c.n.Add(1)
	return c.Signer.Sign(random, digest, o)
}

// liar has the public key of one signer and signs in another way.
type liar struct {
	public crypto.PublicKey
	sign   func(random io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error)
}

func (l liar) Public() crypto.PublicKey { return l.public }

// Sign implements [crypto.Signer].
func (l liar) Sign(random io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	return l.sign(random, digest, o)
}
