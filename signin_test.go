package keyport_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

const redirectURI = "https://app.example/callback"

// site is a web application at an authority of some kind.
type site struct {
	name, authority, issuer string
	scope                   string
	homeID                  string // of the default user; "" for the subject of the ID token
	requests                []keyporttest.Endpoint
}

var sites = []site{
	{name: "Entra ID, one tenant", authority: keyporttest.AuthorityURL, scope: "https://graph.microsoft.com/User.Read",
		homeID: keyporttest.UserID + "." + keyporttest.TenantID, requests: []keyporttest.Endpoint{keyporttest.EndpointKeys, keyporttest.EndpointToken}},
	{name: "Entra ID, common", authority: "https://login.microsoftonline.com/common", scope: "https://graph.microsoft.com/User.Read",
		homeID: keyporttest.UserID + "." + keyporttest.TenantID, requests: []keyporttest.Endpoint{keyporttest.EndpointKeys, keyporttest.EndpointToken}},
	{name: "Entra ID, organizations", authority: "https://login.microsoftonline.com/organizations", scope: "https://graph.microsoft.com/User.Read",
		homeID: keyporttest.UserID + "." + keyporttest.TenantID, requests: []keyporttest.Endpoint{keyporttest.EndpointKeys, keyporttest.EndpointToken}},
	{name: "Entra ID by another name", authority: "https://login.windows.net/" + keyporttest.TenantID, scope: "https://graph.microsoft.com/User.Read",
		homeID: keyporttest.UserID + "." + keyporttest.TenantID, requests: []keyporttest.Endpoint{keyporttest.EndpointKeys, keyporttest.EndpointToken}},
	{name: "B2C", authority: keyporttest.B2CAuthorityURL, scope: "https://contoso.onmicrosoft.com/api/read",
		requests: []keyporttest.Endpoint{keyporttest.EndpointMetadata, keyporttest.EndpointKeys, keyporttest.EndpointToken}},
	{name: "External ID", authority: keyporttest.CIAMAuthorityURL, scope: "https://graph.microsoft.com/User.Read",
		homeID: keyporttest.UserID + "." + keyporttest.TenantID, requests: []keyporttest.Endpoint{keyporttest.EndpointMetadata, keyporttest.EndpointKeys, keyporttest.EndpointToken}},
	{name: "External ID with a path", authority: keyporttest.CIAMAuthorityURL + "/" + keyporttest.TenantDomain, scope: "https://graph.microsoft.com/User.Read",
		homeID: keyporttest.UserID + "." + keyporttest.TenantID, requests: []keyporttest.Endpoint{keyporttest.EndpointMetadata, keyporttest.EndpointKeys, keyporttest.EndpointToken}},
	{name: "AD FS", authority: keyporttest.ADFSAuthorityURL, scope: "https://api.contoso.example/read",
		requests: []keyporttest.Endpoint{keyporttest.EndpointMetadata, keyporttest.EndpointKeys, keyporttest.EndpointToken}},
	{name: "OpenID Connect", issuer: keyporttest.OIDCIssuer, scope: "api:read",
		requests: []keyporttest.Endpoint{keyporttest.EndpointMetadata, keyporttest.EndpointKeys, keyporttest.EndpointToken}},
	{name: "OpenID Connect with a path", issuer: keyporttest.OIDCIssuerPath, scope: "api:read",
		requests: []keyporttest.Endpoint{keyporttest.EndpointMetadata, keyporttest.EndpointKeys, keyporttest.EndpointToken}},
}

// newSite starts an authority with the application, and a client of it.
func newSite(t *testing.T, s site) (*keyporttest.Authority, *keyport.ConfidentialClient, keyport.ConfidentialClientConfig) {
	t.Helper()
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddResource("https://contoso.onmicrosoft.com/api")
	secret := keyporttest.PlantSecret("client secret")
	authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{secret}, RedirectURIs: []string{redirectURI}})
	config := keyport.ConfidentialClientConfig{
		ClientID: "my-app", Authority: s.authority, OIDCAuthority: s.issuer, Credential: keyport.ClientSecret(secret),
		Ports: keyport.Ports{HTTPClient: authority.Client(), Clock: authority.Clock()},
	}
	app, err := keyport.NewConfidentialClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return authority, app, config
}

