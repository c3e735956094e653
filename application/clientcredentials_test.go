package application_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
)

// recorder answers every token request and keeps what was sent.
type recorder struct {
	t      *testing.T
	forms  []url.Values
	header http.Header
	url    string
	answer string // in place of a token
	status int
}

// Do implements ports.HTTPClient.
func (r *recorder) Do(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		r.t.Error(err)
	}
	r.forms, r.header, r.url = append(r.forms, form), req.Header.Clone(), req.URL.String()
	if r.answer != "" {
		return answers(r.status, r.answer)(req)
	}
	return answers(http.StatusOK, fmt.Sprintf(`{"token_type":"Bearer","access_token":"token-%d","expires_in":3600}`, len(r.forms)))(req)
}

func (r *recorder) last() url.Values { return r.forms[len(r.forms)-1] }

func recorded(t *testing.T, change func(*application.ConfidentialClientConfig)) (*application.ConfidentialClient, *recorder) {
	t.Helper()
	r := &recorder{t: t}
	config := configOf(r)
	if change != nil {
		change(&config)
	}
	client, err := application.NewConfidentialClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client, r
}

func TestTheRequestOnTheWire(t *testing.T) {
	client, r := recorded(t, func(c *application.ConfidentialClientConfig) {
		c.AppName, c.AppVersion, c.Capabilities = "reports", "1.2", []string{"cp1"}
	})
	request := ask(graph)
	request.CorrelationID = "0354d9fb-d107-4c08-87d2-d969daea1f8b"
	request.ExtraParameters = domain.Parameters{
		Query:  []domain.Parameter{{Name: "dc", Value: "a b"}},
		Body:   []domain.Parameter{{Name: "attributes", Value: "x"}},
		Header: []domain.Parameter{{Name: "x-trace", Value: "7"}},
	}
	if _, err := client.AcquireTokenForClient(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"client_id": {"11111111-2222-3333-4444-555555555555"}, "client_secret": {"a-secret"}, "grant_type": {"client_credentials"},
		"scope": {graph}, "client_info": {"1"}, "attributes": {"x"},
		"claims": {`{"access_token":{"xms_cc":{"values":["cp1"]}}}`},
	}
	if diff := cmp.Diff(want, r.last()); diff != "" {
		t.Errorf("form (-want +got):\n%s", diff)
	}
	if want := "https://login.microsoftonline.com/" + tenant + "/oauth2/v2.0/token?dc=a+b"; r.url != want {
		t.Errorf("sent to %s, want %s", r.url, want)
	}
	for name, want := range map[string]string{
		"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded",
		"x-client-sku": "Keyport.Go", "x-app-name": "reports", "x-app-ver": "1.2", "x-ms-lib-capability": "retry-after, h429",
		"client-request-id": "0354d9fb-d107-4c08-87d2-d969daea1f8b", "x-client-current-telemetry": "4|730,2|",
		"x-client-last-telemetry": "4|0|||", "x-trace": "7",
	} {
		if got := r.header.Get(name); got != want {
			t.Errorf("header %s is %q, want %q", name, got, want)
		}
	}
}

func TestAPlainOpenIDProviderGetsNothingOfMicrosofts(t *testing.T) {
	client, r := recorded(t, func(c *application.ConfidentialClientConfig) {
		c.Authority, c.OIDCAuthority = "", "https://id.example.com"
		c.Metadata = &domain.ServerMetadata{Issuer: "https://id.example.com", TokenEndpoint: "https://id.example.com/token"}
		c.Credential = application.ClientSecret("p%20 +/:é")
	})
	if _, err := client.AcquireTokenForClient(t.Context(), ask("api:read", "api:write")); err != nil {
		t.Fatal(err)
	}
	want := url.Values{"grant_type": {"client_credentials"}, "scope": {"api:read api:write"}}
	if diff := cmp.Diff(want, r.last()); diff != "" {
		t.Errorf("form (-want +got):\n%s", diff)
	}
	pair := base64.StdEncoding.EncodeToString([]byte("11111111-2222-3333-4444-555555555555:p%2520+%2B%2F%3A%C3%A9"))
	if got := r.header.Get("Authorization"); got != "Basic "+pair {
		t.Error("the secret is not form-encoded before base64 (RFC 6749 §2.3.1)")
	}
	for name := range r.header {
		if strings.HasPrefix(strings.ToLower(name), "x-") || name == "Client-Request-Id" {
			t.Errorf("header %s was sent", name)
		}
	}
}

