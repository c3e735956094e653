package keyring

import (
	"context"

	"github.com/seed57855a68/keyport/domain"
)

const keyFileName = "key file"

type keyFile struct{ path string }

// KeyFile keeps the key as a line of text in a file of its own: mode 0600, in a folder with mode 0700, both of the program's
// user. Others are refused with an error that is [ErrUnsafe] and names the remedy.
func KeyFile(path string) Source { return keyFile{path} }

// Name implements [Source].
func (keyFile) Name() string { return keyFileName }

// Load implements [Source].
func (f keyFile) Load(context.Context) (Key, error) {
	content, err := readFile("load", keyFileName, f.path)
	if err != nil {
		return Key{}, err
	}
	return parseKept(keyFileName, f.path, content)
}

// Store implements [Source].
func (f keyFile) Store(_ context.Context, key Key) error {
	return writeFile("store", keyFileName, f.path, []byte(key.Text().Reveal()+"\n"))
}

// parseKept reads a key in the form in which all sources keep it.
func parseKept(source, path string, content []byte) (Key, error) {
	key, err := ParseKey(domain.NewSecret(string(content)))
	if err != nil {
		return Key{}, damaged("load", source, path, "is not the base64 of 32 bytes")
	}
	return key, nil
}
