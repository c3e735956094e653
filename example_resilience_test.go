package keyport_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// A server that asks for a pause is not asked again until that is over. The error says
// when, and what the server had said.
func Example_throttled() {
	server, ports := newAuthority()
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Authority:  "https://login.microsoftonline.com/contoso.onmicrosoft.com",
		Credential: keyport.ClientSecret("the-secret"),
		Ports:      ports, // with an HTTPCache that processes share, they share the pause
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server.Script(keyporttest.Rule{
		Endpoint: keyporttest.EndpointToken, Times: 1,
		Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"30"}}, Body: `{"error":"temporarily_unavailable"}`,
	})
	acquire := func() error {
		_, err := app.AcquireTokenForClient(context.Background(), keyport.ClientCredentialsRequest{
			Scopes: []string{"https://graph.microsoft.com/.default"},
		})
		return err
	}
	fmt.Println("the server says no:", errors.Is(acquire(), keyport.ErrThrottled))

	server.Clock().Advance(10 * time.Second)
	err = acquire() // nothing is sent
	var throttled *keyport.ThrottledError
	var answer *keyport.OAuthError
	if errors.As(err, &throttled) && errors.As(err, &answer) {
		fmt.Println("kept back for", throttled.Until.Sub(server.Clock().Now()), "because of", answer.Code)
	}

	server.Clock().Advance(20 * time.Second)
	fmt.Println("after the pause:", acquire())
	fmt.Println(len(server.Requests(keyporttest.EndpointToken)), "requests")
	// Output:
	// the server says no: true
	// kept back for 20s because of temporarily_unavailable
	// after the pause: <nil>
	// 2 requests
}
