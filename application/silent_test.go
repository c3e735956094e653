package application_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
)

func TestSilentServesFromTheCacheAndThenRefreshes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, _ := usersClient(t, s)
		account := signIn(t, s, client)
		for _, step := range []struct {
			name    string
			after   time.Duration
			request application.SilentRequest
			want    string
			source  domain.TokenSource
			reason  domain.RefreshReason
		}{
			{"cached", 0, silently(account, userScope), "access-1", domain.SourceCache, domain.ReasonNotApplicable},
			{"cached, asked with what shapes a sign-in", 0, silently(account, userScope, "openid", "offline_access"), "access-1", domain.SourceCache, domain.ReasonNotApplicable},
			{"cached, in capitals", 0, silently(account, strings.ToUpper(userScope)), "access-1", domain.SourceCache, domain.ReasonNotApplicable},
			{"another scope", 0, silently(account, "https://graph.microsoft.com/Mail.Read"), "access-2", domain.SourceIdentityProvider, domain.ReasonNoCachedToken},
			{"forced", 0, application.SilentRequest{Account: account, Scopes: []string{userScope}, ForceRefresh: true}, "access-3", domain.SourceIdentityProvider, domain.ReasonForced},
			{"the forced one is kept", 0, silently(account, userScope), "access-3", domain.SourceCache, domain.ReasonNotApplicable},
			{"expired", 2 * time.Hour, silently(account, userScope), "access-4", domain.SourceIdentityProvider, domain.ReasonExpired},
		} {
			pass(step.after)
			got, err := client.AcquireTokenSilent(t.Context(), step.request)
			if err != nil {
				t.Fatalf("%s: %v", step.name, err)
			}
			if got.AccessToken.Reveal() != step.want || got.Metadata.Source != step.source || got.Metadata.RefreshReason != step.reason {
				t.Errorf("%s: got %q from %v because of %v, want %q from %v because of %v", step.name,
					got.AccessToken.Reveal(), got.Metadata.Source, got.Metadata.RefreshReason, step.want, step.source, step.reason)
			}
			if got.Account.HomeAccountID != homeID || got.IDToken.IsZero() {
				t.Errorf("%s: the result does not say whose it is", step.name)
			}
		}
		last := s.headers[len(s.headers)-1]
		if got := last.Get("X-AnchorMailbox"); got != "Oid:"+userID+"@"+tenant {
			t.Errorf("X-AnchorMailbox is %q", got)
		}
		if got := last.Get("x-client-current-telemetry"); got != "4|84,3|" {
			t.Errorf("telemetry is %q", got)
		}
	})
}

func TestSilentErrorsTellWhatToDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, _ := usersClient(t, s)
		ctx := t.Context()
		_, err := client.AcquireTokenSilent(ctx, silently(domain.Account{}, userScope))
		if !errors.Is(err, domain.ErrTokenNotCached) {
			t.Errorf("no account: %v", err)
		}
		stranger := domain.Account{HomeAccountID: "nobody." + tenant}
		if _, err = client.AcquireTokenSilent(ctx, silently(stranger, userScope)); !errors.Is(err, domain.ErrTokenNotCached) {
			t.Errorf("unknown account: %v", err)
		}
		if n := len(s.sent()); n != 0 {
			t.Errorf("%d requests were sent for nobody", n)
		}
		account := signIn(t, s, client)
		pass(2 * time.Hour)
		for name, row := range map[string]struct {
			status int
			body   string
			want   error
		}{
			"server down":       {503, "<html>", domain.ErrUnavailable},
			"user needed":       {400, `{"error":"invalid_grant","error_codes":[50076],"suberror":"basic_action","claims":"{\"access_token\":{}}"}`, domain.ErrInteractionRequired},
			"consent needed":    {400, `{"error":"consent_required"}`, domain.ErrInteractionRequired},
			"throttled":         {429, `{"error":"temporarily_unavailable"}`, domain.ErrThrottled},
			"wrong secret":      {401, `{"error":"invalid_client","error_codes":[7000215]}`, domain.ErrInvalidClient},
			"policy says no":    {400, `{"error":"access_denied"}`, domain.ErrAccessDenied},
			"not a good answer": {200, `{"access_token":7}`, nil},
		} {
			s.mu.Lock()
			s.hook = func(url.Values) (int, string) { return row.status, row.body }
			s.mu.Unlock()
			pass(3 * time.Minute) // what the row before has the client wait for
			_, err := client.AcquireTokenSilent(ctx, silently(account, userScope))
			if err == nil || row.want != nil && !errors.Is(err, row.want) {
				t.Errorf("%s: got %v, want %v", name, err, row.want)
			}
			if errors.Is(err, domain.ErrTokenNotCached) {
				t.Errorf("%s: %v looks as if nothing was sent", name, err)
			}
			var refused *domain.OAuthError
			if name == "user needed" && (!errors.As(err, &refused) || refused.Claims == "") {
				t.Errorf("%s: the claims to pass on are missing: %v", name, err)
			}
		}
		s.hook = nil
		pass(3 * time.Minute)
		if _, err := client.AcquireTokenSilent(ctx, silently(account, userScope)); err != nil {
			t.Errorf("after all that the refresh token must still be there: %v", err)
		}
	})
}

