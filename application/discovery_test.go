package application_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

const (
	ownHost       = "login.contoso.example"
	entraAtOwnURL = "https://" + ownHost + "/" + keyporttest.TenantID
)

// TestWhatEachSwitchAsks: the first token's requests for each kind of authority, and
// each switch of the configuration.
func TestWhatEachSwitchAsks(t *testing.T) {
	type config = application.ConfidentialClientConfig
	skip := func(c *config) { c.SkipAuthorityValidation = true }
	disable := func(c *config) { c.DisableInstanceDiscovery = true }
	known := func(c *config) { c.KnownAuthorities = []string{"Login.Contoso.Example"} }
	clouds := func(c *config) {
		c.Clouds = []domain.CloudInfo{{PreferredNetwork: "Login.Contoso.Example"}, {PreferredNetwork: "other.example", Aliases: []string{"x.other.example"}}}
	}
	endpoints := func(c *config) {
		at := c.Authority + c.OIDCAuthority
		c.Metadata = &domain.ServerMetadata{Issuer: at, TokenEndpoint: at + map[bool]string{true: "/token", false: "/oauth2/v2.0/token"}[c.OIDCAuthority != ""]}
		if strings.HasSuffix(at, "/adfs") {
			c.Metadata.TokenEndpoint = at + "/oauth2/token"
		}
	}
	none := func(*config) {}
	const discovery, metadata, token = keyporttest.EndpointInstanceDiscovery, keyporttest.EndpointMetadata, keyporttest.EndpointToken
	type asked = []keyporttest.Endpoint
	for _, row := range []struct {
		name, authority, issuer string
		change                  func(*config)
		want                    asked
	}{
		{"Entra ID", keyporttest.AuthorityURL, "", none, asked{token}},
		{"Entra ID, validation off", keyporttest.AuthorityURL, "", skip, asked{token}},
		{"Entra ID, discovery off", keyporttest.AuthorityURL, "", disable, asked{token}},
		{"Entra ID, metadata given", keyporttest.AuthorityURL, "", endpoints, asked{token}},
		{"Entra ID at an unknown host", entraAtOwnURL, "", none, asked{discovery, metadata, token}},
		{"the same, validation off", entraAtOwnURL, "", skip, asked{metadata, token}},
		{"the same, discovery off", entraAtOwnURL, "", disable, asked{metadata, token}},
		{"the same, host known", entraAtOwnURL, "", known, asked{metadata, token}},
		{"the same, cloud known", entraAtOwnURL, "", clouds, asked{token}},
		{"the same, metadata given", entraAtOwnURL, "", endpoints, asked{token}},
		{"AD FS", keyporttest.ADFSAuthorityURL, "", none, asked{metadata, token}},
		{"AD FS, discovery off", keyporttest.ADFSAuthorityURL, "", disable, asked{metadata, token}},
		{"AD FS, metadata given", keyporttest.ADFSAuthorityURL, "", endpoints, asked{token}},
		{"B2C", keyporttest.B2CAuthorityURL, "", none, asked{metadata, token}},
		{"B2C at its own host", "https://" + ownHost + "/" + keyporttest.TenantDomain + "/b2c_1_signin", "", none, asked{metadata, token}},
		{"B2C, metadata given", keyporttest.B2CAuthorityURL, "", endpoints, asked{token}},
		{"External ID", keyporttest.CIAMAuthorityURL, "", none, asked{metadata, token}},
		{"OpenID Connect", "", keyporttest.OIDCIssuer, none, asked{metadata, token}},
		{"OpenID Connect, discovery off", "", keyporttest.OIDCIssuer, disable, asked{metadata, token}},
		{"OpenID Connect, metadata given", "", keyporttest.OIDCIssuer, endpoints, asked{token}},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newInRegion(t, func(c *config, a *keyporttest.Authority) {
				a.AddHost(ownHost)
				c.Authority, c.OIDCAuthority, c.AzureRegion = row.authority, row.issuer, ""
				row.change(c)
			})
			r.token(1)
			var got asked
			for _, sent := range r.Requests() {
				got = append(got, sent.Endpoint)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnUnknownHostGetsNoSecret(t *testing.T) {
	r := newInRegion(t, func(c *application.ConfidentialClientConfig, _ *keyporttest.Authority) {
		c.Authority, c.AzureRegion = entraAtOwnURL, ""
	})
	_, err := r.tryToken(1)
	var bad *domain.ConfigError
	if !errors.As(err, &bad) || bad.Field != "Authority" || !strings.Contains(err.Error(), "invalid_instance") {
		t.Errorf("got %v", err)
	}
	if hosts := r.hosts(); hosts != globalHost {
		t.Errorf("asked %s", hosts)
	}
}

// TestAPrivateCloudOfSeveralNames: its hosts are one cloud to the cache, in every
// tenant, and regions are at its preferred host.
func TestAPrivateCloudOfSeveralNames(t *testing.T) {
	const document = `{"api-version":"1.1","metadata":[
		{"preferred_network":"login.private.example","preferred_cache":"login.private.example","aliases":["login.private.example","sts.private.example"]}]}`
	clouds, err := application.ParseInstanceMetadata([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	var ports application.Ports
	first := newInRegion(t, func(c *application.ConfidentialClientConfig, _ *keyporttest.Authority) {
		c.Authority, c.Clouds, c.AzureRegion, ports = "https://sts.private.example/"+keyporttest.TenantDomain, clouds, "", c.Ports
	})
	got := first.token(1)
	if _, key := got.Filed(); key.Environment != "login.private.example" || first.hosts() != "sts.private.example" {
		t.Errorf("filed under %s", key.Environment)
	}
	second := newInRegion(t, func(c *application.ConfidentialClientConfig, _ *keyporttest.Authority) {
		http := c.Ports.HTTPClient
		c.Authority, c.Clouds, c.AzureRegion, c.Ports = "https://login.private.example/common", clouds, "privatenorth", ports
		c.Ports.HTTPClient = http
	})
	ask := application.ClientCredentialsRequest{Scopes: []string{"api://resource-1/.default"}, Tenant: keyporttest.TenantDomain}
	again, err := second.client.AcquireTokenForClient(t.Context(), ask)
	if err != nil || again.AccessToken.Reveal() != got.AccessToken.Reveal() {
		t.Errorf("another name of the cloud, another token (%v)", err)
	}
	ask.ForceRefresh = true
	second.AddResource("api://resource-1")
	if _, err := second.client.AcquireTokenForClient(t.Context(), ask); err != nil || second.hosts() != "privatenorth.login.private.example" {
		t.Errorf("the region of a private cloud: %v", err)
	}
}

// TestUsersOfAPrivateCloud: the name of the cloud is not lost on the way of a sign-in,
// which carries the authority as text.
func TestUsersOfAPrivateCloud(t *testing.T) {
	r := newInRegion(t, func(c *application.ConfidentialClientConfig, a *keyporttest.Authority) {
		const host = "login.private.example"
		a.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-secret"}, RedirectURIs: []string{"https://app.example/callback"}})
		c.Authority, c.AzureRegion = "https://"+host+"/"+domain.TenantOrganizations, ""
		c.Clouds = []domain.CloudInfo{{PreferredNetwork: host, Aliases: []string{"sts.private.example"}}}
	})
	flow, err := r.client.InitiateAuthCodeFlow(t.Context(), application.AuthCodeFlowRequest{
		Scopes: []string{userScope}, RedirectURI: "https://app.example/callback", Tenant: keyporttest.TenantID,
	})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := r.SignIn(flow.AuthorizationURL, keyporttest.SignIn{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.client.AcquireTokenByAuthCodeFlow(t.Context(), flow, answer)
	if err != nil {
		t.Fatal(err)
	}
	if got.Account.Environment != "login.private.example" {
		t.Errorf("the account is of %s", got.Account.Environment)
	}
	accounts, err := r.client.Accounts(t.Context(), application.AccountFilter{})
	if err != nil || len(accounts) != 1 {
		t.Errorf("accounts %v, %v", accounts, err)
	}
	silent, err := r.client.AcquireTokenSilent(t.Context(), application.SilentRequest{Scopes: []string{userScope}, Account: got.Account, Tenant: keyporttest.TenantID})
	if err != nil || silent.Metadata.Source != domain.SourceCache {
		t.Errorf("silent: %v, %v", silent.Metadata.Source, err)
	}
}

func TestWrongClouds(t *testing.T) {
	for _, row := range []struct {
		name   string
		clouds []domain.CloudInfo
		field  string
	}{
		{"no host", []domain.CloudInfo{{}}, "Clouds[0].PreferredNetwork"},
		{"a URL", []domain.CloudInfo{{PreferredNetwork: "https://login.example"}}, "Clouds[0].PreferredNetwork"},
		{"a path", []domain.CloudInfo{{PreferredNetwork: "login.example"}, {PreferredNetwork: "x.example", Aliases: []string{"y.example", "a/b"}}}, "Clouds[1].Aliases[1]"},
		{"user info", []domain.CloudInfo{{PreferredNetwork: "a@b.example"}}, "Clouds[0].PreferredNetwork"},
		{"one host twice", []domain.CloudInfo{{PreferredNetwork: "a.example"}, {PreferredNetwork: "b.example", Aliases: []string{"A.example"}}}, "Clouds[1].Aliases[0]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			config := configOf(newServer(0))
			config.Clouds = row.clouds
			_, err := application.NewConfidentialClient(config)
			var bad *domain.ConfigError
			if !errors.As(err, &bad) || bad.Field != row.field {
				t.Errorf("got %v, want the field %s", err, row.field)
			}
			public := application.PublicClientConfig{ClientID: "my-app", Clouds: row.clouds, Ports: config.Ports}
			if _, err := application.NewPublicClient(public); !errors.As(err, &bad) || bad.Field != row.field {
				t.Errorf("public client: got %v, want the field %s", err, row.field)
			}
		})
	}
}

func TestParseServerMetadata(t *testing.T) {
	m, err := application.ParseServerMetadata([]byte(`{"issuer":"https://id.example","token_endpoint":"https://id.example/token",
		"jwks_uri":"https://id.example/keys","response_modes_supported":["query"],"authorization_response_iss_parameter_supported":true,"more":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := &domain.ServerMetadata{
		Issuer: "https://id.example", TokenEndpoint: "https://id.example/token", JWKSURI: "https://id.example/keys",
		ResponseModes: []string{"query"}, IssuerInResponse: true,
	}
	if diff := cmp.Diff(want, m); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, row := range []struct{ document, says string }{
		{"", "no document"},
		{"<html>", "no document"},
		{"[]", "no document"},
		{`{}`, "token_endpoint is missing"},
		{`{"issuer":"https://id.example"}`, "token_endpoint is missing"},
		{`{"token_endpoint":7}`, "token_endpoint is not a string"},
		{`{"token_endpoint":"http://id.example/token"}`, "token_endpoint is not an absolute https URL"},
		{`{"token_endpoint":"https://id.example/token","response_modes_supported":"query"}`, "is not a list of strings"},
	} {
		m, err := application.ParseServerMetadata([]byte(row.document))
		var bad *domain.ConfigError
		if m != nil || !errors.As(err, &bad) || bad.Field != "Metadata" || bad.Remedy == "" || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: got %v, want %q", row.document, err, row.says)
		}
	}
}

func TestParseInstanceMetadata(t *testing.T) {
	got, err := application.ParseInstanceMetadata([]byte(`{"tenant_discovery_endpoint":"https://x","metadata":[
		{"preferred_network":"a.example","preferred_cache":"b.example","aliases":["a.example","b.example"]},{"preferred_network":"c.example","aliases":[]}]}`))
	want := []domain.CloudInfo{{PreferredNetwork: "a.example", Aliases: []string{"a.example", "b.example"}}, {PreferredNetwork: "c.example"}}
	if err != nil || len(got) != 2 || !slices.Equal(got[0].Aliases, want[0].Aliases) || got[0].PreferredNetwork != "a.example" || got[1].PreferredNetwork != "c.example" {
		t.Errorf("got %v, %v", got, err)
	}
	for _, row := range []struct{ document, says string }{
		{"", "no document"},
		{`{}`, `no list "metadata"`},
		{`{"metadata":[]}`, `no list "metadata"`},
		{`{"metadata":{}}`, `no list "metadata"`},
		{`{"metadata":["a"]}`, "metadata[0]"},
		{`{"metadata":[{"preferred_network":"a.example"},{"aliases":["x"]}]}`, "metadata[1]"},
		{`{"metadata":[{"preferred_network":"a.example","aliases":"x"}]}`, "metadata[0]"},
		{`{"metadata":[{"preferred_network":1,"aliases":[]}]}`, "metadata[0]"},
	} {
		clouds, err := application.ParseInstanceMetadata([]byte(row.document))
		var bad *domain.ConfigError
		if clouds != nil || !errors.As(err, &bad) || bad.Field != "Clouds" || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%s: got %v, want %q", row.document, err, row.says)
		}
	}
}

// TestCloudMismatchIsExplained: a server that says "another cloud" by number.
func TestCloudMismatchIsExplained(t *testing.T) {
	for _, number := range []int{90038, 90051, 900382, 900432, 900439} {
		r := newInRegion(t, func(c *application.ConfidentialClientConfig, _ *keyporttest.Authority) { c.AzureRegion = "" })
		r.Script(keyporttest.Rule{Status: 400, Body: fmt.Sprintf(`{"error":"invalid_request","error_codes":[%d]}`, number)})
		if _, err := r.tryToken(1); err == nil || !strings.Contains(err.Error(), "Authority") || !strings.Contains(err.Error(), "cloud") {
			t.Errorf("%d: got %v", number, err)
		}
	}
}
