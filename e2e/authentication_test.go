//go:build e2e

package e2e_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport"
)

func TestClientAuthenticatesAsConfigured(t *testing.T) {
	clients := everyClient(t)
	p := startPeer(t, peerOptions{}, clients...)
	for _, client := range clients {
		t.Run(client.ClientID, func(t *testing.T) {
			config := p.config(t, client)
			config.ClientAuthMethod = keyport.ClientAuthMethod(client.Method)
			config.Credential = client.credential(client.Algorithm)
			p.checkToken(t, acquire(t, newClient(t, config), readRequest), client)
		})
	}
}

// Each server here offers one method, and one algorithm for it, so only the
// metadata can have told the library what to do.
func TestClientAuthenticatesAsTheServerOffers(t *testing.T) {
	for _, client := range everyClient(t) {
		t.Run(client.ClientID, func(t *testing.T) {
			p := startPeer(t, peerOptions{}, client)
			p.checkToken(t, acquire(t, newClient(t, p.config(t, client)), readRequest), client)
		})
	}
}

func TestIssuerMayHaveAPath(t *testing.T) {
	client := keyClient("ES256", newECKey(t)) // its assertion has the issuer for audience
	p := startPeer(t, peerOptions{path: "/tenant"}, client)
	p.checkToken(t, acquire(t, newClient(t, p.config(t, client)), readRequest), client)
	p.checkRequests(t, "GET /tenant/.well-known/openid-configuration", "POST /tenant/token", "GET /api")
}

func TestAnyHTTPClientWillDo(t *testing.T) {
	p := startPeer(t, peerOptions{}, basicClient)
	config := p.config(t, basicClient)
	config.Ports.HTTPClient = p.http
	p.checkToken(t, acquire(t, newClient(t, config), readRequest), basicClient)
}

func TestResultSaysWhatTheServerGranted(t *testing.T) {
	p := startPeer(t, peerOptions{}, postClient)
	result := acquire(t, newClient(t, p.config(t, postClient)), keyport.ClientCredentialsRequest{Scopes: []string{"api:write", "api:read"}})
	type facts struct{ TokenType, Scopes, Header string }
	want := facts{"Bearer", "api:read api:write", "Bearer " + result.AccessToken.Reveal()}
	got := facts{result.TokenType, result.Scopes.String(), result.AuthorizationHeader()}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}
