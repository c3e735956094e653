package authority_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/mock/gomock"

	"github.com/seed57855a68/keyport/application/internal/authority"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/mocks"
)

const (
	discovery = keyporttest.EndpointInstanceDiscovery
	metadata  = keyporttest.EndpointMetadata
)

func TestKnownCloudsAreNotAsked(t *testing.T) {
	for _, host := range []domain.Cloud{
		domain.AzurePublic, domain.AzureUSGovernment, domain.AzureChina, domain.AzureBleu, domain.AzureDelos, domain.AzureGovSG,
		"login.windows.net", "login.microsoft.com", "sts.windows.net", "login.chinacloudapi.cn", "login.usgovcloudapi.net",
	} {
		for _, tenant := range []string{keyporttest.TenantDomain, domain.TenantCommon} {
			// Neither the cache nor the network is touched: the mock has no calls to expect.
			s := newSetupWith(authority.Options{}, mocks.NewMockHTTPCache(gomock.NewController(t)), nil)
			a := parse(t, domain.AuthorityURL(host, tenant))
			want, _ := a.KnownMetadata()
			if diff := cmp.Diff(want, s.mustResolve(t, a)); diff != "" {
				t.Errorf("metadata of %v (-want +got):\n%s", a, diff)
			}
			s.checkAsked(t)
		}
	}
}

func TestAKnownCloudIsAskedForADescription(t *testing.T) {
	s := newSetup(authority.Options{})
	m, err := s.resolver.Describe(t.Context(), parse(t, keyporttest.AuthorityURL))
	if err != nil || m.Issuer != "https://login.microsoftonline.com/"+keyporttest.TenantID+"/v2.0" {
		t.Errorf("issuer %q, %v, want that of the document", m.Issuer, err)
	}
	s.checkAsked(t, metadata) // the host is known: nobody needs to vouch for it
}

func TestStaticMetadata(t *testing.T) {
	for _, url := range []string{keyporttest.AuthorityURL, entraOnItsOwnHost, keyporttest.B2CAuthorityURL} {
		given := domain.ServerMetadata{Issuer: "https://given.example", TokenEndpoint: "https://given.example/token"}
		a := parse(t, url)
		s := newSetupWith(authority.Options{Static: &given, Authority: a}, mocks.NewMockHTTPCache(gomock.NewController(t)), nil)
		if diff := cmp.Diff(given, s.mustResolve(t, a)); diff != "" {
			t.Errorf("metadata (-want +got):\n%s", diff)
		}
		m, err := s.resolver.Describe(t.Context(), a)
		if diff := cmp.Diff(given, m); err != nil || diff != "" {
			t.Errorf("description: %v (-want +got):\n%s", err, diff)
		}
		s.checkAsked(t)
	}
}

func TestStaticMetadataIsForItsOwnAuthorityOnly(t *testing.T) {
	given := domain.ServerMetadata{TokenEndpoint: "https://given.example/token"}
	s := newSetup(authority.Options{Static: &given, Authority: parse(t, keyporttest.AuthorityURL)})
	other := parse(t, domain.AuthorityURL(domain.AzurePublic, "fabrikam.com"))
	if m := s.mustResolve(t, other); m.TokenEndpoint != "https://login.microsoftonline.com/fabrikam.com/oauth2/v2.0/token" {
		t.Errorf("another tenant's tokens come from %s", m.TokenEndpoint)
	}
	m, err := s.resolver.Describe(t.Context(), parseOIDC(t, keyporttest.OIDCIssuer))
	if err != nil || m.TokenEndpoint != keyporttest.OIDCIssuer+"/token" {
		t.Errorf("another server's token endpoint is %q, %v", m.TokenEndpoint, err)
	}
}

