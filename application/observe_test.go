package application_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
)

// lateCache takes a while for everything, and fails when told to.
type lateCache struct {
	ports.TokenCache
	takes time.Duration
	fail  error
}

func (c lateCache) Load(ctx context.Context, key domain.PartitionKey) (domain.TokenSet, error) {
	time.Sleep(c.takes)
	if c.fail != nil {
		return domain.TokenSet{}, c.fail
	}
	return c.TokenCache.Load(ctx, key)
}

func (c lateCache) Update(ctx context.Context, key domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error)) error {
	time.Sleep(c.takes)
	return c.TokenCache.Update(ctx, key, change)
}

// watchedApp is a client whose events are kept.
func watchedApp(t *testing.T, h ports.HTTPClient, change func(*application.ConfidentialClientConfig)) (*application.ConfidentialClient, *keyporttest.Observations) {
	t.Helper()
	seen := &keyporttest.Observations{}
	config := configOf(h)
	config.Ports.Observer = seen
	config.Ports.TokenCache = lateCache{TokenCache: config.Ports.TokenCache, takes: time.Second}
	if change != nil {
		change(&config)
	}
	client, err := application.NewConfidentialClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client, seen
}

// theLast returns the newest event.
func theLast[E any](t *testing.T, events []E) E {
	t.Helper()
	if len(events) == 0 {
		t.Fatal("nothing was told")
	}
	return events[len(events)-1]
}

var withoutID = cmpopts.IgnoreFields(domain.Activity{}, "CorrelationID", "Start")

func TestAnAcquisitionIsToldWithWhereItsTimeWent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, seen := watchedApp(t, newServer(3*time.Second), func(c *application.ConfidentialClientConfig) {
			c.Credential = application.ClientAssertionFunc(func(context.Context, application.AssertionRequest) (string, error) {
				time.Sleep(5 * time.Second)
				return "a.b.c", nil
			})
		})
		about := domain.Activity{
			API: domain.AcquireTokenForClientID, ClientID: "11111111-2222-3333-4444-555555555555",
			Environment: "login.microsoftonline.com", AuthorityKind: domain.KindEntra,
		}
		fromServer, fromCache := about, about
		fromServer.Attempts, fromServer.Requests = 1, 1
		fromServer.Durations = domain.Durations{Total: 10 * time.Second, Cache: 2 * time.Second, HTTP: 3 * time.Second, Signing: 5 * time.Second}
		fromCache.Durations = domain.Durations{Total: time.Second, Cache: time.Second}
		want := []domain.AcquisitionEvent{
			{
				Activity: fromServer, Source: domain.SourceIdentityProvider, RefreshReason: domain.ReasonNoCachedToken,
				TokenType: "Bearer", RemainingLife: time.Hour - time.Second, // writing the cache took that long
			},
			{Activity: fromCache, Source: domain.SourceCache, TokenType: "Bearer", RemainingLife: time.Hour - 2*time.Second},
		}
		for range 2 {
			if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
				t.Fatal(err)
			}
		}
		got := seen.Acquisitions()
		if diff := cmp.Diff(want, got, withoutID); diff != "" {
			t.Errorf("acquisitions (-want +got):\n%s", diff)
		}
		if got[0].CorrelationID == "" || got[1].CorrelationID != "" {
			t.Error("a correlation id must tell which request it was, and is for requests only")
		}
		if got[1].Start.Sub(got[0].Start) != 10*time.Second {
			t.Errorf("the second began %v after the first, want 10s", got[1].Start.Sub(got[0].Start))
		}
		wantCache := []domain.CacheEvent{
			{Operation: domain.CacheLoad, Partition: domain.AppPartition, Duration: time.Second},
			{Operation: domain.CacheUpdate, Partition: domain.AppPartition, Duration: time.Second, Runs: 1},
			{Operation: domain.CacheLoad, Partition: domain.AppPartition, Duration: time.Second, Hit: true},
		}
		for i := range wantCache {
			wantCache[i].ClientID = about.ClientID
		}
		if diff := cmp.Diff(wantCache, seen.CacheOperations(), cmpopts.IgnoreFields(domain.CacheEvent{}, "Start")); diff != "" {
			t.Errorf("cache operations (-want +got):\n%s", diff)
		}
	})
}

