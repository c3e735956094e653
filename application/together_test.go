package application_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
)

// server answers token requests after a while, each with a token of its own.
type server struct {
	takes    time.Duration
	requests atomic.Int64
	started  chan struct{} // one message for each request
	fail     atomic.Bool
}

func newServer(takes time.Duration) *server {
	return &server{takes: takes, started: make(chan struct{}, 10_000)}
}

// Do implements ports.HTTPClient.
func (s *server) Do(r *http.Request) (*http.Response, error) {
	n := s.requests.Add(1)
	s.started <- struct{}{}
	select {
	case <-time.After(s.takes):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if s.fail.Load() {
		return answers(http.StatusServiceUnavailable, troubled)(r)
	}
	return answers(http.StatusOK, fmt.Sprintf(`{"token_type":"Bearer","access_token":"token-%d","expires_in":3600,"refresh_in":1800}`, n))(r)
}

// bubbleClock is time inside a synctest bubble.
type bubbleClock struct{}

func (bubbleClock) Now() time.Time { return time.Now() }

func (bubbleClock) Sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func configOf(h ports.HTTPClient) application.ConfidentialClientConfig {
	return application.ConfidentialClientConfig{
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Authority:  "https://login.microsoftonline.com/" + tenant,
		Credential: application.ClientSecret("a-secret"),
		Logger:     keyporttest.Logger(),
		Ports: application.Ports{
			HTTPClient: h, Clock: bubbleClock{},
			TokenCache: cachememory.NewTokenCache(cachememory.TokenCacheOptions{Clock: bubbleClock{}}),
			HTTPCache:  cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{}),
		},
	}
}

func clientOf(t *testing.T, h ports.HTTPClient) *application.ConfidentialClient {
	t.Helper()
	client, err := application.NewConfidentialClient(configOf(h))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func ask(scopes ...string) application.ClientCredentialsRequest {
	return application.ClientCredentialsRequest{Scopes: scopes}
}

func TestAThousandCallersShareOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(50 * time.Millisecond)
		client := clientOf(t, s)
		begin := time.Now()
		var shared atomic.Int64
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				got, err := client.AcquireTokenForClient(t.Context(), ask(graph))
				if err != nil || got.AccessToken.Reveal() != "token-1" {
					t.Errorf("got %q, %v", got.AccessToken.Reveal(), err)
				}
				if got.Metadata.Shared {
					shared.Add(1)
				}
			})
		}
		all.Wait()
		if n := s.requests.Load(); n != 1 {
			t.Errorf("%d token requests, want 1", n)
		}
		if shared.Load() != 999 {
			t.Errorf("%d callers are told that they shared, want 999", shared.Load())
		}
		if took := time.Since(begin); took != 50*time.Millisecond {
			t.Errorf("took %v of the bubble's time, want one request's 50ms", took)
		}
	})
}

func TestACancelledFirstCallerFailsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(time.Second)
		client := clientOf(t, s)
		first, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := client.AcquireTokenForClient(first, ask(graph)); !errors.Is(err, context.Canceled) {
				t.Errorf("the first caller got %v, want its own cancellation", err)
			}
		})
		<-s.started
		for range 100 {
			all.Go(func() {
				if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
					t.Errorf("a caller that did not give up got %v", err)
				}
			})
		}
		synctest.Wait()
		cancel()
		all.Wait()
		if n := s.requests.Load(); n != 1 {
			t.Errorf("%d token requests, want 1", n)
		}
	})
}

func TestARequestThatNobodyWaitsForIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(time.Hour)
		client := clientOf(t, s)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		if _, err := client.AcquireTokenForClient(ctx, ask(graph)); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("got %v, want the deadline", err)
		}
		if err := client.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("the request ended after %v, want 1s", took)
		}
	})
}

func TestAHundredTenantsAreServedInParallelAndHitsDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(time.Second)
		client := clientOf(t, s)
		if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				r := ask(graph)
				r.Tenant = fmt.Sprintf("tenant-%d.example", i)
				if _, err := client.AcquireTokenForClient(t.Context(), r); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait() // all hundred are waiting for the server
		got, err := client.AcquireTokenForClient(t.Context(), ask(graph))
		if err != nil || got.Metadata.Source != domain.SourceCache || time.Since(begin) != 0 {
			t.Errorf("a cached token took %v (%v, %v) while others were fetched", time.Since(begin), got.Metadata.Source, err)
		}
		all.Wait()
		if took := time.Since(begin); took != time.Second {
			t.Errorf("100 tenants took %v, want one request's 1s", took)
		}
		if n := s.requests.Load(); n != 101 {
			t.Errorf("%d token requests, want 101", n)
		}
	})
}

