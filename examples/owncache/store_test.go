package main

import (
	"testing"

	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// TestStore is all the test that a cache of one's own needs.
func TestStore(t *testing.T) {
	portstest.TokenCache(t, func(*testing.T) ports.TokenCache { return NewStore() })
}

// TestBlobs is all for a store of bytes.
func TestBlobs(t *testing.T) {
	portstest.TokenCache(t, func(t *testing.T) ports.TokenCache {
		cache, err := newSealed()
		if err != nil {
			t.Fatal(err)
		}
		return cache
	})
}
