package keyporttest_test

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestTheUserOfADevice: page by page, as a person goes through them.
func TestTheUserOfADevice(t *testing.T) {
	u := newDevices(t, func(app *keyporttest.App) { app.RequireConsent = true })
	f := u.begin("OIDC")
	page := u.raw(http.MethodGet, f.page, "", nil)
	wantPage(t, page, "device-code", "")
	page = u.raw(http.MethodPost, f.page, "do=next&user_code="+f.userCode, nil)
	wantPage(t, page, "sign-in", "")
	action := actionOf(t, f.page, page)
	page = u.raw(http.MethodPost, action, url.Values{"do": {"sign-in"}, "username": {keyporttest.Username}, "password": {"not the right one"}}.Encode(), nil)
	wantPage(t, page, "sign-in", "the user name or the password is wrong")
	page = u.raw(http.MethodPost, action, url.Values{"do": {"sign-in"}, "username": {keyporttest.Username}, "password": {keyporttest.UserPassword}}.Encode(), nil)
	wantPage(t, page, "consent", "")
	signedIn := page.cookie()
	page = u.raw(http.MethodPost, actionOf(t, f.page, page), "do=accept&account="+keyporttest.UserID, signedIn)
	wantPage(t, page, "device-confirm", "")
	for _, want := range []string{clientID, keyporttest.Username, "<strong>" + f.userCode + "</strong>"} {
		if !strings.Contains(page.text, want) {
			t.Errorf("the page that asks for confirmation does not show %s:\n%s", want, page.text)
		}
	}
	u.wantPoll(f, "before the confirmation", "authorization_pending", 0)
	page = u.raw(http.MethodPost, actionOf(t, f.page, page), "do=confirm&account="+keyporttest.UserID, signedIn)
	wantPage(t, page, "device-done", "")
	u.wantPoll(f, "after the confirmation", "", 0)
	page = u.raw(http.MethodPost, f.page, "do=next&user_code="+f.userCode, signedIn)
	wantPage(t, page, "device-code", "No device waits with this code. Check it, or have the device show a new one.")
}

func wantPage(t *testing.T, page raw, id, alert string) {
	t.Helper()
	gotID, title, gotAlert, _, err := keyporttest.ReadHTML(page.text)
	if err != nil || page.status != http.StatusOK || gotID != id || gotAlert != alert || title == "" {
		t.Fatalf("page %q (%d, %q, title %q), want %q (200, %q): %v", gotID, page.status, gotAlert, title, id, alert, err)
	}
}

// actionOf is where the first form of a page goes.
func actionOf(t *testing.T, at string, page raw) string {
	t.Helper()
	found := regexp.MustCompile(`<form method="post" action="([^"]+)">`).FindStringSubmatch(page.text)
	base, err := url.Parse(at)
	if err != nil || found == nil {
		t.Fatalf("no form: %v", err)
	}
	to, err := base.Parse(strings.ReplaceAll(found[1], "&amp;", "&"))
	if err != nil {
		t.Fatal(err)
	}
	return to.String()
}

// cookie sends the cookies of an answer with a request.
func (r raw) cookie() func(*http.Request) {
	cookies := (&http.Response{Header: r.header}).Cookies()
	return func(r *http.Request) {
		for _, c := range cookies {
			r.AddCookie(c)
		}
	}
}

// TestTheShortAddress: of all tenants of the public cloud.
func TestTheShortAddress(t *testing.T) {
	u := newDevices(t, nil)
	got := u.raw(http.MethodGet, "https://microsoft.com/devicelogin?user_code=ABC", "", nil)
	if to := got.location(t).String(); to != "https://login.microsoftonline.com/common/oauth2/deviceauth?user_code=ABC" {
		t.Errorf("leads to %s", to)
	}
	wantPage(t, u.raw(http.MethodPost, "https://microsoft.com/devicelogin", "user_code=ABC", nil), "device-code", "No device waits with this code. Check it, or have the device show a new one.")
}