func TestTheSecretGoesWhereTheMetadataSays(t *testing.T) {
	secret := strings.Repeat("s", 32)
	for _, row := range []struct {
		offered    []string
		configured application.ClientAuthMethod
		want       string // where the proof is found
	}{
		{nil, "", "Authorization"},
		{[]string{"client_secret_post"}, "", "client_secret"},
		{[]string{"client_secret_post", "client_secret_basic"}, "", "Authorization"},
		{[]string{"client_secret_jwt"}, "", "client_assertion"},
		{[]string{"private_key_jwt"}, "", "Authorization"},
		{[]string{"client_secret_basic"}, application.ClientSecretPost, "client_secret"},
	} {
		t.Run(fmt.Sprint(row.offered, row.configured), func(t *testing.T) {
			client, r := recorded(t, func(c *application.ConfidentialClientConfig) {
				c.Authority, c.OIDCAuthority = "", "https://id.example.com"
				c.Metadata = &domain.ServerMetadata{
					Issuer: "https://id.example.com", TokenEndpoint: "https://id.example.com/token", TokenEndpointAuthMethods: row.offered,
				}
				c.Credential, c.ClientAuthMethod = application.ClientSecret(secret), row.configured
			})
			if _, err := client.AcquireTokenForClient(t.Context(), ask("api:read")); err != nil {
				t.Fatal(err)
			}
			got := "client_secret"
			if r.header.Get("Authorization") != "" {
				got = "Authorization"
			} else if r.last().Has("client_assertion") {
				got = "client_assertion"
			}
			if got != row.want {
				t.Errorf("the proof went into %s, want %s", got, row.want)
			}
		})
	}
}

func TestAnAssertionCallbackIsToldWhatTheAssertionIsFor(t *testing.T) {
	var told application.AssertionRequest
	client, r := recorded(t, func(c *application.ConfidentialClientConfig) {
		c.Credential = application.ClientAssertionFunc(func(_ context.Context, a application.AssertionRequest) (string, error) {
			told = a
			return "head.body.signature", nil
		})
	})
	request := ask(graph)
	request.CorrelationID = "42"
	request.Tenant = "fabrikam.onmicrosoft.com"
	if _, err := client.AcquireTokenForClient(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	endpoint := "https://login.microsoftonline.com/fabrikam.onmicrosoft.com/oauth2/v2.0/token"
	want := application.AssertionRequest{
		ClientID: "11111111-2222-3333-4444-555555555555", Audience: endpoint, TokenEndpoint: endpoint,
		Tenant: "fabrikam.onmicrosoft.com", Scopes: []string{graph}, CorrelationID: "42",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	if r.last().Get("client_assertion") != "head.body.signature" || r.last().Get("client_assertion_type") == "" {
		t.Error("the assertion was not sent")
	}
}

func TestACallbackThatFailsOrPanicsIsAnErrorAndTheNextCallWorks(t *testing.T) {
	trouble := errors.New("vault is sealed")
	n := 0
	client, _ := recorded(t, func(c *application.ConfidentialClientConfig) {
		c.Credential = application.ClientAssertionFunc(func(context.Context, application.AssertionRequest) (string, error) {
			switch n++; n {
			case 1:
				return "", trouble
			case 2:
				panic("hunter2")
			case 3:
				return "hunter2", nil
			}
			return "a.b.c", nil
		})
	})
	_, err := client.AcquireTokenForClient(t.Context(), ask(graph))
	if !errors.Is(err, trouble) {
		t.Errorf("got %v, want the callback's error", err)
	}
	_, err = client.AcquireTokenForClient(t.Context(), ask(graph))
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want an error without the value of the panic", err)
	}
	_, err = client.AcquireTokenForClient(t.Context(), ask(graph))
	wantConfigError(t, err, "Credential")
	if _, err = client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
		t.Error(err)
	}
}

