// Command ownhttpclient gives the library an HTTP client of the program's own: here
// one that counts requests and adds a header, as a company's gateway may want it.
//
//	go run ./examples/ownhttpclient
//
// Anything with the method Do will do; an *http.Client is enough. Redirects, the
// limit on bodies and the checks of answers are the library's own and hold for any
// client. Retries, proxies and time-outs are the client's: package
// adapters/httpclient has them ready, and takes a transport of yours.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"sync/atomic"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// gatewayClient is a client of one's own.
type gatewayClient struct {
	next     *http.Client
	requests atomic.Int64
}

// Do implements [ports.HTTPClient].
func (c *gatewayClient) Do(r *http.Request) (*http.Response, error) {
	c.requests.Add(1)
	r = r.Clone(r.Context()) // a request belongs to its sender
	r.Header.Set("X-Department", "reports")
	return c.next.Do(r)
}

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	// A token server inside the program stands for the real one.
	server := keyporttest.New(keyporttest.Options{})
	server.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-secret"}})

	client := &gatewayClient{next: server.Client()}
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID:   "my-app",
		Authority:  keyporttest.AuthorityURL,
		Credential: keyport.ClientSecret("my-secret"),
		Ports:      keyport.Ports{HTTPClient: client, Clock: server.Clock()},
	})
	if err != nil {
		return err
	}
	for range 3 {
		if _, err := app.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{
			Scopes: []string{"https://graph.microsoft.com/.default"},
		}); err != nil {
			return err
		}
	}
	fmt.Println("requests sent for three tokens:", client.requests.Load())
	fmt.Println("the server saw X-Department:", server.Requests()[0].Header.Get("X-Department"))
	return nil
}
