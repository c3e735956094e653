package keyporttest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/keyporttest"
)

// refusalOf is the code and how the description begins.
func refusalOf(got reply) string {
	if got.status == http.StatusOK {
		return ""
	}
	return got.text("error") + " " + got.text("error_description")
}

func TestACodeServesOnceAndRevokesWhenReplayed(t *testing.T) {
	u := newUsers(t, nil)
	for kind, want := range map[string]string{
		"Entra ID": "invalid_grant AADSTS54005:", "B2C": "invalid_grant AADB2C90088:", "AD FS": "invalid_grant MSIS9612:", "OIDC": "invalid_grant the authorization code",
	} {
		code := u.signIn(u.NewBrowser(), u.ask(kind, nil), keyporttest.SignIn{}).Get("code")
		first := u.redeem(kind, code, nil)
		if got := refusalOf(u.redeem(kind, code, nil)); !strings.HasPrefix(got, want) {
			t.Errorf("%s: replayed: %s, want %s", kind, got, want)
		}
		if got := u.refresh(kind, first.text("refresh_token"), nil); got.status == http.StatusOK {
			t.Errorf("%s: what the code brought is good yet", kind)
		}
	}
}

func TestACodeLastsTenMinutes(t *testing.T) {
	u := newUsers(t, nil)
	for kind, want := range map[string]string{"Entra ID": "invalid_grant AADSTS70008:", "B2C": "invalid_grant AADB2C90080:", "OIDC": "invalid_grant the authorization code has"} {
		one := u.signIn(u.NewBrowser(), u.ask(kind, nil), keyporttest.SignIn{}).Get("code")
		two := u.signIn(u.NewBrowser(), u.ask(kind, nil), keyporttest.SignIn{}).Get("code")
		u.Clock().Advance(10*time.Minute - time.Second)
		if got := refusalOf(u.redeem(kind, one, nil)); got != "" {
			t.Errorf("%s, just in time: %s", kind, got)
		}
		u.Clock().Advance(time.Second)
		if got := refusalOf(u.redeem(kind, two, nil)); !strings.HasPrefix(got, want) {
			t.Errorf("%s, too late: %s, want %s", kind, got, want)
		}
	}
}

// TestWhatACodeIsBoundTo: a code that is refused for what stands beside it is not
// spent.
func TestWhatACodeIsBoundTo(t *testing.T) {
	const other, otherSecret = "another-app", "the other app's secret"
	u := newUsers(t, func(app *keyporttest.App) { app.RedirectURIs = []string{callback, "https://app.example/other"} })
	u.AddApp(keyporttest.App{ClientID: other, Secrets: []string{otherSecret}, RedirectURIs: []string{callback}})
	for _, row := range []struct {
		name           string
		asked, changed map[string]string
		want           map[string]string // "" for a token
	}{
		{"no code", nil, map[string]string{"code": ""}, map[string]string{"Entra ID": "invalid_request AADSTS900144:", "OIDC": "invalid_request the body"}},
		{"an invented code", nil, map[string]string{"code": "invented"}, map[string]string{"Entra ID": "invalid_grant AADSTS70000:", "OIDC": "invalid_grant the authorization code"}},
		{"another client", nil, map[string]string{"client_id": other, "client_secret": otherSecret}, map[string]string{"Entra ID": "invalid_grant AADSTS70000:", "B2C": "invalid_grant AADB2C90080:", "OIDC": "invalid_grant the authorization code"}},
		{"another redirect URI", nil, map[string]string{"redirect_uri": "https://app.example/other"}, map[string]string{"Entra ID": "invalid_grant AADSTS500112:", "AD FS": "invalid_grant MSIS9609:", "OIDC": "invalid_grant redirect_uri"}},
		{"no redirect URI", nil, map[string]string{"redirect_uri": ""}, map[string]string{"Entra ID": "invalid_grant AADSTS500112:"}},
		{"no redirect URI, as before", map[string]string{"redirect_uri": ""}, map[string]string{"redirect_uri": ""}, map[string]string{"Entra ID": "", "OIDC": ""}},
		{"a redirect URI that was left out before", map[string]string{"redirect_uri": ""}, nil, map[string]string{"OIDC": "invalid_grant redirect_uri"}},
		{"another verifier", nil, map[string]string{"code_verifier": verifier + "x"}, map[string]string{"Entra ID": "invalid_grant AADSTS50148:", "B2C": "invalid_grant AADB2C90183:", "OIDC": "invalid_grant code_verifier"}},
		{"no verifier", nil, map[string]string{"code_verifier": ""}, map[string]string{"OIDC": "invalid_grant code_verifier"}},
		{"a verifier of nothing", map[string]string{"code_challenge": "", "code_challenge_method": ""}, nil, map[string]string{"OIDC": "invalid_grant code_verifier"}},
		{"no PKCE at all", map[string]string{"code_challenge": "", "code_challenge_method": ""}, map[string]string{"code_verifier": ""}, map[string]string{"Entra ID": "", "OIDC": ""}},
		{"a wrong secret", nil, map[string]string{"client_secret": "wrong"}, map[string]string{"Entra ID": "invalid_client AADSTS7000215:"}},
		{"no secret", nil, map[string]string{"client_secret": ""}, map[string]string{"Entra ID": "invalid_client AADSTS7000218:", "B2C": "invalid_client AADB2C90079:", "AD FS": "invalid_client MSIS9622:", "OIDC": "invalid_client the body"}},
	} {
		for kind, want := range row.want {
			code := u.signIn(u.NewBrowser(), u.ask(kind, row.asked), keyporttest.SignIn{}).Get("code")
			changed := map[string]string{"code": code}
			for name, value := range row.changed {
				changed[name] = value
			}
			if got := refusalOf(u.redeem(kind, code, changed)); (got == "") != (want == "") || !strings.HasPrefix(got, want) {
				t.Errorf("%s, %s: %q, want %q", row.name, kind, got, want)
			}
			right := map[string]string{}
			if row.asked["redirect_uri"] == "" && row.asked != nil {
				if _, left := row.asked["redirect_uri"]; left {
					right["redirect_uri"] = ""
				}
			}
			if _, without := row.asked["code_challenge"]; without {
				right["code_verifier"] = ""
			}
			if got := refusalOf(u.redeem(kind, code, right)); want != "" && got != "" {
				t.Errorf("%s, %s: the code is spent: %s", row.name, kind, got)
			}
		}
	}
}

