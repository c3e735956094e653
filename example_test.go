package keyport_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// newAuthority is a token server inside the test, with one application.
func newAuthority() (*keyporttest.Authority, keyport.Ports) {
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddApp(keyporttest.App{ClientID: "11111111-2222-3333-4444-555555555555", Secrets: []string{"the-secret"}})
	return authority, keyport.Ports{HTTPClient: authority.Client(), Clock: authority.Clock()}
}

// A service gets a token in its own name. The second call is served from the cache.
func Example_clientCredentials() {
	_, ports := newAuthority() // a real program leaves Ports unset
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Authority:  "https://login.microsoftonline.com/contoso.onmicrosoft.com",
		Credential: keyport.ClientSecret("the-secret"),
		Ports:      ports,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		res, err := app.AcquireTokenForClient(context.Background(), keyport.ClientCredentialsRequest{
			Scopes: []string{"https://graph.microsoft.com/.default"},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(res.TokenType, res.AccessToken, "from", res.Metadata.Source)
	}
	// Output:
	// Bearer [redacted] from identity_provider
	// Bearer [redacted] from cache
}

// A certificate is safer than a secret: the key never leaves the program.
func ExampleClientCertificate() {
	authority, ports := newAuthority()
	certificate := keyporttest.NewCertificate("my-app")
	authority.AddApp(keyporttest.App{ClientID: "my-app", Certificates: certificate.Chain})

	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:  "my-app",
		Authority: keyport.AuthorityURL(keyport.AzurePublic, "contoso.onmicrosoft.com"),
		// In a program: keyport.CertificateSource{File: "app.pfx", Passphrase: keyport.NewSecret(passphrase)}
		Credential: keyport.ClientCertificate(
			keyport.CertificateSource{PEM: append(certificate.KeyPEM(), certificate.PEM()...)},
			keyport.CertificateOptions{},
		),
		Ports: ports,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = app.AcquireTokenForClient(context.Background(), keyport.ClientCredentialsRequest{
		Scopes: []string{"https://graph.microsoft.com/.default"},
	})
	header, _ := authority.Requests()[0].Assertion()
	fmt.Println("signed with", header["alg"], "error:", err)
	// Output:
	// signed with PS256 error: <nil>
}

// Errors say what to do next, and what happened.
func Example_errors() {
	_, ports := newAuthority()
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Authority:  "https://login.microsoftonline.com/contoso.onmicrosoft.com",
		Credential: keyport.ClientSecret("last-year's-secret"),
		Ports:      ports,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = app.AcquireTokenForClient(context.Background(), keyport.ClientCredentialsRequest{
		Scopes:        []string{"https://graph.microsoft.com/.default"},
		CorrelationID: "b7a3c6f0-5d1e-4c1b-9f2a-6e0f6c1d2e3f",
	})
	switch {
	case errors.Is(err, keyport.ErrInvalidClient):
		fmt.Println("an operator must correct the credential")
	case errors.Is(err, keyport.ErrUnavailable):
		fmt.Println("try again later")
	}
	var refused *keyport.OAuthError
	if errors.As(err, &refused) {
		fmt.Println(refused.Code, refused.ErrorCodes, refused.CorrelationID)
	}
	// Output:
	// an operator must correct the credential
	// invalid_client [7000215] b7a3c6f0-5d1e-4c1b-9f2a-6e0f6c1d2e3f
}

// A mistake in the configuration is found before anything is sent; the error names
// the field and the remedy.
func Example_wrongConfiguration() {
	_, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Authority:  "login.microsoftonline.com/contoso.onmicrosoft.com",
		Credential: keyport.ClientSecret("the-secret"),
	})
	var bad *keyport.ConfigError
	if errors.As(err, &bad) {
		fmt.Println(bad.Field, bad.Problem)
	}
	// Output:
	// Authority is not an https URL
}

// Any other OpenID Connect provider is named by its issuer URL.
func Example_openIDProvider() {
	authority, ports := newAuthority()
	authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-secret"}})
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:      "my-app",
		OIDCAuthority: "https://id.contoso.example/realms/one",
		Credential:    keyport.ClientSecret("my-secret"),
		Ports:         ports,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	res, err := app.AcquireTokenForClient(context.Background(), keyport.ClientCredentialsRequest{Scopes: []string{"reports:read"}})
	fmt.Println(res.Scopes, err)
	// Output:
	// reports:read <nil>
}

// The rest of a program takes a TokenSource and does not know where tokens come from.
func ExampleTokenSource() {
	_, ports := newAuthority()
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Authority:  "https://login.microsoftonline.com/contoso.onmicrosoft.com",
		Credential: keyport.ClientSecret("the-secret"),
		Ports:      ports,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	tokens := app.AppTokens()
	res, err := tokens.Token(context.Background(), keyport.TokenRequest{Scopes: []string{"https://graph.microsoft.com/.default"}})
	fmt.Println(res.Scopes, err)
	// Output:
	// https://graph.microsoft.com/.default <nil>
}

