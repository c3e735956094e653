package application_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// atPlainProvider is a client of a provider that takes each assertion once.
func (m *moody) atPlainProvider(t *testing.T, cache ports.HTTPCache, credential application.Credential, method application.ClientAuthMethod) *application.ConfidentialClient {
	t.Helper()
	return m.client(t, func(c *application.ConfidentialClientConfig) {
		c.Authority, c.OIDCAuthority = "", "https://id.example.com"
		c.Metadata = &domain.ServerMetadata{Issuer: "https://id.example.com", TokenEndpoint: "https://id.example.com/token"}
		c.Credential, c.ClientAuthMethod, c.Ports.HTTPCache = credential, method, cache
	})
}

// TestARefusalIsForOneCredentialHoweverItIsSent: the same credential is not tried
// again at once, another one is.
func TestARefusalIsForOneCredentialHoweverItIsSent(t *testing.T) {
	key := func() application.Credential { // without a key id, so that nothing in the header tells it from another
		_, private, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		return application.ClientSigner(private, application.SignerOptions{})
	}
	secret := func(letter string) application.Credential {
		return application.ClientSecret(strings.Repeat(letter, 32))
	}
	for _, row := range []struct {
		name   string
		first  application.Credential
		second application.Credential
		method application.ClientAuthMethod
		refuse string
	}{
		{"secrets in the header", secret("a"), secret("b"), application.ClientSecretBasic, "invalid_client"},
		{"secrets in the form", secret("a"), secret("b"), application.ClientSecretPost, "invalid_client"},
		{"secrets that sign", secret("a"), secret("b"), application.ClientSecretJWT, "invalid_client"},
		{"keys", key(), key(), "", "invalid_client"},
		{"keys, and the grant is refused", key(), key(), "", "invalid_scope"},
		{"texts", application.ClientAssertion("head.one.signature"), application.ClientAssertion("head.two.signature"), "", "invalid_client"},
	} {
		t.Run(row.name, func(t *testing.T) {
			m, cache := newMoody(), cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{})
			first, second := m.atPlainProvider(t, cache, row.first, row.method), m.atPlainProvider(t, cache, row.second, row.method)
			m.says(http.StatusBadRequest, `{"error":"`+row.refuse+`"}`)
			for range 3 {
				_, _ = first.AcquireTokenForClient(t.Context(), ask("api:read"))
			}
			if m.sent != 1 {
				t.Errorf("%d requests with the credential that was refused, want 1", m.sent)
			}
			m.says(0, "")
			if _, err := second.AcquireTokenForClient(t.Context(), ask("api:read")); err != nil {
				t.Errorf("the other credential: %v", err)
			}
		})
	}
}

func TestARefusalIsForOneFormAndQuery(t *testing.T) {
	m := newMoody()
	client := m.client(t, nil)
	with := func(p domain.Parameters) application.ClientCredentialsRequest {
		r := ask(graph)
		r.ExtraParameters = p
		return r
	}
	eu, us := []domain.Parameter{{Name: "dc", Value: "eu"}}, []domain.Parameter{{Name: "dc", Value: "us"}}
	m.says(http.StatusBadRequest, `{"error":"invalid_request"}`)
	for _, r := range []application.ClientCredentialsRequest{
		ask(graph), with(domain.Parameters{Query: eu}), with(domain.Parameters{Query: us}), with(domain.Parameters{Body: eu}), with(domain.Parameters{Body: us}),
	} {
		before := m.sent
		for range 2 {
			_, _ = client.AcquireTokenForClient(t.Context(), r)
		}
		if m.sent != before+1 {
			t.Errorf("%d requests with the parameters %v, want 1", m.sent-before, r.ExtraParameters)
		}
	}
}

// TestARefreshTokenFromElsewhereIsTriedOnce although such a request always asks the
// server.
func TestARefreshTokenFromElsewhereIsTriedOnce(t *testing.T) {
	m := newMoody()
	client := m.client(t, func(c *application.ConfidentialClientConfig) { c.InsecureSkipIDTokenVerification = true })
	m.says(http.StatusBadRequest, `{"error":"invalid_grant"}`)
	for _, token := range []string{"one", "one", "one", "two"} {
		_, err := client.AcquireTokenByRefreshToken(t.Context(), application.RefreshTokenRequest{RefreshToken: domain.NewSecret(token), Scopes: []string{userScope}})
		if !errors.Is(err, domain.ErrInteractionRequired) {
			t.Error(err)
		}
	}
	if m.sent != 2 {
		t.Errorf("%d requests, want 2", m.sent)
	}
}

// TestAPauseIsForTheUserWhateverTheRefreshToken and not for the codes of their sign-in:
// those are spent by waiting.
func TestAPauseIsForTheUserWhateverTheRefreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, _ := usersClient(t, s)
		account := signIn(t, s, client)
		pass(2 * time.Hour)
		busyFor := func(grant string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.requests = nil
			s.hook = func(form url.Values) (int, string) {
				if form.Get("grant_type") == grant {
					return 429, busy
				}
				return 0, ""
			}
		}
		busyFor("refresh_token")
		if _, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope)); !errors.Is(err, domain.ErrThrottled) {
			t.Fatal(err)
		}
		busyFor("")
		signIn(t, s, client) // a newer refresh token
		forced := silently(account, userScope)
		forced.ForceRefresh = true
		if _, err := client.AcquireTokenSilent(t.Context(), forced); !errors.Is(err, domain.ErrThrottled) || len(s.sent()) != 1 {
			t.Errorf("with a newer refresh token: %v, %d requests; want the pause, and the sign-in alone", err, len(s.sent()))
		}

		busyFor("authorization_code")
		for range 2 {
			if err := comeBack(t.Context(), client); !errors.Is(err, domain.ErrThrottled) {
				t.Error(err)
			}
		}
		if n := len(s.sent()); n != 2 {
			t.Errorf("%d codes were sent, want each of 2", n)
		}
	})
}

// comeBack is a user who returns from a sign-in with a code, and with a hint who it is.
func comeBack(ctx context.Context, client *application.ConfidentialClient) error {
	flow, err := client.InitiateAuthCodeFlow(ctx, application.AuthCodeFlowRequest{Scopes: []string{userScope}, RedirectURI: labRedirect})
	if err != nil {
		return err
	}
	address, err := url.Parse(flow.AuthorizationURL)
	if err != nil {
		return err
	}
	state := address.Query().Get("state")
	_, err = client.AcquireTokenByAuthCodeFlow(ctx, flow, url.Values{"code": {"code of " + state}, "state": {state}, "client_info": {labClientInfo}})
	return err
}