// TestCodesAsPeopleTypeThem: RFC 8628 §6.1.
func TestCodesAsPeopleTypeThem(t *testing.T) {
	u := newDevices(t, nil)
	for _, kind := range []string{"OIDC", "Entra ID"} {
		for name, typed := range map[string]func(string) string{
			"in small letters": strings.ToLower, "with spaces": func(s string) string { return " " + s[:2] + " " + s[2:] + " " },
			"without a dash": func(s string) string { return strings.ReplaceAll(s, "-", "") }, "with dots": func(s string) string { return s[:3] + ".–" + s[3:] },
		} {
			f := u.begin(kind)
			f.userCode = typed(f.userCode)
			u.enter(u.NewBrowser(), f, keyporttest.SignIn{})
			u.wantPoll(f, name, "", 0)
		}
	}
}

func TestCodesThatNobodyWaitsWith(t *testing.T) {
	u := newDevices(t, nil)
	entra, plain := u.begin("Entra ID"), u.begin("OIDC")
	for name, attempt := range map[string]flow{
		"nobody's":                {page: entra.page, userCode: "BCDFGHJKL"},
		"none":                    {page: entra.page},
		"another server's":        {page: entra.page, userCode: plain.userCode},
		"another kind's":          {page: plain.page, userCode: entra.userCode},
		"another issuer's":        {page: keyporttest.OIDCIssuer + "/device", userCode: plain.userCode},
		"the device code":         {page: plain.page, userCode: plain.deviceCode},
		"complete, but nobody's":  {page: plain.page + "?user_code=BCDF-GHJK", userCode: "BCDF-GHJK"},
		"complete, but not equal": {page: plain.page + "?user_code=" + plain.userCode, userCode: "BCDF-GHJK"},
		"at no page":              {page: "https://example.com/device", userCode: plain.userCode},
	} {
		err := u.EnterCode(attempt.page, attempt.userCode, keyporttest.SignIn{})
		var page *keyporttest.PageError
		if isPage := errors.As(err, &page); err == nil || isPage == strings.HasSuffix(name, "not equal") {
			t.Errorf("%s: %v", name, err)
		}
	}
	u.wantPoll(entra, "after all that", "authorization_pending", 70016)
	u.wantPoll(plain, "after all that", "authorization_pending", 0)
}

// TestTheCodeInTheAddress: is compared, and not typed (RFC 8628 §3.3.1).
func TestTheCodeInTheAddress(t *testing.T) {
	u := newDevices(t, nil)
	f := u.begin("OIDC")
	f.page += "?user_code=" + f.userCode
	u.enter(u.NewBrowser(), f, keyporttest.SignIn{})
	u.wantPoll(f, "after the user", "", 0)
	for _, r := range u.Requests(keyporttest.EndpointVerification) {
		if r.Form.Get("do") == "next" {
			t.Error("the code was typed")
		}
	}
}

// TestABrowserInWhichSomebodyIsSignedIn: it asks for confirmation all the same, and
// lets somebody else in.
func TestABrowserInWhichSomebodyIsSignedIn(t *testing.T) {
	u := newDevices(t, func(app *keyporttest.App) { app.RedirectURIs = []string{callback} })
	u.addBob()
	for _, kind := range []string{"Entra ID", "OIDC"} {
		b := u.NewBrowser()
		u.signIn(b, u.ask(kind, nil), keyporttest.SignIn{})
		u.Reset()
		f := u.begin(kind)
		u.enter(b, f, keyporttest.SignIn{})
		var did []string
		for _, r := range u.Requests(keyporttest.EndpointVerification) {
			did = append(did, r.Form.Get("do"))
		}
		if got := strings.Trim(strings.Join(did, " "), " "); got != "next confirm" {
			t.Errorf("%s: the user did %q", kind, got)
		}
		for _, as := range []keyporttest.SignIn{{Deny: true}, {Cancel: true}} {
			f = u.begin(kind)
			u.enter(b, f, as)
			u.wantPoll(f, "when the user says no", declined(kind), 65004)
		}
		f = u.begin(kind)
		u.enter(b, f, keyporttest.SignIn{Username: bob})
		if claims := u.wantPoll(f, "when another account is used", "", 0).idClaims(t); claims["preferred_username"] != bob {
			t.Errorf("%s: signed in %v", kind, claims["preferred_username"])
		}
	}
}

