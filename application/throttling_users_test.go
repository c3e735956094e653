package application_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
)

func TestTenSilentCallsAfterARefusalAreOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, _ := usersClient(t, s)
		account := signIn(t, s, client)
		pass(2 * time.Hour)
		refuse := func(status int, body string) { // from now on
			s.mu.Lock()
			s.hook = func(url.Values) (int, string) { return status, body }
			s.requests = nil
			s.mu.Unlock()
		}
		silent := func(r application.SilentRequest) error {
			_, err := client.AcquireTokenSilent(t.Context(), r)
			return err
		}
		refuse(400, `{"error":"invalid_grant","error_codes":[50076],"suberror":"basic_action","claims":"{\"access_token\":{}}"}`)
		for range 10 {
			var refused *domain.OAuthError
			if err := silent(silently(account, userScope)); !errors.As(err, &refused) || !errors.Is(err, domain.ErrInteractionRequired) || refused.Claims == "" {
				t.Fatalf("got %v", err)
			}
		}
		forced, challenged := silently(account, userScope), silently(account, userScope)
		forced.ForceRefresh, challenged.ClaimsChallenge = true, `{"access_token":{"nbf":{"essential":true}}}`
		for i, r := range []application.SilentRequest{
			forced, challenged, forced, challenged, silently(account, "https://graph.microsoft.com/Mail.Read"),
		} {
			if err := silent(r); !errors.Is(err, domain.ErrInteractionRequired) {
				t.Errorf("%d: %v", i, err)
			}
		}
		if n := len(s.sent()); n != 6 {
			t.Errorf("%d requests, want 1 and one for each that is another", n)
		}
		refuse(0, "")
		signIn(t, s, client) // brings a newer refresh token
		pass(90 * time.Second)
		s.mu.Lock()
		s.requests = nil
		s.mu.Unlock()
		again := silently(account, userScope)
		again.ExtraParameters.Body = []domain.Parameter{{Name: "dc", Value: "eu", InCacheKey: true}} // past the cached token
		if err := silent(again); err != nil || len(s.sent()) != 1 {
			t.Errorf("with a newer refresh token: %v, %d requests", err, len(s.sent()))
		}
	})
}

// TestANewerRefreshTokenIsTriedAtOnce although the one before it was refused a moment
// ago.
func TestANewerRefreshTokenIsTriedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, cache := usersClient(t, s)
		account := signIn(t, s, client)
		pass(2 * time.Hour)
		s.hook = func(url.Values) (int, string) { return 400, `{"error":"invalid_grant"}` }
		if _, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope)); !errors.Is(err, domain.ErrInteractionRequired) {
			t.Fatal(err)
		}
		s.hook = nil
		// Another process has signed the user in.
		s.current = "refresh-of-another-process"
		err := cache.Update(t.Context(), domain.UserKey("11111111-2222-3333-4444-555555555555", homeID), func(set domain.TokenSet) (domain.TokenSet, error) {
			old := set.RefreshTokens()[0]
			old.Secret, old.LastModified = domain.NewSecret(s.current), time.Now()
			return set.With(domain.Grant{RefreshToken: &old}, time.Now()), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope)); err != nil {
			t.Error(err)
		}
	})
}

// TestOneUsersPauseIsNobodyElses: neither among those for whom an API acts, nor among
// those who sign in.
func TestOneUsersPauseIsNobodyElses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, _ := usersClient(t, s)
		s.hook = func(form url.Values) (int, string) {
			if strings.HasPrefix(form.Get("assertion")+form.Get("code"), "ada") {
				return 429, busy
			}
			return 0, ""
		}
		for range 3 {
			_, err := client.AcquireTokenOnBehalfOf(t.Context(), onBehalf("adas.own.token"))
			if !errors.Is(err, domain.ErrThrottled) {
				t.Error(err)
			}
		}
		if _, err := client.AcquireTokenOnBehalfOf(t.Context(), onBehalf("bobs.own.token")); err != nil {
			t.Error(err)
		}
		redeem := func(code string) error {
			_, err := client.AcquireTokenByAuthorizationCode(t.Context(), application.AuthorizationCodeRequest{Code: domain.NewSecret(code), Scopes: []string{userScope}})
			return err
		}
		if err := redeem("adas-code"); !errors.Is(err, domain.ErrThrottled) {
			t.Error(err)
		}
		if err := redeem("bobs-code"); err != nil {
			t.Error(err)
		}
		if n := len(s.sent()); n != 4 {
			t.Errorf("%d requests, want 4", n)
		}
	})
}

// TestPollsForADeviceCodeHaveAPaceOfTheirOwn: the same request is refused again and
// again, and sent again and again.
func TestPollsForADeviceCodeHaveAPaceOfTheirOwn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newDeviceServer(t, "", pending, pending, "503", "503", "503", pending, "429", pending, "ok")
		config := application.PublicClientConfig{ClientID: "my-app", InsecureSkipIDTokenVerification: true, Ports: configOf(s).Ports}
		client, err := application.NewPublicClient(config)
		if err != nil {
			t.Fatal(err)
		}
		flow, err := client.InitiateDeviceFlow(t.Context(), application.DeviceFlowRequest{Scopes: []string{userScope}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.AcquireTokenByDeviceFlow(t.Context(), flow); err != nil || len(s.polls) != 9 {
			t.Errorf("%v after %d polls, want 9", err, len(s.polls))
		}
	})
}
