package cachememory_test

import (
	"testing"

	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// tokenCaches are of one shard and of many: the bound decides.
var tokenCaches = map[string]cachememory.TokenCacheOptions{
	"many shards": {},
	"one shard":   {MaxPartitions: 1000},
}

func TestTokenCacheConforms(t *testing.T) {
	for name, options := range tokenCaches {
		t.Run(name, func(t *testing.T) {
			portstest.TokenCache(t, func(*testing.T) ports.TokenCache { return cachememory.NewTokenCache(options) })
		})
	}
}

// TestTokenCacheConformsWhenShared: clients of one process share a cache.
func TestTokenCacheConformsWhenShared(t *testing.T) {
	for name, options := range tokenCaches {
		t.Run(name, func(t *testing.T) {
			portstest.SharedTokenCache(t, func(*testing.T) (a, b ports.TokenCache) {
				c := cachememory.NewTokenCache(options)
				return c, c
			})
		})
	}
}

func TestHTTPCacheConforms(t *testing.T) {
	portstest.HTTPCache(t, func(*testing.T) ports.HTTPCache {
		return cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{})
	})
}

func TestTokenCacheConformsAsLocker(t *testing.T) {
	portstest.Locker(t, func(*testing.T) ports.Locker {
		return cachememory.NewTokenCache(cachememory.TokenCacheOptions{})
	})
}
