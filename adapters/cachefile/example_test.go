package cachefile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/keyporttest"
)

// A token that one process gets is there for the next.
func Example() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "my-tool-") // a program takes a folder in os.UserConfigDir
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-app's secret"}})

	for range 2 { // as two processes, one after the other
		tokens, err := cachefile.NewTokenCache(cachefile.TokenCacheOptions{Path: filepath.Join(folder, "tokens.json")})
		if err != nil {
			fmt.Println(err)
			return
		}
		if _, err := tokens.Verify(ctx); err != nil {
			fmt.Println(err) // it names the remedy
			return
		}
		app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
			ClientID: "my-app", Authority: keyporttest.AuthorityURL, Credential: keyport.ClientSecret("my-app's secret"),
			Ports: keyport.Ports{TokenCache: tokens, HTTPClient: authority.Client(), Clock: authority.Clock()},
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		got, err := app.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{Scopes: []string{"https://graph.microsoft.com/.default"}})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("the token comes from", got.Metadata.Source)
	}
	// Output:
	// the token comes from identity_provider
	// the token comes from cache
}
