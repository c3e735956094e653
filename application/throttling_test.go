package application_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// moody answers token requests as it says, or else with tokens, and counts them.
type moody struct {
	clock *keyporttest.Clock

	mu     sync.Mutex // guards what follows
	sent   int
	status int // 0: a token
	body   string
	header http.Header
	last   http.Header
}

func newMoody() *moody { return &moody{clock: keyporttest.NewClock(noon)} }

// Do implements ports.HTTPClient.
func (m *moody) Do(r *http.Request) (*http.Response, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent++
	m.last = r.Header.Clone()
	status, body := m.status, m.body
	if status == 0 {
		status, body = http.StatusOK, fmt.Sprintf(`{"token_type":"Bearer","access_token":"token-%d","expires_in":3600}`, m.sent)
	}
	return &http.Response{StatusCode: status, Header: m.header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

func (m *moody) says(status int, body string) { m.status, m.body = status, body }

// client returns a client of this server; change may be nil.
func (m *moody) client(t *testing.T, change func(*application.ConfidentialClientConfig)) *application.ConfidentialClient {
	t.Helper()
	config := configOf(m)
	config.Ports.Clock = m.clock
	if change != nil {
		change(&config)
	}
	client, err := application.NewConfidentialClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

const busy = `{"error":"temporarily_unavailable"}`

func TestAPauseIsForOneClientTenantScopeAndCredential(t *testing.T) {
	m := newMoody()
	var shared application.ConfidentialClientConfig
	client := m.client(t, func(c *application.ConfidentialClientConfig) { shared = *c })
	like := func(change func(*application.ConfidentialClientConfig)) *application.ConfidentialClient {
		return m.client(t, func(c *application.ConfidentialClientConfig) {
			c.Ports.HTTPCache = shared.Ports.HTTPCache // and a token cache of its own
			if change != nil {
				change(c)
			}
		})
	}
	m.header = http.Header{"Retry-After": {"600"}}
	m.says(http.StatusTooManyRequests, busy)
	if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); !errors.Is(err, domain.ErrThrottled) {
		t.Fatal(err)
	}
	m.says(0, "")
	m.header = nil
	forced, challenged, extra, tenanted := ask(graph), ask(graph), ask(graph), ask(graph)
	forced.ForceRefresh = true
	challenged.ClaimsChallenge = `{"access_token":{}}`
	extra.ExtraParameters.Body = []domain.Parameter{{Name: "dc", Value: "eu", InCacheKey: true}}
	tenanted.Tenant = "fabrikam.onmicrosoft.com"
	for _, row := range []struct {
		name    string
		client  *application.ConfidentialClient
		request application.ClientCredentialsRequest
		kept    bool
	}{
		{"the same", client, ask(graph), true},
		{"the same, forced", client, forced, true},
		{"the same with claims", client, challenged, true},
		{"the same with a parameter", client, extra, true},
		{"the same in another process", like(nil), ask(graph), true},
		{"another scope", client, ask("https://vault.azure.net/.default"), false},
		{"another tenant", client, tenanted, false},
		{"another client", like(func(c *application.ConfidentialClientConfig) { c.ClientID = "99999999-2222-3333-4444-555555555555" }), ask(graph), false},
		{"another credential", like(func(c *application.ConfidentialClientConfig) {
			c.Credential = application.ClientSecret("another-secret")
		}), ask(graph), false},
		{"another cache", m.client(t, nil), ask(graph), false},
		{"throttling is off", like(func(c *application.ConfidentialClientConfig) { c.DisableThrottling = true }), ask(graph), false},
	} {
		before := m.sent
		_, err := row.client.AcquireTokenForClient(t.Context(), row.request)
		var throttled *domain.ThrottledError
		if kept := errors.As(err, &throttled); kept != row.kept || kept == (m.sent > before) {
			t.Errorf("%s: %v, %d requests", row.name, err, m.sent-before)
		}
		if row.kept && !throttled.Until.Equal(noon.Add(10*time.Minute)) {
			t.Errorf("%s: until %v", row.name, throttled.Until)
		}
	}
	m.clock.Advance(10 * time.Minute)
	if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
		t.Errorf("after the pause: %v", err)
	}
}

// TestAPauseOutlastsWhatIsNewInEachRequest: assertions have a new jti each time, and a
// server that is busy is busy for all of them.
func TestAPauseOutlastsWhatIsNewInEachRequest(t *testing.T) {
	n := 0
	for name, credential := range map[string]application.Credential{
		"a certificate": byCertificate(""),
		"a text":        application.ClientAssertion("head.body.signature"),
		"a callback": application.ClientAssertionFunc(func(context.Context, application.AssertionRequest) (string, error) {
			n++
			return fmt.Sprintf("head.body%d.signature", n), nil
		}),
		"a provider of certificates": application.CredentialFunc(func(context.Context, application.CredentialRequest) (application.Credential, error) {
			return byCertificate(""), nil
		}),
		"a provider of secrets": application.CredentialFunc(func(context.Context, application.CredentialRequest) (application.Credential, error) {
			return application.ClientSecret("a-secret"), nil
		}),
	} {
		m := newMoody()
		client := m.client(t, func(c *application.ConfidentialClientConfig) { c.Credential = credential })
		m.says(http.StatusTooManyRequests, busy)
		for range 5 {
			if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); !errors.Is(err, domain.ErrThrottled) {
				t.Errorf("%s: %v", name, err)
			}
			m.clock.Advance(11 * time.Second)
		}
		if m.sent != 1 {
			t.Errorf("%s: %d requests, want 1", name, m.sent)
		}
	}
}

