package keyring

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const (
	credentialName   = "systemd credential"
	systemdCredsName = "systemd-creds"
)

type credential struct{ name string }

// Credential is the key that systemd gives to a service of this name: in its unit,
//
//	LoadCredentialEncrypted=my-tool.key:/etc/credstore.encrypted/my-tool.key
//
// after, as root,
//
//	openssl rand -base64 32 | systemd-creds encrypt --name=my-tool.key - /etc/credstore.encrypted/my-tool.key
//
// Whoever fills a folder with files and names it in $CREDENTIALS_DIRECTORY does the same without systemd. At the top of
// a ladder it wins over what was chosen before, and needs no folder.
func Credential(name string) Source { return credential{name} }

// Name implements [Source].
func (credential) Name() string { return credentialName }

// Load does not look at owners and modes: systemd sets them, with access control lists.
func (c credential) Load(context.Context) (Key, error) {
	folder := os.Getenv("CREDENTIALS_DIRECTORY")
	if folder == "" {
		return Key{}, &Error{
			Operation: "load", Source: credentialName, Problem: "$CREDENTIALS_DIRECTORY is not set", Err: ErrNoKey,
		}
	}
	path := filepath.Join(folder, c.name+".key")
	info, err := os.Stat(path) //nolint:gosec // the folder is systemd's
	if err == nil && info.Size() > maxFile {
		return Key{}, damaged("load", credentialName, path, "is far too large")
	}
	content, err := os.ReadFile(path) //nolint:gosec // the folder is systemd's
	if errors.Is(err, fs.ErrNotExist) {
		return Key{}, &Error{
			Operation: "load", Source: credentialName, Path: path,
			Problem: "the service has no credential " + c.name + ".key", Err: ErrNoKey,
		}
	}
	if err != nil {
		return Key{}, failed("load", credentialName, path, err)
	}
	return parseKept(credentialName, path, content)
}

// Store fails: credentials are the operator's.
func (c credential) Store(context.Context, Key) error {
	return &Error{
		Operation: "store", Source: credentialName, Problem: "a service cannot store its credentials", Err: ErrUnavailable,
		Remedy: "let the operator add LoadCredentialEncrypted=" + c.name + ".key:… to the unit",
	}
}

type systemdCreds struct{ path, name string }

// SystemdCreds keeps the key in a file that the command systemd-creds encrypts for this machine, under this name: with the key
// in /var/lib/systemd and with the TPM where there is one. Root can use it; other users from systemd 256 on.
func SystemdCreds(path, name string) Source { return systemdCreds{path, name} }

// Name implements [Source].
func (systemdCreds) Name() string { return systemdCredsName }

// Load implements [Source].
func (s systemdCreds) Load(ctx context.Context) (Key, error) {
	sealed, err := readFile("load", systemdCredsName, s.path)
	if err != nil {
		return Key{}, err
	}
	text, err := s.run(ctx, "load", sealed, "decrypt")
	if err != nil {
		return Key{}, err
	}
	return parseKept(systemdCredsName, s.path, text)
}

// Store implements [Source].
func (s systemdCreds) Store(ctx context.Context, key Key) error {
	sealed, err := s.run(ctx, "store", []byte(key.Text().Reveal()), "encrypt")
	if err != nil {
		return err
	}
	return writeFile("store", systemdCredsName, s.path, sealed)
}

// run passes everything through pipes: arguments are seen by every user of the machine.
func (s systemdCreds) run(ctx context.Context, operation string, input []byte, verb string) ([]byte, error) {
	arguments := []string{"--name=" + s.name + ".key"}
	if os.Geteuid() != 0 {
		arguments = append(arguments, "--user")
	}
	command := exec.CommandContext(ctx, "systemd-creds", append(arguments, verb, "-", "-")...) //nolint:gosec // the name is the program's
	var output, complaint bytes.Buffer
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(input), &output, &complaint
	command.WaitDelay = time.Second
	err := command.Run()
	switch {
	case ctx.Err() != nil:
		return nil, &Error{Operation: operation, Source: systemdCredsName, Err: ctx.Err()}
	case errors.Is(err, exec.ErrNotFound):
		return nil, &Error{Operation: operation, Source: systemdCredsName, Problem: "the command is not installed", Err: ErrUnavailable}
	case err != nil:
		return nil, &Error{
			Operation: operation, Source: systemdCredsName, Problem: lastLine(complaint.String(), err), Err: ErrUnavailable,
			Remedy: systemdRemedies[verb],
		}
	}
	return output.Bytes(), nil
}

var systemdRemedies = map[string]string{
	"encrypt": "run as root, or with systemd 256 or later",
	"decrypt": "run as the user, and on the machine, that made the file",
}

// lastLine is where commands say why they failed.
func lastLine(text string, err error) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	last := lines[len(lines)-1]
	if last == "" {
		return err.Error()
	}
	return last[:min(len(last), 200)]
}
