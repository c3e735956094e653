package application_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// hooked is a recorded client with hooks.
func hooked(t *testing.T, hooks application.Hooks) (*application.ConfidentialClient, *recorder) {
	t.Helper()
	return recorded(t, func(c *application.ConfidentialClientConfig) { c.Hooks = hooks })
}

func adding(p domain.Parameters) application.Hooks {
	return application.Hooks{BeforeRequest: func(context.Context, application.TokenRequestInfo) (domain.Parameters, error) { return p, nil }}
}

func TestAHookAddsToTheRequest(t *testing.T) {
	var told application.TokenRequestInfo
	client, r := hooked(t, application.Hooks{
		BeforeRequest: func(ctx context.Context, info application.TokenRequestInfo) (domain.Parameters, error) {
			told = info
			return domain.Parameters{
				Query:  []domain.Parameter{{Name: "dc", Value: "east"}},
				Body:   []domain.Parameter{{Name: "attributes", Value: "a b"}},
				Header: []domain.Parameter{{Name: "traceparent", Value: ctx.Value(traceKey{}).(string)}},
			}, nil
		},
	})
	request := ask(graph)
	request.ExtraParameters.Query = []domain.Parameter{{Name: "own", Value: "1"}}
	ctx := context.WithValue(t.Context(), traceKey{}, "00-abc-def-01")
	if _, err := client.AcquireTokenForClient(ctx, request); err != nil {
		t.Fatal(err)
	}
	if got := r.last().Get("attributes"); got != "a b" {
		t.Errorf("the form has attributes %q", got)
	}
	if r.last().Get("client_secret") == "" || r.last().Get("scope") != graph {
		t.Errorf("the form lost something: %v", slices.Sorted(mapKeys(r.last())))
	}
	if !strings.HasSuffix(r.url, "?dc=east&own=1") {
		t.Errorf("sent to %s", r.url)
	}
	if got := r.header.Get("traceparent"); got != "00-abc-def-01" {
		t.Errorf("traceparent is %q", got)
	}
	want := application.TokenRequestInfo{
		API: domain.AcquireTokenForClientID, ClientID: "11111111-2222-3333-4444-555555555555", Tenant: tenant, GrantType: "client_credentials",
		TokenEndpoint: "https://login.microsoftonline.com/" + tenant + "/oauth2/v2.0/token", Scopes: []string{graph},
		CorrelationID: r.header.Get("client-request-id"), Attempt: 1,
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Errorf("the hook was told (-want +got):\n%s", diff)
	}
}

type traceKey struct{}

func mapKeys(form url.Values) func(func(string) bool) {
	return func(yield func(string) bool) {
		for name := range form {
			if !yield(name) {
				return
			}
		}
	}
}

