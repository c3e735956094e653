package keyport_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// TestPlansTellHowTheClientProvesItself without asking anybody for a secret, a
// credential or a signature.
func TestPlansTellHowTheClientProvesItself(t *testing.T) {
	certificate := keyporttest.NewCertificate("my-app")
	asked := func(context.Context, keyport.AssertionRequest) (string, error) {
		t.Error("planning asks for an assertion")
		return "", errors.New("asked")
	}
	provided := func(context.Context, keyport.CredentialRequest) (keyport.Credential, error) {
		t.Error("planning asks for a credential")
		return keyport.Credential{}, errors.New("asked")
	}
	pem := keyport.ClientCertificate(
		keyport.CertificateSource{PEM: append(certificate.KeyPEM(), certificate.PEM()...)}, keyport.CertificateOptions{},
	)
	for _, row := range []struct {
		name       string
		credential keyport.Credential
		method     keyport.ClientAuthMethod
		oidc       bool
		want       string
		sent       string // a parameter; "" for none
	}{
		{"a secret", keyport.ClientSecret("the-long-secret"), "", false, "client_secret_post", "client_secret"},
		{"a certificate", pem, "", false, "private_key_jwt", "client_assertion"},
		{"an assertion", keyport.ClientAssertion("header.payload.signature"), "", false, "private_key_jwt", "client_assertion"},
		{"a callback", keyport.ClientAssertionFunc(asked), "", false, "private_key_jwt", "client_assertion"},
		{"a provider", keyport.CredentialFunc(provided), "", false, "what the credential provider brings", ""},
		{"a secret, as the metadata say", keyport.ClientSecret("the-long-secret"), "", true, "a method that the metadata offer", ""},
		{"a secret in the header", keyport.ClientSecret("the-long-secret"), keyport.ClientSecretBasic, true, "client_secret_basic", ""},
		{"a secret in the form", keyport.ClientSecret("the-long-secret"), keyport.ClientSecretPost, true, "client_secret_post", "client_secret"},
		{"a secret that signs", keyport.ClientSecret(strings.Repeat("a-long-secret", 4)), keyport.ClientSecretJWT, true, "client_secret_jwt", "client_assertion"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newPlanned(t, func(c *keyport.ConfidentialClientConfig) {
				c.Credential, c.ClientAuthMethod = row.credential, row.method
				if row.oidc {
					oidc(c)
				}
			})
			plan := p.app.PlanTokenForClient(t.Context(), keyport.ClientCredentialsRequest{Scopes: []string{"api://reports/.default"}})
			if len(plan.Requests) == 0 {
				t.Fatalf("nothing would be sent:\n%v", plan)
			}
			request := plan.Requests[len(plan.Requests)-1]
			if request.Authentication != row.want {
				t.Errorf("the client proves itself by %q, want %q", request.Authentication, row.want)
			}
			found := ""
			for _, parameter := range request.Parameters {
				if parameter.Name == "client_secret" || parameter.Name == "client_assertion" {
					found = parameter.Name
					if parameter.Value != domain.Redacted {
						t.Errorf("%s is shown", parameter.Name)
					}
				}
			}
			if found != row.sent {
				t.Errorf("the proof is in %q, want %q", found, row.sent)
			}
		})
	}
}

// TestPlansNameTheFlight: requests that would share one answer have one name for it,
// others have others, and a plan sees that the answer is on its way.
func TestPlansNameTheFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPlanned(t, nil)
		plan := func(r keyport.ClientCredentialsRequest) keyport.TokenPlan {
			r.Scopes = []string{keyporttest.Graph + "/.default"}
			return p.app.PlanTokenForClient(t.Context(), r)
		}
		names := map[string]int{}
		for i, r := range []keyport.ClientCredentialsRequest{
			{}, {CorrelationID: "0354d9fb-d107-4c08-87d2-d969daea1f8b"}, {Tenant: keyporttest.TenantDomain}, // the same
			{ForceRefresh: true}, {ClaimsChallenge: claimsChallenge}, {Tenant: otherTenant}, {ClientClaims: claimsChallenge},
		} {
			name := plan(r).Flight
			if first, again := names[name]; name == "" || again != (i == 1 || i == 2) {
				t.Errorf("request %d has flight %q, which request %d has", i, name, first)
			}
			names[name] = i
		}

		hold := p.server.Hold(keyporttest.EndpointToken)
		var flying sync.WaitGroup
		flying.Go(func() { p.warm(p.forClient(keyport.ClientCredentialsRequest{})) })
		if err := hold.WaitFor(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if got := plan(keyport.ClientCredentialsRequest{}); !got.Underway || !strings.Contains(got.String(), "under way") {
			t.Errorf("an answer is on its way:\n%v", got)
		}
		if got := plan(keyport.ClientCredentialsRequest{ForceRefresh: true}); got.Underway {
			t.Errorf("that answer is not for a forced request:\n%v", got)
		}
		hold.Release()
		flying.Wait()
		if got := plan(keyport.ClientCredentialsRequest{}); got.Underway || got.Flight != "" {
			t.Errorf("the answer has come:\n%v", got)
		}
	})
}

