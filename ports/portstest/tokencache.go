package portstest

import (
	"testing"

	"github.com/seed57855a68/keyport/ports"
)

// check is one promise of a port. Most need one implementation; what must hold
// between two handles on one store is given both.
type check[Port any] struct {
	name string
	run  func(*testing.T, ...Port)
}

// alone makes a check of one that needs a single implementation.
func alone[Port any](name string, run func(*testing.T, Port)) check[Port] {
	return check[Port]{name, func(t *testing.T, p ...Port) {
		t.Helper()
		run(t, p[0])
	}}
}

// TokenCache checks an implementation of [ports.TokenCache] against its contract.
// Each call of newCache returns an empty cache that runs on the machine's clock; it
// may fail the test, and clean up with t.Cleanup.
func TokenCache(t *testing.T, newCache func(t *testing.T) ports.TokenCache) {
	t.Helper()
	for _, checks := range [][]check[ports.TokenCache]{storeChecks, updateChecks, contextChecks, keysChecks, togetherChecks} {
		for _, c := range checks {
			t.Run(c.name, func(t *testing.T) { c.run(t, newCache(t)) })
		}
	}
}

// SharedTokenCache checks that two handles on one store keep the contract between
// them, as two processes or machines would. Each call of open returns two new
// handles on a new, empty store. Run [TokenCache] as well.
func SharedTokenCache(t *testing.T, open func(t *testing.T) (a, b ports.TokenCache)) {
	t.Helper()
	for _, checks := range [][]check[ports.TokenCache]{sharedChecks, togetherChecks} {
		for _, c := range checks {
			t.Run(c.name, func(t *testing.T) {
				a, b := open(t)
				c.run(t, a, b)
			})
		}
	}
}
