package keyring

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	library "github.com/zalando/go-keyring"

	"github.com/seed57855a68/keyport/domain"
)

// patience is how long a key store may take, in which its user may be asked to unlock it.
const patience = 30 * time.Second

// account is the entry that a program has in the key store under its name.
const account = "keyport"

// passwords is what we need of the operating system's key store.
type passwords interface {
	Get(service, user string) (string, error)
	Set(service, user, password string) error
}

type keyStore struct {
	service string
	store   passwords
	reach   func() string // why the store cannot be reached; "" when it can be tried
}

// KeyStore keeps the key in the key store of the operating system, as the password of a service of this name: Secret
// Service on Linux and BSD, Keychain on macOS, Credential Manager on Windows. A store that does not
// answer within half a minute counts as [ErrUnavailable].
func KeyStore(service string) Source { return keyStore{service, systemStore{}, unreachable} }

// Name implements [Source].
func (keyStore) Name() string {
	switch runtime.GOOS {
	case "darwin":
		return "Keychain"
	case "windows":
		return "Credential Manager"
	}
	return "Secret Service"
}

// Load implements [Source].
func (s keyStore) Load(ctx context.Context) (Key, error) {
	text, err := s.ask(ctx, "load", func() (string, error) { return s.store.Get(s.service, account) })
	if err != nil {
		return Key{}, err
	}
	key, err := ParseKey(domain.NewSecret(text))
	if err != nil {
		return Key{}, &Error{
			Operation: "load", Source: s.Name(), Problem: "what it keeps for " + s.service + " is not the base64 of 32 bytes",
			Err: ErrDamaged, Remedy: "delete the entry to begin with a new key; what was sealed before is then lost",
		}
	}
	return key, nil
}

// Store implements [Source].
func (s keyStore) Store(ctx context.Context, key Key) error {
	_, err := s.ask(ctx, "store", func() (string, error) {
		return "", s.store.Set(s.service, account, key.Text().Reveal())
	})
	return err
}

// ask bounds an operation that knows no context. What does not answer is left behind.
func (s keyStore) ask(ctx context.Context, operation string, do func() (string, error)) (string, error) {
	if problem := s.reach(); problem != "" {
		return "", s.unavailable(operation, problem, ErrUnavailable)
	}
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := unbroken(do)
		answers <- answer{text, err}
	}()
	select {
	case <-waiting.Done():
		if err := ctx.Err(); err != nil {
			return "", &Error{Operation: operation, Source: s.Name(), Err: err}
		}
		return "", s.unavailable(operation, fmt.Sprintf("no answer within %v", patience), ErrUnavailable)
	case a := <-answers:
		switch {
		case a.err == nil:
			return a.text, nil
		case errors.Is(a.err, library.ErrNotFound):
			return "", &Error{Operation: operation, Source: s.Name(), Err: ErrNoKey}
		}
		return "", s.unavailable(operation, "", fmt.Errorf("%w: %w", ErrUnavailable, a.err))
	}
}

// unbroken turns a panic into an error: the library has one when the bus goes away while it waits for the user.
func unbroken(do func() (string, error)) (text string, err error) {
	defer func() {
		if p := recover(); p != nil {
			text, err = "", errors.New("the connection to the key store broke")
		}
	}()
	return do()
}

func (s keyStore) unavailable(operation, problem string, err error) error {
	return &Error{Operation: operation, Source: s.Name(), Problem: problem, Err: err, Remedy: storeRemedy}
}

// systemStore is the key store of the operating system.
type systemStore struct{}

// Get implements passwords.
func (systemStore) Get(service, user string) (string, error) { return library.Get(service, user) }

// Set implements passwords.
func (systemStore) Set(service, user, password string) error {
	return library.Set(service, user, password)
}