func TestAHookCannotChangeWhatTheRequestHas(t *testing.T) {
	one := func(name string) []domain.Parameter { return []domain.Parameter{{Name: name, Value: "x"}} }
	for _, row := range []struct {
		name  string
		add   domain.Parameters
		field string
	}{
		{"client id", domain.Parameters{Body: one("client_id")}, "Hooks.BeforeRequest.Body[0]"},
		{"grant type in capitals", domain.Parameters{Body: one("GRANT_TYPE")}, "Hooks.BeforeRequest.Body[0]"},
		{"grant type in the query", domain.Parameters{Query: one("grant_type")}, "Hooks.BeforeRequest.Query[0]"},
		{"scope", domain.Parameters{Body: one("scope")}, "Hooks.BeforeRequest.Body[0]"},
		{"assertion", domain.Parameters{Body: one("client_assertion")}, "Hooks.BeforeRequest.Body[0]"},
		{"another one's parameter", domain.Parameters{Body: one("Attributes")}, "Hooks.BeforeRequest.Body[0]"},
		{"another one's parameter, in the query", domain.Parameters{Query: one("attributes")}, "Hooks.BeforeRequest.Query[0]"},
		{"another one's parameter, spelled in capitals there", domain.Parameters{Body: one("mixed")}, "Hooks.BeforeRequest.Body[0]"},
		{"another one's parameter of the query", domain.Parameters{Query: one("Own")}, "Hooks.BeforeRequest.Query[0]"},
		{"the endpoint's own parameter", domain.Parameters{Query: one("P")}, "Hooks.BeforeRequest.Query[0]"},
		{"authorization", domain.Parameters{Header: one("Authorization")}, "Hooks.BeforeRequest.Header[0]"},
		{"a header of the library", domain.Parameters{Header: one("X-Client-SKU")}, "Hooks.BeforeRequest.Header[0]"},
		{"a second header", domain.Parameters{Header: append(one("x-a"), domain.Parameter{Name: "x-b", Value: "a\r\nEvil: 1"})}, "Hooks.BeforeRequest.Header[1]"},
		{"what is to be in the cache key", domain.Parameters{Body: []domain.Parameter{{Name: "policy", Value: "x", InCacheKey: true}}}, "Hooks.BeforeRequest.Body[0]"},
	} {
		t.Run(row.name, func(t *testing.T) {
			client, r := recorded(t, func(c *application.ConfidentialClientConfig) {
				c.Hooks = adding(row.add)
				c.Metadata = &domain.ServerMetadata{TokenEndpoint: "https://login.microsoftonline.com/" + tenant + "/token?p=policy"}
			})
			request := ask(graph)
			request.ExtraParameters.Body = []domain.Parameter{{Name: "attributes", Value: "mine"}, {Name: "Mixed", Value: "mine"}}
			request.ExtraParameters.Query = one("own")
			_, err := client.AcquireTokenForClient(t.Context(), request)
			wantConfigError(t, err, row.field)
			if len(r.forms) != 0 {
				t.Error("the request was sent")
			}
		})
	}
}

func TestAHookThatFailsIsAnErrorAndNothingIsSent(t *testing.T) {
	full := errors.New("disk full")
	client, r := hooked(t, application.Hooks{
		BeforeRequest: func(context.Context, application.TokenRequestInfo) (domain.Parameters, error) {
			return domain.Parameters{}, full
		},
		OnFailure: func(context.Context, application.TokenRequestInfo, error) bool { t.Error("asked"); return true },
	})
	_, err := client.AcquireTokenForClient(t.Context(), ask(graph))
	if !errors.Is(err, full) || !strings.HasPrefix(err.Error(), "acquire token for client: before-request hook: ") {
		t.Errorf("got %v", err)
	}
	if len(r.forms) != 0 {
		t.Error("the request was sent")
	}
}

// TestAHookHasAFailedRequestSentAgain: with all of it made anew, and three times at most.
func TestAHookHasAFailedRequestSentAgain(t *testing.T) {
	for _, row := range []struct {
		name        string
		fails       int // requests
		again       bool
		sent, asked int
		works       bool
	}{
		{"once", 1, true, 2, 1, true},
		{"twice", 2, true, 3, 2, true},
		{"for ever", 99, true, 3, 2, false},
		{"not", 1, false, 1, 1, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			sent, asked, before, proofs := 0, 0, 0, 0
			var ids []string
			config := configOf(httpFunc(func(r *http.Request) (*http.Response, error) {
				sent++
				ids = append(ids, r.Header.Get("client-request-id"))
				if sent <= row.fails {
					return answers(http.StatusUnauthorized, `{"error":"invalid_client"}`)(r)
				}
				return answers(http.StatusOK, granted)(r)
			}))
			config.Credential = application.ClientAssertionFunc(func(context.Context, application.AssertionRequest) (string, error) {
				proofs++
				return "a.b.c", nil
			})
			seen := &keyporttest.Observations{}
			config.Ports.Observer = seen
			config.Hooks = application.Hooks{
				BeforeRequest: func(_ context.Context, r application.TokenRequestInfo) (domain.Parameters, error) {
					before++
					if r.Attempt != before {
						t.Errorf("attempt %d, want %d", r.Attempt, before)
					}
					return domain.Parameters{}, nil
				},
				OnFailure: func(_ context.Context, r application.TokenRequestInfo, err error) bool {
					asked++
					if !errors.Is(err, domain.ErrInvalidClient) || r.Attempt != asked {
						t.Errorf("asked about %v of attempt %d", err, r.Attempt)
					}
					return row.again
				},
			}
			client, err := application.NewConfidentialClient(config)
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.AcquireTokenForClient(t.Context(), ask(graph))
			if (err == nil) != row.works {
				t.Errorf("got %v", err)
			}
			if sent != row.sent || asked != row.asked || before != sent || proofs != sent {
				t.Errorf("sent %d, asked %d, before %d, proofs %d; want %d, %d, %d, %d", sent, asked, before, proofs, row.sent, row.asked, row.sent, row.sent)
			}
			if len(slices.Compact(ids)) != 1 {
				t.Error("the attempts have correlation ids of their own")
			}
			if got := theLast(t, seen.Acquisitions()).Attempts; got != sent {
				t.Errorf("told of %d attempts, want %d", got, sent)
			}
		})
	}
}