func TestServersThatDescribeThemselves(t *testing.T) {
	for _, tt := range []struct {
		authority       domain.Authority
		document, token string
		issuer          string
	}{
		{
			parse(t, keyporttest.ADFSAuthorityURL), "https://adfs.contoso.example/adfs/.well-known/openid-configuration",
			"https://adfs.contoso.example/adfs/oauth2/token/", "https://adfs.contoso.example/adfs",
		},
		{
			parse(t, keyporttest.B2CAuthorityURL), keyporttest.B2CAuthorityURL + "/v2.0/.well-known/openid-configuration",
			keyporttest.B2CAuthorityURL + "/oauth2/v2.0/token", "https://contoso.b2clogin.com/" + keyporttest.TenantID + "/v2.0/",
		},
		{
			parse(t, keyporttest.CIAMAuthorityURL), "https://contoso.ciamlogin.com/contoso.onmicrosoft.com/v2.0/.well-known/openid-configuration",
			"https://contoso.ciamlogin.com/" + keyporttest.TenantID + "/oauth2/v2.0/token",
			"https://" + keyporttest.TenantID + ".ciamlogin.com/" + keyporttest.TenantID + "/v2.0",
		},
		{
			parse(t, keyporttest.DSTSAuthorityURL), keyporttest.DSTSAuthorityURL + "/v2.0/.well-known/openid-configuration",
			keyporttest.DSTSAuthorityURL + "/oauth2/token", keyporttest.DSTSAuthorityURL + "/v2.0",
		},
		{
			parseOIDC(t, keyporttest.OIDCIssuer), keyporttest.OIDCIssuer + "/.well-known/openid-configuration",
			keyporttest.OIDCIssuer + "/token", keyporttest.OIDCIssuer,
		},
		{
			parseOIDC(t, keyporttest.OIDCIssuerPath), keyporttest.OIDCIssuerPath + "/.well-known/openid-configuration",
			keyporttest.OIDCIssuerPath + "/token", keyporttest.OIDCIssuerPath,
		},
	} {
		t.Run(tt.authority.Kind().String()+" "+tt.authority.Tenant(), func(t *testing.T) {
			s := newSetup(authority.Options{})
			m := s.mustResolve(t, tt.authority)
			if m.TokenEndpoint != tt.token || m.Issuer != tt.issuer {
				t.Errorf("token endpoint %q of issuer %q, want %q of %q", m.TokenEndpoint, m.Issuer, tt.token, tt.issuer)
			}
			s.checkAsked(t, metadata) // and nobody vouches for it
			r := s.server.Requests()[0]
			if r.Method != http.MethodGet || r.URL.String() != tt.document {
				t.Errorf("asked with %s %s, want GET %s", r.Method, r.URL, tt.document)
			}
			for name := range r.Header {
				if strings.HasPrefix(strings.ToLower(name), "x-client") || name == "Authorization" || name == "Cookie" {
					t.Errorf("a public document is asked for with the header %s", name)
				}
			}
		})
	}
}

func TestAnUnknownHostIsVouchedForBeforeItIsAsked(t *testing.T) {
	s := newSetup(authority.Options{})
	s.server.AddHost("login.contoso.example")
	m := s.mustResolve(t, parse(t, entraOnItsOwnHost))
	if want := entraOnItsOwnHost + "/oauth2/v2.0/token"; m.TokenEndpoint != want {
		t.Errorf("token endpoint %q, want %q", m.TokenEndpoint, want)
	}
	s.checkAsked(t, discovery, metadata)
	asked := s.server.Requests()[0].URL
	want := map[string][]string{"api-version": {"1.1"}, "authorization_endpoint": {entraOnItsOwnHost + "/oauth2/v2.0/authorize"}}
	if diff := cmp.Diff(want, map[string][]string(asked.Query())); diff != "" || asked.Host != "login.microsoftonline.com" {
		t.Errorf("asked %s; query (-want +got):\n%s", asked.Host, diff)
	}
}

func TestAnUnknownHostThatNobodyVouchesFor(t *testing.T) {
	s := newSetup(authority.Options{Trusted: []string{"other.example", "contoso.example"}})
	a := parse(t, "https://login.contoso.example:8443/"+keyporttest.TenantID)
	for range 2 {
		bad := mustFail[*domain.ConfigError](t, s, a)
		if bad.Field != "Authority" || !strings.Contains(bad.Problem, "login.contoso.example:8443") || !strings.Contains(bad.Problem, "invalid_instance") ||
			!strings.Contains(bad.Remedy, "DisableInstanceDiscovery") {
			t.Errorf("got %v", bad)
		}
	}
	s.checkAsked(t, discovery)
}

