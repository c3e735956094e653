package cachekit_test

import (
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// modes are the ways in which sets are stored.
func modes(t *testing.T) map[string]cachekit.TokenCacheOptions {
	t.Helper()
	named := sealedWith(t)
	named.NameKey = domain.NewSecret("sixteen bytes or more")
	return map[string]cachekit.TokenCacheOptions{"sealed": sealedWith(t), "sealed, with a key for names": named, "plain": plain()}
}

func TestTokenCacheConforms(t *testing.T) {
	for mode, o := range modes(t) {
		t.Run(mode, func(t *testing.T) {
			portstest.TokenCache(t, func(t *testing.T) ports.TokenCache { return open(t, newBlobs(), o) })
		})
	}
}

func TestTokenCacheConformsWhenShared(t *testing.T) {
	for mode, o := range modes(t) {
		t.Run(mode, func(t *testing.T) {
			portstest.SharedTokenCache(t, func(t *testing.T) (a, b ports.TokenCache) {
				store := newBlobs()
				return open(t, store, o), open(t, store, o)
			})
		})
	}
}

func TestNearCacheConforms(t *testing.T) {
	for name, store := range map[string]func(*testing.T) ports.TokenCache{
		"blobs":  func(t *testing.T) ports.TokenCache { return open(t, newBlobs(), sealedWith(t)) },
		"memory": func(*testing.T) ports.TokenCache { return cachememory.NewTokenCache(cachememory.TokenCacheOptions{}) },
	} {
		for size, o := range map[string]cachekit.NearCacheOptions{"large": {}, "of two sets": {MaxSets: 2}, "short": {MaxAge: time.Nanosecond}} {
			t.Run(name+" "+size, func(t *testing.T) {
				portstest.TokenCache(t, func(t *testing.T) ports.TokenCache { return near(t, store(t), o) })
			})
		}
	}
}

func TestNearCacheConformsAsLocker(t *testing.T) {
	t.Run("of its own", func(t *testing.T) {
		portstest.Locker(t, func(t *testing.T) ports.Locker {
			return near(t, open(t, newBlobs(), plain()), cachekit.NearCacheOptions{})
		})
	})
	t.Run("of its store", func(t *testing.T) {
		portstest.Locker(t, func(t *testing.T) ports.Locker {
			return near(t, cachememory.NewTokenCache(cachememory.TokenCacheOptions{}), cachekit.NearCacheOptions{})
		})
	})
}

func TestKeyRingConforms(t *testing.T) {
	portstest.Sealer(t, func(t *testing.T) ports.Sealer { return ring(t, key("k1", "a")) })
}

func near(t testing.TB, store ports.TokenCache, o cachekit.NearCacheOptions) *cachekit.NearCache {
	t.Helper()
	c, err := cachekit.NewNearCache(store, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
