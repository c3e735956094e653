//go:build e2e

package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/ports"
)

// fiftyScopes are those of as many parts of an API.
func fiftyScopes() (scopes []string) {
	for i := range 50 {
		scopes = append(scopes, fmt.Sprintf("api:part%02d", i))
	}
	return scopes
}

// renewal is a client, at a server that rotates refresh tokens and detects their reuse,
// with a user who is signed in.
type renewal struct {
	*peer
	app     *keyport.ConfidentialClient
	clock   *clock
	account keyport.Account
}

func newRenewal(t *testing.T, scopes []string, wrap func(ports.HTTPClient) ports.HTTPClient) renewal {
	t.Helper()
	p := startPeer(t, peerOptions{scopes: scopes}, webClient(redirectURI))
	config, now := p.config(t, webClient()), newClock()
	config.Ports.Clock = now
	if wrap != nil {
		config.Ports.HTTPClient = wrap(config.Ports.HTTPClient)
	}
	app := newClient(t, config)
	request := signInRequest(scopes[0])
	request.ExtraScopesToConsent = scopes[1:]
	result := p.signIn(t, app, request)
	now.advance(2 * time.Hour) // the token, which is good for all scopes, has ended
	return renewal{p, app, now, result.Account}
}

func (r renewal) silent(ctx context.Context, scope string) (keyport.Result, error) {
	return r.app.AcquireTokenSilent(ctx, keyport.SilentRequest{Scopes: []string{scope}, Account: r.account})
}

// TestFiftyScopesAtOnce: each redemption spends the refresh token that the one before
// has brought. Two at a time would be reuse, which ends the sign-in.
func TestFiftyScopesAtOnce(t *testing.T) {
	scopes := fiftyScopes()
	r := newRenewal(t, scopes, nil)
	for range 2 { // after the first fifty the user is still signed in
		r.clock.advance(2 * time.Hour)
		var callers sync.WaitGroup
		for _, scope := range scopes {
			callers.Go(func() {
				result, err := r.silent(t.Context(), scope)
				if err != nil || !result.Scopes.Has(scope) || result.Account != r.account {
					t.Errorf("%s: %v %v", scope, result.Scopes, err)
				}
			})
		}
		callers.Wait()
	}
	var want []string
	for _, scope := range slices.Concat(scopes, scopes) {
		want = append(want, scope+" offline_access openid profile")
	}
	got := r.redemptions(t)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("redemptions (-want +got):\n%s", diff)
	}
}

// TestFiftyCallersOfOneScope share one redemption.
func TestFiftyCallersOfOneScope(t *testing.T) {
	r := newRenewal(t, []string{"api:read"}, nil)
	var callers sync.WaitGroup
	for range 50 {
		callers.Go(func() {
			if _, err := r.silent(t.Context(), "api:read"); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	if n := len(r.redemptions(t)); n != 1 {
		t.Errorf("%d redemptions, want 1", n)
	}
}

// TestReuseEndsTheSignIn shows that the server is what the tests above take it for.
func TestReuseEndsTheSignIn(t *testing.T) {
	p := startPeer(t, peerOptions{}, webClient(redirectURI))
	app := newUserClient(t, p)
	var spy spyClient
	config := p.config(t, webClient())
	spy.HTTPClient, config.Ports.HTTPClient = config.Ports.HTTPClient, &spy
	p.signIn(t, newClient(t, config), signInRequest("api:read"))
	redeem := func(token string) error {
		_, err := app.AcquireTokenByRefreshToken(t.Context(), keyport.RefreshTokenRequest{RefreshToken: keyport.NewSecret(token), Scopes: []string{"api:read"}})
		return err
	}
	if err := redeem(spy.refreshToken); err != nil {
		t.Fatal(err)
	}
	if err := redeem(spy.refreshToken); !errors.Is(err, keyport.ErrInteractionRequired) {
		t.Errorf("the second time: %v, want invalid_grant", err)
	}
	var events []string
	for _, e := range p.log(t) {
		events = append(events, e.Event)
	}
	if diff := cmp.Diff([]string{"granted", "granted", "revoked", "refused"}, events); diff != "" {
		t.Errorf("events at the server (-want +got):\n%s", diff)
	}
}

// gate keeps answers to refreshes back until it is opened.
type gate struct {
	ports.HTTPClient
	held chan struct{} // gets one for each answer that is kept back
	open chan struct{} // closed
}

func (g *gate) Do(r *http.Request) (*http.Response, error) {
	body, err := bodyOf(r)
	if err != nil {
		return nil, err
	}
	response, err := g.HTTPClient.Do(r)
	if body.Get("grant_type") == "refresh_token" {
		g.held <- struct{}{}
		<-g.open
	}
	return response, err
}

// TestAllCallersLeaveInMidRefresh: the server has spent the old refresh token when they
// go. The new one must not be lost.
func TestAllCallersLeaveInMidRefresh(t *testing.T) {
	g := &gate{held: make(chan struct{}, 2), open: make(chan struct{})}
	r := newRenewal(t, []string{"api:read", "api:write"}, func(c ports.HTTPClient) ports.HTTPClient {
		g.HTTPClient = c
		return g
	})
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan error)
	for range 5 {
		go func() {
			_, err := r.silent(ctx, "api:read")
			gone <- err
		}()
	}
	<-g.held
	leave()
	for range 5 {
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Errorf("who has left got %v, want context.Canceled", err)
		}
	}
	close(g.open)
	if _, err := r.silent(t.Context(), "api:write"); err != nil {
		t.Errorf("the new refresh token is lost: %v", err)
	}
	result, err := r.silent(t.Context(), "api:read")
	if err != nil || result.Metadata.Source != keyport.SourceCache {
		t.Errorf("the access token is lost: %v", err)
	}
	if n := len(r.redemptions(t)); n != 2 {
		t.Errorf("%d redemptions, want 2", n)
	}
}

// TestScopeBeyondTheSignIn: the server refuses it, and the user is still signed in.
func TestScopeBeyondTheSignIn(t *testing.T) {
	r := newRenewal(t, []string{"api:read"}, nil)
	_, err := r.silent(t.Context(), "api:everything")
	var refused *keyport.OAuthError
	if !errors.As(err, &refused) || refused.Code != "invalid_scope" {
		t.Errorf("%v, want invalid_scope", err)
	}
	if _, err := r.silent(t.Context(), "api:read"); err != nil {
		t.Error(err)
	}
}
