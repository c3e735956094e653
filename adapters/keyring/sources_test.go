package keyring_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/adapters/keyring"
	"github.com/seed57855a68/keyport/domain"
)

// TestSources: every place that can keep a key keeps the one it was given.
func TestSources(t *testing.T) {
	remembering := keyring.NewKeyStore("my-tool", &store{})
	for name, c := range map[string]struct {
		source func(folder string) keyring.Source
		file   string
		plain  bool
	}{
		"key file":      {func(folder string) keyring.Source { return keyring.KeyFile(folder + "/k") }, "k", true},
		"systemd-creds": {func(folder string) keyring.Source { return keyring.SystemdCreds(folder+"/k", "my-tool") }, "k", false},
		"passphrase":    {func(folder string) keyring.Source { return keyring.Passphrase(folder+"/k", typed("correct horse")) }, "k", false},
		"key store":     {func(string) keyring.Source { return remembering }, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			withSystemd(t, "")
			folder := filepath.Join(t.TempDir(), "not", "made yet")
			key, ctx := newKey(), t.Context()
			_, err := c.source(folder).Load(ctx)
			wantError(t, err, keyring.ErrNoKey)
			for range 2 { // the second in the place of the first
				key = newKey()
				if err := c.source(folder).Store(ctx, key); err != nil {
					t.Fatal(err)
				}
				if got, err := c.source(folder).Load(ctx); err != nil || !got.Equal(key) {
					t.Fatalf("key %v, error %v; want key %v", got, err, key)
				}
			}
			if c.file != "" {
				checkFile(t, folder, c.file, key, c.plain)
			}
		})
	}
}

// checkFile checks that a file is its owner's alone and shows the key only if it must.
func checkFile(t *testing.T, folder, name string, key keyring.Key, plain bool) {
	t.Helper()
	for path, want := range map[string]os.FileMode{folder: 0o700, filepath.Join(folder, name): 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: mode %v, error %v; want mode %v", path, info.Mode(), err, want)
		}
	}
	content, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil || strings.Contains(string(content), key.Text().Reveal()) != plain {
		t.Errorf("error %v, or the file shows the key and should not, or the other way round", err)
	}
	if entries, err := os.ReadDir(folder); err != nil || len(entries) != 1 {
		t.Errorf("%d files, error %v; want the key's file alone", len(entries), err)
	}
}

func typed(text string) keyring.Ask {
	return func(context.Context, bool) (domain.Secret, error) { return secret(text), nil }
}

func TestPassphrase(t *testing.T) {
	path := filepath.Join(private(t), "k")
	key := newKey()
	if err := keyring.Passphrase(path, typed("correct horse")).Store(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	cancelled := errors.New("the user pressed escape")
	right := typed("correct horse")
	for name, c := range map[string]struct {
		old, new string // in the file
		ask      keyring.Ask
		want     error
		says     string
	}{
		"wrong":               {ask: typed("wrong horse"), want: keyring.ErrPassphrase, says: "ask again"},
		"cannot be asked":     {ask: typed(""), want: keyring.ErrUnavailable, says: "where it can ask"},
		"nobody asks":         {ask: nil, want: keyring.ErrUnavailable, says: "where it can ask"},
		"the user gives up":   {ask: func(context.Context, bool) (domain.Secret, error) { return domain.Secret{}, cancelled }, want: cancelled},
		"cheaper to guess":    {`_time": 3`, `_time": 1`, right, keyring.ErrPassphrase, "was changed"},
		"time without end":    {`_time": 3`, `_time": 4000000000`, right, keyring.ErrDamaged, "restore"},
		"no time":             {`_time": 3`, `_time": 0`, right, keyring.ErrDamaged, "restore"},
		"more memory than is": {`_kib": 65536`, `_kib": 4294967295`, right, keyring.ErrDamaged, "restore"},
		"no threads":          {`_threads": 4`, `_threads": 0`, right, keyring.ErrDamaged, "restore"},
		"no salt":             {`"salt": "`, `"salt": "", "x": "`, right, keyring.ErrDamaged, "restore"},
		"short nonce":         {`"nonce": "`, `"nonce": "AAAA", "x": "`, right, keyring.ErrDamaged, "restore"},
		"nothing sealed":      {`"sealed": "`, `"sealed": "", "x": "`, right, keyring.ErrPassphrase, "was changed"},
		"a later version":     {`"version": 1`, `"version": 2`, right, keyring.ErrDamaged, "restore"},
		"not JSON":            {"{", "", right, keyring.ErrDamaged, "restore"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(string(whole), c.old, c.new, 1)
			if c.old != "" && changed == string(whole) {
				t.Fatalf("the file has no %s", c.old)
			}
			write(t, path, changed, 0o600)
			_, err := keyring.Passphrase(path, c.ask).Load(t.Context())
			wantError(t, err, c.want, "passphrase", c.says)
		})
	}
}