func TestAStaleTokenIsRenewedOnceBehindEverybodysBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(time.Second)
		client := clientOf(t, s)
		acquire := func() string {
			t.Helper()
			got, err := client.AcquireTokenForClient(t.Context(), ask(graph))
			if err != nil {
				t.Fatal(err)
			}
			return got.AccessToken.Reveal()
		}
		acquire()
		pass(31 * time.Minute) // refresh_in is 30 minutes
		begin := time.Now()
		for range 100 {
			if got := acquire(); got != "token-1" {
				t.Fatalf("got %q while the renewal was under way", got)
			}
		}
		if took := time.Since(begin); took != 0 {
			t.Errorf("callers waited %v", took)
		}
		pass(2 * time.Second)
		if got := acquire(); got != "token-2" {
			t.Errorf("got %q after the renewal, want token-2", got)
		}
		if n := s.requests.Load(); n != 2 {
			t.Errorf("%d token requests, want 2", n)
		}
	})
}

func TestAnOutageIsNotNoticedWhileTheTokenLives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(time.Second)
		client := clientOf(t, s)
		if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
			t.Fatal(err)
		}
		pass(31 * time.Minute)
		s.fail.Store(true)
		for range 28 * 60 { // once a second until a minute before the end
			if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
				t.Fatal(err)
			}
			pass(time.Second)
		}
		// Stale: one in 5 to 10 minutes for 24 minutes. Due: one in 30 seconds for 4 minutes.
		if n := s.requests.Load() - 1; n < 4 || n > 5+9 {
			t.Errorf("%d requests during the outage, want between 4 and 14", n)
		}
		s.fail.Store(false)
		pass(duePause)
		got, err := client.AcquireTokenForClient(t.Context(), ask(graph))
		if err != nil || got.Metadata.Source != domain.SourceIdentityProvider {
			t.Errorf("after the outage: %v from %v", err, got.Metadata.Source)
		}
	})
}

const duePause = 30 * time.Second

// pass lets the bubble's time go by.
func pass(d time.Duration) { <-time.After(d) }

func TestCallersWithOtherWishesDoNotShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(time.Second)
		client := clientOf(t, s)
		forced, challenged, keyed := ask(graph), ask(graph), ask(graph)
		forced.ForceRefresh = true
		challenged.ClaimsChallenge = `{"access_token":{"nbf":{"essential":true,"value":"1"}}}`
		keyed.ExtraParameters.Body = []domain.Parameter{{Name: "dc", Value: "eu", InCacheKey: true}}
		var all sync.WaitGroup
		for _, r := range []application.ClientCredentialsRequest{ask(graph), forced, challenged, keyed} {
			for range 10 {
				all.Go(func() {
					if _, err := client.AcquireTokenForClient(t.Context(), r); err != nil {
						t.Error(err)
					}
				})
			}
		}
		all.Wait()
		if n := s.requests.Load(); n != 4 {
			t.Errorf("%d token requests, want one for each of 4 wishes", n)
		}
	})
}

func TestCloseWaitsForWorkBehindCallersAndRefusesMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(time.Second)
		client := clientOf(t, s)
		if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
			t.Fatal(err)
		}
		pass(31 * time.Minute)
		if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if err := client.Close(t.Context()); err != nil || time.Since(begin) != time.Second {
			t.Errorf("Close took %v: %v; want the renewal's 1s", time.Since(begin), err)
		}
		if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); !errors.Is(err, domain.ErrClientClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// sleeper is a clock whose machine may go to sleep.
type sleeper struct {
	bubbleClock
	slept *atomic.Int64
}

func (s sleeper) Now() time.Time { return time.Now().Add(time.Duration(s.slept.Load())) }

// slowCache takes its time after it has stored a token.
type slowCache struct {
	ports.TokenCache
	gate chan struct{}
}

func (c slowCache) Update(ctx context.Context, key domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error)) error {
	err := c.TokenCache.Update(ctx, key, change)
	<-c.gate
	return err
}

// TestATokenThatEndedOnItsWayIsNotShared: a machine that wakes up has callers who join
// a request from before.
func TestATokenThatEndedOnItsWayIsNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, clock := newServer(time.Second), sleeper{slept: new(atomic.Int64)}
		config := configOf(s)
		gate := make(chan struct{})
		config.Ports.Clock, config.Ports.TokenCache = clock, slowCache{config.Ports.TokenCache, gate}
		client, err := application.NewConfidentialClient(config)
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		all.Go(func() { _, _ = client.AcquireTokenForClient(t.Context(), ask(graph)) })
		time.Sleep(2 * time.Second) // the token is stored, and the request has not ended
		clock.slept.Add(int64(2 * time.Hour))
		all.Go(func() {
			got, err := client.AcquireTokenForClient(t.Context(), ask(graph))
			if err != nil || got.AccessToken.Reveal() != "token-2" {
				t.Errorf("got %q, %v; want token-2", got.AccessToken.Reveal(), err)
			}
		})
		synctest.Wait()
		close(gate)
		all.Wait()
	})
}