// An application that serves many customers names the tenant with each call.
func Example_manyTenants() {
	authority, ports := newAuthority()
	authority.AddTenant(keyporttest.Tenant{ID: "6babcaad-604b-40ac-a9d7-9fd97c0b779f", Domains: []string{"fabrikam.onmicrosoft.com"}})
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Authority:  "https://login.microsoftonline.com/organizations",
		Credential: keyport.ClientSecret("the-secret"),
		Ports:      ports,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, tenant := range []string{"contoso.onmicrosoft.com", "fabrikam.onmicrosoft.com", "contoso.onmicrosoft.com"} {
		res, err := app.AcquireTokenForClient(context.Background(), keyport.ClientCredentialsRequest{
			Scopes: []string{"https://graph.microsoft.com/.default"}, Tenant: tenant,
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(tenant, "from", res.Metadata.Source)
	}
	// Output:
	// contoso.onmicrosoft.com from identity_provider
	// fabrikam.onmicrosoft.com from identity_provider
	// contoso.onmicrosoft.com from cache
}

// In Azure a service can have its tokens from the region that it runs in. When the
// region's host fails, the global one is asked at once, and for the next minutes.
func Example_region() {
	authority, ports := newAuthority()
	ports.Environment = keyporttest.Environment{"REGION_NAME": "West Europe"} // App Service and Functions set it
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:    "11111111-2222-3333-4444-555555555555",
		Authority:   "https://login.microsoftonline.com/contoso.onmicrosoft.com",
		Credential:  keyport.ClientSecret("the-secret"),
		AzureRegion: keyport.RegionAutoDetect, // or a name: "westeurope"
		Ports:       ports,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, down := range []bool{false, true} {
		if down {
			authority.Script(keyporttest.Rule{Host: "westeurope.login.microsoft.com", Err: errors.New("connection refused")})
		}
		res, err := app.AcquireTokenForClient(context.Background(), keyport.ClientCredentialsRequest{
			Scopes: []string{"https://graph.microsoft.com/.default"}, ForceRefresh: down,
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		region := res.Metadata.Region
		fmt.Printf("%s (%s): %s, %s\n", region.Region, region.Source, region.Outcome, res.Metadata.TokenEndpoint)
	}
	// Output:
	// westeurope (REGION_NAME): used, https://westeurope.login.microsoft.com/contoso.onmicrosoft.com/oauth2/v2.0/token
	// westeurope (REGION_NAME): fell back, https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token
}

// In a network without the public cloud nothing needs to be discovered: what instance
// discovery and the authority publish is read from files.
func Example_airGap() {
	const instanceMetadata = `{"metadata":[{"preferred_network":"login.private.example",` +
		`"aliases":["login.private.example","sts.private.example"]}]}`
	clouds, err := keyport.ParseInstanceMetadata([]byte(instanceMetadata)) // os.ReadFile, in a program
	if err != nil {
		fmt.Println(err)
		return
	}
	authority, ports := newAuthority()
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Authority:  "https://login.private.example/contoso.onmicrosoft.com",
		Credential: keyport.ClientSecret("the-secret"),
		Clouds:     clouds,
		Ports:      ports,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := app.AcquireTokenForClient(context.Background(), keyport.ClientCredentialsRequest{
		Scopes: []string{"https://graph.microsoft.com/.default"},
	}); err != nil {
		fmt.Println(err)
		return
	}
	for _, sent := range authority.Requests() {
		fmt.Println(sent)
	}
	// Output:
	// POST login.private.example (token)
}

// A resource that refuses a token (continuous access evaluation) sends a claims
// challenge. Pass it on, and a new token takes the place of the old one.
func Example_claimsChallenge() {
	_, ports := newAuthority()
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:     "11111111-2222-3333-4444-555555555555",
		Authority:    "https://login.microsoftonline.com/contoso.onmicrosoft.com",
		Credential:   keyport.ClientSecret("the-secret"),
		Capabilities: []string{"cp1"}, // the program handles challenges
		Ports:        ports,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	request := keyport.ClientCredentialsRequest{Scopes: []string{"https://graph.microsoft.com/.default"}}
	for _, challenge := range []string{"", `{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}`, ""} {
		request.ClaimsChallenge = challenge
		res, err := app.AcquireTokenForClient(context.Background(), request)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(res.Metadata.Source, res.Metadata.RefreshReason)
	}
	// Output:
	// identity_provider no cached token
	// identity_provider forced
	// cache not applicable
}

// Tokens are renewed in the background once the server says so (refresh_in), and
// before they end in any case.
func Example_renewal() {
	authority, ports := newAuthority()
	authority.SetTokenLifetime(time.Hour, 30*time.Minute)
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Authority:  "https://login.microsoftonline.com/contoso.onmicrosoft.com",
		Credential: keyport.ClientSecret("the-secret"),
		Ports:      ports,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	request := keyport.ClientCredentialsRequest{Scopes: []string{"https://graph.microsoft.com/.default"}}
	for _, pass := range []time.Duration{0, 31 * time.Minute} {
		authority.Clock().Advance(pass)
		res, err := app.AcquireTokenForClient(context.Background(), request)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("after", pass, "from", res.Metadata.Source)
	}
	_ = app.Close(context.Background()) // waits for work in the background
	fmt.Println(len(authority.Requests(keyporttest.EndpointToken)), "requests")
	// Output:
	// after 0s from identity_provider
	// after 31m0s from cache
	// 2 requests
}