// TestPassphraseIsAskedFor: a program can tell a new passphrase from the one of before.
func TestPassphraseIsAskedFor(t *testing.T) {
	var asked []bool
	source := keyring.Passphrase(filepath.Join(private(t), "k"), func(_ context.Context, fresh bool) (domain.Secret, error) {
		asked = append(asked, fresh)
		return secret("correct horse"), nil
	})
	_, err := source.Load(t.Context())
	wantError(t, err, keyring.ErrNoKey)
	if err := source.Store(t.Context(), newKey()); err != nil {
		t.Fatal(err)
	}
	if _, err := source.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 2 || !asked[0] || asked[1] {
		t.Errorf("asked for a fresh one: %v, want [true false]", asked)
	}
}

func TestCredential(t *testing.T) {
	key := newKey()
	for name, c := range map[string]struct {
		content string
		want    error
		says    string
	}{
		"there":         {key.Text().Reveal() + "\n", nil, ""},
		"another's":     {"", keyring.ErrNoKey, "no credential my-tool.key"},
		"not a key":     {"sesame", keyring.ErrDamaged, "base64 of 32 bytes"},
		"far too large": {strings.Repeat("A", 1<<20), keyring.ErrDamaged, "far too large"},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			t.Setenv("CREDENTIALS_DIRECTORY", folder)
			write(t, filepath.Join(folder, "other.key"), newKey().Text().Reveal(), 0o400)
			if c.content != "" {
				write(t, filepath.Join(folder, "my-tool.key"), c.content, 0o440) // as systemd does, with an access control list
			}
			got, err := keyring.Credential("my-tool").Load(t.Context())
			if c.want == nil {
				if err != nil || !got.Equal(key) {
					t.Errorf("key %v, error %v; want key %v", got, err, key)
				}
				return
			}
			wantError(t, err, c.want, c.says)
		})
	}
	t.Run("no folder", func(t *testing.T) {
		t.Setenv("CREDENTIALS_DIRECTORY", "")
		_, err := keyring.Credential("my-tool").Load(t.Context())
		wantError(t, err, keyring.ErrNoKey, "$CREDENTIALS_DIRECTORY is not set")
	})
	wantError(t, keyring.Credential("my-tool").Store(t.Context(), key), keyring.ErrUnavailable, "LoadCredentialEncrypted=my-tool.key")
}

func TestSystemdCreds(t *testing.T) {
	key := newKey()
	for name, c := range map[string]struct {
		mode string
		want error
		says string
	}{
		"refuses":       {"refuses", keyring.ErrUnavailable, "host secret: Permission denied: not available; run as"},
		"says nothing":  {"silent", keyring.ErrUnavailable, "exit status 2"},
		"not installed": {"", keyring.ErrUnavailable, "the command is not installed"},
	} {
		t.Run(name, func(t *testing.T) {
			source := keyring.SystemdCreds(filepath.Join(private(t), "k"), "my-tool")
			withSystemd(t, "")
			if err := source.Store(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			withSystemd(t, c.mode)
			if c.mode == "" {
				t.Setenv("PATH", t.TempDir())
			}
			_, err := source.Load(t.Context())
			wantError(t, err, c.want, c.says)
			wantError(t, source.Store(t.Context(), key), c.want, c.says)
		})
	}
	t.Run("another name", func(t *testing.T) {
		withSystemd(t, "")
		path := filepath.Join(private(t), "k")
		if err := keyring.SystemdCreds(path, "my-tool").Store(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		_, err := keyring.SystemdCreds(path, "other-tool").Load(t.Context())
		wantError(t, err, keyring.ErrUnavailable, "refusing", "on the machine, that made the file")
	})
	t.Run("the caller gives up", func(t *testing.T) {
		withSystemd(t, "hangs")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- keyring.SystemdCreds(filepath.Join(t.TempDir(), "k"), "my-tool").Store(ctx, key) }()
		cancel()
		wantError(t, <-done, context.Canceled)
	})
}
