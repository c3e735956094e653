package application_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// stuck is a token cache that hangs from some load on.
type stuck struct {
	ports.TokenCache
	goodFor int
}

func (s *stuck) Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	if s.goodFor--; s.goodFor < 0 {
		<-ctx.Done()
		return domain.TokenSet{}, ctx.Err()
	}
	return s.TokenCache.Load(ctx, key)
}

// TestATokenCacheThatHangsDuringATurnEndsWithTheTime: others of the user wait for the turn,
// and a lease of it is for that time.
func TestATokenCacheThatHangsDuringATurnEndsWithTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		config := userConfig(s)
		cache := &stuck{TokenCache: config.Ports.TokenCache, goodFor: 1 << 30}
		config.Ports.TokenCache = cache
		client, err := application.NewConfidentialClient(config)
		if err != nil {
			t.Fatal(err)
		}
		account := signIn(t, s, client)
		pass(2 * time.Hour)
		cache.goodFor = 1 // what the caller looks up itself, not what is looked up again
		begin := time.Now()
		_, err = client.AcquireTokenSilent(t.Context(), silently(account, userScope))
		if took := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || took != 30*time.Second {
			t.Errorf("got %v after %v, want 30s", err, took)
		}
	})
}
