package application_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// lockerFunc is a Locker made of a function.
type lockerFunc func(ctx context.Context, key string, atMost time.Duration) (func(), error)

func (f lockerFunc) Lock(ctx context.Context, key string, atMost time.Duration) (func(), error) {
	return f(ctx, key, atMost)
}

// TestLockersOfAllKinds: whatever a Locker does, the refresh is made, and the next one too.
func TestLockersOfAllKinds(t *testing.T) {
	locked := 0
	for name, lock := range map[string]lockerFunc{
		"works": func(context.Context, string, time.Duration) (func(), error) {
			locked++
			return func() { locked-- }, nil
		},
		"fails":      func(context.Context, string, time.Duration) (func(), error) { return nil, errors.New("no connection") },
		"no unlock":  func(context.Context, string, time.Duration) (func(), error) { return nil, nil },
		"panics":     func(context.Context, string, time.Duration) (func(), error) { panic("hunter2") },
		"bad unlock": func(context.Context, string, time.Duration) (func(), error) { return func() { panic("hunter2") }, nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newUserServer(t)
				config := userConfig(s)
				config.Ports.Locker = lock
				client := clientNamed(t, config, "my-app")
				account := signIn(t, s, client)
				for range 2 {
					pass(2 * time.Hour)
					begin := time.Now()
					_, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope))
					if panics := strings.Contains(name, "panic") || name == "bad unlock"; !panics && err != nil {
						t.Error(err)
					}
					if err != nil && strings.Contains(err.Error(), "hunter2") {
						t.Errorf("the error shows what was panicked with: %v", err)
					}
					if time.Since(begin) != 0 {
						t.Errorf("waited %v for a turn that nobody had", time.Since(begin))
					}
				}
				if locked != 0 {
					t.Errorf("%d locks were not given back", locked)
				}
			})
		})
	}
}

// TestClientsThatShareACacheRedeemOneAfterTheOther: the cache in memory is a Locker.
func TestClientsThatShareACacheRedeemOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		s.takes = time.Second
		config := userConfig(s)
		first, second := clientNamed(t, config, "my-app"), clientNamed(t, config, "my-app")
		account := signIn(t, s, first)
		pass(2 * time.Hour)
		var all sync.WaitGroup
		for i := range 10 {
			for _, client := range []*application.ConfidentialClient{first, second} {
				all.Go(func() {
					if _, err := client.AcquireTokenSilent(t.Context(), silently(account, fmt.Sprintf("https://graph.microsoft.com/scope-%d", i))); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		if n := len(s.redemptions()); n != 11 || s.revoked {
			t.Errorf("%d redemptions, session ended: %t; want one for each of 10 scopes and the sign-in", n, s.revoked)
		}
	})
}

// TestASessionKeyServesOneUserAtATime: a web session whose user changes.
func TestASessionKeyServesOneUserAtATime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		s.takes = time.Second
		client, _ := usersClient(t, s)
		var all sync.WaitGroup
		for _, assertion := range []string{"adas.own.token", "bobs.own.token"} { // at the same time
			all.Go(func() {
				_, got, err := client.InitiateLongRunningOnBehalfOf(t.Context(), "the-session", onBehalf(assertion))
				if err != nil || got.Metadata.Shared {
					t.Errorf("%s: shared %t, %v", assertion, got.Metadata.Shared, err)
				}
			})
		}
		all.Wait()
		if n := len(s.sent()); n != 2 {
			t.Errorf("%d requests, want one for each assertion", n)
		}
		request := onBehalf("adas.own.token")
		request.Scopes = []string{"https://graph.microsoft.com/Mail.Read"}
		if _, _, err := client.InitiateLongRunningOnBehalfOf(t.Context(), "the-session", request); err != nil {
			t.Fatal(err)
		}
		if _, _, err := client.InitiateLongRunningOnBehalfOf(t.Context(), "the-session", onBehalf("bobs.own.token")); err != nil {
			t.Fatal(err)
		}
		got, err := client.AcquireTokenInLongRunningOnBehalfOf(t.Context(), application.LongRunningRequest{SessionKey: "the-session", Scopes: request.Scopes})
		if err != nil || got.Metadata.Source != domain.SourceIdentityProvider {
			t.Errorf("got %v from %v; want that nothing of the session before is left", err, got.Metadata.Source)
		}
	})
}

func TestACacheOutageIsNotTheUsersAffair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		config := userConfig(s)
		config.Ports.TokenCache = brokenCache{config.Ports.TokenCache}
		client := clientNamed(t, config, "my-app")
		_, err := client.AcquireTokenSilent(t.Context(), silently(domain.Account{HomeAccountID: homeID}, userScope))
		if err == nil || errors.Is(err, domain.ErrTokenNotCached) || !errors.Is(err, errBroken) {
			t.Errorf("got %v, want the cache's own error", err)
		}
	})
}

var errBroken = errors.New("the store is down")

// brokenCache cannot be read.
type brokenCache struct{ ports.TokenCache }

// Load implements ports.TokenCache.
func (brokenCache) Load(context.Context, domain.PartitionKey) (domain.TokenSet, error) {
	return domain.TokenSet{}, errBroken
}

// TestStaleTokensSayWhoseTheyAre: results from the cache have the ID token on every path.
func TestStaleTokensSayWhoseTheyAre(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, _ := usersClient(t, s)
		account := signIn(t, s, client)
		pass(57 * time.Minute) // inside the margin
		s.hook = func(url.Values) (int, string) { return 503, "down" }
		got, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope))
		if err != nil || got.IDToken.IsZero() || got.Account != account {
			t.Errorf("got %v, ID token absent: %t", err, got.IDToken.IsZero())
		}
	})
}

func TestAFamilysAccountCanBeRemovedByAMemberThatNeverUsedIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		s.family = "1"
		config := userConfig(s)
		account := signIn(t, s, clientNamed(t, config, "client-a"))
		other := clientNamed(t, config, "client-b")
		if err := other.RemoveAccount(t.Context(), account); err != nil {
			t.Fatal(err)
		}
		if found := accountsOf(t, other, application.AccountFilter{}); len(found) != 0 {
			t.Errorf("still there: %v", found)
		}
		if _, err := other.AcquireTokenSilent(t.Context(), silently(account, userScope)); !errors.Is(err, domain.ErrTokenNotCached) {
			t.Errorf("got %v", err)
		}
	})
}