// TestARefusedCredentialIsRememberedForSecondsAndUntilItIsReplaced: a stampede costs
// one request, and who mends the credential waits for nothing.
func TestARefusedCredentialIsRememberedForSecondsAndUntilItIsReplaced(t *testing.T) {
	m, secret := newMoody(), "wrong"
	client := m.client(t, func(c *application.ConfidentialClientConfig) {
		c.Credential = application.CredentialFunc(func(context.Context, application.CredentialRequest) (application.Credential, error) {
			return application.ClientSecret(secret), nil
		})
	})
	m.says(http.StatusUnauthorized, `{"error":"invalid_client","error_codes":[7000215]}`)
	for range 10 {
		if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); !errors.Is(err, domain.ErrInvalidClient) {
			t.Fatal(err)
		}
	}
	m.says(0, "")
	secret = "right"
	if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil || m.sent != 2 {
		t.Errorf("after the rotation: %v, %d requests; want 2", err, m.sent)
	}
}

// TestACallbackMayBringABetterAssertionAtOnce: nobody knows whose key it was.
func TestACallbackMayBringABetterAssertionAtOnce(t *testing.T) {
	m := newMoody()
	client := m.client(t, func(c *application.ConfidentialClientConfig) { c.Credential = byCallback("") })
	m.says(http.StatusUnauthorized, `{"error":"invalid_client"}`)
	_, _ = client.AcquireTokenForClient(t.Context(), ask(graph))
	m.says(0, "")
	if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
		t.Error(err)
	}
}

func TestTheErrorOfAPauseTellsWhatAndUntilWhen(t *testing.T) {
	m := newMoody()
	client := m.client(t, nil)
	m.says(http.StatusBadRequest, `{"error":"invalid_scope","error_description":"hunter2","error_codes":[70011]}`)
	request := ask(graph)
	request.CorrelationID = "0354d9fb-d107-4c08-87d2-d969daea1f8b"
	_, _ = client.AcquireTokenForClient(t.Context(), request)
	m.clock.Advance(20 * time.Second)
	request.CorrelationID = "another"
	_, err := client.AcquireTokenForClient(t.Context(), request)
	want := "acquire token for client: requests are throttled until 2026-11-24T12:01:00Z: the server refused: invalid_scope AADSTS70011: " +
		"a scope is not valid. Compare Scopes with those that the resource publishes, with the resource's identifier in front (correlation id 0354d9fb-d107-4c08-87d2-d969daea1f8b)"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	var refused *domain.OAuthError
	if !errors.As(err, &refused) || !errors.Is(err, domain.ErrThrottled) || refused.StatusCode != http.StatusBadRequest {
		t.Errorf("got %#v", err)
	}
	_, _ = client.AcquireTokenForClient(t.Context(), request)
	if m.sent != 1 {
		t.Errorf("%d requests", m.sent)
	}
	m.clock.Advance(40 * time.Second)
	_, _ = client.AcquireTokenForClient(t.Context(), request)
	if got := m.last.Get("x-client-last-telemetry"); m.sent != 2 || strings.Count(got, "invalid_scope") != 1 {
		t.Errorf("%d requests, which report %q; want one failure: the server does not see what was not sent", m.sent, got)
	}
}

