package keyporttest_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// A program without a browser shows a code, and waits. The user comes back after more
// than eight minutes, of which the test sees nothing: [Clock.Advance] lets the program
// poll, and [Authority.EnterCode] is the user.
func ExampleAuthority_EnterCode() {
	ctx := context.Background()
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddApp(keyporttest.App{ClientID: "my-app", Public: true})
	app, err := keyport.NewPublicClient(keyport.PublicClientConfig{
		ClientID: "my-app", Authority: keyporttest.AuthorityURL,
		Ports: keyport.Ports{HTTPClient: authority.Client(), Clock: authority.Clock()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	flow, err := app.InitiateDeviceFlow(ctx, keyport.DeviceFlowRequest{Scopes: []string{"https://graph.microsoft.com/User.Read"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("open", flow.VerificationURI)

	// The user, who lets the program poll a hundred times:
	clock := authority.Clock()
	user := make(chan error, 1)
	go func() {
		for range 100 {
			_ = clock.WaitForSleepers(ctx, 1)
			clock.Advance(flow.Interval)
		}
		_ = clock.WaitForSleepers(ctx, 1)
		user <- authority.EnterCode(flow.VerificationURI, flow.UserCode, keyporttest.SignIn{})
		clock.Advance(flow.Interval)
	}()

	// The program:
	began := clock.Now()
	got, err := app.AcquireTokenByDeviceFlow(ctx, flow)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("hello", got.Account.Username, "after", clock.Now().Sub(began), "and", len(authority.Requests(keyporttest.EndpointToken)), "polls")
	fmt.Println("the user saw no error:", <-user == nil)
	// Output:
	// open https://microsoft.com/devicelogin
	// hello alice@contoso.onmicrosoft.com after 8m25s and 101 polls
	// the user saw no error: true
}

// The user says no, or does nothing.
func ExampleAuthority_EnterCode_refused() {
	ctx := context.Background()
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddApp(keyporttest.App{ClientID: "my-app", Public: true})
	app, err := keyport.NewPublicClient(keyport.PublicClientConfig{
		ClientID: "my-app", OIDCAuthority: keyporttest.OIDCIssuer,
		Ports: keyport.Ports{HTTPClient: authority.Client(), Clock: authority.Clock()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, user := range []func(keyport.DeviceFlow) error{
		func(f keyport.DeviceFlow) error {
			return authority.EnterCode(f.VerificationURIComplete, f.UserCode, keyporttest.SignIn{Deny: true})
		},
		func(keyport.DeviceFlow) error { return nil }, // is not there
	} {
		flow, err := app.InitiateDeviceFlow(ctx, keyport.DeviceFlowRequest{})
		if err != nil {
			fmt.Println(err)
			return
		}
		if err := user(flow); err != nil {
			fmt.Println(err)
			return
		}
		for err = keyport.ErrAuthorizationPending; errors.Is(err, keyport.ErrAuthorizationPending); {
			authority.Clock().Advance(flow.Interval)
			_, flow, err = app.PollDeviceFlow(ctx, flow)
		}
		var refused *keyport.OAuthError
		if errors.As(err, &refused) {
			fmt.Println(refused.Code, errors.Is(err, keyport.ErrAccessDenied), errors.Is(err, keyport.ErrInteractionRequired))
		}
	}
	// Output:
	// access_denied true false
	// expired_token false true
}
