package keyporttest_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// TestTheSecretsOfUsersAreKnown: all that must not show is looked for by its kind.
func TestTheSecretsOfUsersAreKnown(t *testing.T) {
	u := newUsers(t, nil)
	u.addBob()
	address := strings.Replace(u.ask("OIDC", nil), "/authorize?", "/login?", 1)
	form := url.Values{"do": {"sign-in"}, "username": {bob}, "password": {"a wrong password"}}
	u.raw(http.MethodPost, address, form.Encode(), nil)
	form.Set("password", "bob's own password")
	signedIn := http.Response{Header: u.raw(http.MethodPost, address, form.Encode(), nil).header}
	u.AddUser("", keyporttest.User{Username: "carol@contoso.example", Password: "carol's own password"})
	u.UpdateUser("carol@contoso.example", func(x *keyporttest.User) { x.Password = "carol's next password" })
	code := u.signIn(u.NewBrowser(), u.ask("Entra ID", nil), keyporttest.SignIn{}).Get("code")
	unredeemed := u.signIn(u.NewBrowser(), u.ask("Entra ID", nil), keyporttest.SignIn{}).Get("code")
	tokens := u.redeem("Entra ID", code, nil)
	get(t, u.Authority, u.endpoint("OIDC", "end_session_endpoint")+"?id_token_hint=another-server's-token")
	send(t, u.Authority, http.MethodPost, u.endpoint("OIDC", "revocation_endpoint"), laidOver(map[string]string{"client_id": clientID, "client_secret": u.secret, "token": "a-token-to-revoke"}, nil).Encode(), nil)
	u.onBehalf("Entra ID", "an-assertion-of-a-user", nil)
	for value, kind := range map[string]string{
		"a wrong password": "password", "bob's own password": "password", keyporttest.UserPassword: "password",
		signedIn.Cookies()[0].Value: "session cookie", code: "authorization code", verifier: "code verifier",
		tokens.text("access_token"): "access token", tokens.text("refresh_token"): "refresh token", tokens.text("id_token"): "ID token",
		"an-assertion-of-a-user": "assertion", unredeemed: "authorization code",
		"carol's own password": "password", "carol's next password": "password", "another-server's-token": "ID token", "a-token-to-revoke": "refresh token",
	} {
		got := verdict(u.Authority, "before "+value+" after")
		// A user's token shows the user's names too, in base64.
		if !slices.ContainsFunc(got, func(report string) bool { return strings.Contains(report, "shows the "+kind+" in: text") }) {
			t.Errorf("%s: %d reports", kind, len(got))
		}
		if !slices.ContainsFunc(u.Secrets(), func(s domain.Secret) bool { return s.Equal(domain.NewSecret(value)) }) {
			t.Errorf("Secrets does not have the %s", kind)
		}
	}
	u.Reset()
	has := func(value string) bool {
		return slices.ContainsFunc(u.Secrets(), func(s domain.Secret) bool { return s.Equal(domain.NewSecret(value)) })
	}
	if has(tokens.text("refresh_token")) || has(tokens.text("id_token")) || has(code) || !has("bob's own password") {
		t.Error("Reset forgets what was issued, and passwords not")
	}
	if got := u.refresh("Entra ID", tokens.text("refresh_token"), nil); got.status != http.StatusOK {
		t.Errorf("and yet the sign-in goes on: %v", got.body)
	}
}

// TestPersonalDataIsLookedFor: once the user has signed in, and unless a test allows it.
func TestPersonalDataIsLookedFor(t *testing.T) {
	public := keyporttest.New(keyporttest.Options{AllowPersonalData: true})
	public.AddApp(keyporttest.App{ClientID: clientID, RedirectURIs: []string{callback}})
	u := newUsers(t, nil)
	user := func(name string) keyporttest.User {
		return keyporttest.User{Username: name + "@contoso.example", Email: name + "@elsewhere.example", Name: name + " of Contoso", Password: name + "'s password"}
	}
	for name, a := range map[string]*keyporttest.Authority{"marguerite": u.Authority, "bartholomew": public} {
		a.AddUser("", user(name))
		shown := func() []string {
			var out []string
			for _, text := range []string{user(name).Username, user(name).Email, user(name).Name} {
				out = append(out, verdict(a, "the log says "+text)...)
			}
			return out
		}
		if got := shown(); len(got) != 0 {
			t.Errorf("before the sign-in: %d reports", len(got))
		}
		if _, err := a.SignIn(u.ask("OIDC", nil), keyporttest.SignIn{Username: user(name).Username}); err != nil {
			t.Fatal(err)
		}
		got := strings.Join(shown(), "\n")
		for _, kind := range []string{"user name", "e-mail address", "name of a user"} {
			if strings.Contains(got, "shows the "+kind+" in") != (a == u.Authority) {
				t.Errorf("the %s is looked for: %t", kind, a != u.Authority)
			}
		}
	}
	for _, s := range u.Secrets() {
		if s.Equal(domain.NewSecret(user("marguerite").Username)) {
			t.Error("personal data is no secret of Secrets")
		}
	}
}

// redacting hides what it holds from all who ask, as the domain's accounts do.
type redacting struct{ name string }

func (redacting) String() string   { return "somebody" }
func (redacting) GoString() string { return "somebody" }

// TestPersonalDataMayHideBehindMethods: fmt calls none behind an unexported field, and
// that is no reason to put a name behind a pointer.
func TestPersonalDataMayHideBehindMethods(t *testing.T) {
	u := newUsers(t, nil)
	u.signIn(u.NewBrowser(), u.ask("OIDC", nil), keyporttest.SignIn{})
	for _, row := range []struct {
		v    any
		want bool
	}{
		{domain.Account{HomeAccountID: "x", Username: keyporttest.Username}, false},
		{&domain.Account{HomeAccountID: "x", Username: keyporttest.Username}, false},
		{struct{ Username string }{keyporttest.Username}, true},
		{redacting{keyporttest.UserFullName}, true}, // %x and %d ask no method of it
	} {
		if got := verdict(u.Authority, row.v); (len(got) > 0) != row.want {
			t.Errorf("%T: %d reports", row.v, len(got))
		}
	}
	secret := keyporttest.PlantSecret("token")
	if got := verdict(u.Authority, redacting{secret}); len(got) == 0 || !strings.Contains(got[0], "inside a struct, %v") {
		t.Error("a secret may not")
	}
}
