package keyporttest_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestRefreshTokensOfEachKind: Microsoft's servers leave the old one good, a plain
// issuer ends the sign-in when it comes again.
func TestRefreshTokensOfEachKind(t *testing.T) {
	u := newUsers(t, nil)
	for _, kind := range kinds {
		first := u.tokens(kind, nil).text("refresh_token")
		second := u.refresh(kind, first, nil)
		if refusal := refusalOf(second); refusal != "" || second.text("refresh_token") == "" || second.text("refresh_token") == first {
			t.Errorf("%s: %s, another refresh token: %t", kind, refusal, second.text("refresh_token") != first)
		}
		again := refusalOf(u.refresh(kind, first, nil))
		third := refusalOf(u.refresh(kind, second.text("refresh_token"), nil))
		if isPlain := kind == "OIDC"; (again != "") != isPlain || (third != "") != isPlain {
			t.Errorf("%s: the old one: %q; the newer one then: %q", kind, again, third)
		}
	}
}

func TestRefreshTokenPolicies(t *testing.T) {
	for _, row := range []struct {
		name              string
		policy            keyporttest.RefreshTokens
		brings, again     bool // a new one; the old one serves again
		life              time.Duration
		newAfterOldIsUsed bool
	}{
		{"no rotation", keyporttest.RefreshTokens{}, false, true, 90 * 24 * time.Hour, true},
		{"no rotation, and nothing to detect", keyporttest.RefreshTokens{DetectReuse: true}, false, true, 90 * 24 * time.Hour, true},
		{"rotation", keyporttest.RefreshTokens{Rotate: true, Lifetime: time.Hour}, true, true, time.Hour, true},
		{"rotation and detection", keyporttest.RefreshTokens{Rotate: true, DetectReuse: true, Lifetime: time.Minute}, true, false, time.Minute, false},
	} {
		for kind, late := range map[string]string{"Entra ID": "invalid_grant AADSTS700082:", "OIDC": "invalid_grant the refresh token has expired"} {
			u := newUsers(t, nil)
			u.SetRefreshTokens(row.policy)
			first := u.tokens(kind, nil).text("refresh_token")
			second := u.refresh(kind, first, nil)
			if (second.text("refresh_token") != "") != row.brings || second.status != http.StatusOK {
				t.Errorf("%s, %s: %v", row.name, kind, second.body)
			}
			if got := u.refresh(kind, first, nil); (got.status == http.StatusOK) != row.again {
				t.Errorf("%s, %s: the old one: %s", row.name, kind, refusalOf(got))
			}
			if row.brings {
				if got := u.refresh(kind, second.text("refresh_token"), nil); (got.status == http.StatusOK) != row.newAfterOldIsUsed {
					t.Errorf("%s, %s: the new one: %s", row.name, kind, refusalOf(got))
				}
			}
			last := u.tokens(kind, nil).text("refresh_token")
			u.Clock().Advance(row.life)
			got := u.refresh(kind, last, nil)
			if !strings.HasPrefix(refusalOf(got), late) || kind == "Entra ID" && got.text("suberror") != "bad_token" {
				t.Errorf("%s, %s: after its life: %v", row.name, kind, got.body)
			}
		}
	}
}

// TestARefreshTokenOfManyAtOnce: of those who come together, one at most is served,
// and then nobody.
func TestARefreshTokenOfManyAtOnce(t *testing.T) {
	u := newUsers(t, nil)
	first := u.tokens("OIDC", nil).text("refresh_token")
	var wg sync.WaitGroup
	got := make([]reply, 8)
	for i := range got {
		wg.Go(func() { got[i] = u.refresh("OIDC", first, nil) })
	}
	wg.Wait()
	served := slices.DeleteFunc(got, func(r reply) bool { return r.status != http.StatusOK })
	if len(served) > 1 {
		t.Errorf("%d were served", len(served))
	}
	for _, r := range served {
		if refusalOf(u.refresh("OIDC", r.text("refresh_token"), nil)) == "" {
			t.Error("the sign-in goes on")
		}
	}
}

