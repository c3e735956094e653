package cachekit

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

const (
	// maxTries bounds a compare-and-swap loop. With pauses that double, writers that
	// share a partition come through in a handful.
	maxTries = 32
	// shortestPause and longestPause bound what a loser waits: a random part of it.
	shortestPause = time.Millisecond
	longestPause  = 256 * time.Millisecond
)

// Swap calls try until it reports that its compare-and-swap was the quickest, fails, or
// ctx ends. Between tries it waits on the clock, each time up to twice as long and at most a
// quarter of a second, a random part of it, so that writers do not meet again. After 32 tries it gives up
// with [ErrConflict]. A nil clock is the machine's.
func Swap(ctx context.Context, clock ports.Clock, try func(context.Context) (swapped bool, err error)) error {
	if clock == nil {
		clock = machineClock{}
	}
	pause := shortestPause
	for range maxTries {
		if err := ctx.Err(); err != nil {
			return err
		}
		swapped, err := try(ctx)
		if err != nil || swapped {
			return err
		}
		if err := clock.Sleep(ctx, partOf(pause)); err != nil {
			return err
		}
		pause = min(2*pause, longestPause)
	}
	return ErrConflict
}

// partOf returns a random part of a pause.
func partOf(most time.Duration) time.Duration {
	var b [8]byte
	_, _ = rand.Read(b[:])                                                // it never fails
	return time.Duration(binary.LittleEndian.Uint64(b[:]) % uint64(most)) //nolint:gosec // both are positive
}

// machineClock is the clock of who brings none.
type machineClock struct{}

// Now implements [ports.Clock].
func (machineClock) Now() time.Time { return time.Now() }

// Sleep implements [ports.Clock].
func (machineClock) Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
