//go:build !darwin && !windows

package keyring_test

import (
	"testing"

	"github.com/seed57855a68/keyport/adapters/keyring"
)

func TestKeyStoreOfThisSystem(t *testing.T) {
	bare(t)
	source := keyring.KeyStore("my-tool")
	if got, want := source.Name(), "Secret Service"; got != want {
		t.Errorf("name = %q, want %q", got, want)
	}
	_, err := source.Load(t.Context())
	wantError(t, err, keyring.ErrUnavailable, "there is no session bus")

	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+t.TempDir()+"/bus")
	_, err = source.Load(t.Context())
	wantError(t, err, keyring.ErrUnavailable, "no such file")
}