func TestWhatARefreshTokenIsGoodFor(t *testing.T) {
	const other, otherSecret = "another-app", "the other app's secret"
	u := newUsers(t, func(app *keyporttest.App) {
		app.RequireConsent, app.ConsentedScopes = true, []string{"openid", "profile", "offline_access", "User.Read"}
	})
	u.AddApp(keyporttest.App{ClientID: other, Secrets: []string{otherSecret}})
	u.AddResource("api://others")
	for _, row := range []struct {
		name    string
		changed map[string]string
		want    map[string]string
	}{
		{"none", map[string]string{"refresh_token": ""}, map[string]string{"Entra ID": "invalid_request AADSTS900144:", "OIDC": "invalid_request the body"}},
		{"an invented one", map[string]string{"refresh_token": "invented"}, map[string]string{"Entra ID": "invalid_grant AADSTS70000:", "OIDC": "invalid_grant the refresh token"}},
		{"another client", map[string]string{"client_id": other, "client_secret": otherSecret}, map[string]string{"Entra ID": "invalid_grant AADSTS70000:", "AD FS": "invalid_grant MSIS9612:", "OIDC": "invalid_grant the refresh token was"}},
		{"the same scopes", map[string]string{"scope": "openid profile offline_access " + reports + "/read"}, map[string]string{"Entra ID": "", "OIDC": ""}},
		{"fewer scopes", map[string]string{"scope": "openid"}, map[string]string{"Entra ID": "", "OIDC": ""}},
		{"more scopes", map[string]string{"scope": "openid " + reports + "/write"}, map[string]string{"Entra ID": "invalid_grant AADSTS65001:", "OIDC": "invalid_scope a scope"}},
		{"another API", map[string]string{"scope": "https://graph.microsoft.com/User.Read"}, map[string]string{"Entra ID": "", "OIDC": "invalid_scope a scope"}},
		{"another API without consent", map[string]string{"scope": "api://others/read"}, map[string]string{"Entra ID": "invalid_grant AADSTS65001:"}},
		{"two APIs", map[string]string{"scope": "User.Read " + reports + "/read"}, map[string]string{"Entra ID": "invalid_scope AADSTS28000:"}},
		{"an unknown API", map[string]string{"scope": "api://nothing/read"}, map[string]string{"Entra ID": "invalid_resource AADSTS500011:"}},
	} {
		for kind, want := range row.want {
			changed := map[string]string{"refresh_token": u.tokens(kind, nil).text("refresh_token")}
			for name, value := range row.changed {
				changed[name] = value
			}
			got := u.refresh(kind, "", changed)
			if refusal := refusalOf(got); (refusal == "") != (want == "") || !strings.HasPrefix(refusal, want) {
				t.Errorf("%s, %s: %q, want %q", row.name, kind, refusal, want)
			}
		}
	}
	got := u.refresh("Entra ID", u.tokens("Entra ID", nil).text("refresh_token"), map[string]string{"scope": reports + "/write"})
	if got.text("suberror") != "consent_required" {
		t.Errorf("without consent: suberror %q", got.text("suberror"))
	}
	for kind, address := range map[string]string{"OIDC": keyporttest.OIDCIssuer + "/token", "B2C": "https://contoso.b2clogin.com/" + keyporttest.TenantDomain + "/b2c_1_other/oauth2/v2.0/token"} {
		form := laidOver(map[string]string{"grant_type": "refresh_token", "client_id": clientID, "client_secret": u.secret, "refresh_token": u.tokens(kind, nil).text("refresh_token")}, nil)
		if got := send(t, u.Authority, http.MethodPost, address, form.Encode(), nil); got.text("error") != "invalid_grant" {
			t.Errorf("%s: at another server: %v", kind, got.body)
		}
	}
}

// TestReuseIsDetectedWhateverElseIsWrong: a thief who does not know the scopes is one.
func TestReuseIsDetectedWhateverElseIsWrong(t *testing.T) {
	u := newUsers(t, nil)
	first := u.tokens("OIDC", nil).text("refresh_token")
	second := u.refresh("OIDC", first, nil).text("refresh_token")
	if got := refusalOf(u.refresh("OIDC", first, map[string]string{"scope": "guessed"})); !strings.HasPrefix(got, "invalid_grant") {
		t.Errorf("used again: %q", got)
	}
	if refusalOf(u.refresh("OIDC", second, nil)) == "" {
		t.Error("the sign-in goes on")
	}
}

// TestAFamilyShares: FOCI, where the members of a family use each other's refresh
// tokens, and strangers are told that they are none.
func TestAFamilyShares(t *testing.T) {
	u := newUsers(t, func(app *keyporttest.App) { app.Public, app.FamilyID = true, "1" })
	u.AddApp(keyporttest.App{ClientID: "sister", Public: true, FamilyID: "1"})
	u.AddApp(keyporttest.App{ClientID: "stranger", Public: true})
	u.AddApp(keyporttest.App{ClientID: "cousin", Public: true, FamilyID: "2"})
	u.secret = ""
	got := u.tokens("Entra ID", nil)
	if got.text("foci") != "1" {
		t.Errorf("foci is %q", got.text("foci"))
	}
	for _, id := range []string{"stranger", "cousin"} {
		refused := u.refresh("Entra ID", got.text("refresh_token"), map[string]string{"client_id": id})
		if refused.text("error") != "invalid_grant" || refused.text("suberror") != "client_mismatch" {
			t.Errorf("%s: %v", id, refused.body)
		}
	}
	sister := u.refresh("Entra ID", got.text("refresh_token"), map[string]string{"client_id": "sister"})
	if sister.status != http.StatusOK || sister.text("foci") != "1" || sister.idClaims(t)["aud"] != "sister" || sister.claims(t)["azp"] != "sister" {
		t.Errorf("a sister: %d %s", sister.status, refusalOf(sister))
	}
	if own := u.refresh("Entra ID", sister.text("refresh_token"), map[string]string{"client_id": "sister"}); own.status != http.StatusOK {
		t.Errorf("a sister's own: %s", refusalOf(own))
	}
	for kind := range map[string]bool{"OIDC": true, "AD FS": true} {
		got := u.tokens(kind, nil)
		if got.text("foci") != "" || refusalOf(u.refresh(kind, got.text("refresh_token"), map[string]string{"client_id": "sister"})) == "" {
			t.Errorf("%s has no families", kind)
		}
	}
}

