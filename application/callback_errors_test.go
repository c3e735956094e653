package application_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
)

// TestWhatACallbackFailsWithIsNoAnswerToThisRequest: callbacks may ask other servers, and
// bring their refusals. Nothing was sent here: no refresh token is forgotten, no hook is
// asked whether to send it again, and the error says where it came from.
func TestWhatACallbackFailsWithIsNoAnswerToThisRequest(t *testing.T) {
	mine := errors.New("of a callback")
	elsewhere := errors.Join(mine, &domain.OAuthError{Code: domain.CodeInvalidGrant, SubError: domain.SubErrorBadToken, StatusCode: http.StatusBadRequest, Operation: "elsewhere"})
	for _, row := range []struct {
		name, words string
		breaks      func(*application.ConfidentialClientConfig, *error)
	}{
		{"a hook", "before-request hook: ", func(c *application.ConfidentialClientConfig, failed *error) {
			c.Hooks.BeforeRequest = func(context.Context, application.TokenRequestInfo) (domain.Parameters, error) {
				return domain.Parameters{}, *failed
			}
		}},
		{"an assertion", "client assertion callback: ", func(c *application.ConfidentialClientConfig, failed *error) {
			c.Credential = application.ClientAssertionFunc(func(context.Context, application.AssertionRequest) (string, error) { return "a.b.c", *failed })
		}},
		{"a credential", "credential provider: ", func(c *application.ConfidentialClientConfig, failed *error) {
			c.Credential = application.CredentialFunc(func(context.Context, application.CredentialRequest) (application.Credential, error) {
				return application.ClientSecret("s"), *failed
			})
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newUserServer(t)
				config := userConfig(s)
				var failed error
				asked := 0
				row.breaks(&config, &failed)
				config.Hooks.OnFailure = func(context.Context, application.TokenRequestInfo, error) bool { asked++; return true }
				client, err := application.NewConfidentialClient(config)
				if err != nil {
					t.Fatal(err)
				}
				account := signIn(t, s, client)
				pass(2 * time.Hour)
				failed = elsewhere
				_, err = client.AcquireTokenSilent(t.Context(), silently(account, userScope))
				if !errors.Is(err, mine) || !strings.HasPrefix(err.Error(), "acquire token silent: "+row.words) {
					t.Errorf("got %v, want what the callback said", err)
				}
				if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); !errors.Is(err, mine) {
					t.Errorf("got %v, want what the callback said", err)
				}
				if asked != 0 || len(s.sent()) != 1 {
					t.Errorf("asked %d times, sent %d requests; want 0 and that of the sign-in", asked, len(s.sent()))
				}
				failed = nil
				if _, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope)); err != nil {
					t.Errorf("afterwards: %v, want the refresh token to be there yet", err)
				}
			})
		})
	}
}

// TestARefreshTokenIsNotForgottenForAnotherOnesRefusal: a pause holds for the user, and the
// refusal that it began with was of an older refresh token.
func TestARefreshTokenIsNotForgottenForAnotherOnesRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, _ := usersClient(t, s)
		account := signIn(t, s, client)
		pass(2 * time.Hour)
		s.hook = func(url.Values) (int, string) {
			return http.StatusTooManyRequests, `{"error":"invalid_grant","suberror":"bad_token"}`
		}
		if _, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope)); !errors.Is(err, domain.ErrInteractionRequired) {
			t.Fatal(err)
		}
		s.hook = nil
		account = signIn(t, s, client) // brings a new refresh token
		again := silently(account, userScope)
		again.ForceRefresh = true
		if _, err := client.AcquireTokenSilent(t.Context(), again); !errors.Is(err, domain.ErrThrottled) {
			t.Fatalf("got %v, want the pause", err)
		}
		pass(2 * time.Minute)
		if _, err := client.AcquireTokenSilent(t.Context(), again); err != nil {
			t.Errorf("after the pause: %v, want the new refresh token to be there yet", err)
		}
	})
}

// TestAHookThatWaitsForItselfEndsWithTheTime: who asks in a hook for the very token that the
// hook is called for waits for its own flight.
func TestAHookThatWaitsForItselfEndsWithTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := configOf(newServer(time.Second))
		var client *application.ConfidentialClient
		config.Hooks.BeforeRequest = func(ctx context.Context, _ application.TokenRequestInfo) (domain.Parameters, error) {
			_, err := client.AcquireTokenForClient(ctx, ask(graph))
			return domain.Parameters{}, err
		}
		made, err := application.NewConfidentialClient(config)
		if err != nil {
			t.Fatal(err)
		}
		client = made
		begin := time.Now()
		_, err = client.AcquireTokenForClient(t.Context(), ask(graph))
		if took := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || took != 30*time.Second {
			t.Errorf("got %v after %v, want that the time was up", err, took)
		}
	})
}

// TestAPanicOfCacheKeyIsItsCallers: in a sign-in too, and before the code is spent.
func TestAPanicOfCacheKeyIsItsCallers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		config := userConfig(s)
		config.Hooks.CacheKey = func(context.Context) string { panic("mine") }
		client, err := application.NewConfidentialClient(config)
		if err != nil {
			t.Fatal(err)
		}
		defer func() {
			if p := recover(); p != "mine" || len(s.sent()) != 0 {
				t.Errorf("recovered %v, sent %d requests", p, len(s.sent()))
			}
		}()
		_, err = client.AcquireTokenByAuthorizationCode(t.Context(), application.AuthorizationCodeRequest{Code: domain.NewSecret("a-code"), Scopes: []string{userScope}})
		t.Errorf("got %v, want a panic", err)
	})
}

// TestAPlanWithoutAContextIsRefused: no hook is called with none.
func TestAPlanWithoutAContextIsRefused(t *testing.T) {
	config := configOf(newServer(0))
	config.Hooks.CacheKey = func(ctx context.Context) string { p, _ := ctx.Value(traceKey{}).(string); return p }
	client, err := application.NewConfidentialClient(config)
	if err != nil {
		t.Fatal(err)
	}
	wantConfigError(t, client.PlanTokenForClient(nil, ask(graph)).Err, "ctx") //nolint:staticcheck // that is the test
}
