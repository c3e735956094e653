package portstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// Sealer checks an implementation of [ports.Sealer] against its contract. Each call of
// newSealer returns a sealer; they may have the same key. The suite seals some hundred
// times: a sealer that asks a service for each is better given a double of that.
func Sealer(t *testing.T, newSealer func(t *testing.T) ports.Sealer) {
	t.Helper()
	for _, c := range sealerChecks {
		t.Run(c.name, func(t *testing.T) { c.run(t, newSealer(t)) })
	}
}

var sealerChecks = []check[ports.Sealer]{
	alone("what was sealed is opened", whatWasSealedIsOpened),
	alone("sealed bytes do not show what is in them", sealedBytesShowNothing),
	alone("sealing twice gives different bytes", sealingTwiceDiffers),
	alone("other associated data does not open", otherAssociatedDataDoesNotOpen),
	alone("a changed byte does not open", aChangedByteDoesNotOpen),
	alone("cut or longer bytes do not open", cutBytesDoNotOpen),
	alone("plaintext does not open", plaintextDoesNotOpen),
	alone("slices are left alone", slicesAreLeftAlone),
	alone("a context that has ended opens nothing wrong", endedContextsAreHonest),
	alone("many callers do not mix", sealersDoNotMix),
}

const (
	sealedSecret = "planted-plaintext-0123456789"
	sealedFor    = "user partition of planted-associated-data"
)

func seal(t *testing.T, s ports.Sealer, plaintext, associated []byte) []byte {
	t.Helper()
	sealed, err := s.Seal(t.Context(), plaintext, associated)
	if err != nil {
		t.Fatalf("Seal: %v", err)
	}
	return sealed
}

func wantUnsealed(t *testing.T, s ports.Sealer, sealed, associated, want []byte) {
	t.Helper()
	got, err := s.Open(t.Context(), sealed, associated)
	if err != nil {
		t.Errorf("Open: %v", err)
	} else if !bytes.Equal(got, want) {
		t.Errorf("Open returns %d bytes that are not the %d bytes that were sealed", len(got), len(want))
	}
}

// wantRefused reports bytes that open. The error may be any where only the sealer knows
// what it is: a changed key id is a key that it has not.
func wantRefused(t *testing.T, s ports.Sealer, what string, sealed, associated []byte) error {
	t.Helper()
	got, err := s.Open(t.Context(), sealed, associated)
	switch {
	case err == nil:
		t.Errorf("%s: Open returns %d bytes and no error", what, len(got))
	case got != nil:
		t.Errorf("%s: Open returns %d bytes beside an error", what, len(got))
	case strings.Contains(err.Error(), "planted"):
		t.Errorf("%s: the error quotes what it must not", what)
	}
	return err
}

func wantBroken(t *testing.T, s ports.Sealer, what string, sealed, associated []byte) {
	t.Helper()
	if err := wantRefused(t, s, what, sealed, associated); err != nil && !errors.Is(err, domain.ErrSealBroken) {
		t.Errorf("%s: Open returns %v, want %v", what, err, domain.ErrSealBroken)
	}
}

func whatWasSealedIsOpened(t *testing.T, s ports.Sealer) {
	for _, plaintext := range []string{"", "a", "\x00", sealedSecret, strings.Repeat("token ", 20_000)} {
		for _, associated := range []string{"", sealedFor, "\x00\xff", strings.Repeat("a", 5000)} {
			wantUnsealed(t, s, seal(t, s, []byte(plaintext), []byte(associated)), []byte(associated), []byte(plaintext))
		}
	}
	wantUnsealed(t, s, seal(t, s, nil, nil), nil, nil)
}

func sealedBytesShowNothing(t *testing.T, s ports.Sealer) {
	sealed := seal(t, s, []byte(sealedSecret), []byte(sealedFor))
	for _, hidden := range []string{sealedSecret, sealedFor} {
		for i := range len(hidden) - 8 {
			if bytes.Contains(sealed, []byte(hidden[i:i+8])) {
				t.Fatal("sealed bytes hold a part of the plaintext or of the associated data")
			}
		}
	}
}

func sealingTwiceDiffers(t *testing.T, s ports.Sealer) {
	seen := map[string]bool{}
	for range 100 {
		sealed := string(seal(t, s, []byte(sealedSecret), []byte(sealedFor)))
		if seen[sealed] {
			t.Fatal("sealing the same twice gives the same bytes: who reads the store sees what is equal")
		}
		seen[sealed] = true
	}
}

