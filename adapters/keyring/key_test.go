package keyring_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/adapters/keyring"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

func TestParseKey(t *testing.T) {
	const zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	for name, c := range map[string]struct {
		text string
		ok   bool
	}{
		"as openssl prints it":  {zeros + "\n", true},
		"space around it":       {" \t" + zeros + "\r\n", true},
		"empty":                 {"", false},
		"31 bytes":              {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", false},
		"33 bytes":              {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false},
		"32 bytes as they are":  {strings.Repeat("x", 32), false},
		"hexadecimal":           {strings.Repeat("ab", 32), false},
		"bits that nobody sees": {"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=", false},
		"two lines":             {zeros + "\n" + zeros, false},
	} {
		t.Run(name, func(t *testing.T) {
			key, err := keyring.ParseKey(secret(c.text))
			if c.ok {
				if err != nil || !bytes.Equal(key.Bytes(), make([]byte, keyring.KeySize)) {
					t.Errorf("%v, want 32 zeros", err)
				}
				return
			}
			var config *domain.ConfigError
			if !errors.As(err, &config) || config.Remedy == "" || !key.IsZero() {
				t.Errorf("error = %v, want a ConfigError with a remedy, and no key", err)
			}
		})
	}
}

func TestKey(t *testing.T) {
	key, other := newKey(), newKey()
	if key.Equal(other) || key.ID() == other.ID() || bytes.Equal(key.Bytes(), other.Bytes()) {
		t.Error("two new keys are the same")
	}
	if again, err := keyring.ParseKey(key.Text()); err != nil || !again.Equal(key) || again.ID() != key.ID() {
		t.Errorf("the text is another key: %v", err)
	}
	key.Bytes()[0] ^= 1
	if again, _ := keyring.ParseKey(key.Text()); !bytes.Equal(again.Bytes(), key.Bytes()) {
		t.Error("who changes the bytes changes the key")
	}
	zeros, _ := keyring.ParseKey(secret("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))
	if got, want := zeros.ID(), "5918054c548cd3b6"; got != want { // files name keys by it
		t.Errorf("id = %s, want %s", got, want)
	}
	none := keyring.Key{}
	if !none.IsZero() || none.ID() != "" || none.Bytes() != nil {
		t.Error("no key is a key")
	}
}

// TestKeyIsNotSeen: however a key is printed, nothing of it is shown.
func TestKeyIsNotSeen(t *testing.T) {
	key := newKey()
	keyporttest.AssertClean(t, keyporttest.New(keyporttest.Options{}), "key", key, &key, struct{ key keyring.Key }{key})
	if s := fmt.Sprint(key); s != key.ID() {
		t.Errorf("prints as %s, want its id", s)
	}
}
