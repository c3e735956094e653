package application_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

const (
	globalHost  = "login.microsoftonline.com"
	regionHost  = "westeurope.login.microsoft.com"
	machineHost = "169.254.169.254"
)

// inRegion is an authority and the client of it.
type inRegion struct {
	*keyporttest.Authority
	t      *testing.T
	client *application.ConfidentialClient
	seen   *int // requests that hosts has told of
}

// newInRegion configures a client for westeurope, unless change says otherwise.
func newInRegion(t *testing.T, change func(*application.ConfidentialClientConfig, *keyporttest.Authority)) inRegion {
	t.Helper()
	a := keyporttest.New(keyporttest.Options{})
	a.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-secret"}})
	config := application.ConfidentialClientConfig{
		ClientID: "my-app", Authority: keyporttest.AuthorityURL, Credential: application.ClientSecret("my-secret"), AzureRegion: "westeurope",
		Ports: application.Ports{
			HTTPClient: a.Client(), Clock: a.Clock(), Environment: keyporttest.Environment{},
			TokenCache: cachememory.NewTokenCache(cachememory.TokenCacheOptions{Clock: a.Clock()}),
			HTTPCache:  cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{}),
		},
	}
	if change != nil {
		change(&config, a)
	}
	client, err := application.NewConfidentialClient(config)
	if err != nil {
		t.Fatal(err)
	}
	if sent := a.Requests(); len(sent) != 0 {
		t.Errorf("the constructor sent %v", sent)
	}
	return inRegion{a, t, client, new(int)}
}

// token gets a token of one of many resources, so that the cache has none.
func (r inRegion) token(n int) domain.Result {
	r.t.Helper()
	result, err := r.tryToken(n)
	if err != nil {
		r.t.Fatal(err)
	}
	return result
}

func (r inRegion) tryToken(n int) (domain.Result, error) {
	resource := fmt.Sprintf("api://resource-%d", n)
	r.AddResource(resource)
	return r.client.AcquireTokenForClient(r.t.Context(), application.ClientCredentialsRequest{Scopes: []string{resource + "/.default"}})
}

// hosts are those that were asked since the last call.
func (r inRegion) hosts() string {
	var out []string
	for _, sent := range r.Requests() {
		out = append(out, sent.URL.Host)
	}
	out = out[*r.seen:]
	*r.seen += len(out)
	return strings.Join(out, " ")
}

func TestARegionsTokenIsTheGlobalHostsToo(t *testing.T) {
	var cache application.Ports
	r := newInRegion(t, func(c *application.ConfidentialClientConfig, _ *keyporttest.Authority) { cache = c.Ports })
	got := r.token(1)
	want := domain.RegionDetails{Region: "westeurope", Source: domain.RegionFromConfig, Outcome: domain.RegionUsed}
	if got.Metadata.Region != want {
		t.Errorf("region %+v, want %+v", got.Metadata.Region, want)
	}
	if got.Metadata.TokenEndpoint != "https://"+regionHost+"/"+keyporttest.TenantDomain+"/oauth2/v2.0/token" {
		t.Errorf("token endpoint %s", got.Metadata.TokenEndpoint)
	}
	if _, key := got.Filed(); key.Environment != globalHost {
		t.Errorf("filed under %s, want the cloud's name", key.Environment)
	}
	if sent := r.Requests()[0].Header.Get("x-client-current-telemetry"); sent != "5|730,2,westeurope,,2|" {
		t.Errorf("telemetry %q", sent)
	}
	if r.hosts() != regionHost {
		t.Error("not the region's host alone was asked")
	}

	again := r.token(1)
	if again.Metadata.Source != domain.SourceCache || again.Metadata.Region != (domain.RegionDetails{}) {
		t.Errorf("from the cache: %+v", again.Metadata)
	}
	plain, err := application.NewConfidentialClient(application.ConfidentialClientConfig{
		ClientID: "my-app", Authority: "https://login.windows.net/" + keyporttest.TenantDomain, Credential: application.ClientSecret("my-secret"), Ports: cache,
	})
	if err != nil {
		t.Fatal(err)
	}
	shared, err := plain.AcquireTokenForClient(t.Context(), application.ClientCredentialsRequest{Scopes: []string{"api://resource-1/.default"}})
	if err != nil || shared.AccessToken.Reveal() != got.AccessToken.Reveal() {
		t.Errorf("a client without region got another token (%v)", err)
	}
}

