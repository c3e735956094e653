package keyporttest_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

func TestAHoldKeepsRequestsUntilRelease(t *testing.T) {
	a, _ := newAuthority(t, nil)
	hold := a.Hold(keyporttest.EndpointToken)
	const n = 10
	done := make(chan int, n)
	for range n {
		go func() { status, _, _ := try(t.Context(), a); done <- status }()
	}
	if err := hold.WaitFor(soon(t), n); err != nil {
		t.Fatal(err)
	}
	if got := hold.Waiting(); got != n {
		t.Errorf("%d wait, want %d", got, n)
	}
	if got := get(t, a, documentURLs["Entra ID"]); got.status != http.StatusOK {
		t.Errorf("another endpoint: %d", got.status)
	}
	select {
	case <-done:
		t.Fatal("a request got through")
	default:
	}
	hold.Release()
	hold.Release() // once more is no matter
	for range n {
		if status := <-done; status != http.StatusUnauthorized {
			t.Errorf("after Release: %d", status)
		}
	}
	if status, _, err := try(t.Context(), a); status != http.StatusUnauthorized || err != nil {
		t.Errorf("who comes after Release: %d, %v", status, err)
	}
	if got := hold.Waiting(); got != 0 {
		t.Errorf("%d wait after Release", got)
	}
}

func TestWhoGivesUpLeavesAHold(t *testing.T) {
	a, _ := newAuthority(t, nil)
	hold := a.Hold(keyporttest.EndpointToken)
	defer hold.Release()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { _, _, err := try(ctx, a); done <- err }()
	if err := hold.WaitFor(soon(t), 1); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := hold.Waiting(); got != 0 {
		t.Errorf("%d wait", got)
	}
	if err := hold.WaitFor(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("WaitFor with a context that has ended: %v", err)
	}
}

func TestTwoHoldsAreTwoGates(t *testing.T) {
	a, _ := newAuthority(t, nil)
	first, second := a.Hold(keyporttest.EndpointToken), a.Hold(keyporttest.EndpointToken)
	done := make(chan int, 1)
	go func() { status, _, _ := try(t.Context(), a); done <- status }()
	if err := first.WaitFor(soon(t), 1); err != nil {
		t.Fatal(err)
	}
	first.Release()
	if err := second.WaitFor(soon(t), 1); err != nil {
		t.Fatal(err)
	}
	second.Release()
	<-done
}