// TestWhatAServerTakesOnceIsNotSentAgainBlindly tells which failures OnFailure is asked
// about, by what the request spends.
func TestWhatAServerTakesOnceIsNotSentAgainBlindly(t *testing.T) {
	lost := errors.New("connection reset")
	for _, row := range []struct {
		name              string
		status            int
		body              string
		forClient, silent bool
	}{
		{"the client was refused", 401, `{"error":"invalid_client"}`, true, true},
		{"too many requests", 429, `{"error":"temporarily_unavailable"}`, true, true},
		{"the grant was refused", 400, `{"error":"invalid_grant"}`, true, false},
		{"the server fails", 503, troubled, true, false},
		{"a gateway fails", 504, `<html>`, true, false},
		{"nonsense", 200, `<html>`, true, false},
		{"no answer", 0, "", true, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newUserServer(t)
				asked := map[string]int{}
				config := userConfig(s)
				broken := false
				config.Ports.HTTPClient = httpFunc(func(r *http.Request) (*http.Response, error) {
					switch {
					case !broken:
						return s.Do(r)
					case row.status == 0:
						return nil, lost
					}
					return answers(row.status, row.body)(r)
				})
				config.Hooks.OnFailure = func(_ context.Context, r application.TokenRequestInfo, _ error) bool {
					asked[r.GrantType]++
					return false
				}
				client, err := application.NewConfidentialClient(config)
				if err != nil {
					t.Fatal(err)
				}
				account := signIn(t, s, client)
				broken = true
				if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err == nil {
					t.Error("no error")
				}
				if _, err := client.AcquireTokenSilent(t.Context(), silently(account, "api://a/x")); err == nil {
					t.Error("no error")
				}
				if got := asked["client_credentials"] == 1; got != row.forClient {
					t.Errorf("asked for client credentials: %t, want %t", got, row.forClient)
				}
				if got := asked["refresh_token"] == 1; got != row.silent {
					t.Errorf("asked for a refresh token: %t, want %t", got, row.silent)
				}
			})
		})
	}
}

func TestAHookThatWaitsEndsWithTheRequestsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client, r := hooked(t, application.Hooks{
			OnFailure: func(ctx context.Context, _ application.TokenRequestInfo, _ error) bool { <-ctx.Done(); return true },
		})
		r.answer, r.status = troubled, http.StatusServiceUnavailable
		start := time.Now()
		if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err == nil {
			t.Error("no error")
		}
		if took := time.Since(start); took != 30*time.Second || len(r.forms) != 1 {
			t.Errorf("%d requests in %v, want 1 in 30s", len(r.forms), took)
		}
	})
}