// TestAConfirmationNeedsASession: nobody says yes for somebody else.
func TestAConfirmationNeedsASession(t *testing.T) {
	u := newDevices(t, func(app *keyporttest.App) { app.RequireConsent = true })
	f := u.begin("OIDC")
	confirm := "do=confirm&account=" + keyporttest.UserID + "&user_code=" + f.userCode
	wantPage(t, u.raw(http.MethodPost, f.page, confirm, nil), "sign-in", "")

	signIn := url.Values{"do": {"sign-in"}, "user_code": {f.userCode}, "username": {keyporttest.Username}, "password": {keyporttest.UserPassword}}
	signedIn := u.raw(http.MethodPost, f.page, signIn.Encode(), nil).cookie()
	wantPage(t, u.raw(http.MethodPost, f.page, confirm, signedIn), "consent", "") // it is no consent either

	forged := u.raw(http.MethodPost, f.page, confirm, func(r *http.Request) {
		signedIn(r)
		r.Header.Set("Origin", "https://evil.example")
	})
	if id, _, _, _, _ := keyporttest.ReadHTML(forged.text); id != "error" || forged.status != http.StatusBadRequest {
		t.Errorf("a form of another site: %d %s", forged.status, id)
	}
	u.wantPoll(f, "after all that", "authorization_pending", 0)
}

// TestUsersWhoMayNotSignIn: see why, and the device goes on waiting.
func TestUsersWhoMayNotSignIn(t *testing.T) {
	u := newDevices(t, nil)
	u.AddTenant(keyporttest.Tenant{ID: "aaaaaaaa-0000-4000-8000-000000000001", Domains: []string{"fabrikam.example"}})
	u.AddUser("fabrikam.example", keyporttest.User{Username: "eve@fabrikam.example", Password: keyporttest.PlantSecret("password")})
	f := u.begin("Entra ID")
	for name, as := range map[string]keyporttest.SignIn{
		"a wrong password": {Password: keyporttest.PlantSecret("password")}, "nobody": {Username: "nobody@example.com"}, "a stranger": {Username: "eve@fabrikam.example"},
		"who forgot": {ForgotPassword: true},
	} {
		if err := u.EnterCode(f.page, f.userCode, as); err == nil {
			t.Errorf("%s: no error", name)
		}
		u.wantPoll(f, name, "authorization_pending", 70016)
	}
	u.AddApp(keyporttest.App{ClientID: clientID, Public: true, Disabled: true})
	var page *keyporttest.PageError
	if err := u.EnterCode(f.page, f.userCode, keyporttest.SignIn{}); !errors.As(err, &page) || page.Page != "error" {
		t.Errorf("an application that was disabled since: %v", err)
	}
}

// TestTooLateToDecide: the flow ended, or was decided elsewhere, while the page was open.
func TestTooLateToDecide(t *testing.T) {
	u := newDevices(t, nil)
	for _, end := range map[string]func(flow){
		"the code ended":    func(flow) { u.Clock().Advance(900e9) },
		"confirmed already": func(f flow) { u.enter(u.NewBrowser(), f, keyporttest.SignIn{}) },
		"declined already":  func(f flow) { u.enter(u.NewBrowser(), f, keyporttest.SignIn{Cancel: true}) },
	} {
		for _, do := range []string{"confirm", "deny", "sign-in"} {
			f := u.begin("OIDC")
			signIn := url.Values{"do": {"sign-in"}, "user_code": {f.userCode}, "username": {keyporttest.Username}, "password": {keyporttest.UserPassword}}
			signedIn := u.raw(http.MethodPost, f.page, signIn.Encode(), nil).cookie()
			end(f)
			signIn.Set("do", do)
			signIn.Set("account", keyporttest.UserID)
			wantPage(t, u.raw(http.MethodPost, f.page, signIn.Encode(), signedIn), "device-code", "No device waits with this code. Check it, or have the device show a new one.")
		}
	}
}

