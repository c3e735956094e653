package application_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
)

// TestWrongConfigurationNamesTheFieldAndTheRemedy reads like a list of the
// mistakes that people make; none of them sends anything.
func TestWrongConfigurationNamesTheFieldAndTheRemedy(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	type config = application.ConfidentialClientConfig
	rows := []struct {
		name   string
		change func(*config)
		field  string
	}{
		{"no client id", func(c *config) { c.ClientID = "" }, "ClientID"},
		{"blank client id", func(c *config) { c.ClientID = "  " }, "ClientID"},
		{"client id with a line break", func(c *config) { c.ClientID = "id\r\n" }, "ClientID"},
		{"endless client id", func(c *config) { c.ClientID = strings.Repeat("x", 2000) }, "ClientID"},
		{"http authority", func(c *config) { c.Authority = "http://login.microsoftonline.com/contoso" }, "Authority"},
		{"authority without tenant", func(c *config) { c.Authority = "https://login.microsoftonline.com" }, "Authority"},
		{"authority that is a tenant", func(c *config) { c.Authority = "contoso.onmicrosoft.com" }, "Authority"},
		{"authority with password", func(c *config) { c.Authority = "https://joe:hunter2@login.microsoftonline.com/contoso" }, "Authority"},
		{"two authorities", func(c *config) { c.OIDCAuthority = "https://id.example.com" }, "Authority"},
		{"OIDC authority over http", func(c *config) { c.Authority, c.OIDCAuthority = "", "http://id.example.com" }, "OIDCAuthority"},
		{"no credential", func(c *config) { c.Credential = application.Credential{} }, "Credential"},
		{"empty secret", func(c *config) { c.Credential = application.ClientSecret("") }, "Credential"},
		{"secret with the file's line break", func(c *config) { c.Credential = application.ClientSecret("hunter2\n") }, "Credential"},
		{"assertion that is no JWT", func(c *config) { c.Credential = application.ClientAssertion("hunter2") }, "Credential"},
		{"no callback", func(c *config) { c.Credential = application.ClientAssertionFunc(nil) }, "Credential"},
		{"no provider", func(c *config) { c.Credential = application.CredentialFunc(nil) }, "Credential"},
		{"no signer", func(c *config) { c.Credential = application.ClientSigner(nil, application.SignerOptions{}) }, "Credential"},
		{"nil signer of a type", func(c *config) {
			c.Credential = application.ClientSigner((*ecdsa.PrivateKey)(nil), application.SignerOptions{})
		}, "Credential"},
		{"short thumbprint", func(c *config) {
			c.Credential = application.ClientSigner(key, application.SignerOptions{SHA1Thumbprint: []byte{1, 2}})
		}, "Credential.SHA1Thumbprint"},
		{"x5c without certificate", func(c *config) {
			c.Credential = application.ClientSigner(key, application.SignerOptions{SendX5C: true})
		}, "Credential.SendX5C"},
		{"unknown method", func(c *config) { c.ClientAuthMethod = "client_secret_magic" }, "ClientAuthMethod"},
		{"method of another credential", func(c *config) { c.ClientAuthMethod = application.PrivateKeyJWT }, "ClientAuthMethod"},
		{"claims that are no JSON", func(c *config) { c.AssertionClaims = map[string]any{"f": func() {}} }, "AssertionClaims"},
		{"openid excluded", func(c *config) { c.ExcludeScopes = []string{"openid"} }, "ExcludeScopes"},
		{"app name with a line break", func(c *config) { c.AppName = "a\r\nX-Evil: 1" }, "AppName"},
		{"negative timeout", func(c *config) { c.Timeout = -1 }, "Timeout"},
		{"nil HTTP client of a type", func(c *config) { c.Ports.HTTPClient = (*http.Client)(nil) }, "Ports.HTTPClient"},
		{"no clock", func(c *config) { c.Ports.Clock = nil }, "Ports.Clock"},
		{"metadata without endpoint", func(c *config) { c.Metadata = &domain.ServerMetadata{} }, "Metadata.TokenEndpoint"},
		{"metadata over http", func(c *config) { c.Metadata = &domain.ServerMetadata{TokenEndpoint: "http://x/token"} }, "Metadata"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			base := configOf(newServer(0))
			row.change(&base)
			_, err := application.NewConfidentialClient(base)
			wantConfigError(t, err, row.field)
		})
	}
}