func TestACredentialProviderRotatesUnderARunningClient(t *testing.T) {
	secret := "old-secret"
	client, r := recorded(t, func(c *application.ConfidentialClientConfig) {
		c.Credential = application.CredentialFunc(func(_ context.Context, q application.CredentialRequest) (application.Credential, error) {
			if q.Tenant != tenant {
				t.Errorf("asked for tenant %q", q.Tenant)
			}
			return application.ClientSecret(secret), nil
		})
	})
	request := ask(graph)
	request.ForceRefresh = true
	for _, want := range []string{"old-secret", "new-secret"} {
		secret = want
		if _, err := client.AcquireTokenForClient(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		if got := r.last().Get("client_secret"); got != want {
			t.Errorf("sent %q, want %q", got, want)
		}
	}
}

func TestTenantsClaimsAndKeyedParametersHaveTokensOfTheirOwn(t *testing.T) {
	client, r := recorded(t, nil)
	tenanted, claimed, keyed, unkeyed := ask(graph), ask(graph), ask(graph), ask(graph)
	tenanted.Tenant = "fabrikam.onmicrosoft.com"
	claimed.ClientClaims = `{"access_token":{"dc":{"value":"eu"}}}`
	keyed.ExtraParameters.Query = []domain.Parameter{{Name: "dc", Value: "eu", InCacheKey: true}}
	unkeyed.ExtraParameters.Query = []domain.Parameter{{Name: "dc", Value: "eu"}}
	shouting := tenanted
	shouting.Tenant = "FABRIKAM.onmicrosoft.com"
	for _, step := range []struct {
		name    string
		request application.ClientCredentialsRequest
		want    string
	}{
		{"plain", ask(graph), "token-1"},
		{"plain again", ask(graph), "token-1"},
		{"the resource in capitals", ask("https://GRAPH.microsoft.com/.default"), "token-1"},
		{"another tenant", tenanted, "token-2"},
		{"the other tenant in capitals", shouting, "token-2"},
		{"claims of the client", claimed, "token-3"},
		{"a keyed parameter", keyed, "token-4"},
		{"the same parameter, not keyed", unkeyed, "token-1"},
		{"plain once more", ask(graph), "token-1"},
	} {
		got, err := client.AcquireTokenForClient(t.Context(), step.request)
		if err != nil || got.AccessToken.Reveal() != step.want {
			t.Errorf("%s: got %q, %v; want %q", step.name, got.AccessToken.Reveal(), err, step.want)
		}
	}
	if len(r.forms) != 4 {
		t.Errorf("%d requests, want 4", len(r.forms))
	}
}

func TestAClaimsChallengeReplacesTheCachedToken(t *testing.T) {
	client, r := recorded(t, nil)
	acquire := func(request application.ClientCredentialsRequest) domain.Result {
		t.Helper()
		got, err := client.AcquireTokenForClient(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	acquire(ask(graph))
	challenged := ask(graph)
	challenged.ClaimsChallenge = `{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}`
	if got := acquire(challenged); got.AccessToken.Reveal() != "token-2" || got.Metadata.RefreshReason != domain.ReasonForced {
		t.Errorf("got %q because of %v", got.AccessToken.Reveal(), got.Metadata.RefreshReason)
	}
	if !json.Valid([]byte(r.last().Get("claims"))) {
		t.Errorf("claims sent: %q", r.last().Get("claims"))
	}
	if got := acquire(ask(graph)); got.AccessToken.Reveal() != "token-2" {
		t.Errorf("got %q afterwards, want the new token", got.AccessToken.Reveal())
	}
}

func TestARefusedTokenIsNeverServedAgain(t *testing.T) {
	client, _ := recorded(t, nil)
	first, err := client.AcquireTokenForClient(t.Context(), ask(graph))
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Invalidate(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	second, err := client.AcquireTokenForClient(t.Context(), ask(graph))
	if err != nil || second.AccessToken.Reveal() != "token-2" {
		t.Fatalf("got %q, %v", second.AccessToken.Reveal(), err)
	}
	if err := client.Invalidate(t.Context(), first); err != nil { // somebody is late to tell
		t.Fatal(err)
	}
	third, err := client.AcquireTokenForClient(t.Context(), ask(graph))
	if err != nil || third.AccessToken.Reveal() != "token-2" {
		t.Errorf("got %q, %v; want the token that nobody refused", third.AccessToken.Reveal(), err)
	}
	wantConfigError(t, client.Invalidate(t.Context(), domain.Result{}), "Result")
}

func TestRemoveTokensForClientLeavesOthersTokens(t *testing.T) {
	var config application.ConfidentialClientConfig
	client, r := recorded(t, func(c *application.ConfidentialClientConfig) { config = *c })
	neighbour := config
	neighbour.ClientID = "99999999-2222-3333-4444-555555555555"
	neighbour.Ports.HTTPClient = r
	other, err := application.NewConfidentialClient(neighbour)
	if err != nil {
		t.Fatal(err)
	}
	tenanted := ask(graph)
	tenanted.Tenant = "fabrikam.onmicrosoft.com"
	for _, request := range []application.ClientCredentialsRequest{ask(graph), tenanted} {
		if _, err := client.AcquireTokenForClient(t.Context(), request); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := other.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
		t.Fatal(err)
	}
	if err := client.RemoveTokensForClient(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left []domain.PartitionKey
	for key, err := range config.Ports.TokenCache.Keys(t.Context(), domain.PartitionFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, key)
	}
	if len(left) != 1 || left[0].ClientID() != neighbour.ClientID {
		t.Errorf("left in the cache: %v, want the neighbour's token only", left)
	}
}

func TestATokenWithoutExpiryIsHandedOutAndNotCached(t *testing.T) {
	client, r := recorded(t, nil)
	r.answer, r.status = `{"token_type":"bearer","access_token":"brief"}`, http.StatusOK
	for range 2 {
		got, err := client.AcquireTokenForClient(t.Context(), ask(graph))
		if err != nil || !got.ExpiresOn.IsZero() || got.AccessToken.Reveal() != "brief" {
			t.Fatalf("got %v, %v", got.ExpiresOn, err)
		}
	}
	if len(r.forms) != 2 {
		t.Errorf("%d requests, want 2", len(r.forms))
	}
}

func TestARefusalTellsWhoseItIsAndWhatToDo(t *testing.T) {
	client, r := recorded(t, nil)
	r.status = http.StatusUnauthorized
	r.answer = `{"error":"invalid_client","error_description":"AADSTS7000215: hunter2","error_codes":[7000215],"trace_id":"t-1"}`
	request := ask(graph)
	request.CorrelationID = "c-1"
	_, err := client.AcquireTokenForClient(t.Context(), request)
	var refused *domain.OAuthError
	if !errors.As(err, &refused) || !errors.Is(err, domain.ErrInvalidClient) || refused.StatusCode != http.StatusUnauthorized {
		t.Fatalf("got %#v", err)
	}
	want := "acquire token for client: the server refused: invalid_client AADSTS7000215: " +
		"the client secret is wrong. Pass the secret's value, not its id, of this app registration as Credential (correlation id c-1, trace id t-1)"
	if err.Error() != want {
		t.Errorf("got  %q\nwant %q", err, want)
	}
	request.ForceRefresh = true // or nothing would be sent so soon
	if _, err := client.AcquireTokenForClient(t.Context(), request); err == nil {
		t.Error("the refusal was cached as a token")
	}
	if got := r.header.Get("x-client-last-telemetry"); got != "4|0|730,c-1|invalid_client|" {
		t.Errorf("the next request reports %q", got)
	}
}

func TestAnEdKeySignsForAPlainProvider(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	client, r := recorded(t, func(c *application.ConfidentialClientConfig) {
		c.Authority, c.OIDCAuthority = "", "https://id.example.com"
		c.Metadata = &domain.ServerMetadata{
			Issuer: "https://id.example.com", TokenEndpoint: "https://id.example.com/token",
			TokenEndpointAuthSigningAlgs: []string{"RS256", "EdDSA"},
		}
		c.Credential = application.ClientSigner(key, application.SignerOptions{KeyID: "k1"})
		c.AssertionClaims = map[string]any{"department": "reports"}
	})
	if _, err := client.AcquireTokenForClient(t.Context(), ask("api:read")); err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(r.last().Get("client_assertion"), ".")
	var header, claims map[string]any
	for i, into := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil || json.Unmarshal(text, into) != nil {
			t.Fatal("not a JWT")
		}
	}
	if diff := cmp.Diff(map[string]any{"alg": "EdDSA", "kid": "k1", "typ": "client-authentication+jwt"}, header); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if claims["aud"] != "https://id.example.com" || claims["department"] != "reports" || claims["sub"] != claims["iss"] {
		t.Errorf("claims: %v", claims)
	}
}
