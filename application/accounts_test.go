package application_test

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
)

func accountsOf(t *testing.T, client *application.ConfidentialClient, f application.AccountFilter) []domain.Account {
	t.Helper()
	found, err := client.Accounts(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAccountsAreOneForEachUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, _ := usersClient(t, s)
		if found := accountsOf(t, client, application.AccountFilter{}); len(found) != 0 || len(s.sent()) != 0 {
			t.Errorf("nobody has signed in: %v, %d requests", found, len(s.sent()))
		}
		account := signIn(t, s, client)
		want := domain.Account{
			HomeAccountID: homeID, LocalAccountID: userID, Environment: "login.microsoftonline.com", Tenant: tenant,
			Username: "Ada@contoso.example", AuthorityType: "MSSTS",
		}
		if account != want {
			t.Errorf("the account is %#v", account)
		}
		// The same user as a guest elsewhere: a second profile, not a second user.
		const guestTenant = "99999999-0000-4000-8000-000000000002"
		s.idToken = map[string]any{
			"iss": "https://login.microsoftonline.com/" + guestTenant + "/v2.0", "tid": guestTenant, "oid": "guest-oid", "sub": "guest-sub",
		}
		s.current = "from-elsewhere"
		if _, err := client.AcquireTokenByRefreshToken(t.Context(), application.RefreshTokenRequest{
			RefreshToken: domain.NewSecret("from-elsewhere"), Scopes: []string{userScope}, Tenant: guestTenant,
		}); err != nil {
			t.Fatal(err)
		}
		for _, row := range []struct {
			filter application.AccountFilter
			want   int
		}{
			{application.AccountFilter{}, 1},
			{application.AccountFilter{EveryTenant: true}, 2},
			{application.AccountFilter{Username: "ADA@CONTOSO.EXAMPLE"}, 1},
			{application.AccountFilter{Username: "bob@contoso.example"}, 0},
			{application.AccountFilter{HomeAccountID: homeID}, 1},
			{application.AccountFilter{HomeAccountID: "nobody"}, 0},
		} {
			if found := accountsOf(t, client, row.filter); len(found) != row.want {
				t.Errorf("%+v: %d accounts, want %d", row.filter, len(found), row.want)
			}
		}
		if first := accountsOf(t, client, application.AccountFilter{})[0]; first.Tenant != tenant {
			t.Errorf("the profile is that of tenant %s, want the home's", first.Tenant)
		}
		got, err := client.AcquireTokenSilent(t.Context(), application.SilentRequest{Account: account, Scopes: []string{userScope}, Tenant: guestTenant})
		if got.Account.LocalAccountID != "guest-oid" || got.Account.HomeAccountID != account.HomeAccountID || got.Account.Tenant != guestTenant {
			t.Errorf("from the cache: %s of %s, want the guest", got.Account.LocalAccountID, got.Account.Tenant)
		}
		if err != nil || got.AccessToken.Reveal() != "access-2" {
			t.Errorf("as a guest: got %q, %v", got.AccessToken.Reveal(), err)
		}
	})
}

func TestRemovingAnAccountLeavesOtherClientsTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		config := userConfig(s)
		mine, theirs := clientNamed(t, config, "client-a"), clientNamed(t, config, "client-b")
		account := signIn(t, s, mine)
		signIn(t, s, theirs)
		if err := mine.RemoveAccount(t.Context(), account); err != nil {
			t.Fatal(err)
		}
		if _, err := mine.AcquireTokenSilent(t.Context(), silently(account, userScope)); !errors.Is(err, domain.ErrTokenNotCached) {
			t.Errorf("after the removal: %v", err)
		}
		if found := accountsOf(t, mine, application.AccountFilter{}); len(found) != 0 {
			t.Errorf("after the removal: %v", found)
		}
		if _, err := theirs.AcquireTokenSilent(t.Context(), silently(account, userScope)); err != nil {
			t.Errorf("the other client: %v", err)
		}
		wantConfigError(t, mine.RemoveAccount(t.Context(), domain.Account{}), "Account")
	})
}

func clientNamed(t *testing.T, config application.ConfidentialClientConfig, id string) *application.ConfidentialClient {
	t.Helper()
	config.ClientID = id
	client, err := application.NewConfidentialClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestAFamilySharesRefreshTokens: a client that has never met the user signs in with
// what another of the family left in the cache.
func TestAFamilySharesRefreshTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		s.family = "1"
		config := userConfig(s)
		first, second := clientNamed(t, config, "client-a"), clientNamed(t, config, "client-b")
		signIn(t, s, first)
		found := accountsOf(t, second, application.AccountFilter{})
		if len(found) != 1 {
			t.Fatalf("the second client sees %d accounts, want 1", len(found))
		}
		account := found[0]
		for _, client := range []*application.ConfidentialClient{second, first, second} {
			pass(2 * time.Hour)
			if _, err := client.AcquireTokenSilent(t.Context(), silently(account, userScope)); err != nil {
				t.Fatal(err) // the newest token of the family must be the one that is tried
			}
		}
		if s.revoked {
			t.Error("an old refresh token was redeemed")
		}
		if err := second.RemoveAccount(t.Context(), account); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Hour)
		third := clientNamed(t, config, "client-c")
		if _, err := third.AcquireTokenSilent(t.Context(), silently(account, userScope)); !errors.Is(err, domain.ErrTokenNotCached) {
			t.Errorf("after the family's sign-out: %v", err)
		}
	})
}

// TestAStrangerToTheFamilyAsksOnce: the server says that the client is not in it.
func TestAStrangerToTheFamilyAsksOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		s.family = "1"
		config := userConfig(s)
		account := signIn(t, s, clientNamed(t, config, "client-a"))
		s.hook = func(form url.Values) (int, string) {
			if form.Get("client_id") == "stranger" {
				return http.StatusBadRequest, `{"error":"invalid_grant","suberror":"client_mismatch"}`
			}
			return 0, ""
		}
		stranger := clientNamed(t, config, "stranger")
		before := len(s.sent())
		for range 3 {
			if _, err := stranger.AcquireTokenSilent(t.Context(), silently(account, userScope)); !errors.Is(err, domain.ErrTokenNotCached) {
				t.Errorf("a stranger got %v, want ErrTokenNotCached", err)
			}
		}
		if n := len(s.sent()) - before; n != 1 {
			t.Errorf("the family's token was tried %d times, want once", n)
		}
		pass(2 * time.Hour)
		if _, err := clientNamed(t, config, "client-a").AcquireTokenSilent(t.Context(), silently(account, userScope)); err != nil {
			t.Errorf("the family's own client: %v", err)
		}
	})
}

func TestTokensForIsAUsersSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		client, _ := usersClient(t, s)
		source := client.TokensFor(signIn(t, s, client))
		got, err := source.Token(t.Context(), domain.TokenRequest{Scopes: []string{userScope}})
		if err != nil || got.AccessToken.Reveal() != "access-1" {
			t.Errorf("got %q, %v", got.AccessToken.Reveal(), err)
		}
	})
}