func TestAFailureIsToldWithoutItsWords(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		body   string
		want   domain.Failure
	}{
		{
			"refused", 401, `{"error":"invalid_client","error_codes":[7000215],"error_description":"Alice's secret"}`,
			domain.Failure{Kind: domain.ErrorInvalidClient, Code: "invalid_client", ServerCode: 7000215, Status: 401},
		},
		{"refused in its own words", 400, `{"error":"alice_is_ill"}`, domain.Failure{Kind: domain.ErrorRefused, Code: "other", Status: 400}},
		{"interaction", 400, `{"error":"interaction_required"}`, domain.Failure{Kind: domain.ErrorInteractionRequired, Code: "interaction_required", Status: 400}},
		{"throttled", 429, `{"error":"temporarily_unavailable"}`, domain.Failure{Kind: domain.ErrorThrottled, Code: "temporarily_unavailable", Status: 429}},
		{"failing", 503, `{"error":"temporarily_unavailable"}`, domain.Failure{Kind: domain.ErrorUnavailable, Code: "temporarily_unavailable", Status: 503}},
		{"no JSON", 200, `hello`, domain.Failure{Kind: domain.ErrorBadResponse, Status: 200}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, seen := watchedApp(t, httpFunc(answers(row.status, row.body)), nil)
				_, err := client.AcquireTokenForClient(t.Context(), ask(graph))
				if err == nil {
					t.Fatal("no error")
				}
				got := theLast(t, seen.Acquisitions())
				if got.Failure != row.want || got.Source != 0 || got.RefreshReason != domain.ReasonNoCachedToken || got.Requests != 1 {
					t.Errorf("got %+v", got)
				}
				if got.Throttled != (row.status == 429) {
					t.Errorf("throttled: %t", got.Throttled)
				}
			})
		})
	}
}

// httpFunc is a ports.HTTPClient.
type httpFunc func(*http.Request) (*http.Response, error)

func (f httpFunc) Do(r *http.Request) (*http.Response, error) { return f(r) }

func TestWhoWaitsForAnothersRequestIsToldSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, seen := watchedApp(t, newServer(3*time.Second), nil)
		errs := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := client.AcquireTokenForClient(t.Context(), ask(graph))
				errs <- err
			}()
		}
		for range 2 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		got := seen.Acquisitions()
		if len(got) != 2 || got[0].Shared == got[1].Shared {
			t.Fatalf("got %+v, want two, one of them shared", got)
		}
		waited, asked := got[0], got[1]
		if asked.Shared {
			waited, asked = asked, waited
		}
		if waited.Attempts != 0 || waited.Requests != 0 || waited.Durations != (domain.Durations{Total: 5 * time.Second, Cache: time.Second, Waiting: 4 * time.Second}) {
			t.Errorf("who waited: %+v", waited)
		}
		if asked.Attempts != 1 || asked.Durations.Waiting != 0 || asked.Durations.HTTP != 3*time.Second {
			t.Errorf("who asked: %+v", asked)
		}
	})
}

func TestWhoSharesAnErrorIsToldSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(3 * time.Second)
		s.fail.Store(true)
		client, seen := watchedApp(t, s, nil)
		for range 2 {
			go func() { _, _ = client.AcquireTokenForClient(t.Context(), ask(graph)) }()
		}
		pass(time.Minute)
		got := seen.Acquisitions()
		if len(got) != 2 || got[0].Shared == got[1].Shared || got[0].Failure != got[1].Failure || got[0].Failure.IsZero() {
			t.Errorf("got %+v, want two failures, one of them shared", got)
		}
	})
}

func TestARenewalInTheBackgroundIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(3 * time.Second)
		client, seen := watchedApp(t, s, nil)
		get := func() {
			t.Helper()
			if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
				t.Fatal(err)
			}
		}
		get()
		pass(40 * time.Minute) // past refresh_in
		s.fail.Store(true)
		get()
		synctest.Wait()
		time.Sleep(10 * time.Second)
		failed := theLast(t, seen.Refreshes())
		if want := (domain.Failure{Kind: domain.ErrorUnavailable, Code: "temporarily_unavailable", Status: 503}); failed.Failure != want {
			t.Errorf("failure %+v, want %+v", failed.Failure, want)
		}
		if time.Until(failed.NextTry) < 4*time.Minute || failed.API != domain.AcquireTokenForClientID || failed.Attempts != 1 || failed.Durations.HTTP != 3*time.Second || failed.Durations.Total < 3*time.Second {
			t.Errorf("got %+v", failed)
		}
		if served := theLast(t, seen.Acquisitions()); served.Attempts != 0 || served.Durations.Total != time.Second || !served.Failure.IsZero() {
			t.Errorf("who was served the old token was told of the renewal: %+v", served)
		}
		pass(11 * time.Minute)
		s.fail.Store(false)
		get()
		time.Sleep(10 * time.Second)
		renewed := seen.Refreshes()
		if len(renewed) != 2 || !renewed[1].Failure.IsZero() || !renewed[1].NextTry.IsZero() {
			t.Errorf("got %+v, want a second one that worked", renewed)
		}
	})
}

