package application

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seed57855a68/keyport/application/internal/assertion"
	"github.com/seed57855a68/keyport/domain"
)

// Credential is how a confidential client proves who it is. Make one with
// [ClientSecret], [ClientSigner], [ClientAssertion], [ClientAssertionFunc] or
// [CredentialFunc]. It prints as what it is, never what it holds. The zero
// Credential is none.
type Credential struct{ kind credentialKind }

// credentialKind is one of the pointer types below. Pointers, so that fmt shows an
// address and not what lies behind it.
type credentialKind interface {
	check() error
	name() string
}

type (
	secretCredential struct{ secret domain.Secret }
	signerCredential struct{ key assertion.Key }
	textCredential   struct{ assertion domain.Secret }
	funcCredential   struct {
		assert func(context.Context, AssertionRequest) (string, error)
	}
	providerCredential struct {
		provide func(context.Context, CredentialRequest) (Credential, error)
	}
	brokenCredential struct{ err error }
)

// ClientSecret returns the credential of a client secret, as the app registration
// shows it once: the value, not the id.
func ClientSecret(secret string) Credential {
	return Credential{&secretCredential{domain.NewSecret(secret)}}
}

// SignerOptions describe a key for client assertions and what the server knows of it.
type SignerOptions struct {
	// Certificates, leaf first. When empty, a thumbprint is needed for Microsoft's servers.
	Certificates []*x509.Certificate
	// SHA1Thumbprint of the leaf's DER form, 20 bytes; when nil, computed from Certificates.
	SHA1Thumbprint []byte
	// SHA256Thumbprint likewise, 32 bytes.
	SHA256Thumbprint []byte
	// SendX5C sends the certificates along, so that the server accepts any certificate
	// of the registered subject name and issuer, and a renewed one needs no registration.
	SendX5C bool
	// KeyID is the "kid" of the key in the client's registered JWKS; when empty, none is sent.
	KeyID string
	// Algorithm is the JWS name of the signature algorithm; when empty, the best that key
	// and server share.
	Algorithm string
}

// ClientSigner returns the credential of a private key: it signs client assertions
// (RFC 7523 §2.2, private_key_jwt). The key may live in a vault or in hardware. RSA,
// P-256, P-384, P-521 and Ed25519 keys will do; Entra ID takes RSA.
func ClientSigner(signer crypto.Signer, o SignerOptions) Credential {
	if isNil(signer) {
		return broken("has no signer", "pass a crypto.Signer")
	}
	k := assertion.Key{
		Signer: signer, Chain: slices.Clone(o.Certificates), SHA1: o.SHA1Thumbprint, SHA256: o.SHA256Thumbprint,
		SendX5C: o.SendX5C, KeyID: o.KeyID, Algorithm: o.Algorithm,
	}
	if len(k.Chain) > 0 {
		leaf := k.Chain[0]
		if same, ok := leaf.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !same.Equal(signer.Public()) {
			return broken("has a first certificate that does not belong to the key", "pass the leaf first, and the key that it was issued for")
		}
		k.SHA1, k.SHA256 = thumbprints(leaf)
	}
	der, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return broken(fmt.Sprintf("has a key of type %T, which cannot sign assertions", signer.Public()), "use an RSA, P-256, P-384, P-521 or Ed25519 key")
	}
	k.PublicHash = sha256.Sum256(slices.Concat(der, k.SHA1, k.SHA256, []byte{boolByte(k.SendX5C)}))
	return Credential{&signerCredential{k}}
}