// TestRevokedSessions: AADSTS50173, and what else ends a sign-in.
func TestRevokedSessions(t *testing.T) {
	u := newUsers(t, nil)
	u.addBob()
	for name, row := range map[string]struct {
		end  func()
		want map[string]string
	}{
		"revoked":            {func() { u.RevokeSessions(strings.ToUpper(keyporttest.Username)) }, map[string]string{"Entra ID": "invalid_grant AADSTS50173: bad_token", "B2C": "invalid_grant AADB2C90129: ", "OIDC": "invalid_grant the grant was revoked "}},
		"password changed":   {func() { u.UpdateUser(keyporttest.Username, func(x *keyporttest.User) { x.Password += "!" }) }, map[string]string{"Entra ID": "invalid_grant AADSTS50173: bad_token"}},
		"disabled":           {func() { u.UpdateUser(keyporttest.Username, func(x *keyporttest.User) { x.Disabled = true }) }, map[string]string{"Entra ID": "invalid_grant AADSTS50057: ", "OIDC": "invalid_grant the user account is disabled "}},
		"something harmless": {func() { u.UpdateUser(keyporttest.Username, func(x *keyporttest.User) { x.Name = "Alice Other" }) }, map[string]string{"Entra ID": "", "OIDC": ""}},
	} {
		for kind, want := range row.want {
			u.UpdateUser(keyporttest.Username, func(x *keyporttest.User) { x.Disabled, x.Password = false, keyporttest.UserPassword })
			b := u.NewBrowser()
			code := u.signIn(b, u.ask(kind, nil), keyporttest.SignIn{}).Get("code")
			late := u.signIn(b, u.ask(kind, nil), keyporttest.SignIn{}).Get("code")
			token := u.redeem(kind, code, nil).text("refresh_token")
			bobs := u.redeem(kind, u.signIn(u.NewBrowser(), u.ask(kind, nil), keyporttest.SignIn{Username: bob}).Get("code"), nil).text("refresh_token")
			row.end()
			got := u.refresh(kind, token, nil)
			begin, suberror, _ := strings.Cut(want, ": ")
			if kind == "OIDC" {
				begin, suberror = strings.TrimSpace(want), ""
			}
			if refusal := refusalOf(got); (refusal == "") != (want == "") || !strings.HasPrefix(refusal, begin) || got.text("suberror") != suberror {
				t.Errorf("%s, %s: %q %q, want %q", name, kind, refusal, got.text("suberror"), want)
			}
			if refusal := refusalOf(u.redeem(kind, late, nil)); (refusal == "") != (want == "") {
				t.Errorf("%s, %s: a code: %q", name, kind, refusal)
			}
			if values := u.signIn(b, u.ask(kind, none()), keyporttest.SignIn{}); (values.Get("error") == "") != (want == "") {
				t.Errorf("%s, %s: the browser: %v", name, kind, values)
			}
			if refusal := refusalOf(u.refresh(kind, bobs, nil)); refusal != "" {
				t.Errorf("%s, %s: another user: %q", name, kind, refusal)
			}
		}
	}
	for name, f := range map[string]func(){
		"RevokeSessions": func() { u.RevokeSessions("nobody") }, "UpdateUser": func() { u.UpdateUser("nobody", func(*keyporttest.User) {}) },
		"AddUser": func() { u.AddUser("nowhere", keyporttest.User{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// TestAUserWhoIsGone: a user name may change hands, a sign-in does not.
func TestAUserWhoIsGone(t *testing.T) {
	u := newUsers(t, nil)
	u.AddUser("", keyporttest.User{ID: "aaaaaaaa-1111-4222-8333-444444444444", Username: bob, Password: "one"})
	code := u.signIn(u.NewBrowser(), u.ask("Entra ID", nil), keyporttest.SignIn{Username: bob}).Get("code")
	token := u.redeem("Entra ID", code, nil).text("refresh_token")
	u.AddUser("", keyporttest.User{ID: "bbbbbbbb-1111-4222-8333-444444444444", Username: bob, Password: "two"})
	if got := refusalOf(u.refresh("Entra ID", token, nil)); !strings.HasPrefix(got, "invalid_grant AADSTS50173:") {
		t.Errorf("got %q", got)
	}
}
