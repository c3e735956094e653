package keyring_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

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