// TestFiftyScopesRedeemOneAfterTheOther: a rotating refresh token that two flights
// spend at a time ends the session.
func TestFiftyScopesRedeemOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		s.takes = time.Second
		client, _ := usersClient(t, s)
		account := signIn(t, s, client)
		pass(2 * time.Hour)
		var all sync.WaitGroup
		for i := range 50 {
			for range 3 { // callers with the same wish share
				all.Go(func() {
					if _, err := client.AcquireTokenSilent(t.Context(), silently(account, fmt.Sprintf("https://graph.microsoft.com/scope-%d", i))); err != nil {
						t.Errorf("scope %d: %v", i, err)
					}
				})
			}
		}
		all.Wait()
		spent := s.redemptions()
		if len(spent) != 51 {
			t.Errorf("%d redemptions, want 1 for the sign-in and 50", len(spent))
		}
		if sorted := slices.Compact(slices.Sorted(slices.Values(spent))); len(sorted) != len(spent) {
			t.Error("a refresh token was redeemed twice")
		}
		if s.revoked {
			t.Error("the server detected reuse: the user is signed out")
		}
	})
}

func TestARefreshThatEverybodyLeftIsFinishedAndStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, _ := usersClient(t, s)
		account := signIn(t, s, client)
		pass(2 * time.Hour)
		s.takes = time.Second
		for len(s.arrived) > 0 {
			<-s.arrived
		}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if _, err := client.AcquireTokenSilent(ctx, silently(account, userScope)); !errors.Is(err, context.Canceled) {
					t.Errorf("got %v, want the caller's cancellation", err)
				}
			})
		}
		<-s.arrived // the server has the refresh token now
		cancel()
		all.Wait()
		pass(2 * time.Second)
		got, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope))
		if err != nil || got.Metadata.Source != domain.SourceCache {
			t.Errorf("got %v from %v, want the token that nobody waited for", err, got.Metadata.Source)
		}
		if _, err := client.AcquireTokenSilent(t.Context(), silently(account, "https://graph.microsoft.com/Mail.Read")); err != nil {
			t.Errorf("the new refresh token is lost: %v", err)
		}
	})
}

// TestAQueuedRefreshThatEverybodyLeftIsNotSent: before its turn a flight has
// nothing that the server would remember.
func TestAQueuedRefreshThatEverybodyLeftIsNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, _ := usersClient(t, s)
		account := signIn(t, s, client)
		pass(2 * time.Hour)
		s.takes = time.Second
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope)); err != nil {
				t.Error(err)
			}
		})
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		all.Go(func() {
			if _, err := client.AcquireTokenSilent(ctx, silently(account, "https://graph.microsoft.com/Mail.Read")); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v", err)
			}
		})
		synctest.Wait()
		cancel()
		all.Wait()
		if err := client.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := len(s.redemptions()); n != 2 {
			t.Errorf("%d redemptions, want the sign-in and the first caller's", n)
		}
	})
}

