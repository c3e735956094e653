//go:build e2e && linux

package keyring_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"

	"github.com/seed57855a68/keyport/adapters/keyring"
)

// These tests need dbus-run-session, gnome-keyring-daemon and systemd-creds, which `make e2e` installs. They fail
// where one is missing.

func init() { children["my-tool"] = tool }

// tool is a program that opens its key, and prints what it got.
func tool() {
	bus, err := dbus.ConnectSessionBus()
	if err == nil { // there is none in one of the tests
		defer func() { _ = bus.Close() }()
		if os.Getenv("UNLOCKED") != "" {
			waitForKeyStore(bus)
		}
		defer endKeyStore(bus)
	}
	key, choice, err := keyring.Default(context.Background(), keyring.Options{Name: "my-tool"})
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	fmt.Println(key.ID(), choice)
}

const (
	theBus       = "org.freedesktop.DBus"
	secretsOnBus = "org.freedesktop.secrets"
)

// waitForKeyStore waits until the daemon is on the bus. Before that, the bus would start a second one.
func waitForKeyStore(bus *dbus.Conn) {
	changes := make(chan *dbus.Signal, 64)
	bus.Signal(changes)
	if err := bus.AddMatchSignal(dbus.WithMatchInterface(theBus), dbus.WithMatchMember("NameOwnerChanged")); err != nil {
		panic(err)
	}
	for {
		var there bool
		if err := bus.BusObject().Call(theBus+".NameHasOwner", 0, secretsOnBus).Store(&there); err != nil {
			panic(err)
		}
		if there {
			return
		}
		<-changes
	}
}

