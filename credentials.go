package keyport

import (
	"context"
	"crypto"

	"github.com/seed57855a68/keyport/application"
)

// ClientSecret returns the credential of a client secret: its value, not its id.
func ClientSecret(secret string) Credential { return application.ClientSecret(secret) }

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