// begin starts a flow and has the user sign in.
func begin(t *testing.T, a *keyporttest.Authority, app *keyport.ConfidentialClient, r keyport.AuthCodeFlowRequest) (keyport.AuthCodeFlow, url.Values) {
	t.Helper()
	r.RedirectURI = redirectURI
	flow, err := app.InitiateAuthCodeFlow(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	response, err := a.SignIn(flow.AuthorizationURL, keyporttest.SignIn{})
	if err != nil {
		t.Fatal(err)
	}
	return flow, response
}

func TestUsersSignInAtEveryKindOfAuthority(t *testing.T) {
	for _, s := range sites {
		for _, mode := range []keyport.ResponseMode{keyport.ResponseModeQuery, keyport.ResponseModeFormPost} {
			t.Run(s.name+"/"+string(mode), func(t *testing.T) {
				authority, app, _ := newSite(t, s)
				flow, response := begin(t, authority, app, keyport.AuthCodeFlowRequest{Scopes: []string{s.scope}, ResponseMode: mode})
				got, err := app.AcquireTokenByAuthCodeFlow(t.Context(), flow, response)
				if err != nil {
					t.Fatal(err)
				}
				checkSignedIn(t, app, s, got)
				wantRequests(t, authority, s.requests)
				renewAndRemove(t, authority, app, s, got)
			})
		}
	}
}

func checkSignedIn(t *testing.T, app *keyport.ConfidentialClient, s site, got keyport.Result) {
	t.Helper()
	claims, err := got.IDTokenClaims()
	if err != nil {
		t.Fatal(err)
	}
	home := s.homeID
	if home == "" && got.Account.HomeAccountID != claims.Subject && !strings.HasSuffix(got.Account.HomeAccountID, "."+keyporttest.TenantID) {
		t.Errorf("the account is %q, want the subject or an id at home", got.Account.HomeAccountID)
	}
	if home != "" && got.Account.HomeAccountID != home {
		t.Errorf("the account is %q, want %q", got.Account.HomeAccountID, home)
	}
	if got.Account.Username == "" || got.AccessToken.IsZero() || got.Metadata.Source != keyport.SourceIdentityProvider {
		t.Errorf("the result lacks something: user %q, source %v", got.Account.Username, got.Metadata.Source)
	}
	accounts, err := app.Accounts(t.Context(), keyport.AccountFilter{})
	if err != nil || len(accounts) != 1 || accounts[0] != got.Account {
		t.Errorf("accounts: %d, %v; want the one of the result", len(accounts), err)
	}
}

func wantRequests(t *testing.T, a *keyporttest.Authority, want []keyporttest.Endpoint) {
	t.Helper()
	browsers := []keyporttest.Endpoint{keyporttest.EndpointAuthorization, keyporttest.EndpointSignIn}
	var got []keyporttest.Endpoint
	for _, r := range a.Requests() {
		if !slices.Contains(browsers, r.Endpoint) {
			got = append(got, r.Endpoint)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("requests: %v, want %v", got, want)
	}
}

// renewAndRemove goes on where the sign-in ended: cached, refreshed, refreshed again,
// signed out.
func renewAndRemove(t *testing.T, a *keyporttest.Authority, app *keyport.ConfidentialClient, s site, signedIn keyport.Result) {
	t.Helper()
	request := keyport.SilentRequest{Scopes: []string{s.scope}, Account: signedIn.Account}
	for _, step := range []struct {
		after  time.Duration
		source string
	}{{0, "cache"}, {2 * time.Hour, "identity_provider"}, {0, "cache"}, {2 * time.Hour, "identity_provider"}} {
		a.Clock().Advance(step.after)
		got, err := app.AcquireTokenSilent(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		if got.Metadata.Source.String() != step.source || got.Account.HomeAccountID != signedIn.Account.HomeAccountID {
			t.Errorf("after %v: from %v", step.after, got.Metadata.Source)
		}
	}
	if err := app.RemoveAccount(t.Context(), signedIn.Account); err != nil {
		t.Fatal(err)
	}
	if _, err := app.AcquireTokenSilent(t.Context(), request); !errors.Is(err, keyport.ErrTokenNotCached) {
		t.Errorf("after the removal: %v", err)
	}
}

func TestAPublicClientSignsInWithPKCEAlone(t *testing.T) {
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddApp(keyporttest.App{ClientID: "my-app", Public: true, RedirectURIs: []string{redirectURI}})
	app, err := keyport.NewPublicClient(keyport.PublicClientConfig{
		ClientID: "my-app", Ports: keyport.Ports{HTTPClient: authority.Client(), Clock: authority.Clock()},
	})
	if err != nil {
		t.Fatal(err)
	}
	flow, err := app.InitiateAuthCodeFlow(t.Context(), keyport.AuthCodeFlowRequest{Scopes: []string{"https://graph.microsoft.com/User.Read"}, RedirectURI: redirectURI})
	if err != nil {
		t.Fatal(err)
	}
	response, err := authority.SignIn(flow.AuthorizationURL, keyporttest.SignIn{})
	if err != nil {
		t.Fatal(err)
	}
	stolen := flow
	stolen.CodeVerifier = keyport.NewSecret(strings.Repeat("x", 43))
	if _, err := app.AcquireTokenByAuthCodeFlow(t.Context(), stolen, response); err == nil {
		t.Error("a code was redeemed with another verifier")
	}
}

// TestAFlowServesOnceAndForItsOwnAnswer: what a stranger, a second tab or an attacker
// may send to the redirect URI.
func TestAFlowServesOnceAndForItsOwnAnswer(t *testing.T) {
	authority, app, config := newSite(t, sites[0])
	request := keyport.AuthCodeFlowRequest{Scopes: []string{sites[0].scope}}
	flow, response := begin(t, authority, app, request)
	other, otherResponse := begin(t, authority, app, request)
	for name, attempt := range map[string]struct {
		flow     keyport.AuthCodeFlow
		response url.Values
	}{
		"nothing in the session": {keyport.AuthCodeFlow{}, response},
		"an empty answer":        {flow, url.Values{}},
		"another flow's answer":  {flow, otherResponse},
		"a code without state":   {flow, url.Values{"code": response["code"]}},
	} {
		if _, err := app.AcquireTokenByAuthCodeFlow(t.Context(), attempt.flow, attempt.response); !errors.Is(err, keyport.ErrResponseMismatch) {
			t.Errorf("%s: got %v, want ErrResponseMismatch", name, err)
		}
	}
	text, err := json.Marshal(flow) // as a session store keeps it
	if err != nil {
		t.Fatal(err)
	}
	var kept keyport.AuthCodeFlow
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	if _, err := app.AcquireTokenByAuthCodeFlow(t.Context(), kept, response); err != nil {
		t.Fatal(err)
	}
	if _, err := app.AcquireTokenByAuthCodeFlow(t.Context(), flow, response); !errors.Is(err, keyport.ErrResponseMismatch) {
		t.Errorf("the second time: got %v, want ErrResponseMismatch", err)
	}
	authority.Clock().Advance(2 * time.Hour)
	if _, err := app.AcquireTokenByAuthCodeFlow(t.Context(), other, otherResponse); !errors.Is(err, keyport.ErrResponseMismatch) {
		t.Errorf("too late: got %v, want ErrResponseMismatch", err)
	}
	config.ClientID = "another-app"
	foreign, err := keyport.NewConfidentialClient(config)
	if err != nil {
		t.Fatal(err)
	}
	fresh, freshResponse := begin(t, authority, app, request)
	var bad *keyport.ConfigError
	if _, err := foreign.AcquireTokenByAuthCodeFlow(t.Context(), fresh, freshResponse); !errors.As(err, &bad) || bad.Field != "AuthCodeFlow" {
		t.Errorf("another client's flow: got %v, want a ConfigError", err)
	}
}

func TestARefusalAtTheSignInIsAnOAuthError(t *testing.T) {
	for _, s := range sites {
		t.Run(s.name, func(t *testing.T) {
			authority, app, _ := newSite(t, s)
			flow, err := app.InitiateAuthCodeFlow(t.Context(), keyport.AuthCodeFlowRequest{Scopes: []string{s.scope}, RedirectURI: redirectURI, Prompt: keyport.PromptNone})
			if err != nil {
				t.Fatal(err)
			}
			response, err := authority.SignIn(flow.AuthorizationURL, keyporttest.SignIn{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = app.AcquireTokenByAuthCodeFlow(t.Context(), flow, response)
			var refused *keyport.OAuthError
			if !errors.As(err, &refused) || !errors.Is(err, keyport.ErrInteractionRequired) {
				t.Errorf("got %v, want that the user must act", err)
			}
		})
	}
}

func TestKeysMayRotateBetweenTwoSignIns(t *testing.T) {
	authority, app, _ := newSite(t, sites[0])
	for range 3 {
		flow, response := begin(t, authority, app, keyport.AuthCodeFlowRequest{Scopes: []string{sites[0].scope}})
		if _, err := app.AcquireTokenByAuthCodeFlow(t.Context(), flow, response); err != nil {
			t.Fatal(err)
		}
		authority.RotateKeys(keyporttest.Rotation{})
		authority.Clock().Advance(6 * time.Minute)
	}
}
