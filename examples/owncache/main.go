// Command owncache gives the library a token cache of the program's own, in two ways, each
// over a map: a cache of token sets in store.go, and a store of bytes in blobs.go, of
// which package cachekit makes a cache that seals what it stores.
//
//	go run ./examples/owncache
//
// A cache has three methods, a store of bytes two and a third to list. Package
// ports/portstest checks either: store_test.go is all that it takes.
package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
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
	sealed, err := newSealed()
	if err != nil {
		return err
	}
	for _, store := range []ports.TokenCache{NewStore(), sealed} {
		if err := restart(ctx, server, store); err != nil {
			return err
		}
	}
	return nil
}

// newSealed returns the cache over bytes. A program reads its key from where it keeps
// secrets; this one makes one up.
func newSealed() (*cachekit.TokenCache, error) {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // it never fails
	keys, err := cachekit.NewKeyRing(cachekit.KeyRingOptions{
		Active: cachekit.Key{ID: "2026-11", Secret: keyport.NewSecret(base64.StdEncoding.EncodeToString(key))},
	})
	if err != nil {
		return nil, err
	}
	return cachekit.FromBlobStore(NewBlobs(), cachekit.TokenCacheOptions{CodecOptions: cachekit.CodecOptions{Sealer: keys}})
}

func restart(ctx context.Context, server *keyporttest.Authority, store ports.TokenCache) error {
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
func list(ctx context.Context, store ports.TokenCache) error {
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