func TestOnlyTheApplicationsOwnTokensAreRegional(t *testing.T) {
	r := newInRegion(t, nil)
	_, err := r.client.AcquireTokenOnBehalfOf(t.Context(), application.OnBehalfOfRequest{UserAssertion: domain.NewSecret("e30.e30.e30"), Scopes: []string{graph}})
	if err == nil {
		t.Fatal("an assertion of nobody was accepted")
	}
	sent := r.Requests(keyporttest.EndpointToken)
	if len(sent) != 1 || sent[0].URL.Host != globalHost {
		t.Errorf("on behalf of a user %v was asked", sent)
	}
	if got := sent[0].Header.Get("x-client-current-telemetry"); !strings.HasPrefix(got, "4|523,") {
		t.Errorf("telemetry %q", got)
	}
}

func TestWrongRegionsAreRefused(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*application.ConfidentialClientConfig)
		field  string
		says   string
	}{
		{"another host", func(c *application.ConfidentialClientConfig) { c.AzureRegion = "eastus.evil.example/" }, "AzureRegion", "RegionAutoDetect"},
		{"a path", func(c *application.ConfidentialClientConfig) { c.AzureRegion = "a/b" }, "AzureRegion", "RegionAutoDetect"},
		{"blank", func(c *application.ConfidentialClientConfig) { c.AzureRegion = " " }, "AzureRegion", "RegionAutoDetect"},
		{"too long", func(c *application.ConfidentialClientConfig) { c.AzureRegion = strings.Repeat("x", 300) }, "AzureRegion", "too many"},
		{"forced to nonsense", func(c *application.ConfidentialClientConfig) {
			c.AzureRegion, c.Ports.Environment = "", keyporttest.Environment{"MSAL_FORCE_REGION": "evil.example"}
		}, "environment variable MSAL_FORCE_REGION", "other characters"},
		{"another cloud's", func(c *application.ConfidentialClientConfig) { c.AzureRegion = "usgovvirginia" }, "AzureRegion", "https://login.microsoftonline.us"},
		{"no region of this cloud", func(c *application.ConfidentialClientConfig) {
			c.Authority, c.AzureRegion = "https://login.chinacloudapi.cn/contoso", "westeurope"
		}, "AzureRegion", "login.partner.microsoftonline.cn"},
		{"AD FS", func(c *application.ConfidentialClientConfig) { c.Authority = keyporttest.ADFSAuthorityURL }, "AzureRegion", "AD FS"},
		{"B2C, detected", func(c *application.ConfidentialClientConfig) {
			c.Authority, c.AzureRegion = keyporttest.B2CAuthorityURL, domain.RegionAutoDetect
		}, "AzureRegion", "B2C"},
		{"OpenID Connect", func(c *application.ConfidentialClientConfig) {
			c.Authority, c.OIDCAuthority = "", keyporttest.OIDCIssuer
		}, "AzureRegion", "OpenID"},
		{"an IP address", func(c *application.ConfidentialClientConfig) { c.Authority = "https://127.0.0.1:8443/contoso" }, "AzureRegion", "IP address"},
		{"an authority in a region", func(c *application.ConfidentialClientConfig) {
			c.Authority = "https://westeurope.login.microsoft.com/contoso"
		}, "Authority", `use https://login.microsoftonline.com/contoso, and "westeurope" for AzureRegion`},
		{"an authority in another cloud's region", func(c *application.ConfidentialClientConfig) {
			c.Authority = "https://usgovvirginia.login.microsoftonline.us/contoso"
		}, "Authority", "use https://login.microsoftonline.us/contoso"},
	} {
		t.Run(row.name, func(t *testing.T) {
			config := configOf(newServer(0))
			config.AzureRegion = "westeurope"
			row.change(&config)
			_, err := application.NewConfidentialClient(config)
			var bad *domain.ConfigError
			if !errors.As(err, &bad) || bad.Field != row.field || !strings.Contains(err.Error(), row.says) {
				t.Errorf("got %v, want the field %s and %q", err, row.field, row.says)
			}
		})
	}
}

func TestForcingIsForEntraIDOnly(t *testing.T) {
	config := configOf(newServer(0))
	config.Authority, config.Ports.Environment = keyporttest.ADFSAuthorityURL, keyporttest.Environment{"MSAL_FORCE_REGION": "evil.example"}
	if _, err := application.NewConfidentialClient(config); err != nil {
		t.Error(err)
	}
}