// TestPlansOfAFamily: a client that was never signed in to may redeem the refresh token
// of its family, and a public client plans as well.
func TestPlansOfAFamily(t *testing.T) {
	p := newPlanned(t, nil)
	var clients [2]*keyport.PublicClient
	for i, id := range []string{"family-one", "family-two"} {
		p.server.AddApp(keyporttest.App{ClientID: id, Public: true, FamilyID: "1", RedirectURIs: []string{redirectURI}})
		var err error
		clients[i], err = keyport.NewPublicClient(keyport.PublicClientConfig{
			ClientID: id, Authority: keyporttest.AuthorityURL, Ports: keyport.Ports{HTTPClient: p.server.Client(), Clock: p.server.Clock(), TokenCache: p.cache},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	flow, err := clients[0].InitiateAuthCodeFlow(t.Context(), keyport.AuthCodeFlowRequest{Scopes: []string{planScope}, RedirectURI: redirectURI})
	if err != nil {
		t.Fatal(err)
	}
	response, err := p.server.SignIn(flow.AuthorizationURL, keyporttest.SignIn{})
	if err != nil {
		t.Fatal(err)
	}
	signedIn, err := clients[0].AcquireTokenByAuthCodeFlow(t.Context(), flow, response)
	if err != nil {
		t.Fatal(err)
	}
	r := keyport.SilentRequest{Scopes: []string{planScope}, Account: signedIn.Account}
	plan := clients[1].PlanTokenSilent(t.Context(), r)
	if plan.Outcome != asks || len(plan.Requests) != 1 || plan.Requests[0].Redeems != "the family's" || plan.Requests[0].Authentication != "" {
		t.Errorf("the family's refresh token serves:\n%v", plan)
	}
	if got, err := clients[1].AcquireTokenSilent(t.Context(), r); err != nil || got.Metadata.Source != keyport.SourceIdentityProvider {
		t.Errorf("got %v, %v", got.Metadata.Source, err)
	}
	r.ForceRefresh = true
	if plan := clients[1].PlanTokenSilent(t.Context(), r); plan.Requests[0].Redeems != "the client's" {
		t.Errorf("now there is one of its own:\n%v", plan)
	}
}

// TestPlansOfGuests: the tokens of other tenants are near misses in the user's partition.
func TestPlansOfGuests(t *testing.T) {
	p := newPlanned(t, nil)
	account := p.signIn(p.app)
	r := keyport.SilentRequest{Scopes: []string{planScope}, Account: account, Tenant: otherTenant}
	plan := p.app.PlanTokenSilent(t.Context(), r)
	if plan.Outcome != asks || len(plan.Tokens) != 1 || plan.Tokens[0].Misses[0] != "other tenant" || !strings.Contains(plan.Requests[0].URL, otherTenant) {
		t.Errorf("the other tenant is to be asked:\n%v", plan)
	}
	keyporttest.AssertClean(t, p.server, "the plan", plan.String())
}

// TestPlansShowNothing of what identifies a person or an assertion, even where no
// scanner would know it.
func TestPlansShowNothing(t *testing.T) {
	p := newPlanned(t, nil)
	account := p.signIn(p.app)
	assertion := p.assertion(account)
	sum := sha256.Sum256([]byte(assertion.Reveal()))
	extra := keyport.Parameters{Body: []keyport.Parameter{{Name: "hint", Value: "Ada-of-Contoso"}}, Query: []keyport.Parameter{{Name: "q", Value: "Ada-of-Contoso"}}}
	for _, plan := range []keyport.TokenPlan{
		p.app.PlanTokenSilent(t.Context(), keyport.SilentRequest{Scopes: []string{planScope}, Account: account, ForceRefresh: true, ExtraParameters: extra}),
		p.app.PlanTokenOnBehalfOf(t.Context(), keyport.OnBehalfOfRequest{Scopes: []string{planScope}, UserAssertion: assertion, ExtraParameters: extra}),
		p.app.PlanTokenForClient(t.Context(), keyport.ClientCredentialsRequest{
			Scopes: []string{"api://reports/.default"}, ExtraParameters: extra, ClientClaims: `{"access_token":{"name":{"value":"Ada-of-Contoso"}}}`,
		}),
	} {
		text := plan.String()
		if len(plan.Requests) != 1 || !strings.Contains(text, "grant_type=") {
			t.Errorf("the request is missing:\n%s", text)
		}
		for _, secret := range []string{keyporttest.UserID, account.HomeAccountID, account.Username, "Ada-of-Contoso", assertion.Reveal(), string(sum[:])} {
			if strings.Contains(text, secret) {
				t.Errorf("the plan shows %.4s…", secret)
			}
		}
		keyporttest.AssertClean(t, p.server, "the plan", plan)
	}
}
