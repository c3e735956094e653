package assertion_test

import (
	"context"
	"crypto"
	"crypto/elliptic"
	"errors"
	"io"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/application/internal/assertion"
	"github.com/seed57855a68/keyport/domain"
)

func TestReuse(t *testing.T) {
	for _, tt := range []struct {
		name  string
		exp   any // override; nil for none
		reuse time.Duration
	}{
		{"the usual ten minutes", nil, 6 * time.Minute},
		{"one minute", noon.Unix() + 60, 36 * time.Second},
		{"a day", noon.Unix() + 86400, 14*time.Hour + 24*time.Minute},
		{"a fraction is dropped", float64(noon.Unix()) + 60.9, 36 * time.Second},
		{"ten years", noon.AddDate(10, 0, 0).Unix(), noon.AddDate(10, 0, 0).Sub(noon) / 10 * 6},
	} {
		t.Run(tt.name, func(t *testing.T) {
			signer := count(ecKey(elliptic.P256()))
			var c assertion.Cache
			p := entra()
			if tt.exp != nil {
				p.Overrides = map[string]any{"exp": tt.exp}
			}
			key := keyOf(signer)
			signer.n.Store(0) // the certificate was signed too
			first := mustGet(t, &c, key, p, noon)
			for _, after := range []time.Duration{0, time.Second, tt.reuse - 1} {
				if mustGet(t, &c, key, p, noon.Add(after)) != first {
					t.Errorf("another one after %v, want the same for %v", after, tt.reuse)
				}
			}
			second := mustGet(t, &c, key, p, noon.Add(tt.reuse))
			if second == first {
				t.Errorf("the same after %v", tt.reuse)
			}
			if n := signer.n.Load(); n != 2 {
				t.Errorf("%d signatures, want 2", n)
			}
			if mustGet(t, &c, key, p, noon.Add(tt.reuse)) != second {
				t.Error("the second one is not reused")
			}
		})
	}
}

// The server's clock may turn out to be behind what it was thought to be.
func TestAnAssertionOfLaterIsNotReused(t *testing.T) {
	var c assertion.Cache
	key, p := keyOf(ecKey(elliptic.P256())), entra()
	first := mustGet(t, &c, key, p, noon)
	second := mustGet(t, &c, key, p, noon.Add(-time.Second))
	if second == first {
		t.Error("the server would take it for one from the future")
	}
	if mustGet(t, &c, key, p, noon) != second {
		t.Error("the new one is not kept")
	}
}

func TestWhatEndsAtOnceIsNotReused(t *testing.T) {
	for _, exp := range []any{noon.Unix(), noon.Unix() - 1, 0, -5, -1e300} {
		signer := count(ecKey(elliptic.P256()))
		var c assertion.Cache
		p := entra()
		p.Overrides = map[string]any{"exp": exp}
		key := keyOf(signer)
		signer.n.Store(0)
		for range 3 {
			mustGet(t, &c, key, p, noon)
		}
		if n := signer.n.Load(); n != 3 {
			t.Errorf("exp %v: %d signatures, want one for each request", exp, n)
		}
	}
}

func TestAnEndBeyondAllTimeIsNoError(t *testing.T) {
	for _, exp := range []any{int64(math.MaxInt64), 1e300} {
		p := entra()
		p.Overrides = map[string]any{"exp": exp}
		var c assertion.Cache
		key := keyOf(ecKey(elliptic.P256()))
		if mustGet(t, &c, key, p, noon) != mustGet(t, &c, key, p, noon.AddDate(100, 0, 0)) {
			t.Errorf("exp %v: another one within 60%% of its life", exp)
		}
	}
}

func TestOtherServersGetEachAssertionOnce(t *testing.T) {
	signer := count(ecKey(elliptic.P256()))
	key := keyOf(signer)
	signer.n.Store(0)
	var c assertion.Cache
	seen := map[string]bool{}
	for range 5 {
		seen[mustGet(t, &c, key, plain(), noon)] = true
	}
	if n := signer.n.Load(); n != 5 || len(seen) != 5 {
		t.Errorf("%d signatures and %d assertions, want 5 of each", n, len(seen))
	}
}