func TestAnOldTokenThatCouldNotBeRenewedIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(time.Second)
		client, seen := watchedApp(t, s, nil)
		for _, after := range []time.Duration{0, 57 * time.Minute} {
			pass(after)
			if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
				t.Fatal(err)
			}
			s.fail.Store(true)
		}
		got := theLast(t, seen.Acquisitions())
		if got.RenewalFailure.Kind != domain.ErrorUnavailable || !got.Failure.IsZero() || got.Source != domain.SourceCache || got.RefreshReason != domain.ReasonExpired {
			t.Errorf("got %+v", got)
		}
	})
}

func TestTheQueueForARefreshTokenIsWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		seen := &keyporttest.Observations{}
		config := userConfig(s)
		config.Ports.Observer = seen
		client, err := application.NewConfidentialClient(config)
		if err != nil {
			t.Fatal(err)
		}
		account := signIn(t, s, client)
		s.takes = 2 * time.Second
		errs := make(chan error, 2)
		for _, scope := range []string{"api://a/x", "api://b/x"} {
			go func() {
				_, err := client.AcquireTokenSilent(t.Context(), silently(account, scope))
				errs <- err
			}()
		}
		for range 2 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		got := seen.Acquisitions()[1:]
		if got[0].Durations.Waiting != 0 || got[1].Durations.Waiting != 2*time.Second || got[1].Shared {
			t.Errorf("waiting: %v, then %v (shared: %t); want 0s, then 2s for the other's turn", got[0].Durations.Waiting, got[1].Durations.Waiting, got[1].Shared)
		}
	})
}

func TestACacheThatFailsIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("disk on fire")
		client, seen := watchedApp(t, newServer(0), func(c *application.ConfidentialClientConfig) {
			c.Ports.TokenCache = lateCache{TokenCache: c.Ports.TokenCache.(lateCache).TokenCache, fail: broken}
		})
		if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
			t.Fatal(err)
		}
		if got := seen.CacheOperations()[0]; got.Failure.Kind != domain.ErrorOther || got.Hit {
			t.Errorf("got %+v", got)
		}
	})
}

func TestKeysAreCountedAndTheirLoopIsNotTheCachesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, seen := watchedApp(t, newServer(0), nil)
		for _, scope := range []string{"api://a/.default", "api://b/.default"} {
			if _, err := client.AcquireTokenForClient(t.Context(), ask(scope)); err != nil {
				t.Fatal(err)
			}
		}
		if err := client.RemoveTokensForClient(t.Context()); err != nil { // an Update for each key takes a second
			t.Fatal(err)
		}
		got := theLast(t, seen.CacheOperations())
		if got.Operation != domain.CacheKeys || got.Keys != 2 || !got.Hit || got.Duration != 0 || got.Partition != domain.AppPartition {
			t.Errorf("got %+v, want 2 keys in no time", got)
		}
	})
}

// TestAnObserverThatPanicsHarmsNoAcquisition: it is told once to the log.
func TestAnObserverThatPanicsHarmsNoAcquisition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := keyporttest.NewLogRecorder()
		client, _ := watchedApp(t, newServer(0), func(c *application.ConfidentialClientConfig) {
			c.Logger = slog.New(log)
			c.Ports.Observer = observerFunc(func(domain.Event) { panic("hunter2") })
		})
		for range 3 {
			if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
				t.Fatal(err)
			}
		}
		if n := strings.Count(log.Text(), "the Observer panicked"); n != 1 {
			t.Errorf("logged %d times, want once", n)
		}
		if strings.Contains(log.Text(), "hunter2") {
			t.Error("the log shows what the panic had to say, which may be anything")
		}
	})
}

type observerFunc func(domain.Event)

func (f observerFunc) Observe(_ context.Context, e domain.Event) { f(e) }

func TestAnAcquisitionThatPanicsIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, seen := watchedApp(t, newServer(0), func(c *application.ConfidentialClientConfig) {
			c.Hooks.CacheKey = func(context.Context) string { panic("x") }
		})
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic did not reach the caller")
				}
			}()
			_, _ = client.AcquireTokenForClient(t.Context(), ask(graph))
		}()
		if got := theLast(t, seen.Acquisitions()); got.Failure.Kind != domain.ErrorOther {
			t.Errorf("got %+v", got)
		}
	})
}

func TestMisuseIsToldAsWhatItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, seen := watchedApp(t, newServer(time.Second), nil)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		late, stop := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer stop()
		for _, row := range []struct {
			ctx     context.Context
			request application.ClientCredentialsRequest
			want    domain.ErrorKind
		}{
			{t.Context(), ask("two words"), domain.ErrorConfig},
			{gone, ask(graph), domain.ErrorCanceled},
			{late, ask(graph), domain.ErrorTimeout},
		} {
			if _, err := client.AcquireTokenForClient(row.ctx, row.request); err == nil {
				t.Error("no error")
			}
			if got := theLast(t, seen.Acquisitions()).Failure.Kind; got != row.want {
				t.Errorf("told %q, want %q", got, row.want)
			}
		}
		if err := client.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, _ = client.AcquireTokenForClient(t.Context(), ask(graph))
		if got := theLast(t, seen.Acquisitions()).Failure.Kind; got != domain.ErrorClientClosed {
			t.Errorf("told %q after Close", got)
		}
	})
}

