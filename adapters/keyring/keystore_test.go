package keyring_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	library "github.com/zalando/go-keyring"

	"github.com/seed57855a68/keyport/adapters/keyring"
)

// store stands in for the operating system's.
type store struct {
	mu      sync.Mutex
	entries map[string]string
	err     error         // of every call
	hang    chan struct{} // every call waits for its end
	breaks  bool          // every call panics
	forgets bool          // what is set is not kept
}

func (s *store) call() error {
	if s.hang != nil {
		<-s.hang
	}
	if s.breaks {
		panic("nil signal")
	}
	return s.err
}

func (s *store) Get(service, user string) (string, error) {
	if err := s.call(); err != nil {
		return "", err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.entries[service+"/"+user]
	if !ok {
		return "", library.ErrNotFound
	}
	return text, nil
}

func (s *store) Set(service, user, password string) error {
	if err := s.call(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.entries == nil {
		s.entries = map[string]string{}
	}
	if !s.forgets {
		s.entries[service+"/"+user] = password
	}
	return nil
}

func TestKeyStoreErrors(t *testing.T) {
	locked := errors.New("failed to unlock correct collection")
	for name, c := range map[string]struct {
		store *store
		want  error
		says  string
	}{
		"locked":    {&store{err: locked}, keyring.ErrUnavailable, "unlock"},
		"breaks":    {&store{breaks: true}, keyring.ErrUnavailable, "the connection to the key store broke"},
		"not a key": {&store{entries: map[string]string{"my-tool/keyport": "sesame"}}, keyring.ErrDamaged, "delete the entry"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := keyring.NewKeyStore("my-tool", c.store).Load(t.Context())
			wantError(t, err, c.want, c.says)
			if c.store.err != nil && !errors.Is(err, locked) {
				t.Errorf("error = %v, without its cause", err)
			}
		})
	}
}

// TestKeyStoreHangs: a store that waits for a user who is not there does not hold up the program.
func TestKeyStoreHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{hang: make(chan struct{})}
		defer close(s.hang)
		source := keyring.NewKeyStore("my-tool", s)
		_, err := source.Load(t.Context())
		wantError(t, err, keyring.ErrUnavailable, "no answer within 30s", "unlock")
		wantError(t, source.Store(t.Context(), newKey()), keyring.ErrUnavailable, "no answer within 30s")

		ctx, cancel := context.WithTimeout(t.Context(), keyring.Patience/2)
		defer cancel()
		_, err = source.Load(ctx)
		wantError(t, err, context.DeadlineExceeded)
		if errors.Is(err, keyring.ErrUnavailable) {
			t.Errorf("error = %v: the caller gave up, and no other place may be tried", err)
		}
	})
}
