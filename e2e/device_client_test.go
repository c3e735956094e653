//go:build e2e

package e2e_test

import (
	"context"
	"testing"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/httpclient"
)

// deviceClient is a program on the user's own machine. It has no secret.
var deviceClient = registration{
	ClientID: "desktop", Method: "none", Type: "native", ResponseTypes: []string{"code"},
	Grants:       []string{"authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"},
	RedirectURIs: []string{"http://localhost", "http://127.0.0.1/signed-in", "http://[::1]/signed-in"},
}

// newPublicClient is how such a program is configured. The browser may be nil.
func newPublicClient(t *testing.T, p *peer, ports keyport.Ports) *keyport.PublicClient {
	t.Helper()
	sender, err := httpclient.New(httpclient.Options{RootCAs: p.roots})
	if err != nil {
		t.Fatal(err)
	}
	ports.HTTPClient = sender
	app, err := keyport.NewPublicClient(keyport.PublicClientConfig{ClientID: deviceClient.ClientID, OIDCAuthority: p.issuer, Ports: ports})
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

// acquired is what a call that waits for the user has returned.
type acquired struct {
	result keyport.Result
	err    error
}

// meanwhile makes such a call while the test goes on as the user.
func meanwhile(call func() (keyport.Result, error)) <-chan acquired {
	done := make(chan acquired, 1)
	go func() {
		result, err := call()
		done <- acquired{result, err}
	}()
	return done
}

// checkSignedIn shows the token at the server's resource, and looks for it in the cache.
func (p *peer) checkSignedIn(t *testing.T, app *keyport.PublicClient, got acquired) {
	t.Helper()
	if got.err != nil {
		t.Fatal(got.err)
	}
	owner := p.tokenOwner(t, got.result.AuthorizationHeader())
	if owner.ClientID != deviceClient.ClientID || owner.Subject != username || got.result.Account.HomeAccountID != username {
		t.Errorf("the token is %s's, for %s; the account is %q", owner.ClientID, owner.Subject, got.result.Account.HomeAccountID)
	}
	again, err := app.AcquireTokenSilent(t.Context(), keyport.SilentRequest{Scopes: []string{"api:read"}, Account: got.result.Account})
	if err != nil || !again.AccessToken.Equal(got.result.AccessToken) || again.Metadata.Source != keyport.SourceCache {
		t.Errorf("the token is not in the cache: %v", err)
	}
	renewed, err := app.AcquireTokenSilent(t.Context(), keyport.SilentRequest{Scopes: []string{"api:read"}, Account: got.result.Account, ForceRefresh: true})
	if err != nil || renewed.AccessToken.Equal(got.result.AccessToken) {
		t.Errorf("the token cannot be renewed: %v", err)
	}
}

// checkNobodyIsSignedIn looks for accounts after a sign-in that failed.
func checkNobodyIsSignedIn(t *testing.T, app *keyport.PublicClient) {
	t.Helper()
	if accounts, err := app.Accounts(t.Context(), keyport.AccountFilter{}); err != nil || len(accounts) != 0 {
		t.Errorf("%d accounts are cached, %v", len(accounts), err)
	}
}

// playSignIn fills in the server's page.
func (w *window) playSignIn() {
	w.Helper()
	w.fill("#peer-sign-in input[name=username]", username)
	w.fill("#peer-sign-in input[name=password]", userPassword)
	w.click("#peer-sign-in button[value=sign-in]")
}