// countedClock counts how often somebody looks.
type countedClock struct {
	ports.Clock
	looks *int
}

func (c countedClock) Now() time.Time { *c.looks++; return c.Clock.Now() }

// TestAHitCostsWhoDoesNotListenNothing counts allocations and looks at the clock of a
// token from the cache. The three clients differ in who listens, and in nothing else.
func TestAHitCostsWhoDoesNotListenNothing(t *testing.T) {
	cost := func(change func(*application.ConfidentialClientConfig)) (allocations float64, looks int) {
		config := configOf(httpFunc(answers(http.StatusOK, granted)))
		config.Ports.Clock = countedClock{keyporttest.NewClock(time.Now()), &looks} // the cache looks at a clock of its own
		config.Logger = nil
		if change != nil {
			change(&config)
		}
		client, err := application.NewConfidentialClient(config)
		if err != nil {
			t.Fatal(err)
		}
		request := ask(graph)
		hit := func() {
			if _, err := client.AcquireTokenForClient(context.Background(), request); err != nil {
				t.Fatal(err)
			}
		}
		hit()
		looks = 0
		hit()
		once := looks
		return testing.AllocsPerRun(100, hit), once
	}
	quiet, looks := cost(nil)
	if looks != 1 {
		t.Errorf("%d looks at the clock without an observer, want 1: to see whether the token is fresh", looks)
	}
	if quiet != 0 {
		t.Errorf("%v allocations without an observer, want none", quiet)
	}
	calm, looks := cost(func(c *application.ConfidentialClientConfig) {
		c.Logger = slog.New(slog.NewTextHandler(nil, &slog.HandlerOptions{Level: slog.LevelInfo}))
	})
	if calm != quiet || looks != 1 {
		t.Errorf("%v allocations and %d looks with a logger that does not debug, want %v and 1", calm, looks, quiet)
	}
	watched, looks := cost(func(c *application.ConfidentialClientConfig) { c.Ports.Observer = observerFunc(func(domain.Event) {}) })
	if extra := watched - quiet; extra < 1 || extra > 5 {
		t.Errorf("%v allocations more with an observer; want some, to see that this counts, and 5 at most", extra)
	}
	if looks != 5 {
		t.Errorf("%d looks at the clock with an observer, want 5", looks)
	}
}

func TestANilObserverOfATypeIsNone(t *testing.T) {
	config := configOf(httpFunc(answers(http.StatusOK, granted)))
	log := keyporttest.NewLogRecorder()
	config.Logger, config.Ports.Observer = slog.New(log), (*keyporttest.Observations)(nil)
	client, err := application.NewConfidentialClient(config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.Text(), "panicked") {
		t.Error("it was told of something")
	}
}

// TestWhatCameOfTheRegionIsTold: each host that was asked is an attempt, and hooks see
// the one that answered.
func TestWhatCameOfTheRegionIsTold(t *testing.T) {
	seen, asked := &keyporttest.Observations{}, ""
	r := newInRegion(t, func(c *application.ConfidentialClientConfig, _ *keyporttest.Authority) {
		c.Ports.Observer = seen
		c.Hooks.OnCompletion = func(_ context.Context, info application.TokenRequestInfo, _ domain.Result, _ error) {
			asked = info.TokenEndpoint
		}
	})
	for _, row := range []struct {
		fails   int
		outcome domain.RegionOutcome
		host    string
	}{{0, domain.RegionUsed, regionHost}, {1, domain.RegionFellBack, globalHost}} {
		if row.fails > 0 {
			r.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointToken, Times: row.fails, Status: http.StatusServiceUnavailable, Body: "{}"})
		}
		r.token(row.fails)
		got := theLast(t, seen.Acquisitions())
		if got.Region != row.outcome || got.Attempts != 1+row.fails || got.Requests != 1+row.fails || !strings.HasPrefix(asked, "https://"+row.host+"/") {
			t.Errorf("%d failures: told %v after %d attempts, %s; want %v, %d, %s", row.fails, got.Region, got.Attempts, asked, row.outcome, 1+row.fails, row.host)
		}
	}
	r.token(0)
	if got := theLast(t, seen.Acquisitions()); got.Region != 0 || got.Source != domain.SourceCache {
		t.Errorf("from the cache: told of the region %v", got.Region)
	}
}