func TestHostsThatTheConfigurationVouchesFor(t *testing.T) {
	for name, o := range map[string]authority.Options{
		"trusted":               {Trusted: []string{"other.example", "login.contoso.example"}},
		"no instance discovery": {NoInstanceDiscovery: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSetup(o)
			s.mustResolve(t, parse(t, entraOnItsOwnHost))
			s.checkAsked(t, metadata)
		})
	}
}

func TestInstanceDiscoveryThatFails(t *testing.T) {
	const good = `{"tenant_discovery_endpoint":"https://login.contoso.example/x"}`
	for _, tt := range []struct {
		name   string
		rule   keyporttest.Rule
		status int
		is     error
	}{
		{"page", keyporttest.Rule{Body: "<html>"}, 200, nil},
		{"page with status 503", keyporttest.Rule{Status: 503, Body: "<html>"}, 503, domain.ErrUnavailable},
		{"throttling", keyporttest.Rule{Status: 429, Body: `{"error":"too_many_requests"}`}, 429, domain.ErrThrottled},
		{"another error", keyporttest.Rule{Status: 400, Body: `{"error":"invalid_request"}`}, 400, nil},
		{"nothing of use", keyporttest.Rule{Body: `{"api-version":"1.1"}`}, 200, nil},
		{"an endpoint that is no text", keyporttest.Rule{Body: `{"tenant_discovery_endpoint":1}`}, 200, nil},
		{"an empty endpoint", keyporttest.Rule{Body: `{"tenant_discovery_endpoint":""}`}, 200, nil},
		{"success with status 500", keyporttest.Rule{Status: 500, Body: good}, 500, domain.ErrUnavailable},
		{"success with status 404", keyporttest.Rule{Status: 404, Body: good}, 404, nil},
		{"redirect", keyporttest.Rule{Status: 302, Body: good, Header: http.Header{"Location": {"https://evil.example/"}}}, 302, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSetup(authority.Options{})
			tt.rule.Endpoint = discovery
			s.server.Script(tt.rule)
			bad := mustFail[*domain.ResponseError](t, s, parse(t, entraOnItsOwnHost))
			if bad.Operation != "instance discovery" || bad.Host != "login.microsoftonline.com" || bad.Status != tt.status {
				t.Errorf("got %+v, want status %d of instance discovery", *bad, tt.status)
			}
			if tt.is != nil && !errors.Is(bad, tt.is) {
				t.Errorf("got %v, want %v", bad, tt.is)
			}
			s.checkAsked(t, discovery) // and nothing was sent to the host
		})
	}
	t.Run("no answer", func(t *testing.T) {
		s := newSetup(authority.Options{})
		s.server.Script(keyporttest.Rule{Endpoint: discovery, Err: errors.New("connection reset")})
		mustFail[*domain.TransportError](t, s, parse(t, entraOnItsOwnHost))
		s.checkAsked(t, discovery)
	})
}

func TestAResolverThatIsClosed(t *testing.T) {
	s := newSetup(authority.Options{})
	if err := s.resolver.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.resolver.Resolve(t.Context(), parseOIDC(t, keyporttest.OIDCIssuer)); !errors.Is(err, domain.ErrClientClosed) {
		t.Errorf("got %v, want ErrClientClosed", err)
	}
	s.checkAsked(t)
}

func TestACallerWhoseContextEnds(t *testing.T) {
	s := newSetup(authority.Options{})
	hold := s.server.Hold(metadata)
	defer hold.Release()
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error)
	go func() {
		_, err := s.resolver.Resolve(ctx, parseOIDC(t, keyporttest.OIDCIssuer))
		got <- err
	}()
	if err := hold.WaitFor(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
