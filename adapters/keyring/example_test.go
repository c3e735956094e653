package keyring_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/adapters/keyring"
)

// The first start makes a key and the next one finds it. With Sources as nil, the key store comes first.
func Example() {
	home, err := os.MkdirTemp("", "my-tool-") // a program leaves Folder empty
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(home) }()
	folder := filepath.Join(home, "keyring")
	options := keyring.Options{
		Name: "my-tool", Folder: folder,
		Sources: []keyring.Source{keyring.Credential("my-tool"), keyring.KeyFile(filepath.Join(folder, "key"))},
	}
	for range 2 {
		key, choice, err := keyring.Default(context.Background(), options)
		if err != nil {
			fmt.Println(err) // it names the remedy
			return
		}
		fmt.Println(len(key.Bytes()), "bytes from", choice.Source+":", choice.Reason)
	}
	// Output:
	// 32 bytes from key file: a new key was made
	// 32 bytes from key file: chosen at an earlier start
}

// The key seals a folder of files that processes of one user share. The client takes it as keyport.Ports{TokenCache: tokens}.
func ExampleDefault_sealedCache() {
	ctx := context.Background()
	home, err := os.MkdirTemp("", "my-tool-") // a program takes a folder in os.UserConfigDir, and leaves Options.Folder empty
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(home) }()
	tokens, err := openTokens(ctx, home)
	if err != nil {
		fmt.Println(err) // it names the remedy
		return
	}
	problems, err := tokens.Verify(ctx)
	fmt.Println(tokens, "with", len(problems), "problems:", err)
	// Output:
	// sealed token cache with 0 problems: <nil>
}

func openTokens(ctx context.Context, home string) (*cachefile.SealedTokenCache, error) {
	key, _, err := keyring.Default(ctx, keyring.Options{
		Name: "my-tool", Folder: filepath.Join(home, "keyring"),
		Sources: []keyring.Source{keyring.KeyFile(filepath.Join(home, "keyring", "key"))}, // a program leaves Sources nil: the key store comes first
	})
	if err != nil {
		return nil, err
	}
	keys, err := cachekit.NewKeyRing(cachekit.KeyRingOptions{Active: cachekit.Key{ID: key.ID(), Secret: key.Text()}})
	if err != nil {
		return nil, err
	}
	return cachefile.NewSealedTokenCache(cachefile.SealedTokenCacheOptions{Folder: filepath.Join(home, "tokens"), Sealer: keys})
}
