//go:build e2e

package e2e_test

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// registration is a client as the server knows it (RFC 7591 §2).
type registration struct {
	ClientID  string              `json:"client_id"`
	Secret    string              `json:"client_secret,omitempty"`
	Method    string              `json:"token_endpoint_auth_method"`
	Algorithm string              `json:"token_endpoint_auth_signing_alg,omitempty"` // of assertions
	Keys      *jose.JSONWebKeySet `json:"jwks,omitempty"`

	// For clients of users.
	Type           string   `json:"application_type,omitempty"` // "native" may listen at any loopback port
	Grants         []string `json:"grant_types,omitempty"`
	ResponseTypes  []string `json:"response_types,omitempty"`
	RedirectURIs   []string `json:"redirect_uris,omitempty"`
	AfterLogoutURI []string `json:"post_logout_redirect_uris,omitempty"`

	signer crypto.Signer // the private half of Keys
}

// keyID is the "kid" of every key that a client registers.
const keyID = "e2e"

const secret = "a secret of more than thirty-two bytes" // what HS256 asks for, RFC 7518 §3.2

var (
	basicClient = registration{ClientID: "basic", Secret: secret, Method: "client_secret_basic"}
	postClient  = registration{ClientID: "post", Secret: secret, Method: "client_secret_post"}

	// oddClient is understood only when id and secret are form-urlencoded before they
	// are joined with a colon (RFC 6749 §2.3.1).
	oddClient = registration{ClientID: "odd:client/+%41", Secret: `100%25 sure? a+b:c/d&e=f~"`, Method: "client_secret_basic"}

	secretJWTClient = registration{ClientID: "secret-jwt", Secret: secret, Method: "client_secret_jwt", Algorithm: "HS256"}
)

// everyClient has one client for each way to authenticate, with fresh keys.
func everyClient(t *testing.T) []registration {
	t.Helper()
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return []registration{
		basicClient, oddClient, postClient, secretJWTClient,
		keyClient("PS256", rsaKey), keyClient("RS256", rsaKey), keyClient("ES256", newECKey(t)), keyClient("EdDSA", edKey),
	}
}

// keyClient authenticates with private_key_jwt, by this algorithm and no other.
func keyClient(algorithm string, key crypto.Signer) registration {
	return registration{
		ClientID: "key-" + algorithm, Method: "private_key_jwt", Algorithm: algorithm, signer: key,
		Keys: &jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: keyID, Use: "sig"}}},
	}
}
