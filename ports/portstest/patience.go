package portstest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

// longEnough is how long a call may take before the suites call it lost. It is no
// measure of speed: it turns a dead lock into a failure that names the call.
const longEnough = time.Minute

// patience returns how long to wait for a call, so that the failure is reported
// before the test binary's own deadline ends everything.
func patience(t *testing.T) time.Duration {
	deadline, ok := t.Deadline()
	if !ok {
		return longEnough
	}
	return min(longEnough, time.Until(deadline)/2)
}

// mustReturn runs f and ends the test when f does not come back. f leaves what it
// finds in variables and does not touch the test, which may be over when f returns.
func mustReturn(t *testing.T, what string, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	timer := time.NewTimer(patience(t))
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
		t.Fatalf("%s does not return", what)
	}
}

// together runs f(0) to f(n-1) at the same time and reports their errors.
func together(t *testing.T, what string, n int, f func(i int) error) {
	t.Helper()
	failures := make([]error, n)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			<-start
			failures[i] = f(i)
		})
	}
	close(start)
	mustReturn(t, what, all.Wait)
	if err := errors.Join(failures...); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// recovered runs f and returns its panic as an error.
func recovered(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return f()
}