func TestWithoutThrottlingEachRequestIsSentAndNothingIsClaimed(t *testing.T) {
	m := newMoody()
	client := m.client(t, func(c *application.ConfidentialClientConfig) { c.DisableThrottling = true })
	m.says(http.StatusTooManyRequests, busy)
	for range 3 {
		_, err := client.AcquireTokenForClient(t.Context(), ask(graph))
		var throttled *domain.ThrottledError
		if errors.As(err, &throttled) || !errors.Is(err, domain.ErrThrottled) {
			t.Errorf("got %v, want the server's own answer", err)
		}
	}
	if m.sent != 3 || m.last.Get("x-ms-lib-capability") != "" || m.last.Get("x-client-sku") == "" {
		t.Errorf("%d requests with the capability %q", m.sent, m.last.Get("x-ms-lib-capability"))
	}
	public, err := application.NewPublicClient(application.PublicClientConfig{ClientID: "my-app", DisableThrottling: true, Ports: configOf(m).Ports})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, err := public.InitiateDeviceFlow(t.Context(), application.DeviceFlowRequest{})
		var throttled *domain.ThrottledError
		if errors.As(err, &throttled) {
			t.Error(err)
		}
	}
	if m.sent != 6 {
		t.Errorf("%d requests", m.sent)
	}
}

// TestAGoodAnswerWithRetryAfterIsNoPause and is kept nowhere but in the token cache.
func TestAGoodAnswerWithRetryAfterIsNoPause(t *testing.T) {
	m := newMoody()
	m.header = http.Header{"Retry-After": {"600"}}
	client := m.client(t, nil)
	request := ask(graph)
	request.ForceRefresh = true
	for _, want := range []string{"token-1", "token-2"} {
		got, err := client.AcquireTokenForClient(t.Context(), request)
		if err != nil || got.AccessToken.Reveal() != want {
			t.Errorf("got %q, %v; want %q", got.AccessToken.Reveal(), err, want)
		}
	}
}

// TestATokenThatIsValidBeatsAPause: due or merely stale, it serves.
func TestATokenThatIsValidBeatsAPause(t *testing.T) {
	m := newMoody()
	client := m.client(t, nil)
	if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
		t.Fatal(err)
	}
	m.says(http.StatusTooManyRequests, busy)
	m.header = http.Header{"Retry-After": {"3600"}}
	m.clock.Advance(56 * time.Minute)
	for range 4 {
		got, err := client.AcquireTokenForClient(t.Context(), ask(graph))
		if err != nil || got.AccessToken.Reveal() != "token-1" {
			t.Errorf("got %q, %v", got.AccessToken.Reveal(), err)
		}
		m.clock.Advance(time.Minute - 1) // past the pause between renewals, not past the server's
	}
	if m.sent != 2 {
		t.Errorf("%d requests, want 2", m.sent)
	}
	m.clock.Advance(time.Minute)
	if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); !errors.Is(err, domain.ErrThrottled) || m.sent != 2 {
		t.Errorf("the token has ended: %v after %d requests", err, m.sent)
	}
}

func TestTheBeginningOfADeviceFlowIsKeptBackToo(t *testing.T) {
	m := newMoody()
	config := application.PublicClientConfig{ClientID: "my-app", Ports: configOf(m).Ports}
	config.Ports.Clock = m.clock
	client, err := application.NewPublicClient(config)
	if err != nil {
		t.Fatal(err)
	}
	m.says(http.StatusTooManyRequests, busy)
	for range 3 {
		_, err := client.InitiateDeviceFlow(t.Context(), application.DeviceFlowRequest{Scopes: []string{userScope}})
		if !errors.Is(err, domain.ErrThrottled) {
			t.Error(err)
		}
		m.clock.Advance(20 * time.Second)
	}
	if m.sent != 1 {
		t.Errorf("%d requests, want 1", m.sent)
	}
}

// brokenStore fails at everything.
type brokenStore struct{}

var errStore = errors.New("the store is down")

func (brokenStore) Get(context.Context, string) ([]byte, time.Time, error) {
	return nil, time.Time{}, errStore
}
func (brokenStore) Set(context.Context, string, []byte, time.Time) error { return errStore }
func (brokenStore) Delete(context.Context, string) error                 { return errStore }

func TestAnHTTPCacheThatFailsCostsNoToken(t *testing.T) {
	m := newMoody()
	client := m.client(t, func(c *application.ConfidentialClientConfig) { c.Ports.HTTPCache = brokenStore{} })
	m.says(http.StatusTooManyRequests, busy)
	_, _ = client.AcquireTokenForClient(t.Context(), ask(graph))
	m.says(0, "")
	if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
		t.Error(err)
	}
}
