//go:build e2e

package e2e_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/httpclient"
)

// config is how a program would configure the library for a client that is
// registered at the server. The server's metadata choose the method.
func (p *peer) config(t *testing.T, client registration) keyport.ConfidentialClientConfig {
	t.Helper()
	sender, err := httpclient.New(httpclient.Options{RootCAs: p.roots})
	if err != nil {
		t.Fatal(err)
	}
	return keyport.ConfidentialClientConfig{
		ClientID:      client.ClientID,
		OIDCAuthority: p.issuer,
		Credential:    client.credential(""),
		Ports:         keyport.Ports{HTTPClient: sender},
	}
}

// credential is what the client proves its identity with. With an algorithm, a key
// signs by that one; without, by one that the server offers.
func (r registration) credential(algorithm string) keyport.Credential {
	if r.signer != nil {
		return keyport.ClientSigner(r.signer, keyport.SignerOptions{KeyID: keyID, Algorithm: algorithm})
	}
	return keyport.ClientSecret(r.Secret)
}

func newClient(t *testing.T, config keyport.ConfidentialClientConfig) *keyport.ConfidentialClient {
	t.Helper()
	app, err := keyport.NewConfidentialClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Close(context.Background()); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return app
}

// readRequest asks for what every test may have.
var readRequest = keyport.ClientCredentialsRequest{Scopes: []string{"api:read"}}

func acquire(t *testing.T, app *keyport.ConfidentialClient, request keyport.ClientCredentialsRequest) keyport.Result {
	t.Helper()
	result, err := app.AcquireTokenForClient(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// checkToken shows the token at the server's resource, which knows whom it gave it.
func (p *peer) checkToken(t *testing.T, result keyport.Result, client registration) {
	t.Helper()
	got := p.tokenOwner(t, result.AuthorizationHeader())
	if diff := cmp.Diff(owner{ClientID: client.ClientID, Scope: "api:read"}, got); diff != "" {
		t.Errorf("owner of the token (-want +got):\n%s", diff)
	}
}

// checkRequests compares what the server was asked.
func (p *peer) checkRequests(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, p.requests(t)); diff != "" {
		t.Errorf("requests at the server (-want +got):\n%s", diff)
	}
}
