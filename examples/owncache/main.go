// Command owncache gives the library a token cache of the program's own: here a map
// with a lock, in store.go.
//
//	go run ./examples/owncache
//
// A cache has three methods. Their contract is in package ports, and package
// ports/portstest checks it: store_test.go is all that it takes.
package main

import (
	"context"
	"fmt"
	"log"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	// A token server inside the program stands for the real one.
	server := keyporttest.New(keyporttest.Options{})
	server.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-secret"}})
	store := NewStore()

	// Two clients, as before and after a restart: what the first one gets, the second
	// one finds.
	for _, when := range []string{"before a restart", "after it"} {
		app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
			ClientID:   "my-app",
			Authority:  keyporttest.AuthorityURL,
			Credential: keyport.ClientSecret("my-secret"),
			Ports:      keyport.Ports{TokenCache: store, HTTPClient: server.Client(), Clock: server.Clock()},
		})
		if err != nil {
			return err
		}
		token, err := app.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{
			Scopes: []string{"https://graph.microsoft.com/.default"},
		})
		if err != nil {
			return err
		}
		fmt.Printf("%s, the token comes from: %v\n", when, token.Metadata.Source)
	}
	return list(ctx, store)
}

// list shows what the store holds. Neither keys nor sets print a token or a name.
func list(ctx context.Context, store *Store) error {
	for key, err := range store.Keys(ctx, domain.PartitionFilter{ClientID: "my-app"}) {
		if err != nil {
			return err
		}
		set, err := store.Load(ctx, key)
		if err != nil {
			return err
		}
		fmt.Printf("the store holds the %v: %v\n", key, set)
	}
	return nil
}