func TestCompletionIsSeenOnceForAllWhoWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(3 * time.Second)
		config := configOf(s)
		type completion struct {
			info   application.TokenRequestInfo
			result domain.Result
			err    error
		}
		var got []completion
		config.Hooks.OnCompletion = func(_ context.Context, info application.TokenRequestInfo, r domain.Result, err error) {
			got = append(got, completion{info, r, err})
		}
		client, err := application.NewConfidentialClient(config)
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 5)
		for range 5 {
			go func() { _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); done <- err }()
		}
		for range 5 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if len(got) != 1 || got[0].err != nil || got[0].result.AccessToken.Reveal() != "token-1" || got[0].info.Attempt != 1 {
			t.Fatalf("%d completions", len(got))
		}
		if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil || len(got) != 1 {
			t.Errorf("a token from the cache: %v, %d completions, want 1", err, len(got))
		}
		pass(40 * time.Minute)
		s.fail.Store(true)
		if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute) // a renewal behind the caller's back fails
		synctest.Wait()
		if len(got) != 2 || !errors.Is(got[1].err, domain.ErrUnavailable) {
			t.Errorf("a failed renewal: %d completions", len(got))
		}
	})
}

// TestTokensOfDifferentHookKeysAreDifferentTokens: what a hook makes of the caller's
// context is told apart, in flight and in the cache, when CacheKey says so.
func TestTokensOfDifferentHookKeysAreDifferentTokens(t *testing.T) {
	policy := func(ctx context.Context) string { p, _ := ctx.Value(traceKey{}).(string); return p }
	in := func(t *testing.T, p string) context.Context { return context.WithValue(t.Context(), traceKey{}, p) }
	for _, row := range []struct {
		name     string
		cacheKey func(context.Context) string
		want     []string
	}{
		{"not said", nil, []string{"token-1", "token-1", "token-1", "token-1"}},
		{"said", policy, []string{"token-1", "token-2", "token-1", "token-3"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			client, r := hooked(t, application.Hooks{
				CacheKey: row.cacheKey,
				BeforeRequest: func(ctx context.Context, _ application.TokenRequestInfo) (domain.Parameters, error) {
					return domain.Parameters{Body: []domain.Parameter{{Name: "policy", Value: policy(ctx)}}}, nil
				},
			})
			for i, p := range []string{"strict", "lax", "strict", ""} {
				got, err := client.AcquireTokenForClient(in(t, p), ask(graph))
				if err != nil {
					t.Fatal(err)
				}
				if got.AccessToken.Reveal() != row.want[i] {
					t.Errorf("call %d, policy %q: got %s, want %s", i, p, got.AccessToken.Reveal(), row.want[i])
				}
			}
			if row.cacheKey != nil && r.forms[1].Get("policy") != "lax" {
				t.Error("the second request has the first one's policy")
			}
		})
	}
	t.Run("in flight", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newServer(time.Second)
			config := configOf(s)
			config.Hooks.CacheKey = policy
			client, err := application.NewConfidentialClient(config)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range []string{"strict", "lax", "strict", "lax"} {
				go func() { _, _ = client.AcquireTokenForClient(in(t, p), ask(graph)) }()
			}
			pass(time.Minute)
			if n := s.requests.Load(); n != 2 {
				t.Errorf("%d requests for two policies at once, want 2", n)
			}
		})
	})
	t.Run("users", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := newUserServer(t)
			config := userConfig(s)
			config.Hooks.CacheKey = policy
			client, err := application.NewConfidentialClient(config)
			if err != nil {
				t.Fatal(err)
			}
			account := signIn(t, s, client) // without a policy
			want := []string{"access-1", "access-2", "access-1", "access-2"}
			for i, p := range []string{"", "strict", "", "strict"} {
				got, err := client.AcquireTokenSilent(in(t, p), silently(account, userScope))
				if err != nil || got.AccessToken.Reveal() != want[i] {
					t.Errorf("call %d, policy %q: got %s, %v; want %s", i, p, got.AccessToken.Reveal(), err, want[i])
				}
			}
			obo := application.OnBehalfOfRequest{UserAssertion: domain.NewSecret("an.assertion.x"), Scopes: []string{userScope}}
			var tokens []string
			for _, p := range []string{"", "strict", "", "strict"} {
				got, err := client.AcquireTokenOnBehalfOf(in(t, p), obo)
				if err != nil {
					t.Fatal(err)
				}
				tokens = append(tokens, got.AccessToken.Reveal())
			}
			if tokens[0] == tokens[1] || tokens[0] != tokens[2] || tokens[1] != tokens[3] {
				t.Errorf("on behalf of: %v", tokens)
			}
		})
	})
}

func TestASignInIsFiledUnderItsHookKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		config := userConfig(s)
		config.Hooks.CacheKey = func(ctx context.Context) string { p, _ := ctx.Value(traceKey{}).(string); return p }
		client, err := application.NewConfidentialClient(config)
		if err != nil {
			t.Fatal(err)
		}
		strict := context.WithValue(t.Context(), traceKey{}, "strict")
		s.current = "migrated"
		signedIn, err := client.AcquireTokenByRefreshToken(strict, application.RefreshTokenRequest{RefreshToken: domain.NewSecret("migrated"), Scopes: []string{userScope}})
		if err != nil {
			t.Fatal(err)
		}
		got, err := client.AcquireTokenSilent(strict, silently(signedIn.Account, userScope))
		if err != nil || got.Metadata.Source != domain.SourceCache {
			t.Errorf("from %v, %v; want it from the cache", got.Metadata.Source, err)
		}
		got, err = client.AcquireTokenSilent(t.Context(), silently(signedIn.Account, userScope))
		if err != nil || got.Metadata.Source == domain.SourceCache {
			t.Errorf("from %v, %v; want another for another key", got.Metadata.Source, err)
		}
	})
}

// TestAHookThatPanicsIsAnErrorOfAllWhoWait: and the next call works.
func TestAHookThatPanicsIsAnErrorOfAllWhoWait(t *testing.T) {
	for _, row := range []struct {
		name string
		make func(boom func()) application.Hooks
	}{
		{"before", func(boom func()) application.Hooks {
			return application.Hooks{BeforeRequest: func(context.Context, application.TokenRequestInfo) (domain.Parameters, error) {
				boom()
				return domain.Parameters{}, nil
			}}
		}},
		{"failure", func(boom func()) application.Hooks {
			return application.Hooks{OnFailure: func(context.Context, application.TokenRequestInfo, error) bool { boom(); return false }}
		}},
		{"completion", func(boom func()) application.Hooks {
			return application.Hooks{OnCompletion: func(context.Context, application.TokenRequestInfo, domain.Result, error) { boom() }}
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var panics atomic.Bool
				panics.Store(true)
				s := newServer(time.Second)
				s.fail.Store(row.name == "failure")
				config := configOf(s)
				config.Hooks = row.make(func() {
					if panics.Load() {
						panic("hunter2")
					}
				})
				client, err := application.NewConfidentialClient(config)
				if err != nil {
					t.Fatal(err)
				}
				errs := make(chan error, 2)
				for range 2 {
					go func() { _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); errs <- err }()
				}
				for range 2 {
					if err := <-errs; err == nil || !strings.Contains(err.Error(), "panic") || strings.Contains(err.Error(), "hunter2") {
						t.Errorf("got %v, want that something panicked, and not its words", err)
					}
				}
				panics.Store(false)
				s.fail.Store(false)
				if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err != nil {
					t.Errorf("the next call: %v", err)
				}
			})
		})
	}
}