// TestOneAnswerCounts: of two that come at once, the first.
func TestOneAnswerCounts(t *testing.T) {
	u := newDevices(t, nil)
	f := u.begin("OIDC")
	u.enter(u.NewBrowser(), f, keyporttest.SignIn{Cancel: true})
	if id, _, alert, _, err := keyporttest.ReadHTML(u.DecideLate(f.userCode)); id != "device-code" || alert == "" || err != nil {
		t.Errorf("the second one sees %q, %v", id, err)
	}
	u.wantPoll(f, "after both", "access_denied", 0)
}

func TestTheVerificationPageIsForBrowsers(t *testing.T) {
	u := newDevices(t, nil)
	page := keyporttest.OIDCIssuer + "/device"
	if got := u.raw(http.MethodPut, page, "", nil); got.status != http.StatusMethodNotAllowed || got.header.Get("Allow") != "GET, POST" {
		t.Errorf("PUT: %d, Allow %q", got.status, got.header.Get("Allow"))
	}
	if got := u.raw(http.MethodPost, page, "%zz", nil); got.status != http.StatusBadRequest {
		t.Errorf("no form: %d", got.status)
	}
	f := u.begin("OIDC")
	if got := u.raw(http.MethodPost, f.page, "do=nothing&user_code="+f.userCode, nil); got.status != http.StatusBadRequest {
		t.Errorf("no button: %d", got.status)
	}
}

// TestDevicePagesCanDoNothingBesides: the same policy as of the others, and what a
// stranger puts into the address does not get out of its place.
func TestDevicePagesCanDoNothingBesides(t *testing.T) {
	const odd = `"><img src=x onerror=alert(1)>'&{{.}}`
	u := newDevices(t, nil)
	u.AddUser("", keyporttest.User{Username: odd + "@x", Password: "a password"})
	f := u.begin("OIDC")
	signIn := url.Values{"do": {"sign-in"}, "user_code": {f.userCode}, "username": {odd + "@x"}, "password": {"a password"}}
	confirm := u.raw(http.MethodPost, f.page, signIn.Encode(), nil)
	for name, page := range map[string]raw{
		"device-code": u.raw(http.MethodGet, f.page+"?user_code="+url.QueryEscape(odd), "", nil), "device-confirm": confirm,
		"sign-in": u.raw(http.MethodGet, f.page+"?user_code="+f.userCode, "", nil),
		"device-done": u.raw(http.MethodPost, f.page, url.Values{"do": {"confirm"}, "user_code": {f.userCode}, "account": {accountOf(t, confirm)}}.Encode(),
			confirm.cookie()),
		"device-declined": u.raw(http.MethodPost, f.page, "do=cancel&user_code="+u.begin("OIDC").userCode, nil),
	} {
		if id, _, _, _, err := keyporttest.ReadHTML(page.text); id != name || err != nil {
			t.Errorf("the page is %q, want %q (%v)", id, name, err)
		}
		style := styles.FindStringSubmatch(page.text)
		want := "default-src 'none'; style-src " + cspHash(style[1]) + "; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
		if got := page.header.Get("Content-Security-Policy"); got != want || page.header.Get("X-Frame-Options") != "DENY" {
			t.Errorf("%s: policy %q, want %q", name, got, want)
		}
		if strings.Contains(page.text, "<img") || strings.Contains(page.text, "<script") {
			t.Errorf("%s:\n%s", name, page.text)
		}
		for _, want := range []string{`<html lang="en">`, "<title>", "<h1>"} {
			if !strings.Contains(page.text, want) {
				t.Errorf("%s: there is no %s", name, want)
			}
		}
		for _, input := range regexp.MustCompile(`<input [^>]*>`).FindAllString(page.text, -1) {
			id := regexp.MustCompile(`id="([^"]+)"`).FindStringSubmatch(input)
			if !strings.Contains(input, `type="hidden"`) && (id == nil || !strings.Contains(page.text, `<label for="`+id[1]+`">`)) {
				t.Errorf("%s: nothing labels %s", name, input)
			}
		}
	}
}

// accountOf is the user of the form of a page.
func accountOf(t *testing.T, page raw) string {
	t.Helper()
	found := regexp.MustCompile(`name="account" value="([^"]+)"`).FindStringSubmatch(page.text)
	if found == nil {
		t.Fatalf("no account in\n%s", page.text)
	}
	return found[1]
}