func TestACodeIsGoodAtTheServerThatIssuedIt(t *testing.T) {
	u := newUsers(t, nil)
	u.AddTenant(keyporttest.Tenant{ID: "6babcaad-604b-40ac-a9d7-9fd97c0b779f", Domains: []string{"fabrikam.onmicrosoft.com"}})
	const fabrikam = "https://login.microsoftonline.com/fabrikam.onmicrosoft.com/oauth2/v2.0/token"
	for _, row := range []struct{ of, at, want string }{
		{"Entra ID", tokenURL, ""},
		{"Entra ID", "https://login.windows.net/common/oauth2/v2.0/token", ""},
		{"common", tokenURL, ""},
		{"common", "https://login.microsoftonline.com/organizations/oauth2/v2.0/token", ""},
		{"Entra ID", fabrikam, "invalid_grant AADSTS700005:"},
		{"Entra ID", tokenURLs["B2C"], "invalid_grant AADB2C90080:"},
		{"Entra ID", tokenURLs["CIAM"], "invalid_grant AADSTS70000:"},
		{"B2C", "https://contoso.b2clogin.com/" + keyporttest.TenantDomain + "/b2c_1_other/oauth2/v2.0/token", "invalid_grant AADB2C90080:"},
		{"OIDC", keyporttest.OIDCIssuer + "/token", "invalid_grant the grant was given"},
	} {
		code := u.signIn(u.NewBrowser(), u.ask(row.of, nil), keyporttest.SignIn{}).Get("code")
		got := send(t, u.Authority, http.MethodPost, row.at, laidOver(map[string]string{
			"grant_type": "authorization_code", "client_id": clientID, "client_secret": u.secret, "code": code, "redirect_uri": callback, "code_verifier": verifier,
		}, nil).Encode(), nil)
		if refusal := refusalOf(got); (refusal == "") != (row.want == "") || !strings.HasPrefix(refusal, row.want) {
			t.Errorf("a code of %s at %s: %q, want %q", row.of, row.at, refusal, row.want)
		}
	}
}

func TestPublicClientsHaveNoCredential(t *testing.T) {
	u := newUsers(t, func(app *keyporttest.App) { app.Public = true })
	for kind, want := range map[string]string{"Entra ID": "invalid_client AADSTS700025:", "OIDC": "invalid_client the client is public"} {
		code := u.signIn(u.NewBrowser(), u.ask(kind, nil), keyporttest.SignIn{}).Get("code")
		if got := refusalOf(u.redeem(kind, code, nil)); !strings.HasPrefix(got, want) {
			t.Errorf("%s, a secret: %s", kind, got)
		}
		if got := refusalOf(u.redeem(kind, code, map[string]string{"client_secret": ""})); got != "" {
			t.Errorf("%s, none: %s", kind, got)
		}
		got := u.post(kind, laidOver(map[string]string{"grant_type": "client_credentials", "client_id": clientID, "scope": graph}, nil))
		if got.status == http.StatusOK || got.text("error") != "invalid_client" {
			t.Errorf("%s, client credentials: %v", kind, got.body)
		}
	}
	u.AddApp(keyporttest.App{ClientID: "disabled", Public: true, Disabled: true})
	got := u.post("Entra ID", laidOver(map[string]string{"grant_type": "refresh_token", "client_id": "disabled", "refresh_token": "x"}, nil))
	if got.number() != 7000112 {
		t.Errorf("a disabled one: %v", got.body)
	}
}
