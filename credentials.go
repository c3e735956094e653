package keyport

import (
	"context"
	"crypto"
	"errors"

	"github.com/seed57855a68/keyport/adapters/certificates"
	"github.com/seed57855a68/keyport/application"
)

// ClientSecret returns the credential of a client secret: its value, not its id.
func ClientSecret(secret string) Credential { return application.ClientSecret(secret) }

// CertificateSource says where a private key and its certificate come from: a file,
// or PEM or PFX in memory; with a passphrase, a thumbprint, a chain.
type CertificateSource = certificates.Source

// CertificateOptions say how a certificate is used. The zero value is a good default.
type CertificateOptions struct {
	// SendX5C sends the certificate along, so that the server accepts any certificate
	// of the registered subject name and issuer, and a renewed one needs no registration.
	SendX5C bool
	// KeyID is the "kid" of the key in the client's registered JWKS; when empty, none is sent.
	KeyID string
	// Algorithm is the JWS name of the signature algorithm, such as "RS256"; when empty,
	// the best that key and server share.
	Algorithm string
}

// ClientCertificate returns the credential of a private key with a certificate, or
// with the thumbprint of one: it signs client assertions (RFC 7523 §2.2). What is
// wrong with the source is the error of the client that is made with it.
//
//	keyport.ClientCertificate(keyport.CertificateSource{File: "app.pem"}, keyport.CertificateOptions{})
func ClientCertificate(source CertificateSource, o CertificateOptions) Credential {
	c, err := certificates.Parse(source)
	if err != nil {
		var bad *ConfigError
		if errors.As(err, &bad) {
			of := *bad
			of.Field = "Credential." + of.Field
			err = &of
		}
		return application.BrokenCredential(err)
	}
	return application.ClientSigner(c.Signer(), application.SignerOptions{
		Certificates: c.Chain(), SHA1Thumbprint: c.SHA1Thumbprint(), SHA256Thumbprint: c.SHA256Thumbprint(),
		SendX5C: o.SendX5C, KeyID: o.KeyID, Algorithm: o.Algorithm,
	})
}

// ClientSigner returns the credential of a private key that signs client
// assertions (RFC 7523 §2.2). The key may live in a vault or in hardware.
func ClientSigner(signer crypto.Signer, o SignerOptions) Credential {
	return application.ClientSigner(signer, o)
}

// ClientAssertion returns the credential of a JWT that somebody else signed.
func ClientAssertion(jwt string) Credential { return application.ClientAssertion(jwt) }

// ClientAssertionFunc returns the credential of a callback that brings a signed
// JWT for each token request, such as a federated token of a platform.
func ClientAssertionFunc(assert func(context.Context, AssertionRequest) (string, error)) Credential {
	return application.ClientAssertionFunc(assert)
}

// CredentialFunc returns a credential that is looked up anew for each token
// request, so that a secret or certificate can be rotated under a running client.
func CredentialFunc(provide func(context.Context, CredentialRequest) (Credential, error)) Credential {
	return application.CredentialFunc(provide)
}
