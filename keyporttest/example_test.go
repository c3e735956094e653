package keyporttest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// newClient returns a client of the authority: its HTTP client and its clock are all
// that tells a test from production.
func newClient(authority *keyporttest.Authority, secret string) (*keyport.ConfidentialClient, error) {
	return keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: "my-app", Authority: keyporttest.AuthorityURL, Credential: keyport.ClientSecret(secret),
		Ports: keyport.Ports{HTTPClient: authority.Client(), Clock: authority.Clock()},
	})
}

var forGraph = keyport.ClientCredentialsRequest{Scopes: []string{keyporttest.Graph + "/.default"}}

// A first use: a client gets a token, has it from its cache for as long as it lasts,
// and then a new one. The hour in between takes no time.
func Example() {
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-app's secret"}})
	app, err := newClient(authority, "my-app's secret")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, pass := range []time.Duration{0, 30 * time.Minute, 30 * time.Minute} {
		authority.Clock().Advance(pass)
		got, err := app.AcquireTokenForClient(context.Background(), forGraph)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(authority.Clock().Now().Format("15:04"), got.Metadata.Source)
	}
	// Output:
	// 12:00 identity_provider
	// 12:30 cache
	// 13:00 identity_provider
}

// What the server refuses, it refuses with the codes of the real one.
func Example_refusals() {
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"this year's secret"}, ExpiredSecrets: []string{"last year's secret"}})
	for _, secret := range []string{"last year's secret", "a guess"} {
		app, err := newClient(authority, secret)
		if err != nil {
			fmt.Println(err)
			return
		}
		_, err = app.AcquireTokenForClient(context.Background(), forGraph)
		var refused *keyport.OAuthError
		if errors.As(err, &refused) {
			fmt.Println(refused.StatusCode, refused.Code, refused.ErrorCodes, errors.Is(err, keyport.ErrInvalidClient))
		}
	}
	// Output:
	// 401 invalid_client [7000222] true
	// 401 invalid_client [7000215] true
}

// An outage of one request: the first rule that matches answers, until it is used up.
func ExampleAuthority_Script() {
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-app's secret"}})
	authority.Script(keyporttest.Rule{
		Endpoint: keyporttest.EndpointToken, Times: 1,
		Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"7"}}, Body: "<h1>Down for maintenance</h1>",
	})
	app, err := newClient(authority, "my-app's secret")
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		_, err = app.AcquireTokenForClient(context.Background(), forGraph)
		fmt.Println("unavailable:", errors.Is(err, keyport.ErrUnavailable))
		authority.Clock().Advance(7 * time.Second) // before that, nothing would be sent
	}
	// Output:
	// unavailable: true
	// unavailable: false
}

// A hold keeps requests waiting, so that a test knows what happens meanwhile: here a
// caller gives up, and nothing is left behind.
func ExampleAuthority_Hold() {
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-app's secret"}})
	app, err := newClient(authority, "my-app's secret")
	if err != nil {
		fmt.Println(err)
		return
	}
	hold := authority.Hold(keyporttest.EndpointToken)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	done := make(chan error)
	go func() {
		_, err := app.AcquireTokenForClient(ctx, forGraph)
		done <- err
	}()
	if err := hold.WaitFor(context.Background(), 1); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("waiting:", hold.Waiting())
	cancel()
	fmt.Println(errors.Is(<-done, context.Canceled))
	hold.Release()
	_, err = app.AcquireTokenForClient(context.Background(), forGraph)
	fmt.Println(err)
	// Output:
	// waiting: 1
	// true
	// <nil>
}

// What the client has sent.
func ExampleAuthority_Requests() {
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-app's secret"}})
	app, err := newClient(authority, "my-app's secret")
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := app.AcquireTokenForClient(context.Background(), forGraph); err != nil {
		fmt.Println(err)
		return
	}
	for _, request := range authority.Requests(keyporttest.EndpointToken) {
		fmt.Println(request) // without its values
		fmt.Println(request.Form.Get("grant_type"), request.Form.Get("scope"), request.Header.Get("Accept"))
	}
	// Output:
	// POST login.microsoftonline.com (token)
	// client_credentials https://graph.microsoft.com/.default application/json
}

// reporter prints what a *testing.T would.
type reporter struct{}

func (reporter) Helper()                           {}
func (reporter) Errorf(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// The log of a program, and what it returns, are searched for every secret that the
// authority has seen or issued.
func ExampleAssertClean() {
	var t reporter // in a test: the *testing.T
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-app's secret"}})
	log := keyporttest.NewLogRecorder()

	app, err := newClient(authority, "my-app's secret")
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := app.AcquireTokenForClient(context.Background(), forGraph)
	slog.New(log).Debug("got a token", "result", got, "error", err)
	keyporttest.AssertClean(t, authority, "the result and the log", got, err, log.Text())

	slog.New(log).Debug("got a token", "token", got.AccessToken.Reveal())
	keyporttest.AssertClean(t, authority, "the log", log.Text())
	// Output:
	// the log: a string shows the access token in: text
}

// tests stand for those of a package.
type tests func()

func (m tests) Run() int { m(); return 0 }

// In the tests of a package, one line watches over all of them:
//
//	func TestMain(m *testing.M) { os.Exit(keyporttest.ScanOutput(m)) }
func ExampleScanOutput() {
	stderr := os.Stderr
	os.Stderr = os.Stdout // so that this example shows the report
	defer func() { os.Stderr = stderr }()

	keyporttest.New(keyporttest.Options{}).AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"correct-horse-battery"}})
	m := tests(func() { fmt.Println("signed in with correct-horse-battery") })
	fmt.Println("exit code", keyporttest.ScanOutput(m))
	// Output:
	// signed in with correct-horse-battery
	// keyporttest: the output shows the client secret of a test: standard output and error, line 1, after "signed in with "
	// exit code 1
}

// A secret that no authority knows of, such as the password of a proxy, is planted.
func ExamplePlantSecret() {
	var t reporter // in a test: the *testing.T
	password := keyporttest.PlantSecret("proxy password")
	err := fmt.Errorf("connect to http://user:%s@proxy.example: refused", password)
	keyporttest.AssertClean(t, nil, "the error", err.Error())
	// Output:
	// the error: a string shows the proxy password in: text
}

// Over a socket, with TLS, for clients that bring their own transport.
func ExampleAuthority_Listen() {
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-app's secret"}})
	listener, err := authority.Listen()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = listener.Close() }()

	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: "my-app", Authority: listener.URL + "/" + keyporttest.TenantDomain, Credential: keyport.ClientSecret("my-app's secret"),
		DisableInstanceDiscovery: true, // the public cloud cannot be asked about this host
		Ports:                    keyport.Ports{HTTPClient: listener.Client(), Clock: authority.Clock()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := app.AcquireTokenForClient(context.Background(), forGraph)
	fmt.Println(got.TokenType, err)
	// Output:
	// Bearer <nil>
}
