// Command keyport starts, takes a token from a file and ends: keyport <file> <tenant>.
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/cachefile"
)

// silence is an HTTP client for those who have the token already.
type silence struct{}

// Do implements [ports.HTTPClient].
func (silence) Do(*http.Request) (*http.Response, error) {
	return nil, errors.New("a request was sent")
}

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(path, tenant string) error {
	tokens, err := cachefile.NewTokenCache(cachefile.TokenCacheOptions{Path: path})
	if err != nil {
		return err
	}
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: "11111111-2222-3333-4444-555555555555", Authority: "https://login.microsoftonline.com/" + tenant,
		Credential: keyport.ClientSecret("a-secret"), Ports: keyport.Ports{HTTPClient: silence{}, TokenCache: tokens},
	})
	if err != nil {
		return err
	}
	_, err = app.AcquireTokenForClient(context.Background(), keyport.ClientCredentialsRequest{Scopes: []string{"https://graph.microsoft.com/.default"}})
	return err
}
