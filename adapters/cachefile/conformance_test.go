package cachefile_test

import (
	"path/filepath"
	"testing"

	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

func open(t testing.TB, path string) *cachefile.TokenCache {
	t.Helper()
	c, err := cachefile.NewTokenCache(cachefile.TokenCacheOptions{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// newPath returns the path of a cache in a new folder that is made by the cache.
func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "tokens", "cache.json") }

func TestTokenCacheConforms(t *testing.T) {
	portstest.TokenCache(t, func(t *testing.T) ports.TokenCache { return open(t, newPath(t)) })
}

func TestTokenCacheConformsWhenShared(t *testing.T) {
	portstest.SharedTokenCache(t, func(t *testing.T) (a, b ports.TokenCache) {
		path := newPath(t)
		return open(t, path), open(t, path)
	})
}

func TestTokenCacheConformsAsLocker(t *testing.T) {
	portstest.Locker(t, func(t *testing.T) ports.Locker { return open(t, newPath(t)) })
}

func TestHTTPCacheConforms(t *testing.T) {
	portstest.HTTPCache(t, func(t *testing.T) ports.HTTPCache {
		c, err := cachefile.NewHTTPCache(cachefile.HTTPCacheOptions{Path: newPath(t)})
		if err != nil {
			t.Fatal(err)
		}
		return c
	})
}