func otherAssociatedDataDoesNotOpen(t *testing.T, s ports.Sealer) {
	sealed := seal(t, s, []byte(sealedSecret), []byte(sealedFor))
	for _, other := range []string{"", sealedFor[1:], sealedFor[:len(sealedFor)-1], sealedFor + " ", strings.ToUpper(sealedFor), sealedFor + "\x00"} {
		wantBroken(t, s, "other associated data", sealed, []byte(other))
	}
	wantBroken(t, s, "no associated data", sealed, nil)
	wantBroken(t, s, "associated data where there was none", seal(t, s, []byte(sealedSecret), nil), []byte(sealedFor))
	wantUnsealed(t, s, sealed, []byte(sealedFor), []byte(sealedSecret))
}

func aChangedByteDoesNotOpen(t *testing.T, s ports.Sealer) {
	sealed := seal(t, s, []byte(sealedSecret), []byte(sealedFor))
	for i := range sealed {
		for _, flip := range []byte{1, 0x80, 0xff} {
			changed := bytes.Clone(sealed)
			changed[i] ^= flip
			_ = wantRefused(t, s, fmt.Sprintf("byte %d of %d changed", i, len(sealed)), changed, []byte(sealedFor))
		}
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	wantBroken(t, s, "the last byte changed", changed, []byte(sealedFor))
}

func cutBytesDoNotOpen(t *testing.T, s ports.Sealer) {
	sealed := seal(t, s, []byte(sealedSecret), []byte(sealedFor))
	for i := range sealed {
		_ = wantRefused(t, s, fmt.Sprintf("cut after %d bytes", i), sealed[:i], []byte(sealedFor))
		_ = wantRefused(t, s, fmt.Sprintf("without the first %d bytes", i+1), sealed[i+1:], []byte(sealedFor))
	}
	wantBroken(t, s, "without the last byte", sealed[:len(sealed)-1], []byte(sealedFor))
	wantBroken(t, s, "with a byte more", append(bytes.Clone(sealed), 0), []byte(sealedFor))
	wantBroken(t, s, "twice", slices.Concat(sealed, sealed), []byte(sealedFor))
}

// plaintextDoesNotOpen finds sealers that hand out what they cannot open.
func plaintextDoesNotOpen(t *testing.T, s ports.Sealer) {
	for _, data := range []string{"", sealedSecret, `{"secret":"planted-plaintext"}`, strings.Repeat("\x00", 200), strings.Repeat("planted", 100)} {
		_ = wantRefused(t, s, "bytes that were never sealed", []byte(data), []byte(sealedFor))
	}
}

func slicesAreLeftAlone(t *testing.T, s ports.Sealer) {
	plaintext, associated := []byte(sealedSecret), []byte(sealedFor)
	sealed := seal(t, s, plaintext[:len(plaintext):len(plaintext)], associated)
	if string(plaintext) != sealedSecret || string(associated) != sealedFor {
		t.Error("Seal changes what it is given")
	}
	kept := bytes.Clone(sealed)
	opened, err := s.Open(t.Context(), sealed, associated)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	if !bytes.Equal(sealed, kept) || string(associated) != sealedFor {
		t.Error("Open changes what it is given")
	}
	again := seal(t, s, []byte(strings.Repeat("x", len(sealedSecret))), associated) // a buffer that is used again
	if _, err := s.Open(t.Context(), again, associated); err != nil {
		t.Fatalf("Open: %v", err)
	}
	if string(opened) != sealedSecret || !bytes.Equal(sealed, kept) {
		t.Error("what was returned changes with a later call")
	}
}

func endedContextsAreHonest(t *testing.T, s ports.Sealer) {
	sealed := seal(t, s, []byte(sealedSecret), []byte(sealedFor))
	ctx := canceled(t)
	if again, err := s.Seal(ctx, []byte(sealedSecret), []byte(sealedFor)); err == nil {
		wantUnsealed(t, s, again, []byte(sealedFor), []byte(sealedSecret))
	} else if !errors.Is(err, context.Canceled) {
		t.Errorf("Seal returns %v, want %v", err, context.Canceled)
	}
	// The seal is whole, so a caller who is told that it is broken would throw a token away.
	if opened, err := s.Open(ctx, sealed, []byte(sealedFor)); err == nil && string(opened) != sealedSecret || err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Open returns %d bytes and %v, want the plaintext or %v", len(opened), err, context.Canceled)
	}
}

func sealersDoNotMix(t *testing.T, s ports.Sealer) {
	together(t, "Seal and Open by many callers", callers, func(caller int) error {
		for round := range rounds {
			plaintext, associated := fmt.Appendf(nil, "plaintext %d %d", caller, round), fmt.Appendf(nil, "place %d", caller)
			sealed, err := s.Seal(t.Context(), plaintext, associated)
			if err != nil {
				return err
			}
			opened, err := s.Open(t.Context(), sealed, associated)
			if err != nil {
				return err
			}
			if !bytes.Equal(opened, plaintext) {
				return errors.New("a caller is given what another has sealed")
			}
		}
		return nil
	})
}
