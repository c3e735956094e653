package application_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
)

func onBehalf(assertion string) application.OnBehalfOfRequest {
	return application.OnBehalfOfRequest{UserAssertion: domain.NewSecret(assertion), Scopes: []string{userScope}}
}

func TestOnBehalfOfIsCachedForEachAssertionAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, cache := usersClient(t, s)
		for _, step := range []struct{ assertion, want string }{
			{"adas.first.token", "access-1"}, {"adas.first.token", "access-1"},
			{"bobs.first.token", "access-2"}, {"adas.first.token", "access-1"},
			{"adas.second.token", "access-3"},
		} {
			got, err := client.AcquireTokenOnBehalfOf(t.Context(), onBehalf(step.assertion))
			if err != nil || got.AccessToken.Reveal() != step.want {
				t.Errorf("%s: got %q, %v; want %q", step.assertion, got.AccessToken.Reveal(), err, step.want)
			}
			if got.Account.Username != "Ada@contoso.example" {
				t.Errorf("%s: the result does not say whose it is", step.assertion)
			}
		}
		form := s.sent()[0]
		if form.Get("requested_token_use") != "on_behalf_of" || form.Get("assertion") != "adas.first.token" ||
			form.Get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" {
			t.Errorf("the grant is %v", form)
		}
		// The users of the API are not users who signed in here.
		if found := accountsOf(t, client, application.AccountFilter{}); len(found) != 0 {
			t.Errorf("accounts: %v", found)
		}
		for key, err := range cache.Keys(t.Context(), domain.PartitionFilter{}) {
			set, _ := cache.Load(t.Context(), key)
			if err != nil || key.Kind() != domain.AssertionPartition || len(set.RefreshTokens()) != 0 {
				t.Errorf("%v holds %v", key, set)
			}
		}
		pass(2 * time.Hour)
		got, err := client.AcquireTokenOnBehalfOf(t.Context(), onBehalf("adas.first.token"))
		if err != nil || got.AccessToken.Reveal() != "access-4" || len(s.redemptions()) != 0 {
			t.Errorf("after the end: got %q, %v, by %d refresh tokens; want the assertion sent again", got.AccessToken.Reveal(), err, len(s.redemptions()))
		}
	})
}

func TestLongRunningGoesOnWithoutTheAssertion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, cache := usersClient(t, s)
		key, first, err := client.InitiateLongRunningOnBehalfOf(t.Context(), "", onBehalf("adas.first.token"))
		if err != nil || key == "" || first.AccessToken.Reveal() != "access-1" {
			t.Fatalf("got %q, %q, %v", key, first.AccessToken.Reveal(), err)
		}
		request := application.LongRunningRequest{SessionKey: key, Scopes: []string{userScope}}
		acquire := func() string {
			t.Helper()
			got, err := client.AcquireTokenInLongRunningOnBehalfOf(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			return got.AccessToken.Reveal()
		}
		if got := acquire(); got != "access-1" {
			t.Errorf("got %q, want the cached token", got)
		}
		for _, want := range []string{"access-2", "access-3"} {
			pass(2 * time.Hour)
			if got := acquire(); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		if last := s.sent()[len(s.sent())-1]; last.Get("grant_type") != "refresh_token" || last.Has("assertion") {
			t.Errorf("renewed by %v, want the refresh token", last)
		}
		// Another's session, and the plain flow of the same assertion, see nothing of it.
		if _, err := client.AcquireTokenInLongRunningOnBehalfOf(t.Context(), application.LongRunningRequest{SessionKey: "other", Scopes: request.Scopes}); !errors.Is(err, domain.ErrTokenNotCached) {
			t.Errorf("another session: %v", err)
		}
		if got, _ := client.AcquireTokenOnBehalfOf(t.Context(), onBehalf("adas.first.token")); got.AccessToken.Reveal() != "access-4" {
			t.Errorf("the plain flow got %q, want a token of its own", got.AccessToken.Reveal())
		}
		if err := client.StopLongRunningOnBehalfOf(t.Context(), key); err != nil {
			t.Fatal(err)
		}
		if _, err := client.AcquireTokenInLongRunningOnBehalfOf(t.Context(), request); !errors.Is(err, domain.ErrTokenNotCached) {
			t.Errorf("after the stop: %v", err)
		}
		if n := cache.Len(); n != 1 {
			t.Errorf("%d partitions are left, want the plain flow's", n)
		}
	})
}

func TestOnBehalfOfRefusesWhatCannotBe(t *testing.T) {
	s := newUserServer(t)
	client, _ := usersClient(t, s)
	good := onBehalf("a.b.c")
	for field, change := range map[string]func(*application.OnBehalfOfRequest){
		"UserAssertion": func(r *application.OnBehalfOfRequest) { r.UserAssertion = domain.NewSecret("Bearer hunter2") },
		"Scopes":        func(r *application.OnBehalfOfRequest) { r.Scopes = nil },
		"Tenant":        func(r *application.OnBehalfOfRequest) { r.Tenant = "a/b" },
		"Claims":        func(r *application.OnBehalfOfRequest) { r.ClaimsChallenge = "x" },
	} {
		r := good
		change(&r)
		_, err := client.AcquireTokenOnBehalfOf(t.Context(), r)
		wantConfigError(t, err, field)
	}
	_, err := client.AcquireTokenInLongRunningOnBehalfOf(t.Context(), application.LongRunningRequest{Scopes: []string{userScope}})
	wantConfigError(t, err, "SessionKey")
	_, _, err = client.InitiateLongRunningOnBehalfOf(t.Context(), "key", application.OnBehalfOfRequest{Scopes: []string{userScope}})
	wantConfigError(t, err, "UserAssertion")
	if n := len(s.sent()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestTokensOnBehalfOfIsASource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, _ := usersClient(t, s)
		source := client.TokensOnBehalfOf("adas.first.token")
		for range 2 {
			got, err := source.Token(t.Context(), domain.TokenRequest{Scopes: []string{userScope}})
			if err != nil || got.AccessToken.Reveal() != "access-1" {
				t.Errorf("got %q, %v", got.AccessToken.Reveal(), err)
			}
		}
	})
}
