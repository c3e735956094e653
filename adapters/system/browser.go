package system

import (
	"context"
	"fmt"
	"path"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

var _ ports.Browser = Browser{}

// Browser opens pages in the user's browser. The zero value is ready.
//
// Which browser: on Windows and macOS the default one; elsewhere the first that works
// of those that BROWSER names, of the Windows host's where the machine is WSL, and of
// the desktop's. BROWSER is a list as for xdg-open: "firefox:chromium --new-window %s".
// It works on macOS too, and not on Windows.
type Browser struct{ machine *machine }

// defaultPatience is how long a program may take to fail. One that is still running
// then is the browser itself, or has found one.
const defaultPatience = 3 * time.Second

// Open implements [ports.Browser]. Besides https it opens http pages of this machine.
// Programs are started without a shell, in a session of their own, and their output
// goes nowhere. When none can be opened, the error is a [*domain.ConfigError] for the
// field "Ports.Browser".
//
// On Unix, other users of the machine can see the arguments of programs, and the
// address is one. Who sees the state in it can spoil the sign-in with an answer of his
// own, but neither redeem its code nor have his accepted: PKCE and the nonce see to it.
func (b Browser) Open(ctx context.Context, address string) error {
	address, err := checked(address)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	m := b.machine.orReal()
	if m.goos == "windows" {
		if err := m.shellExecute(address); err != nil {
			return noBrowser("could not open a page", err)
		}
		return nil
	}
	commands, problem := m.commands(address)
	var failed error
	for _, c := range commands {
		err := m.run(ctx, c)
		if err == nil || ctx.Err() != nil {
			return err
		}
		failed = also(failed, fmt.Errorf("%s: %w", path.Base(c.path), err))
	}
	if failed != nil {
		problem = "could not open a page"
	}
	return noBrowser(problem, failed)
}

// run starts a program and waits until it is plain whether it failed.
func (m *machine) run(ctx context.Context, c command) error {
	wait, err := m.start(c)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- wait() }()
	timer := time.NewTimer(m.patience)
	defer timer.Stop()
	select {
	case err := <-ended:
		return err
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// also adds an error to others.
func also(errs, err error) error {
	if errs == nil {
		return err
	}
	return fmt.Errorf("%w; %w", errs, err)
}

func noBrowser(problem string, err error) error {
	return &domain.ConfigError{
		Field: "Ports.Browser", Problem: problem, Err: err,
		Remedy: "set OnAuthorizationURL to show the address to the user, or use InitiateDeviceFlow",
	}
}