func wantConfigError(t *testing.T, err error, field string) {
	t.Helper()
	var config *domain.ConfigError
	if !errors.As(err, &config) {
		t.Fatalf("got %v, want a ConfigError of %s", err, field)
	}
	if config.Field != field || config.Problem == "" || config.Remedy == "" {
		t.Errorf("field %q, problem %q, remedy %q; want the field %q and a remedy", config.Field, config.Problem, config.Remedy, field)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error tells a secret: %v", err)
	}
}

// TestWrongRequestsNameTheFieldAndSendNothing covers what a caller can get wrong
// in a single call.
func TestWrongRequestsNameTheFieldAndSendNothing(t *testing.T) {
	type request = application.ClientCredentialsRequest
	rows := []struct {
		name      string
		authority string
		request   request
		field     string
	}{
		{"no scope", "", ask(), "Scopes"},
		{"empty scope", "", ask(""), "Scopes[0]"},
		{"two scopes in one", "", ask("https://graph.microsoft.com/.default openid"), "Scopes[0]"},
		{"offline_access for an application", "", ask(graph, "offline_access"), "Scopes"},
		{"openid for an application", "", ask("openid"), "Scopes"},
		{"a permission by name", "", ask("https://graph.microsoft.com/User.Read"), "Scopes"},
		{"two resources", "", ask(graph, "https://vault.azure.net/.default"), "Scopes"},
		{"the tenant of everybody", "https://login.microsoftonline.com/common", ask(graph), "Authority"},
		{"a tenant that is a path", "", request{Scopes: []string{graph}, Tenant: "../common"}, "Tenant"},
		{"a tenant with a query", "", request{Scopes: []string{graph}, Tenant: "a?x"}, "Tenant"},
		{"a challenge that is no JSON", "", request{Scopes: []string{graph}, ClaimsChallenge: "eyJhY2Nlc3"}, "Claims"},
		{"a challenge that is a list", "", request{Scopes: []string{graph}, ClaimsChallenge: "[]"}, "Claims"},
		{"a reserved parameter", "", request{Scopes: []string{graph}, ExtraParameters: domain.Parameters{Body: []domain.Parameter{{Name: "client_id", Value: "x"}}}}, "ExtraParameters.Body[0]"},
		{"a reserved header", "", request{Scopes: []string{graph}, ExtraParameters: domain.Parameters{Header: []domain.Parameter{{Name: "Authorization", Value: "x"}}}}, "ExtraParameters.Header[0]"},
		{"a header with a line break", "", request{Scopes: []string{graph}, ExtraParameters: domain.Parameters{Header: []domain.Parameter{{Name: "X-A", Value: "x\r\ny"}}}}, "ExtraParameters.Header[0]"},
		{"a correlation id with a line break", "", request{Scopes: []string{graph}, CorrelationID: "x\r\ny"}, "CorrelationID"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			s := newServer(0)
			config := configOf(s)
			if row.authority != "" {
				config.Authority = row.authority
			}
			client, err := application.NewConfidentialClient(config)
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.AcquireTokenForClient(t.Context(), row.request)
			wantConfigError(t, err, row.field)
			if n := s.requests.Load(); n != 0 {
				t.Errorf("%d requests were sent", n)
			}
		})
	}
}

func TestContextsThatAreOverSendNothing(t *testing.T) {
	s := newServer(0)
	client, err := application.NewConfidentialClient(configOf(s))
	if err != nil {
		t.Fatal(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.AcquireTokenForClient(over, ask(graph)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	var none context.Context
	_, err = client.AcquireTokenForClient(none, ask(graph))
	wantConfigError(t, err, "ctx")
	if n := s.requests.Load(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}
