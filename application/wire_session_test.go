package application_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// What the peers were configured with.
const (
	labTenant       = "aaaaaaaa-0000-4000-8000-000000000001"
	labOtherTenant  = "aaaaaaaa-0000-4000-8000-000000000099"
	labEntra        = "https://login.microsoftonline.com/" + labTenant
	labConfidential = "eeeeeeee-0000-4000-8000-000000000005"
	labPublic       = "ffffffff-0000-4000-8000-000000000006"
	labRedirect     = "http://localhost:8400/cb"
	labCode         = "code-1.lab-authorization-code"
	labChallenge    = `{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}`
	// labClientInfo is what the authorization endpoint said of the user.
	labClientInfo = "eyJ1aWQiOiJiYmJiYmJiYi0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDIiLCJ1dGlkIjoiYWFhYWFhYWEtMDAwMC00MDAwLTgwMDAtMDAwMDAwMDAwMDAxIn0"
)

// labShortLife is the life of the tokens that were to expire. The peers take them as
// expired from the first second, because their margin is longer than that.
const labShortLife = time.Minute

var labScopes = []string{"User.Read", "Mail.Read"}

// wireSession is one flow of one peer, done again with this library.
type wireSession struct {
	t     *testing.T
	peer  string
	net   *replay
	clock *keyporttest.Clock
	close []func(context.Context) error
}

func newWireSession(t *testing.T, r recording, documents map[string]recordedAnswer) *wireSession {
	t.Helper()
	clock := keyporttest.NewClock(noon)
	net := &replay{t: t, documents: documents, clock: clock}
	for _, q := range r.tokenRequests() {
		net.answers = append(net.answers, q.Response)
	}
	return &wireSession{t: t, peer: r.Peer, net: net, clock: clock}
}

// wireSetup is what the flows configure; zero values: a secret, and Entra ID.
type wireSetup struct {
	authority, oidcAuthority string
	credential               func(peer string) application.Credential
	capabilities             []string
	noDiscovery              bool
	appName, appVersion      string
	region                   string
}

func (u wireSetup) authorities() (authority, oidc string) {
	if u.authority == "" && u.oidcAuthority == "" {
		return labEntra, ""
	}
	return u.authority, u.oidcAuthority
}

func (s *wireSession) ports() application.Ports {
	return application.Ports{
		HTTPClient: s.net, Clock: s.clock, Environment: keyporttest.Environment{"REGION_NAME": "eastus2"},
		TokenCache: cachememory.NewTokenCache(cachememory.TokenCacheOptions{Clock: s.clock}),
		HTTPCache:  cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{}),
	}
}

func (s *wireSession) confidential(u wireSetup) *application.ConfidentialClient {
	s.t.Helper()
	credential := application.ClientSecret("lab-client-secret")
	if u.credential != nil {
		credential = u.credential(s.peer)
	}
	authority, oidc := u.authorities()
	client, err := application.NewConfidentialClient(application.ConfidentialClientConfig{
		ClientID: labConfidential, Authority: authority, OIDCAuthority: oidc, Credential: credential,
		Capabilities: u.capabilities, DisableInstanceDiscovery: u.noDiscovery,
		AppName: u.appName, AppVersion: u.appVersion, AzureRegion: u.region, Ports: s.ports(),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.close = append(s.close, client.Close)
	return client
}

func (s *wireSession) public(u wireSetup) *application.PublicClient {
	s.t.Helper()
	authority, oidc := u.authorities()
	client, err := application.NewPublicClient(application.PublicClientConfig{
		ClientID: labPublic, Authority: authority, OIDCAuthority: oidc,
		Capabilities: u.capabilities, Ports: s.ports(),
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.close = append(s.close, client.Close)
	return client
}

// end waits for what goes on behind callers' backs.
func (s *wireSession) end() {
	s.t.Helper()
	for _, c := range s.close {
		if err := c(s.t.Context()); err != nil {
			s.t.Error(err)
		}
	}
}

// userClient is what public and confidential clients have in common.
type userClient interface {
	InitiateAuthCodeFlow(context.Context, application.AuthCodeFlowRequest) (domain.AuthCodeFlow, error)
	AcquireTokenByAuthCodeFlow(context.Context, domain.AuthCodeFlow, url.Values) (domain.Result, error)
	AcquireTokenSilent(context.Context, application.SilentRequest) (domain.Result, error)
}

// signIn plays the browser: the recorded authorization endpoint gave a code, and
// client_info to those who asked for it.
func (s *wireSession) signIn(client userClient, r application.AuthCodeFlowRequest) (domain.Result, error) {
	s.t.Helper()
	r.RedirectURI = labRedirect
	flow, err := client.InitiateAuthCodeFlow(s.t.Context(), r)
	if err != nil {
		return domain.Result{}, err
	}
	u, err := url.Parse(flow.AuthorizationURL)
	if err != nil {
		s.t.Fatal(err)
	}
	asked := u.Query()
	s.net.expectNonce(asked.Get("nonce"))
	response := url.Values{"code": {labCode}, "state": {asked.Get("state")}, "session_state": {"dddddddd-0000-4000-8000-000000000004"}}
	if asked.Get("client_info") == "1" {
		response.Set("client_info", labClientInfo)
	}
	return client.AcquireTokenByAuthCodeFlow(s.t.Context(), flow, response)
}