func TestWhatTellsAssertionsApart(t *testing.T) {
	key := keyOf(rsaKey())
	for name, change := range map[string]func(*assertion.Key, *assertion.Profile){
		"nothing":       func(*assertion.Key, *assertion.Profile) {},
		"key":           func(k *assertion.Key, _ *assertion.Profile) { *k = keyOf(otherRSAKey()) },
		"algorithm":     func(k *assertion.Key, _ *assertion.Profile) { k.Algorithm = "RS256" },
		"key id":        func(k *assertion.Key, _ *assertion.Profile) { k.KeyID = "other" },
		"kind":          func(_ *assertion.Key, p *assertion.Profile) { p.Kind = domain.KindADFS },
		"audience":      func(_ *assertion.Key, p *assertion.Profile) { p.Audience += "/" },
		"client":        func(_ *assertion.Key, p *assertion.Profile) { p.ClientID += "0" },
		"claims":        func(_ *assertion.Key, p *assertion.Profile) { p.Overrides = map[string]any{"a": 2, "b": 1} },
		"fewer claims":  func(_ *assertion.Key, p *assertion.Profile) { p.Overrides = map[string]any{"a": 1} },
		"claims' order": func(_ *assertion.Key, p *assertion.Profile) { p.Overrides = map[string]any{"b": 1, "a": 1} },
	} {
		t.Run(name, func(t *testing.T) {
			var c assertion.Cache
			p := entra()
			p.Overrides = map[string]any{"a": 1, "b": 1}
			first := mustGet(t, &c, key, p, noon)
			otherKey, otherProfile := key, p
			change(&otherKey, &otherProfile)
			same := mustGet(t, &c, otherKey, otherProfile, noon) == first
			if want := name == "nothing" || name == "claims' order"; same != want {
				t.Errorf("the same assertion: %t, want %t", same, want)
			}
			if mustGet(t, &c, key, p, noon) != first {
				t.Error("the first one is lost")
			}
		})
	}
}

func TestAFailureIsNotKept(t *testing.T) {
	offline := errors.New("the vault is offline")
	good := rsaKey()
	broken := true
	key := keyOf(good)
	key.Signer = liar{good.Public(), func(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
		if broken {
			return nil, offline
		}
		return good.Sign(r, digest, o)
	}}
	var c assertion.Cache
	if _, err := c.Get(t.Context(), key, entra(), noon); !errors.Is(err, offline) {
		t.Errorf("got %v, want the signer's error", err)
	}
	broken = false
	mustGet(t, &c, key, entra(), noon)
}

func TestAHundredCallersShareOneSignature(t *testing.T) {
	key := keyOf(edKey())
	for range 100 {
		signer := count(key.Signer)
		k := key
		k.Signer = signer
		var c assertion.Cache
		var mu sync.Mutex
		seen := map[string]bool{}
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				got, err := c.Get(t.Context(), k, entra(), noon)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				seen[got.Reveal()] = true
			})
		}
		all.Wait()
		if n := signer.n.Load(); n != 1 || len(seen) != 1 {
			t.Fatalf("%d signatures and %d assertions, want 1", n, len(seen))
		}
	}
}

func TestASignerThatHangsHoldsNobodyWhoLeaves(t *testing.T) {
	begun, resume := make(chan struct{}), make(chan struct{})
	good := edKey()
	key := keyOf(good)
	key.Signer = liar{good.Public(), func(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
		begun <- struct{}{}
		<-resume
		return good.Sign(r, digest, o)
	}}
	var c assertion.Cache
	ctx, cancel := context.WithCancel(t.Context())
	impatient, patient := make(chan error), make(chan error)
	ask := func(ctx context.Context, got chan error) {
		_, err := c.Get(ctx, key, entra(), noon)
		got <- err
	}
	go ask(ctx, impatient)
	<-begun
	cancel()
	if err := <-impatient; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	go ask(t.Context(), patient)
	<-begun // a signature of its own: the first was given up
	close(resume)
	if err := <-patient; err != nil {
		t.Error(err)
	}
}