// TestAPeersRefreshIsAdopted: two processes share a cache; one was quicker.
func TestAPeersRefreshIsAdopted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, cache := usersClient(t, s)
		account := signIn(t, s, client)
		pass(2 * time.Hour)
		once := true
		s.hook = func(form url.Values) (int, string) {
			if !once || form.Get("grant_type") != "refresh_token" {
				return 0, ""
			}
			once = false
			// Between our reading the cache and our request the peer rotates the token.
			s.current = "the-peers"
			key := domain.UserKey("11111111-2222-3333-4444-555555555555", homeID)
			err := cache.Update(context.Background(), key, func(set domain.TokenSet) (domain.TokenSet, error) {
				old := set.RefreshTokens()[0]
				fresh := old
				fresh.Secret = domain.NewSecret("the-peers")
				return set.With(domain.Grant{RefreshToken: &fresh, Redeemed: old.Secret}, time.Now()), nil
			})
			if err != nil {
				t.Error(err)
			}
			return http.StatusBadRequest, `{"error":"invalid_grant","suberror":"bad_token"}`
		}
		got, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope))
		if err != nil || got.Metadata.Source != domain.SourceIdentityProvider {
			t.Fatalf("got %v, want a token by the peer's refresh token", err)
		}
		if spent := s.redemptions(); spent[len(spent)-1] != "the-peers" || len(spent) != 3 {
			t.Errorf("redeemed %v", spent)
		}
	})
}

func TestADeadRefreshTokenIsNotTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, _ := usersClient(t, s)
		account := signIn(t, s, client)
		pass(2 * time.Hour)
		s.revoked = true
		if _, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope)); !errors.Is(err, domain.ErrInteractionRequired) {
			t.Errorf("got %v, want that the user is needed", err)
		}
		n := len(s.sent())
		if _, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope)); !errors.Is(err, domain.ErrTokenNotCached) {
			t.Errorf("got %v, want that nothing is cached", err)
		}
		if len(s.sent()) != n {
			t.Error("the dead refresh token was sent again")
		}
	})
}

func TestARefreshInFlightDoesNotUndoARemoval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, cache := usersClient(t, s)
		account := signIn(t, s, client)
		pass(2 * time.Hour)
		s.takes = time.Second
		var all sync.WaitGroup
		all.Go(func() { _, _ = client.AcquireTokenSilent(t.Context(), silently(account, userScope)) })
		synctest.Wait()
		if err := client.RemoveAccount(t.Context(), account); err != nil {
			t.Fatal(err)
		}
		all.Wait()
		if n := cache.Len(); n != 0 {
			t.Errorf("%d partitions are left after the removal", n)
		}
	})
}

func TestARefreshForSomebodyElseIsRefused(t *testing.T) {
	const somebody = "0a1b2c3d-0000-4000-8000-000000000009"
	synctest.Test(t, func(t *testing.T) {
		for _, row := range []struct {
			name       string
			hadID      bool // the sign-in brings an ID token to compare with
			claims     map[string]any
			clientInfo string // instead of the user's
			field      string
		}{
			{"another subject", true, map[string]any{"sub": "somebody"}, "", "sub"},
			{"another audience", true, map[string]any{"aud": "somebody"}, "", "aud"},
			{"another issuer", true, map[string]any{"iss": "https://login.microsoftonline.com/99999999-0000-4000-8000-000000000001/v2.0"}, "", "iss"},
			{"another user at home", false, map[string]any{"oid": somebody}, "", "sub"},
			{"another client_info", true, nil, `{"uid":"` + somebody + `","utid":"` + tenant + `"}`, "client_info"},
		} {
			s := newUserServer(t)
			client, cache := usersClient(t, s)
			s.noID = !row.hadID
			account := signIn(t, s, client)
			pass(2 * time.Hour)
			s.noID, s.idToken = false, row.claims
			if row.clientInfo != "" {
				s.hook = func(form url.Values) (int, string) {
					return http.StatusOK, `{"token_type":"Bearer","access_token":"theirs","refresh_token":"theirs","expires_in":3600,"id_token":"` +
						s.unsignedIDToken(form.Get("client_id")) + `","client_info":"` + base64.RawURLEncoding.EncodeToString([]byte(row.clientInfo)) + `"}`
				}
			}
			key := domain.UserKey(configOf(s).ClientID, account.HomeAccountID)
			before, _ := cache.Load(t.Context(), key)
			_, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope))
			var bad *domain.ResponseError
			if !errors.As(err, &bad) || bad.Operation != "ID token" || bad.Field != row.field {
				t.Errorf("%s: got %v, want an ID token that is refused for %q", row.name, err, row.field)
			}
			if after, err := cache.Load(t.Context(), key); err != nil || !after.Equal(before) || before.IsZero() || cache.Len() != 1 {
				t.Errorf("%s: something of it is in the cache, %v", row.name, err)
			}
		}
	})
}