// endKeyStore ends the daemon, which outlives the bus while it asks for a password.
func endKeyStore(bus *dbus.Conn) {
	var pid int
	if err := bus.BusObject().Call(theBus+".GetConnectionUnixProcessID", 0, secretsOnBus).Store(&pid); err == nil {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// desktop is a user's home, and the sessions in it.
type desktop struct {
	home string
	tool string
}

func newDesktop(t *testing.T) desktop {
	t.Helper()
	for _, program := range []string{"dbus-run-session", "gnome-keyring-daemon"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Fatalf("%v; make e2e installs it", err)
		}
	}
	d := desktop{home: private(t)}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	d.tool = filepath.Join(d.home, "my-tool")
	if err := os.Symlink(self, d.tool); err != nil {
		t.Fatal(err)
	}
	return d
}

// run starts the tool in a session of its own, after a command; as after a reboot, nothing runs but what
// the session starts.
func (d desktop) run(t *testing.T, before string) string {
	t.Helper()
	runtime := private(t)
	command := exec.CommandContext(t.Context(), "dbus-run-session", "--", "sh", "-ec", before+"\nexec "+d.tool)
	command.Env = []string{"HOME=" + d.home, "XDG_RUNTIME_DIR=" + runtime, "PATH=" + os.Getenv("PATH"), "NO_AT_BRIDGE=1"}
	var output, noise bytes.Buffer
	command.Stdout, command.Stderr = &output, &noise
	command.WaitDelay = 5 * time.Second // for a daemon that stays, with our pipes open
	if err := command.Run(); err != nil {
		t.Fatalf("%v: %s%s", err, &output, &noise)
	}
	lines := strings.Split(strings.TrimSpace(output.String()), "\n")
	return lines[len(lines)-1]
}

// unlock is what the sign-in to a desktop does.
const unlock = "printf 'the password of the user' | gnome-keyring-daemon --unlock --components=secrets >/dev/null; export UNLOCKED=1"

func TestSecretService(t *testing.T) {
	d := newDesktop(t)
	first := d.run(t, unlock)
	id, choice, _ := strings.Cut(first, " ")
	if want := "Secret Service: a new key was made; not systemd credential: $CREDENTIALS_DIRECTORY is not set"; choice != want {
		t.Fatalf("the first start: %q, want %q", choice, want)
	}
	kept, err := filepath.Glob(filepath.Join(d.home, ".local/share/keyrings/*.keyring"))
	if err != nil || len(kept) == 0 {
		t.Fatalf("gnome-keyring kept nothing: %v", err)
	}
	if got, want := d.run(t, unlock), id+" Secret Service: chosen at an earlier start; not systemd credential: $CREDENTIALS_DIRECTORY is not set"; got != want {
		t.Errorf("the next session: %q, want %q", got, want)
	}
	for name, before := range map[string]string{
		"locked":           "true",
		"another password": strings.Replace(unlock, "user", "stranger", 1),
		"no bus":           "export DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere",
	} {
		t.Run(name, func(t *testing.T) {
			got := d.run(t, before)
			if !strings.HasPrefix(got, "error: load key: Secret Service: the key of an earlier start cannot be read: ") ||
				!strings.Contains(got, "unlock") || !strings.Contains(got, "or delete ") {
				t.Errorf("%q, want an error with the remedy", got)
			}
		})
	}
	if got := d.run(t, unlock); !strings.HasPrefix(got, id+" ") {
		t.Errorf("after that: %q, want key %s", got, id)
	}
}

// TestLockedSecretService: without a key from before, the next rung is taken.
func TestLockedSecretService(t *testing.T) {
	d := newDesktop(t)
	d.run(t, unlock+"\nexport XDG_CONFIG_HOME="+private(t)) // the collection is made, the tool's folder is another
	got := d.run(t, "export SYSTEMD_CREDENTIAL_SECRET="+filepath.Join(private(t), "host"))
	want := "systemd-creds: a new key was made"
	if os.Geteuid() != 0 {
		want = "a new key was made" // systemd-creds serves others than root from version 256 on
	}
	if !strings.Contains(got, want) || !strings.Contains(got, "not Secret Service: ") {
		t.Errorf("%q, want %q and why the key is not in the Secret Service", got, want)
	}
}

// TestSystemdCredsOfThisMachine speaks to the command itself, with a host key that only the test has.
func TestSystemdCredsOfThisMachine(t *testing.T) {
	if _, err := exec.LookPath("systemd-creds"); err != nil {
		t.Fatalf("%v; make e2e installs it", err)
	}
	t.Setenv("SYSTEMD_CREDENTIAL_SECRET", filepath.Join(private(t), "host"))
	path := filepath.Join(private(t), "key")
	key := newKey()
	if err := keyring.SystemdCreds(path, "my-tool").Store(t.Context(), key); os.Geteuid() != 0 && err != nil {
		wantError(t, err, keyring.ErrUnavailable, "run as root, or with systemd 256") // it is older
		return
	} else if err != nil {
		t.Fatal(err)
	}
	checkFile(t, filepath.Dir(path), "key", key, false)
	if got, err := keyring.SystemdCreds(path, "my-tool").Load(t.Context()); err != nil || !got.Equal(key) {
		t.Fatalf("key %v, error %v; want key %v", got, err, key)
	}
	_, err := keyring.SystemdCreds(path, "other-tool").Load(t.Context())
	wantError(t, err, keyring.ErrUnavailable, "refusing")

	operators := t.TempDir() // what the operator's command line of [keyring.Credential] makes
	command := exec.CommandContext(t.Context(), "sh", "-ec", `head -c 32 /dev/urandom | base64 |
		systemd-creds encrypt --name=my-tool.key - sealed && systemd-creds decrypt --name=my-tool.key sealed my-tool.key`)
	command.Dir = operators
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	t.Setenv("CREDENTIALS_DIRECTORY", operators)
	delivered, err := keyring.Credential("my-tool").Load(t.Context())
	if planted(delivered); err != nil || len(delivered.Bytes()) != keyring.KeySize {
		t.Errorf("error = %v", err)
	}

	t.Setenv("SYSTEMD_CREDENTIAL_SECRET", filepath.Join(private(t), "host of another machine"))
	_, err = keyring.SystemdCreds(path, "my-tool").Load(t.Context())
	wantError(t, err, keyring.ErrUnavailable, "on the machine, that made the file")
}
