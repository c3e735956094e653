package keyporttest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// newWebApp returns an authority with a web app, and its client.
func newWebApp(change func(*keyporttest.App)) (*keyporttest.Authority, *keyport.ConfidentialClient) {
	authority := keyporttest.New(keyporttest.Options{})
	app := keyporttest.App{ClientID: "my-app", Secrets: []string{"my-app's secret"}, RedirectURIs: []string{"https://app.example/callback"}}
	if change != nil {
		change(&app)
	}
	authority.AddApp(app)
	client, err := newClient(authority, "my-app's secret")
	if err != nil {
		panic(err)
	}
	return authority, client
}

// A user signs in to a web app: [Authority.SignIn] is the browser and the user, and
// returns what the app's callback handler gets.
func ExampleAuthority_SignIn() {
	ctx := context.Background()
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-app's secret"}, RedirectURIs: []string{"https://app.example/callback"}})
	app, err := newClient(authority, "my-app's secret")
	if err != nil {
		fmt.Println(err)
		return
	}
	// The app's handler of "sign in":
	flow, err := app.InitiateAuthCodeFlow(ctx, keyport.AuthCodeFlowRequest{
		Scopes: []string{"https://graph.microsoft.com/User.Read"}, RedirectURI: "https://app.example/callback",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	// The user:
	response, err := authority.SignIn(flow.AuthorizationURL, keyporttest.SignIn{})
	if err != nil {
		fmt.Println(err)
		return
	}
	// The app's handler of the callback:
	got, err := app.AcquireTokenByAuthCodeFlow(ctx, flow, response)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("hello", got.Account.Username)
	// Output:
	// hello alice@contoso.onmicrosoft.com
}

// The user says no.
func ExampleAuthority_SignIn_refusedConsent() {
	ctx := context.Background()
	authority, app := newWebApp(func(app *keyporttest.App) { app.RequireConsent = true })
	flow, err := app.InitiateAuthCodeFlow(ctx, keyport.AuthCodeFlowRequest{
		Scopes: []string{"https://graph.microsoft.com/Mail.Read"}, RedirectURI: "https://app.example/callback",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	response, err := authority.SignIn(flow.AuthorizationURL, keyporttest.SignIn{Deny: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = app.AcquireTokenByAuthCodeFlow(ctx, flow, response)
	fmt.Println(response.Get("error"), errors.Is(err, keyport.ErrAccessDenied))
	// Output:
	// access_denied true
}

// An administrator signs the user out everywhere, and the app notices at the next
// refresh.
func ExampleAuthority_RevokeSessions() {
	ctx := context.Background()
	authority, app := newWebApp(nil)
	flow, err := app.InitiateAuthCodeFlow(ctx, keyport.AuthCodeFlowRequest{Scopes: []string{"User.Read"}, RedirectURI: "https://app.example/callback"})
	if err != nil {
		fmt.Println(err)
		return
	}
	response, err := authority.SignIn(flow.AuthorizationURL, keyporttest.SignIn{})
	if err != nil {
		fmt.Println(err)
		return
	}
	signedIn, err := app.AcquireTokenByAuthCodeFlow(ctx, flow, response)
	if err != nil {
		fmt.Println(err)
		return
	}
	authority.Clock().Advance(2 * time.Hour)
	request := keyport.SilentRequest{Scopes: []string{"User.Read"}, Account: signedIn.Account}
	_, err = app.AcquireTokenSilent(ctx, request)
	fmt.Println("refreshed:", err == nil)

	authority.RevokeSessions(keyporttest.Username)
	authority.Clock().Advance(2 * time.Hour)
	_, err = app.AcquireTokenSilent(ctx, request)
	var refused *keyport.OAuthError
	if errors.As(err, &refused) {
		fmt.Println(refused.Code, refused.ErrorCodes, refused.SubError, errors.Is(err, keyport.ErrInteractionRequired))
	}
	// Output:
	// refreshed: true
	// invalid_grant [50173] bad_token true
}

// An API that takes the authority's tokens.
func ExampleAuthority_Resource() {
	authority, app := newWebApp(nil)
	api := httptest.NewServer(authority.Resource("api://reports"))
	defer api.Close()
	got, err := app.AcquireTokenForClient(context.Background(), keyport.ClientCredentialsRequest{Scopes: []string{"api://reports/.default"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, header := range []string{got.AuthorizationHeader(), "Bearer another"} {
		request, err := http.NewRequest(http.MethodGet, api.URL, nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		request.Header.Set("Authorization", header)
		response, err := api.Client().Do(request)
		if err != nil {
			fmt.Println(err)
			return
		}
		_ = response.Body.Close()
		fmt.Println(response.Status)
	}
	// Output:
	// 200 OK
	// 401 Unauthorized
}