func boolByte(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// ClientAssertion returns the credential of a JWT that somebody else signed. It
// works until that expires; [ClientAssertionFunc] brings fresh ones.
func ClientAssertion(jwt string) Credential {
	return Credential{&textCredential{domain.NewSecret(jwt)}}
}

// AssertionRequest tells an assertion callback what the assertion is for.
type AssertionRequest struct {
	ClientID      string // iss and sub
	Audience      string // aud: the token endpoint for Microsoft's servers, the issuer for others
	TokenEndpoint string
	Tenant        string
	Scopes        []string
	Claims        string // the claims parameter of the token request
	CorrelationID string
}

// ClientAssertionFunc returns the credential of a callback that brings a signed
// JWT, such as a federated token from Kubernetes or a pipeline. It is called for
// each token request, never for a token from the cache, and must be safe for
// concurrent use.
func ClientAssertionFunc(assert func(context.Context, AssertionRequest) (string, error)) Credential {
	if assert == nil {
		return broken("is a nil function", "pass a function that returns a signed JWT")
	}
	return Credential{&funcCredential{assert}}
}

// CredentialRequest tells a credential provider what the credential is for.
type CredentialRequest struct {
	ClientID string
	Tenant   string
}

// CredentialFunc returns a credential that is looked up anew for each token
// request: when a secret or certificate is rotated, the provider returns the new
// one and neither the client nor its cache is touched. It must be safe for
// concurrent use.
func CredentialFunc(provide func(context.Context, CredentialRequest) (Credential, error)) Credential {
	if provide == nil {
		return broken("is a nil function", "pass a function that returns a credential")
	}
	return Credential{&providerCredential{provide}}
}

// BrokenCredential returns a credential that fails with err when a client is made
// of it. Constructors of credentials use it to report what they were given.
func BrokenCredential(err error) Credential { return Credential{&brokenCredential{err}} }

func broken(problem, remedy string) Credential {
	return BrokenCredential(&domain.ConfigError{Field: "Credential", Problem: problem, Remedy: remedy})
}

// IsZero reports whether there is no credential.
func (c Credential) IsZero() bool { return c.kind == nil }

// Format implements [fmt.Formatter]: it says the kind and nothing else.
func (c Credential) Format(f fmt.State, _ rune) {
	text := "no credential"
	if !c.IsZero() {
		text = c.kind.name()
	}
	_, _ = io.WriteString(f, text)
}

// MarshalText implements [encoding.TextMarshaler] likewise.
func (c Credential) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", c), nil }

func (c Credential) check() error {
	if c.IsZero() {
		return &domain.ConfigError{
			Field: "Credential", Problem: "is missing",
			Remedy: "pass ClientSecret, ClientCertificate, ClientSigner, ClientAssertion or ClientAssertionFunc; a client that cannot keep a secret is a public client",
		}
	}
	return c.kind.check()
}

func (c *secretCredential) name() string   { return "client secret" }
func (c *signerCredential) name() string   { return "client signing key" }
func (c *textCredential) name() string     { return "client assertion" }
func (c *funcCredential) name() string     { return "client assertion callback" }
func (c *providerCredential) name() string { return "credential provider" }
func (c *brokenCredential) name() string   { return "unusable credential" }

func (c *secretCredential) check() error {
	secret := c.secret.Reveal()
	switch {
	case secret == "":
		return &domain.ConfigError{Field: "Credential", Problem: "is an empty client secret", Remedy: "pass the secret's value; is the environment variable set?"}
	case strings.ContainsAny(secret, "\r\n\x00"):
		return &domain.ConfigError{Field: "Credential", Problem: "is a client secret with a line break in it", Remedy: "trim what was read from the file"}
	}
	return nil
}

func (c *textCredential) check() error {
	if strings.Count(c.assertion.Reveal(), ".") != 2 {
		return &domain.ConfigError{Field: "Credential", Problem: "is no signed JWT", Remedy: "pass the compact form: three parts with dots between"}
	}
	return nil
}

func (c *signerCredential) check() error {
	if c.key.SendX5C && len(c.key.Chain) == 0 {
		return &domain.ConfigError{Field: "Credential.SendX5C", Problem: "is set, but there is no certificate to send", Remedy: "pass Certificates"}
	}
	for _, t := range []struct {
		field string
		value []byte
		size  int
	}{{"SHA1Thumbprint", c.key.SHA1, 20}, {"SHA256Thumbprint", c.key.SHA256, 32}} {
		if len(t.value) != 0 && len(t.value) != t.size {
			return &domain.ConfigError{Field: "Credential." + t.field, Problem: fmt.Sprintf("has %d bytes, not %d", len(t.value), t.size), Remedy: "pass the digest of the certificate's DER form"}
		}
	}
	return nil
}

func (c *funcCredential) check() error     { return nil }
func (c *providerCredential) check() error { return nil }
func (c *brokenCredential) check() error   { return c.err }
