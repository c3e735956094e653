//go:build e2e

package e2e_test

import (
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport"
)

func TestServersRefusalIsAnOAuthError(t *testing.T) {
	keyed := keyClient("ES256", newECKey(t))
	p := startPeer(t, peerOptions{}, basicClient, postClient, secretJWTClient, keyed)

	const wrong = "a wrong secret of more than thirty-two bytes"
	withWrongSecret := func(r registration) registration { r.Secret = wrong; return r }
	withOtherKey := func(r registration) registration { r.signer = newECKey(t); return r }
	unknown := basicClient
	unknown.ClientID = "nobody"

	for name, client := range map[string]registration{
		"wrong secret in the header":    withWrongSecret(basicClient),
		"wrong secret in the form":      withWrongSecret(postClient),
		"assertion by the wrong secret": withWrongSecret(secretJWTClient),
		"assertion by the wrong key":    withOtherKey(keyed),
		"client that is not registered": unknown,
	} {
		t.Run(name, func(t *testing.T) {
			config := p.config(t, client)
			config.ClientAuthMethod = keyport.ClientAuthMethod(client.Method)
			app := newClient(t, config)
			for range 2 { // a refusal is not cached
				_, err := app.AcquireTokenForClient(t.Context(), readRequest)
				checkInvalidClient(t, err)
				if err != nil && strings.Contains(err.Error(), wrong) {
					t.Errorf("the error shows the secret: %v", err)
				}
			}
		})
	}
}

func checkInvalidClient(t *testing.T, err error) {
	t.Helper()
	var refused *keyport.OAuthError
	if !errors.As(err, &refused) {
		t.Fatalf("error = %v, want an *OAuthError", err)
	}
	type facts struct {
		Code   string
		Status int
		Is     bool
	}
	want := facts{"invalid_client", http.StatusUnauthorized, true}
	got := facts{refused.Code, refused.StatusCode, errors.Is(err, keyport.ErrInvalidClient)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("refusal (-want +got):\n%s", diff)
	}
}

// Neither the question for the metadata nor, when these are known, the token
// request with the secret may reach a server that anybody could have set up.
func TestNothingIsSentToAServerOfAnUnknownAuthority(t *testing.T) {
	for name, metadata := range map[string]func(*peer) *keyport.ServerMetadata{
		"metadata": func(*peer) *keyport.ServerMetadata { return nil },
		"secret": func(p *peer) *keyport.ServerMetadata {
			return &keyport.ServerMetadata{Issuer: p.issuer, TokenEndpoint: p.issuer + "/token"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := startPeer(t, peerOptions{}, basicClient)
			stranger := *p
			stranger.roots = newAuthority(t).roots()
			config := stranger.config(t, basicClient)
			config.Metadata = metadata(p)

			_, err := newClient(t, config).AcquireTokenForClient(t.Context(), readRequest)
			var transport *keyport.TransportError
			var untrusted x509.UnknownAuthorityError
			if !errors.As(err, &transport) || !errors.As(err, &untrusted) || !errors.Is(err, keyport.ErrUnavailable) {
				t.Errorf("error = %v, want a *TransportError of an unknown authority", err)
			}
			p.checkRequests(t, []string{}...)
		})
	}
}
