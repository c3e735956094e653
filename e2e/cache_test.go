//go:build e2e

package e2e_test

import (
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport"
)

const discovery = "GET /.well-known/openid-configuration"

func TestSecondCallSendsNothing(t *testing.T) {
	p := startPeer(t, peerOptions{}, basicClient)
	app := newClient(t, p.config(t, basicClient))

	first := acquire(t, app, readRequest)
	p.checkRequests(t, discovery, "POST /token")
	second := acquire(t, app, readRequest)
	p.checkRequests(t, discovery, "POST /token")

	if !second.AccessToken.Equal(first.AccessToken) || second.Metadata.Source != keyport.SourceCache {
		t.Errorf("the second call brought another token, from source %d", second.Metadata.Source)
	}
}

func TestCallersAtTheSameTimeShareOneRequest(t *testing.T) {
	p := startPeer(t, peerOptions{}, basicClient)
	app := newClient(t, p.config(t, basicClient))
	var callers sync.WaitGroup
	for range 50 {
		callers.Go(func() {
			if _, err := app.AcquireTokenForClient(t.Context(), readRequest); err != nil {
				t.Error(err)
			}
		})
	}
	callers.Wait()
	p.checkRequests(t, discovery, "POST /token")
}

// A token of 40 seconds is due in the last quarter of its life.
func TestShortLivedTokenIsRenewedBeforeItEnds(t *testing.T) {
	const lifetime = 40 * time.Second
	p := startPeer(t, peerOptions{tokenLifetime: lifetime}, basicClient)
	now := newClock()
	config := p.config(t, basicClient)
	config.Ports.Clock = now
	app := newClient(t, config)

	last := ""
	for _, step := range []struct {
		name  string
		after time.Duration // the step before
		isNew bool
	}{
		{"none in the cache", 0, true},
		{"fresh", 29 * time.Second, false},
		{"due", 2 * time.Second, true},
		{"expired", lifetime + time.Second, true},
	} {
		now.advance(step.after)
		result := acquire(t, app, readRequest)
		token := result.AccessToken.Reveal()
		if isNew := token != last; isNew != step.isNew {
			t.Errorf("%s: the token is new: %t, want %t", step.name, isNew, step.isNew)
		}
		if want := now.Now().Add(lifetime); step.isNew && !result.ExpiresOn.Equal(want) {
			t.Errorf("%s: ExpiresOn = %v, want %v", step.name, result.ExpiresOn, want)
		}
		p.checkToken(t, result, basicClient)
		last = token
	}
}

func TestTokensForTwoResourcesAreTwoTokens(t *testing.T) {
	p := startPeer(t, peerOptions{}, basicClient)
	app := newClient(t, p.config(t, basicClient))
	forResource := func(resource string) keyport.ClientCredentialsRequest {
		request := readRequest
		request.ExtraParameters.Body = []keyport.Parameter{{Name: "resource", Value: resource, InCacheKey: true}} // RFC 8707 §2
		return request
	}
	resources := []string{"urn:e2e:orders", "urn:e2e:invoices"}
	for _, resource := range append(resources, resources...) { // the second time from the cache
		got := p.verify(t, acquire(t, app, forResource(resource)).AccessToken)
		want := jwt.Claims{Issuer: p.issuer, Subject: basicClient.ClientID, Audience: jwt.Audience{resource}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("claims of the token (-want +got):\n%s", diff)
		}
	}
	p.checkRequests(t, discovery, "POST /token", "GET /jwks", "POST /token", "GET /jwks", "GET /jwks", "GET /jwks")
}

// verify checks the signature of a JWT access token as a resource would, and
// returns who issued it, to whom and for whom.
func (p *peer) verify(t *testing.T, token keyport.Secret) jwt.Claims {
	t.Helper()
	var keys jose.JSONWebKeySet
	p.getJSON(t, p.issuer+"/jwks", "", &keys)
	parsed, err := jwt.ParseSigned(token.Reveal(), []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	var claims jwt.Claims
	if err := parsed.Claims(keys, &claims); err != nil {
		t.Fatal(err)
	}
	return jwt.Claims{Issuer: claims.Issuer, Subject: claims.Subject, Audience: claims.Audience}
}
