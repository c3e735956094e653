package keyport_test

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

// meter stands for a library of metrics.
type meter struct{}

func (meter) record(name string, labels ...any) { fmt.Println(append([]any{name}, labels...)...) }

// Observe implements ports.Observer: few labels, and each with few values.
func (m meter) Observe(_ context.Context, event keyport.Event) {
	switch e := event.(type) {
	case keyport.AcquisitionEvent:
		m.record("auth.client.acquire.duration", e.API, e.Source, e.RefreshReason, "failed:", !e.Failure.IsZero())
	case keyport.CacheEvent:
		m.record("auth.cache.operation.duration", e.Operation, e.Partition, "hit:", e.Hit)
	case keyport.RefreshEvent:
		m.record("auth.background_refresh", e.API, "failed:", !e.Failure.IsZero())
	}
}

// An observer is told how tokens were come by, for metrics and traces. It is told
// nothing that is secret or names a person.
func Example_observer() {
	_, ports := newAuthority()
	ports.Observer = meter{}
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Authority:  keyporttest.AuthorityURL,
		Credential: keyport.ClientSecret("the-secret"),
		Ports:      ports,
	})
	must(err)
	for range 2 {
		_, err := app.AcquireTokenForClient(context.Background(), keyport.ClientCredentialsRequest{
			Scopes: []string{"https://graph.microsoft.com/.default"},
		})
		must(err)
	}
	// Output:
	// auth.cache.operation.duration load app hit: false
	// auth.cache.operation.duration update app hit: false
	// auth.client.acquire.duration acquire_token_for_client identity_provider no cached token failed: false
	// auth.cache.operation.duration load app hit: true
	// auth.client.acquire.duration acquire_token_for_client cache not applicable failed: false
}

// A logger at debug level tells what was decided; LogPII has it say who and where, too.
func Example_logging() {
	server := newWebAppServer()
	short := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == "msg" || a.Key == "username" {
			return a
		}
		return slog.Attr{}
	}
	for _, showPeople := range []bool{false, true} {
		config := webAppConfig(server)
		config.Logger = slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: short}))
		config.LogPII = showPeople
		app, err := keyport.NewConfidentialClient(config)
		must(err)
		signIn(server, app, userRead)
	}
	// Output:
	// msg="keyport: a client was made"
	// msg="keyport: a token request goes out"
	// msg="keyport: tokens were stored"
	// msg="keyport: a token was acquired" username=[redacted]
	// msg="keyport: a client was made"
	// msg="keyport: a token request goes out"
	// msg="keyport: tokens were stored"
	// msg="keyport: a token was acquired" username=alice@contoso.onmicrosoft.com
}

// traceID is where a program keeps the trace of the request that it serves.
type traceID struct{}

// Hooks add to token requests, decide whether a failed one is sent again, and see what
// became of it.
func Example_hooks() {
	server, ports := newAuthority()
	server.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointToken, Times: 1, Status: http.StatusServiceUnavailable, Body: "{}"})
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Authority:  keyporttest.AuthorityURL,
		Credential: keyport.ClientSecret("the-secret"),
		Ports:      ports,
		Hooks: keyport.Hooks{
			BeforeRequest: func(ctx context.Context, _ keyport.TokenRequestInfo) (keyport.Parameters, error) {
				trace, _ := ctx.Value(traceID{}).(string)
				return keyport.Parameters{Header: []keyport.Parameter{{Name: "traceparent", Value: trace}}}, nil
			},
			OnFailure: func(ctx context.Context, r keyport.TokenRequestInfo, failure error) bool {
				fmt.Println("attempt", r.Attempt, "failed; try again:", errors.Is(failure, keyport.ErrUnavailable))
				return errors.Is(failure, keyport.ErrUnavailable) // after a pause, in a program
			},
			OnCompletion: func(_ context.Context, r keyport.TokenRequestInfo, result keyport.Result, err error) {
				fmt.Println(r.GrantType, "after", r.Attempt, "attempts:", result.TokenType, err)
			},
		},
	})
	must(err)
	ctx := context.WithValue(context.Background(), traceID{}, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	for range 2 { // the second is served from the cache, without a request
		_, err = app.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{Scopes: []string{"https://graph.microsoft.com/.default"}})
		must(err)
	}
	fmt.Println("the server saw", server.Requests()[1].Header.Get("traceparent")[:9])
	// Output:
	// attempt 1 failed; try again: true
	// client_credentials after 2 attempts: Bearer <nil>
	// the server saw 00-4bf92f
}

// tier is where a program keeps what its customer has paid for.
type tier struct{}

// When an addition makes for another token, CacheKey keeps the tokens apart: one for
// each customer tier here, and never one in place of the other.
func Example_hooksCacheKey() {
	server, ports := newAuthority()
	of := func(ctx context.Context) string { t, _ := ctx.Value(tier{}).(string); return t }
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Authority:  keyporttest.AuthorityURL,
		Credential: keyport.ClientSecret("the-secret"),
		Ports:      ports,
		Hooks: keyport.Hooks{
			CacheKey: of,
			BeforeRequest: func(ctx context.Context, _ keyport.TokenRequestInfo) (keyport.Parameters, error) {
				return keyport.Parameters{Body: []keyport.Parameter{{Name: "tier", Value: of(ctx)}}}, nil
			},
		},
	})
	must(err)
	for _, customer := range []string{"gold", "silver", "gold"} {
		ctx := context.WithValue(context.Background(), tier{}, customer)
		result, err := app.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{Scopes: []string{"https://graph.microsoft.com/.default"}})
		must(err)
		fmt.Println(customer, "from", result.Metadata.Source)
	}
	fmt.Println(len(server.Requests()), "requests")
	// Output:
	// gold from identity_provider
	// silver from identity_provider
	// gold from cache
	// 2 requests
}

// In a test, Observations say how tokens were come by.
func Example_observations() {
	authority, ports := newAuthority()
	var seen keyporttest.Observations
	ports.Observer = &seen
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: "11111111-2222-3333-4444-555555555555", Authority: keyporttest.AuthorityURL,
		Credential: keyport.ClientSecret("the-secret"), Ports: ports,
	})
	must(err)
	for _, pass := range []time.Duration{0, 10 * time.Minute, 2 * time.Hour} {
		authority.Clock().Advance(pass)
		_, err := app.AcquireTokenForClient(context.Background(), keyport.ClientCredentialsRequest{Scopes: []string{"https://graph.microsoft.com/.default"}})
		must(err)
	}
	for _, a := range seen.Acquisitions() {
		fmt.Println(a.Source, "because:", a.RefreshReason, "requests:", a.Requests, "good for", a.RemainingLife.Round(time.Minute))
	}
	fmt.Println(len(seen.CacheOperations()), "cache operations")
	// Output:
	// identity_provider because: no cached token requests: 1 good for 1h0m0s
	// cache because: not applicable requests: 0 good for 50m0s
	// identity_provider because: expired requests: 1 good for 1h0m0s
	// 5 cache operations
}
