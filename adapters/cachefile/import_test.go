package cachefile_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"os"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// cachedAt is a change that stores one token, which came at a time.
func cachedAt(secret string, minutes int) func(domain.TokenSet) (domain.TokenSet, error) {
	token := tokenOf(domain.ScopesFromResponse("scope"), secret)
	token.CachedAt = token.CachedAt.Add(time.Duration(minutes) * time.Minute)
	return func(domain.TokenSet) (domain.TokenSet, error) { return domain.NewTokenSet(token), nil }
}

// TestImport: what the plain file has comes over, once; what came later stays; and the plain file is as it was.
func TestImport(t *testing.T) {
	path := newPath(t)
	plain, c := open(t, path), openSealed(t, sealedIn(t))
	for cache, tokens := range map[ports.TokenCache]map[string]func(domain.TokenSet) (domain.TokenSet, error){
		plain: {"earlier": cachedAt("plain", 1), "later": cachedAt("plain", 3), "only": cachedAt("plain", 1)},
		c:     {"earlier": cachedAt("sealed", 2), "later": cachedAt("sealed", 2), "another": cachedAt("sealed", 2)},
	} {
		for user, change := range tokens {
			if err := cache.Update(t.Context(), domain.AppKey("client", "tenant", user), change); err != nil {
				t.Fatal(err)
			}
		}
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{2, 0} {
		if n, err := c.Import(t.Context(), plain); err != nil || n != want {
			t.Errorf("import %d: %d records, %v, want %d", i+1, n, err, want)
		}
		for user, want := range map[string]string{"earlier": "sealed", "later": "plain", "only": "plain", "another": "sealed"} {
			if set, err := c.Load(t.Context(), domain.AppKey("client", "tenant", user)); err != nil || secretsOf(set) != want {
				t.Errorf("%s: %q %v, want %q", user, secretsOf(set), err, want)
			}
		}
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the plain file has changed: %v", err)
	}
}

var errSource = errors.New("the source fails")

// failing is a cache that lists one partition, and fails at one of its methods.
type failing struct {
	ports.TokenCache
	keys bool
}

func (f failing) Keys(context.Context, domain.PartitionFilter) iter.Seq2[domain.PartitionKey, error] {
	return func(yield func(domain.PartitionKey, error) bool) {
		if f.keys {
			yield(domain.PartitionKey{}, errSource)
		} else {
			yield(userKey, nil)
		}
	}
}

func (failing) Load(context.Context, domain.PartitionKey) (domain.TokenSet, error) {
	return domain.TokenSet{}, errSource
}

// TestImportThatFails says why.
func TestImportThatFails(t *testing.T) {
	c := openSealed(t, sealedIn(t))
	for _, source := range []failing{{keys: true}, {}} {
		if n, err := c.Import(t.Context(), source); n != 0 || !errors.Is(err, errSource) {
			t.Errorf("%d records, %v", n, err)
		}
	}
	var typed *domain.ConfigError
	if _, err := c.Import(t.Context(), nil); !errors.As(err, &typed) || typed.Remedy == "" {
		t.Errorf("from nowhere: %v", err)
	}
	plain := open(t, newPath(t))
	if err := plain.Update(t.Context(), userKey, adding("token")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Import(ctx, plain); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
}
