package keyring_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/seed57855a68/keyport/adapters/keyring"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// children are what processes of the test binary do under these names.
var children = map[string]func(){"systemd-creds": standInForSystemd}

// TestMain fails when the output of the tests shows a secret, or when a goroutine outlives them.
func TestMain(m *testing.M) {
	if work, ok := children[filepath.Base(os.Args[0])]; ok {
		work()
		os.Exit(0)
	}
	keyporttest.Plant("passphrase", "correct horse", "wrong horse")
	os.Exit(keyporttest.ScanOutput(leakChecked{m}))
}

type leakChecked struct{ m *testing.M }

// Run runs the tests, and then looks for goroutines that they left behind.
func (l leakChecked) Run() int {
	others := goleak.IgnoreCurrent() // those that scan the output
	code := l.m.Run()
	if err := goleak.Find(others); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// standInForSystemd does as the command does, without encrypting.
func standInForSystemd() {
	fail := func(text string) {
		fmt.Fprintln(os.Stderr, "a warning first")
		fmt.Fprintln(os.Stderr, text)
		os.Exit(1)
	}
	input, err := io.ReadAll(os.Stdin)
	switch mode := os.Getenv("STAND_IN"); {
	case err != nil:
		fail(err.Error())
	case mode == "refuses":
		fail("Failed to determine local credential host secret: Permission denied")
	case mode == "silent":
		os.Exit(2)
	case mode == "hangs":
		select {}
	}
	name := os.Args[1]
	if user := slices.Contains(os.Args, "--user"); user == (os.Geteuid() == 0) {
		fail("--user is for others than root")
	}
	if strings.Contains(strings.Join(os.Args, " "), strings.TrimSpace(string(input))) {
		fail("the key is in the arguments")
	}
	switch verb := os.Args[len(os.Args)-3]; verb {
	case "encrypt":
		fmt.Println(name + " " + base64.StdEncoding.EncodeToString(input))
	case "decrypt":
		sealed, ok := strings.CutPrefix(string(input), name+" ")
		plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(sealed))
		if !ok || err != nil {
			fail("Embedded credential name does not match filename, refusing.")
		}
		_, _ = os.Stdout.Write(plain)
	default:
		fail("unknown verb " + verb)
	}
}

// withSystemd puts the stand-in on the PATH, alone.
func withSystemd(t *testing.T, mode string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Symlink(self, filepath.Join(folder, "systemd-creds")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
	t.Setenv("STAND_IN", mode)
}

// bare is a machine without key store and systemd; it returns the user's folder for settings.
func bare(t *testing.T) (settings string) {
	t.Helper()
	settings = t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", settings)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "autolaunch:")
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	t.Setenv("PATH", t.TempDir())
	return settings
}

// newKey makes a key whose appearance in the output fails the tests.
func newKey() keyring.Key {
	return planted(keyring.NewKey())
}

func planted(key keyring.Key) keyring.Key {
	if !key.IsZero() {
		keyporttest.Plant("key", key.Text().Reveal())
	}
	return key
}

// private makes a folder in which keys may be.
func private(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "private")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil { // whatever the umask is
		t.Fatal(err)
	}
}

// wantError checks that an error is typed, is the one expected, and says what it must.
func wantError(t *testing.T, err, want error, says ...string) {
	t.Helper()
	var typed *keyring.Error
	if !errors.As(err, &typed) || !errors.Is(err, want) {
		t.Fatalf("error = %v, want a *keyring.Error that is %q", err, want)
	}
	for _, part := range says {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error = %v, does not say %q", err, part)
		}
	}
}

func secret(text string) domain.Secret { return domain.NewSecret(text) }
