package cachefile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
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

// A tool that had a plain file moves to sealed ones at its first start with them.
func ExampleSealedTokenCache_Import() {
	ctx := context.Background()
	home, err := os.MkdirTemp("", "my-tool-") // a program takes a folder in os.UserConfigDir
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(home) }()
	path := filepath.Join(home, "tokens.json")
	plain, err := cachefile.NewTokenCache(cachefile.TokenCacheOptions{Path: path})
	if err != nil {
		fmt.Println(err)
		return
	}
	tokenOfBefore := func(domain.TokenSet) (domain.TokenSet, error) { return domain.NewTokenSet(exampleToken), nil }
	if err := plain.Update(ctx, domain.AppKey("my-app", "contoso", "https://graph.microsoft.com"), tokenOfBefore); err != nil {
		fmt.Println(err)
		return
	}

	keys, err := cachekit.NewKeyRing(cachekit.KeyRingOptions{
		Active: cachekit.Key{ID: "2026", Secret: keyport.NewSecret(exampleKey)}, // adapters/keyring keeps one; openssl rand -base64 32 makes one
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	sealed, err := cachefile.NewSealedTokenCache(cachefile.SealedTokenCacheOptions{Folder: filepath.Join(home, "tokens"), Sealer: keys})
	if err != nil {
		fmt.Println(err)
		return
	}
	if problems, err := sealed.Verify(ctx); err != nil || len(problems) > 0 {
		fmt.Println(problems, err) // the error names the remedy
		return
	}
	if _, err := os.Stat(path); err == nil {
		n, err := sealed.Import(ctx, plain)
		fmt.Println(n, "record imported:", err)
		if err == nil {
			_ = os.Remove(path) // when no other program needs it
		}
	}
	// Output:
	// 1 record imported: <nil>
}

const exampleKey = "MDEyMzQ1Njc4OSAwMTIzNDU2Nzg5IDAxMjM0NTY3ODk="

var exampleToken = domain.AccessToken{
	Key: domain.RecordKey{
		Kind: domain.AccessTokenRecord, Environment: "login.microsoftonline.com", Tenant: "contoso", ClientID: "my-app",
		Scopes: "https://graph.microsoft.com/.default",
	},
	Secret: keyport.NewSecret("a token"), Type: "Bearer", Scopes: domain.ScopesFromResponse("https://graph.microsoft.com/.default"),
	CachedAt: time.Unix(1_700_000_000, 0), ExpiresOn: time.Unix(4_000_000_000, 0),
}
