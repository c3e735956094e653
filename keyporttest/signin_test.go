package keyporttest_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

const bob = "bob@" + keyporttest.TenantDomain

// none is a request that forbids to ask the user anything.
func none(more ...string) map[string]string {
	out := map[string]string{"prompt": "none"}
	for i := 0; i+1 < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

func (u users) addBob() {
	u.AddUser("", keyporttest.User{Username: bob, Password: "bob's own password", Name: "Bob Example"})
}

// TestASessionSignsInWithoutAPage: and what prompt=none is told when it cannot.
func TestASessionSignsInWithoutAPage(t *testing.T) {
	u := newUsers(t, nil)
	u.addBob()
	for kind, want := range map[string]string{
		"Entra ID": "login_required AADSTS50058:", "B2C": "login_required AADB2C90077:", "AD FS": "login_required nobody", "OIDC": "login_required nobody",
	} {
		b := u.NewBrowser()
		values := u.signIn(b, u.ask(kind, none()), keyporttest.SignIn{})
		if got := values.Get("error") + " " + values.Get("error_description"); !strings.HasPrefix(got, want) {
			t.Errorf("%s, nobody: %v, want %s", kind, values, want)
		}
		u.signIn(b, u.ask(kind, nil), keyporttest.SignIn{})
		if values := u.signIn(b, u.ask(kind, none()), keyporttest.SignIn{}); values.Get("code") == "" {
			t.Errorf("%s: %v", kind, values)
		}
		if values := u.signIn(b, u.ask(kind, none("login_hint", strings.ToUpper(keyporttest.Username))), keyporttest.SignIn{}); values.Get("code") == "" {
			t.Errorf("%s, with a hint: %v", kind, values)
		}
		if values := u.signIn(b, u.ask(kind, none("login_hint", bob)), keyporttest.SignIn{}); values.Get("error") != "login_required" {
			t.Errorf("%s, with the hint of another: %v", kind, values)
		}
		if values := u.signIn(u.NewBrowser(), u.ask(kind, none()), keyporttest.SignIn{}); values.Get("error") != "login_required" {
			t.Errorf("%s, in another browser: %v", kind, values)
		}
	}
}

func TestTwoUsersInOneBrowser(t *testing.T) {
	u := newUsers(t, nil)
	u.addBob()
	for kind, want := range map[string]string{"Entra ID": "interaction_required", "OIDC": "account_selection_required"} {
		b := u.NewBrowser()
		u.signIn(b, u.ask(kind, nil), keyporttest.SignIn{})
		u.signIn(b, u.ask(kind, map[string]string{"prompt": "select_account"}), keyporttest.SignIn{Username: bob})
		if values := u.signIn(b, u.ask(kind, none()), keyporttest.SignIn{}); values.Get("error") != want {
			t.Errorf("%s, prompt=none: %v", kind, values)
		}
		for username, fullName := range map[string]string{keyporttest.Username: keyporttest.UserFullName, bob: "Bob Example"} {
			for _, changed := range []map[string]string{nil, {"prompt": "select_account"}, none("login_hint", username)} {
				values := u.signIn(b, u.ask(kind, changed), keyporttest.SignIn{Username: username, Password: "nobody asks for it"})
				if got := u.redeem(kind, values.Get("code"), nil).idClaims(t)["name"]; got != fullName {
					t.Errorf("%s, %v: another user", kind, changed["prompt"])
				}
			}
		}
		if values := u.signIn(b, u.ask(kind, nil), keyporttest.SignIn{Cancel: true}); values.Get("error") != "access_denied" {
			t.Errorf("%s, cancelled: %v", kind, values)
		}
	}
}

func TestPromptLoginAndMaxAge(t *testing.T) {
	u := newUsers(t, nil)
	const minute = 60
	b := u.NewBrowser()
	authTime := func(changed map[string]string, as keyporttest.SignIn) any {
		t.Helper()
		values := u.signIn(b, u.ask("OIDC", changed), as)
		return u.redeem("OIDC", values.Get("code"), nil).idClaims(t)["auth_time"]
	}
	const wrong = "a wrong password, which shows whether it was asked for"
	if got := authTime(nil, keyporttest.SignIn{}); got != nil {
		t.Errorf("auth_time %v, though nobody asked for it", got)
	}
	start := float64(noon.Unix())
	u.Clock().Advance(10 * time.Minute)
	for _, changed := range []map[string]string{
		{"max_age": "600"}, {"claims": `{"id_token":{"auth_time":{"essential":true}}}`}, none("max_age", "601"),
	} {
		if got := authTime(changed, keyporttest.SignIn{Password: wrong}); got != start {
			t.Errorf("%v: auth_time %v, want %v", changed, got, start)
		}
	}
	for _, changed := range []map[string]string{{"max_age": "599"}, {"max_age": "0"}, {"prompt": "login"}, {"prompt": "login consent"}} {
		if _, err := b.SignIn(u.ask("OIDC", changed), keyporttest.SignIn{Password: wrong}); err == nil {
			t.Errorf("%v: signed in without the password", changed)
		}
	}
	if values := u.signIn(b, u.ask("OIDC", none("max_age", "599")), keyporttest.SignIn{}); values.Get("error") != "login_required" {
		t.Errorf("prompt=none and too old: %v", values)
	}
	if got := authTime(map[string]string{"max_age": "0", "prompt": "login consent"}, keyporttest.SignIn{}); got != start+10*minute {
		t.Errorf("auth_time %v after a new sign-in, want %v", got, start+10*minute)
	}
}

func TestPromptCreateMakesAnAccount(t *testing.T) {
	u := newUsers(t, nil)
	const carol = "carol@contoso.example"
	for _, as := range []keyporttest.SignIn{{}, {Username: " ", Password: "x"}} {
		if _, err := u.SignIn(u.ask("CIAM", map[string]string{"prompt": "create"}), as); !strings.HasPrefix(textOf(err), "AADSTS50126:") {
			t.Errorf("a name that is somebody's, or none: %v", err)
		}
	}
	b := u.NewBrowser()
	values := u.signIn(b, u.ask("CIAM", map[string]string{"prompt": "create"}), keyporttest.SignIn{Username: carol, Password: "carol's password", Name: "Carol Example"})
	claims := u.redeem("CIAM", values.Get("code"), nil).idClaims(t)
	if claims["preferred_username"] != carol || claims["name"] != "Carol Example" {
		t.Error("the ID token is of somebody else")
	}
	u.signIn(u.NewBrowser(), u.ask("OIDC", nil), keyporttest.SignIn{Username: carol, Password: "carol's password"})
	u.signIn(u.NewBrowser(), u.ask("OIDC", map[string]string{"prompt": "create"}), keyporttest.SignIn{Username: "dave@contoso.example"})
	u.signIn(u.NewBrowser(), u.ask("OIDC", nil), keyporttest.SignIn{Username: "dave@contoso.example"})

	const fabrikam = "6babcaad-604b-40ac-a9d7-9fd97c0b779f" // at home there, not in the default tenant
	u.AddTenant(keyporttest.Tenant{ID: fabrikam, Domains: []string{"fabrikam.onmicrosoft.com"}})
	address := "https://fabrikam.ciamlogin.com/" + fabrikam + "/oauth2/v2.0/authorize?" + request(map[string]string{"prompt": "create", "client_info": "1"}).Encode()
	erin := u.signIn(u.NewBrowser(), address, keyporttest.SignIn{Username: "erin@contoso.example"})
	if got := domain.ParseClientInfo(erin.Get("client_info")).TenantID; got != fabrikam {
		t.Errorf("at home in %q", got)
	}
}

// TestWhoCannotSignIn: the page says why, each kind of server in its words.
func TestWhoCannotSignIn(t *testing.T) {
	u := newUsers(t, nil)
	u.AddTenant(keyporttest.Tenant{ID: "6babcaad-604b-40ac-a9d7-9fd97c0b779f", Domains: []string{"fabrikam.example"}})
	u.AddUser("fabrikam.example", keyporttest.User{Username: "fred@fabrikam.example", Password: "fred's password"})
	u.AddUser("", keyporttest.User{Username: "disabled@contoso.example", Password: "a password", Disabled: true})
	u.AddUser("", keyporttest.User{Username: "expired@contoso.example", Password: "a password", PasswordExpired: true})
	u.AddUser("", keyporttest.User{Username: "none@contoso.example"})
	for _, row := range []struct {
		name string
		as   keyporttest.SignIn
		want map[string]string
	}{
		{"a wrong password", keyporttest.SignIn{Password: "wrong"}, map[string]string{"Entra ID": "AADSTS50126:", "B2C": "AADB2C90225:", "AD FS": "the user name or", "OIDC": "the user name or"}},
		{"nobody", keyporttest.SignIn{Username: "nobody@contoso.example"}, map[string]string{"Entra ID": "AADSTS50034:", "B2C": "AADB2C90225:", "OIDC": "there is no such user"}},
		{"a user of another tenant", keyporttest.SignIn{Username: "fred@fabrikam.example"}, map[string]string{"Entra ID": "AADSTS50020:", "CIAM": "AADSTS50020:", "OIDC": "", "AD FS": "", "common": "", "organizations": "", "consumers": "AADSTS50020:"}},
		{"a disabled user", keyporttest.SignIn{Username: "disabled@contoso.example"}, map[string]string{"Entra ID": "AADSTS50057:", "OIDC": "the user account is disabled"}},
		{"an expired password", keyporttest.SignIn{Username: "expired@contoso.example"}, map[string]string{"Entra ID": "AADSTS50055:", "OIDC": "the password has expired"}},
		{"a user without a password", keyporttest.SignIn{Username: "none@contoso.example", Password: "x"}, map[string]string{"Entra ID": "AADSTS50126:"}},
	} {
		for kind, want := range row.want {
			_, err := u.SignIn(u.ask(kind, nil), row.as)
			var page *keyporttest.PageError
			switch {
			case want == "" && err != nil:
				t.Errorf("%s, %s: %v", row.name, kind, err)
			case want != "" && (!errors.As(err, &page) || page.Page != "sign-in" || page.Status != http.StatusOK || !strings.HasPrefix(page.Text, want)):
				t.Errorf("%s, %s: %v %q, want %s", row.name, kind, err, textOf(err), want)
			}
		}
	}
}

func TestWhoWillNotSignIn(t *testing.T) {
	u := newUsers(t, nil)
	u.AddUser("", keyporttest.User{Username: "forgetful@contoso.example", Password: "a password", ForgotPassword: true})
	for _, row := range []struct {
		name string
		as   keyporttest.SignIn
		want map[string]string
	}{
		{"cancel", keyporttest.SignIn{Cancel: true}, map[string]string{"Entra ID": "AADSTS65004:", "B2C": "AADB2C90091:", "OIDC": "the user has cancelled"}},
		{"the link", keyporttest.SignIn{ForgotPassword: true}, map[string]string{"B2C": "AADB2C90118:"}},
		{"a user who forgets", keyporttest.SignIn{Username: "forgetful@contoso.example"}, map[string]string{"B2C": "AADB2C90118:", "OIDC": ""}},
	} {
		for kind, want := range row.want {
			values := u.signIn(u.NewBrowser(), u.ask(kind, nil), row.as)
			isDenied := values.Get("error") == "access_denied" && strings.HasPrefix(values.Get("error_description"), want)
			if isDenied != (want != "") || values.Get("state") != "the-state" {
				t.Errorf("%s, %s: %v", row.name, kind, values)
			}
			if hasSubcode := values.Get("error_subcode") == "cancel"; hasSubcode != (kind == "Entra ID") {
				t.Errorf("%s, %s: error_subcode %q", row.name, kind, values.Get("error_subcode"))
			}
		}
	}
	if _, err := u.SignIn(u.ask("Entra ID", nil), keyporttest.SignIn{ForgotPassword: true}); err == nil {
		t.Error("only B2C has a way out for who has forgotten the password")
	}
}

func TestConsent(t *testing.T) {
	u := newUsers(t, func(app *keyporttest.App) {
		app.RequireConsent, app.ConsentedScopes = true, []string{"openid", "Profile", "offline_access", "https://graph.microsoft.com/user.read"}
	})
	pre := map[string]string{"scope": "openid profile offline_access User.Read"}
	for kind, ok := range map[string]bool{"Entra ID": true, "OIDC": false} { // which compares letter by letter
		_, err := u.SignIn(u.ask(kind, pre), keyporttest.SignIn{Deny: true})
		if asked := err == nil; asked == ok {
			t.Errorf("%s: asked for what an administrator has consented to: %t", kind, asked)
		}
	}
	for _, kind := range kinds {
		b := u.NewBrowser()
		values := u.signIn(b, u.ask(kind, nil), keyporttest.SignIn{Deny: true})
		want := map[string]string{"B2C": "AADB2C90091:", "AD FS": "the user declined", "OIDC": "the user declined"}[kind]
		if want == "" {
			want = "AADSTS65004:"
		}
		if values.Get("error") != "access_denied" || !strings.HasPrefix(values.Get("error_description"), want) {
			t.Errorf("%s: denied: %v", kind, values)
		}
		// Who has denied is signed in all the same.
		if values := u.signIn(b, u.ask(kind, none()), keyporttest.SignIn{}); values.Get("error") != "consent_required" {
			t.Errorf("%s: not asked: %v", kind, values)
		}
		if values := u.signIn(b, u.ask(kind, nil), keyporttest.SignIn{}); values.Get("code") == "" {
			t.Errorf("%s: accepted: %v", kind, values)
		}
		if values := u.signIn(b, u.ask(kind, none()), keyporttest.SignIn{}); values.Get("code") == "" {
			t.Errorf("%s: asked again: %v", kind, values)
		}
		if values := u.signIn(b, u.ask(kind, map[string]string{"prompt": "consent"}), keyporttest.SignIn{Deny: true}); values.Get("error") != "access_denied" {
			t.Errorf("%s: prompt=consent: %v", kind, values)
		}
		u.WithdrawConsent(keyporttest.Username, clientID)
		if values := u.signIn(b, u.ask(kind, none()), keyporttest.SignIn{}); values.Get("error") != "consent_required" {
			t.Errorf("%s: withdrawn: %v", kind, values)
		}
	}
	free := newUsers(t, nil)
	if _, err := free.SignIn(free.ask("OIDC", nil), keyporttest.SignIn{Deny: true}); err == nil {
		t.Error("nobody asked for consent, and it was denied")
	}
}

// TestWhoIsGoneOrElsewhere: a session does not outlive its user, nor does it open
// another tenant's door.
func TestWhoIsGoneOrElsewhere(t *testing.T) {
	u := newUsers(t, nil)
	u.AddTenant(keyporttest.Tenant{ID: "6babcaad-604b-40ac-a9d7-9fd97c0b779f", Domains: []string{"fabrikam.example"}})
	u.AddUser("fabrikam.example", keyporttest.User{Username: "fred@fabrikam.example", Password: "fred's password"})
	for _, kind := range []string{"common", "OIDC"} {
		b := u.NewBrowser()
		u.signIn(b, u.ask(kind, nil), keyporttest.SignIn{Username: "fred@fabrikam.example"})
		// At another tenant on the same host, the hint says whom to take and the tenant not to.
		at := map[string]string{"common": "Entra ID", "OIDC": "OIDC root"}[kind]
		hinted := none("login_hint", "fred@fabrikam.example")
		if values := u.signIn(b, u.ask(at, hinted), keyporttest.SignIn{}); values.Has("code") != (kind == "OIDC") {
			t.Errorf("%s: %v", kind, values)
		}
		delete(hinted, "prompt")
		if _, err := b.SignIn(u.ask(at, hinted), keyporttest.SignIn{}); (err == nil) != (kind == "OIDC") || err != nil && !strings.HasPrefix(textOf(err), "AADSTS50020:") {
			t.Errorf("%s: %v %s", kind, err, textOf(err))
		}
		u.AddUser("fabrikam.example", keyporttest.User{ID: "aaaaaaaa-1111-4222-8333-444444444444", Username: "fred@fabrikam.example", Password: "fred's password"})
		if values := u.signIn(b, u.ask(kind, none()), keyporttest.SignIn{}); values.Get("error") != "login_required" {
			t.Errorf("%s, a user who is gone: %v", kind, values)
		}
		u.AddUser("fabrikam.example", keyporttest.User{Username: "fred@fabrikam.example", Password: "fred's password"})
	}
}

// TestNothingIsRememberedOfWhoOnlyLooks: there is no cookie before the sign-in.
func TestNothingIsRememberedOfWhoOnlyLooks(t *testing.T) {
	u := newUsers(t, nil)
	if got := u.raw(http.MethodGet, u.ask("OIDC", nil), "", nil); got.header.Get("Set-Cookie") != "" {
		t.Error("there is a cookie")
	}
}

// TestChoosingAndConsenting: two pages, and no third.
func TestChoosingAndConsenting(t *testing.T) {
	u := newUsers(t, func(app *keyporttest.App) { app.RequireConsent = true })
	u.addBob()
	b := u.NewBrowser()
	u.signIn(b, u.ask("OIDC", nil), keyporttest.SignIn{Deny: true})
	values := u.signIn(b, u.ask("OIDC", map[string]string{"prompt": "select_account consent"}), keyporttest.SignIn{Password: "nobody asks for it"})
	if values.Get("code") == "" {
		t.Errorf("got %v", values)
	}
}

// TestConsentOfASession: who is signed in consents without a password.
func TestConsentOfASession(t *testing.T) {
	u := newUsers(t, nil)
	b := u.NewBrowser()
	u.signIn(b, u.ask("OIDC", nil), keyporttest.SignIn{})
	if values := u.signIn(b, u.ask("OIDC", map[string]string{"prompt": "consent"}), keyporttest.SignIn{Password: "nobody asks for it"}); values.Get("code") == "" {
		t.Errorf("got %v", values)
	}
}

func TestTheLoginHintIsFilledIn(t *testing.T) {
	u := newUsers(t, nil)
	page := u.raw(http.MethodGet, u.ask("Entra ID", map[string]string{"login_hint": "somebody@contoso.example"}), "", nil)
	if !strings.Contains(page.text, `required="required" value="somebody@contoso.example">`) {
		t.Errorf("the page:\n%s", page.text)
	}
}

func TestDomainHintCompletesTheName(t *testing.T) {
	u := newUsers(t, nil)
	values := u.signIn(u.NewBrowser(), u.ask("Entra ID", map[string]string{"domain_hint": keyporttest.TenantDomain}), keyporttest.SignIn{Username: "alice", Password: keyporttest.UserPassword})
	if values.Get("code") == "" {
		t.Errorf("got %v", values)
	}
	if _, err := u.SignIn(u.ask("Entra ID", map[string]string{"domain_hint": "organizations"}), keyporttest.SignIn{Username: "alice", Password: keyporttest.UserPassword}); err == nil {
		t.Error("no domain completes the name")
	}
}

// TestTheSessionCookie: for this host and https only, out of reach of scripts, and
// another one after each sign-in.
func TestTheSessionCookie(t *testing.T) {
	u := newUsers(t, nil)
	address := strings.Replace(u.ask("OIDC", nil), "/authorize?", "/login?", 1)
	form := url.Values{"do": {"sign-in"}, "username": {keyporttest.Username}, "password": {keyporttest.UserPassword}}
	post := func(cookie, origin string) (raw, *http.Cookie) {
		got := u.raw(http.MethodPost, address, form.Encode(), func(r *http.Request) {
			if cookie != "" {
				r.AddCookie(&http.Cookie{Name: "__Host-keyporttest", Value: cookie, Quoted: false})
			}
			if origin != "" {
				r.Header.Set("Origin", origin)
			}
		})
		cookies := (&http.Response{Header: got.header}).Cookies()
		if len(cookies) == 0 {
			return got, nil
		}
		return got, cookies[0]
	}
	_, first := post("", "https://id.contoso.example")
	if first == nil || !first.Secure || !first.HttpOnly || first.SameSite != http.SameSiteLaxMode || first.Path != "/" || first.Domain != "" {
		t.Fatalf("the cookie: %t", first != nil)
	}
	_, planted := post("planted-by-somebody", "")
	_, second := post(first.Value, "")
	if planted.Value == "planted-by-somebody" || second.Value == first.Value {
		t.Error("a session keeps its cookie over a sign-in")
	}
	got, _ := post(first.Value, "")
	if got.status != http.StatusSeeOther {
		t.Errorf("a cookie that was replaced: %d", got.status)
	}
	if got := u.raw(http.MethodGet, u.ask("OIDC", none()), "", func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "__Host-keyporttest", Value: first.Value}) }); got.location(t).Query().Get("error") != "login_required" {
		t.Error("the old cookie is good yet")
	}
	// A form on another site must not sign anybody in.
	if got, cookie := post("", "https://evil.example"); got.status != http.StatusBadRequest || cookie != nil {
		t.Errorf("from another origin: %d", got.status)
	}
	form.Set("do", "dance")
	if got, _ := post("", ""); got.status != http.StatusBadRequest {
		t.Errorf("a button that is not there: %d", got.status)
	}
	form = url.Values{"do": {"accept"}, "account": {keyporttest.UserID}}
	if got, _ := post("", ""); got.status != http.StatusOK || !strings.Contains(got.text, `<main id="sign-in">`) {
		t.Errorf("consent of somebody who is not signed in: %d", got.status)
	}
	if got := u.raw(http.MethodPost, address, "a=%zz", nil); got.status != http.StatusBadRequest {
		t.Errorf("no form: %d", got.status)
	}
	if got := u.raw(http.MethodPost, strings.Replace(address, "response_type=code", "response_type=x", 1), form.Encode(), nil); got.location(t).Query().Get("error") != "unsupported_response_type" {
		t.Errorf("the request is checked anew: %d", got.status)
	}
}
