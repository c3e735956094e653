//go:build unix

package keyring_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/seed57855a68/keyport/adapters/keyring"
)

// TestKeyFileIsRefused: what others can read or put there is no key.
func TestKeyFileIsRefused(t *testing.T) {
	chmod := func(t *testing.T, path string, mode os.FileMode) {
		t.Helper()
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		spoil func(t *testing.T, path string)
		want  error
		says  []string
	}{
		"others may read it":     {func(t *testing.T, path string) { chmod(t, path, 0o604) }, keyring.ErrUnsafe, []string{"chmod 600 "}},
		"the group may read it":  {func(t *testing.T, path string) { chmod(t, path, 0o640) }, keyring.ErrUnsafe, []string{"chmod 600 "}},
		"others may write it":    {func(t *testing.T, path string) { chmod(t, path, 0o602) }, keyring.ErrUnsafe, []string{"chmod 600 "}},
		"others see the folder":  {func(t *testing.T, path string) { chmod(t, filepath.Dir(path), 0o705) }, keyring.ErrUnsafe, []string{"chmod 700 "}},
		"others fill the folder": {func(t *testing.T, path string) { chmod(t, filepath.Dir(path), 0o772) }, keyring.ErrUnsafe, []string{"chmod 700 "}},
		"a link": {func(t *testing.T, path string) {
			if err := os.Rename(path, path+"2"); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(path+"2", path); err != nil {
				t.Fatal(err)
			}
		}, keyring.ErrUnsafe, []string{"symbolic link", "the file itself"}},
		"a folder": {func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, keyring.ErrUnsafe, []string{"is not a file"}},
		"a link to the folder": {func(t *testing.T, path string) {
			folder := filepath.Dir(path)
			if err := os.Rename(folder, folder+"2"); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(folder+"2", folder); err != nil {
				t.Fatal(err)
			}
		}, keyring.ErrUnsafe, []string{"is not a folder"}},
		"a pipe": {func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
		}, keyring.ErrUnsafe, []string{"is not a file"}},
		"empty":         {func(t *testing.T, path string) { write(t, path, "", 0o600) }, keyring.ErrDamaged, []string{"is empty"}},
		"cut off":       {func(t *testing.T, path string) { write(t, path, "AAAA", 0o600) }, keyring.ErrDamaged, []string{"base64"}},
		"far too large": {func(t *testing.T, path string) { write(t, path, strings.Repeat(" ", 1<<20), 0o600) }, keyring.ErrDamaged, []string{"too large"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(private(t), "key")
			write(t, path, newKey().Text().Reveal(), 0o600)
			if _, err := keyring.KeyFile(path).Load(t.Context()); err != nil {
				t.Fatalf("before: %v", err)
			}
			c.spoil(t, path)
			_, err := keyring.KeyFile(path).Load(t.Context())
			wantError(t, err, c.want, append(c.says, "load key: key file ", "; ")...)
		})
	}
}

// TestKeyFileOfAnother: who is not root tries with what root has.
func TestKeyFileOfAnother(t *testing.T) {
	path, folder := "/etc/hosts", "/etc/new-key"
	if os.Geteuid() == 0 {
		path = filepath.Join(private(t), "key")
		write(t, path, newKey().Text().Reveal(), 0o600)
		folder = filepath.Join(private(t), "key")
		for _, own := range []string{path, filepath.Dir(folder)} {
			if err := os.Chown(own, 65534, 65534); err != nil {
				t.Fatal(err)
			}
		}
	}
	_, err := keyring.KeyFile(path).Load(t.Context())
	wantError(t, err, keyring.ErrUnsafe, "belongs to another user")
	wantError(t, keyring.KeyFile(folder).Store(t.Context(), newKey()), keyring.ErrUnsafe, "belongs to another user")
}

// TestKeyFileThatCannotBeWritten leaves the old key, and nothing else.
func TestKeyFileThatCannotBeWritten(t *testing.T) {
	folder := private(t)
	path := filepath.Join(folder, "key")
	if err := os.Mkdir(path, 0o700); err != nil { // a file cannot take the place of a folder, even root's
		t.Fatal(err)
	}
	err := keyring.KeyFile(path).Store(t.Context(), newKey())
	wantError(t, err, syscall.EEXIST, "store key: key file "+path)
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("%d files, error %v; want no part of a key", len(entries), err)
	}
}
