package keyport_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// Explain says what an error means, who must do what, and what to give to support. It
// shows no secret and no personal data, so it is fit for a log.
func ExampleExplain() {
	_, ports := newAuthority()
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Authority:  "https://login.microsoftonline.com/contoso.onmicrosoft.com",
		Credential: keyport.ClientSecret("the-id-of-the-secret"),
		Ports:      ports,
	})
	must(err)
	_, err = app.AcquireTokenForClient(context.Background(), keyport.ClientCredentialsRequest{
		Scopes: []string{"https://graph.microsoft.com/.default"},
	})
	explained, _, _ := strings.Cut(keyport.Explain(err), " For a support case: ") // ids that are new each time
	fmt.Println(strings.ReplaceAll(explained, ". ", ".\n"))
	// Output:
	// Acquire token for client: the client secret is wrong (the server's code: AADSTS7000215, invalid_client; HTTP 401).
	// Pass the secret's value, not its id, of this app registration as Credential.
	// The operator of this program has to act.
	// Try again once that is changed, not before.
}

// A program decides by the Diagnosis, and leaves the words to people.
func ExampleDiagnose() {
	for _, err := range []error{
		&keyport.OAuthError{Code: "interaction_required", ErrorCodes: []int{50076}},
		&keyport.OAuthError{Code: "temporarily_unavailable", StatusCode: 503, RetryAfter: 30 * time.Second},
		&keyport.OAuthError{Code: "invalid_client", ErrorCodes: []int{7000222}},
	} {
		d := keyport.Diagnose(err)
		switch d.Retry {
		case keyport.RetryAfterUser:
			fmt.Println("send the user to the sign-in:", d.Meaning)
		case keyport.RetryLater:
			fmt.Println("come back after", d.RetryAfter)
		default:
			fmt.Printf("call %v: %s\n", d.Actor, d.Meaning)
		}
	}
	// Output:
	// send the user to the sign-in: the user has to pass multi-factor authentication for this resource
	// come back after 30s
	// call the operator of this program: the client secret has expired
}

// A plan is the dry run of a request: what the cache would serve and why not, and what
// would be sent. Nothing is sent, and no token is touched.
func Example_plan() {
	server, app := newWebApp()
	account := signIn(server, app, userRead).Account
	request := keyport.SilentRequest{Scopes: []string{mailRead}, Account: account}

	plan := app.PlanTokenSilent(context.Background(), request)
	fmt.Println(len(server.Requests(keyporttest.EndpointToken)), "request so far: the sign-in")
	text, _, _ := strings.Cut(plan.String(), "  shares its answer") // and a name for the request
	fmt.Print(text)
	// Output:
	// 1 request so far: the sign-in
	// acquire token silent: asks for a token (no cached token)
	//   looks in: user partition of 11111111-2222-3333-4444-555555555555, which holds 1 access token
	//   misses: https://graph.microsoft.com/User.Read openid profile, tenant contoso.onmicrosoft.com, ends 2026-11-24T12:59:59Z, fresh — other scopes
	//   sends: POST https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token, redeeming the client's refresh token, client authentication: client_secret_post
	//     client_id=11111111-2222-3333-4444-555555555555
	//     client_info=1
	//     client_secret=[redacted]
	//     grant_type=refresh_token
	//     refresh_token=[redacted]
	//     scope=https://graph.microsoft.com/Mail.Read offline_access openid profile
}

// Plans say in advance what a request would cost, for an application's own tokens and
// on behalf of users, too.
func Example_planOutcomes() {
	server, app := newWebApp()
	api := newReportsAPI(server)
	ctx := context.Background()
	assertion := signIn(server, app, reports).AccessToken

	own := keyport.ClientCredentialsRequest{Scopes: []string{keyporttest.Graph + "/.default"}}
	behalf := keyport.OnBehalfOfRequest{UserAssertion: assertion, Scopes: []string{userRead}}
	for range 2 {
		fmt.Println("own token:", api.PlanTokenForClient(ctx, own).Outcome)
		fmt.Println("on behalf:", api.PlanTokenOnBehalfOf(ctx, behalf).Outcome)
		_, err := api.AcquireTokenForClient(ctx, own)
		must(err)
		_, err = api.AcquireTokenOnBehalfOf(ctx, behalf)
		must(err)
	}
	server.Clock().Advance(2 * time.Hour)
	fmt.Println("own token, two hours later:", api.PlanTokenForClient(ctx, own).Outcome)
	// Output:
	// own token: asks for a token
	// on behalf: asks for a token
	// own token: serves a cached token and sends nothing
	// on behalf: serves a cached token and sends nothing
	// own token, two hours later: asks for a token
}