func TestARefreshWithoutAnIDTokenKeepsTheOldOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, _ := usersClient(t, s)
		account := signIn(t, s, client)
		pass(2 * time.Hour)
		s.noID = true
		if _, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope)); err != nil {
			t.Fatal(err)
		}
		got, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope))
		if err != nil || got.IDToken.IsZero() || got.Account.Username != "Ada@contoso.example" {
			t.Errorf("got %v, ID token absent: %v", err, got.IDToken.IsZero())
		}
	})
}

func TestAWrongClockCostsNoRefreshToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, offset := range map[string]time.Duration{"behind": 3 * time.Hour, "ahead": -3 * time.Hour} {
			s := newUserServer(t)
			client, _ := usersClient(t, s)
			account := signIn(t, s, client)
			first, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope))
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				pass(2 * time.Hour)
				s.idToken = map[string]any{
					"iat": time.Now().Add(offset).Unix(), "nbf": time.Now().Add(offset).Unix(), "exp": time.Now().Add(offset + time.Hour).Unix(),
				}
				if _, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope)); err != nil {
					t.Errorf("clock %s: %v", name, err)
				}
			}
			if s.revoked {
				t.Errorf("clock %s: the spent refresh token was sent again", name)
			}
			s.idToken = nil
			got, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope))
			if err != nil || got.IDToken.IsZero() || !got.IDToken.Equal(first.IDToken) || got.Account.Username != account.Username {
				t.Errorf("clock %s: got %v, ID token absent: %t; want the one of the sign-in", name, err, got.IDToken.IsZero())
			}
		}
	})
}

func TestSilentRefusesWhatCannotBe(t *testing.T) {
	s := newUserServer(t)
	client, _ := usersClient(t, s)
	account := domain.Account{HomeAccountID: homeID}
	for field, request := range map[string]application.SilentRequest{
		"Scopes":        {Account: account},
		"Scopes[0]":     silently(account, "a b"),
		"Tenant":        {Account: account, Scopes: []string{userScope}, Tenant: "../x"},
		"Claims":        {Account: account, Scopes: []string{userScope}, ClaimsChallenge: "x"},
		"CorrelationID": {Account: account, Scopes: []string{userScope}, CorrelationID: "a\nb"},
		"Scheme":        {Account: account, Scopes: []string{userScope}, Scheme: domain.PoP{Method: "GET", URL: "https://api.example/x", Nonce: "n"}},
		"Scheme.Method": {Account: account, Scopes: []string{userScope}, Scheme: domain.PoP{}},
	} {
		_, err := client.AcquireTokenSilent(t.Context(), request)
		wantConfigError(t, err, field)
	}
	if client.IsPoPSupported() {
		t.Error("there is no broker")
	}
	if n := len(s.sent()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// pathRecorder notes which tenant's endpoint is asked.
type pathRecorder struct {
	*userServer
	paths []string
}

// Do implements ports.HTTPClient.
func (r *pathRecorder) Do(request *http.Request) (*http.Response, error) {
	r.paths = append(r.paths, request.URL.Path)
	return r.userServer.Do(request)
}

// TestARefreshGoesToTheTenantWhereItsTokenIsFiled: an authority for many tenants would
// choose one, which for a guest need not be the home that the token is filed under.
func TestARefreshGoesToTheTenantWhereItsTokenIsFiled(t *testing.T) {
	const elsewhere = "99999999-0000-4000-8000-000000000002"
	for _, row := range []struct{ authority, asked, want string }{
		{"common", "", tenant},
		{"organizations", "", tenant},
		{"organizations", elsewhere, elsewhere},
		{tenant, "", tenant},
		{elsewhere, "", elsewhere},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &pathRecorder{userServer: newUserServer(t)}
			config := userConfig(s.userServer)
			config.Authority, config.Ports.HTTPClient = "https://login.microsoftonline.com/"+row.authority, s
			client, err := application.NewConfidentialClient(config)
			if err != nil {
				t.Fatal(err)
			}
			s.noID = true // whose tenant it is of does not matter here
			account := signIn(t, s.userServer, client)
			request := silently(account, userScope)
			request.Tenant, request.ForceRefresh = row.asked, true
			if _, err := client.AcquireTokenSilent(t.Context(), request); err != nil {
				t.Fatal(err)
			}
			if got, want := s.paths[len(s.paths)-1], "/"+row.want+"/oauth2/v2.0/token"; got != want {
				t.Errorf("%q at %q: %s was asked, want %s", row.asked, row.authority, got, want)
			}
		})
	}
}