// TestAClientInsideACallbackIsAnother: what a credential callback asks of a second
// client, in the context of the first, is not told as the first one's.
func TestAClientInsideACallbackIsAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type told struct {
			seen        keyporttest.Observations
			completions int
		}
		var outer, inner told
		make := func(to *told, credential application.Credential) *application.ConfidentialClient {
			config := configOf(newServer(time.Second))
			config.Credential = credential
			config.Ports.Observer = &to.seen
			config.Hooks.OnCompletion = func(_ context.Context, r application.TokenRequestInfo, _ domain.Result, _ error) {
				if to.completions++; r.Attempt != 1 || to == &outer && r.CorrelationID != "the-first" {
					t.Errorf("attempt %d of %q", r.Attempt, r.CorrelationID)
				}
			}
			client, err := application.NewConfidentialClient(config)
			if err != nil {
				t.Fatal(err)
			}
			return client
		}
		second := make(&inner, application.ClientSecret("a-secret"))
		config := configOf(newServer(time.Second))
		config.Logger = slog.New(slog.DiscardHandler) // which does not debug
		quiet, err := application.NewConfidentialClient(config)
		if err != nil {
			t.Fatal(err)
		}
		first := make(&outer, application.ClientAssertionFunc(func(ctx context.Context, _ application.AssertionRequest) (string, error) {
			for _, c := range []*application.ConfidentialClient{second, quiet} {
				if _, err := c.AcquireTokenForClient(ctx, ask(graph)); err != nil {
					t.Error(err)
				}
			}
			return "a.b.c", nil
		}))
		request := ask(graph)
		request.CorrelationID = "the-first"
		if _, err := first.AcquireTokenForClient(t.Context(), request); err != nil {
			t.Fatal(err)
		}
		got := theLast(t, outer.seen.Acquisitions())
		want := domain.Durations{Total: 3 * time.Second, HTTP: time.Second, Signing: 2 * time.Second}
		if got.Attempts != 1 || got.Requests != 1 || got.Durations != want {
			t.Errorf("the first: %+v", got)
		}
		if got := theLast(t, inner.seen.Acquisitions()); got.Attempts != 1 || got.Durations.Total != time.Second {
			t.Errorf("the second: %+v", got)
		}
		if outer.completions != 1 || inner.completions != 1 {
			t.Errorf("%d and %d completions, want 1 of each", outer.completions, inner.completions)
		}
	})
}

// TestPollsThatFindTheUserNotDoneAreNoFailures: OnFailure is not asked of them, and
// OnCompletion sees the end.
func TestPollsThatFindTheUserNotDoneAreNoFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDeviceServer(t, "", pending, slowDown, pending, "ok")
		c := configOf(s)
		asked, completed := 0, 0
		client, err := application.NewPublicClient(application.PublicClientConfig{
			ClientID: c.ClientID, Authority: c.Authority, InsecureSkipIDTokenVerification: true, Ports: c.Ports,
			Hooks: application.Hooks{
				OnFailure: func(context.Context, application.TokenRequestInfo, error) bool { asked++; return true },
				OnCompletion: func(_ context.Context, _ application.TokenRequestInfo, r domain.Result, err error) {
					if completed++; err != nil || r.AccessToken.IsZero() {
						t.Errorf("completed with %v", err)
					}
				},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		flow := initiate(t, client)
		pass(6 * time.Second)
		if _, flow, err = client.PollDeviceFlow(t.Context(), flow); !errors.Is(err, domain.ErrAuthorizationPending) {
			t.Fatalf("got %v", err)
		}
		if _, err := client.AcquireTokenByDeviceFlow(t.Context(), flow); err != nil {
			t.Fatal(err)
		}
		if asked != 0 || completed != 1 || len(s.polls) != 4 {
			t.Errorf("asked %d times, completed %d times after %d polls; want 0, 1, 4", asked, completed, len(s.polls))
		}
	})
}

func TestOnFailureIsNotAskedWhenTheTimeIsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := configOf(newServer(time.Minute)) // longer than an acquisition may take
		config.Hooks.OnFailure = func(context.Context, application.TokenRequestInfo, error) bool { t.Error("asked"); return true }
		client, err := application.NewConfidentialClient(config)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want that there was no time", err)
		}
	})
}

func TestCompletionIsNotSeenWhenNothingWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := userConfig(newUserServer(t))
		config.Hooks.OnCompletion = func(context.Context, application.TokenRequestInfo, domain.Result, error) { t.Error("seen") }
		client, err := application.NewConfidentialClient(config)
		if err != nil {
			t.Fatal(err)
		}
		stranger := domain.Account{HomeAccountID: "nobody." + tenant}
		if _, err := client.AcquireTokenSilent(t.Context(), silently(stranger, userScope)); !errors.Is(err, domain.ErrTokenNotCached) {
			t.Errorf("got %v", err)
		}
	})
}

func TestARefreshTokenTakenOverIsSharedWithinAHookKeyOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		s.takes, s.current = time.Second, "migrated"
		config := userConfig(s)
		config.Hooks.CacheKey = func(ctx context.Context) string { p, _ := ctx.Value(traceKey{}).(string); return p }
		client, err := application.NewConfidentialClient(config)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range []string{"strict", "lax", "strict", "lax"} {
			ctx := context.WithValue(t.Context(), traceKey{}, p)
			go func() {
				_, _ = client.AcquireTokenByRefreshToken(ctx, application.RefreshTokenRequest{RefreshToken: domain.NewSecret("migrated"), Scopes: []string{userScope}})
			}()
		}
		pass(time.Minute)
		if n := len(s.sent()); n != 2 {
			t.Errorf("%d requests, want one for each key", n)
		}
	})
}

// TestWhatIsKeptBackIsNoRequest: while the server wants a pause, nothing is sent, so that
// no hook has a say; and a hook may have a refused request sent again at once.
func TestWhatIsKeptBackIsNoRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status, body, sent, asked, completed := http.StatusBadRequest, `{"error":"invalid_scope"}`, 0, 0, 0
		seen := &keyporttest.Observations{}
		config := configOf(httpFunc(func(r *http.Request) (*http.Response, error) {
			sent++
			return answers(status, body)(r)
		}))
		config.Ports.Observer = seen
		config.Hooks = application.Hooks{
			OnFailure:    func(context.Context, application.TokenRequestInfo, error) bool { asked++; return asked == 1 },
			OnCompletion: func(context.Context, application.TokenRequestInfo, domain.Result, error) { completed++ },
		}
		client, err := application.NewConfidentialClient(config)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err == nil {
				t.Error("no error")
			}
		}
		if sent != 2 || asked != 2 || completed != 1 {
			t.Errorf("sent %d, asked %d, completed %d; want 2, 2, 1: the second call is answered from memory", sent, asked, completed)
		}
		got := theLast(t, seen.Acquisitions())
		if !got.Throttled || got.Failure.Kind != domain.ErrorThrottled || got.Attempts != 0 || got.Requests != 0 {
			t.Errorf("told %+v", got)
		}
	})
}

// TestAPlanCallsNoHookButCacheKey: and tells no observer of an acquisition.
func TestAPlanCallsNoHookButCacheKey(t *testing.T) {
	config := configOf(httpFunc(answers(http.StatusOK, granted)))
	seen, keys := &keyporttest.Observations{}, 0
	config.Ports.Observer = seen
	config.Hooks = application.Hooks{
		CacheKey: func(context.Context) string { keys++; return "gold" },
		BeforeRequest: func(context.Context, application.TokenRequestInfo) (domain.Parameters, error) {
			t.Error("before")
			return domain.Parameters{}, nil
		},
		OnFailure:    func(context.Context, application.TokenRequestInfo, error) bool { t.Error("failure"); return false },
		OnCompletion: func(context.Context, application.TokenRequestInfo, domain.Result, error) { t.Error("completion") },
	}
	client, err := application.NewConfidentialClient(config)
	if err != nil {
		t.Fatal(err)
	}
	if got := client.PlanTokenForClient(t.Context(), ask(graph)); got.Outcome != domain.PlanAsks || keys == 0 || len(seen.Acquisitions()) != 0 {
		t.Errorf("got %v with %d keys and %d events", got, keys, len(seen.Acquisitions()))
	}
}
