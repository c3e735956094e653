package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// begin starts a sign-in and has the user act, and keeps the answer.
func (b *browser) begin() (state string, answer url.Values) {
	b.Helper()
	_, to := b.send(http.MethodGet, b.app.baseURL+"/signin", nil, nil)
	answer, err := b.authority.SignIn(to.String(), b.as)
	if err != nil {
		b.Fatal(err)
	}
	return to.Query().Get("state"), answer
}

// bring has a browser post an answer to the application.
func (b *browser) bring(answer url.Values) seen {
	b.Helper()
	return b.visit(http.MethodPost, b.app.baseURL+callbackPath, answer, map[string]string{"Sec-Fetch-Site": "cross-site"})
}

// TestAnswersOfNobodysSignInAreTurnedAway: what a stranger, a second tab, a reload or
// an attacker may bring.
func TestAnswersOfNobodysSignInAreTurnedAway(t *testing.T) {
	s := newSite(t)
	victim, attacker := s.newBrowser(), s.newBrowser()
	_, answer := victim.begin()
	_, attackers := attacker.begin()
	with := func(name, value string) url.Values {
		changed := url.Values{}
		for n, v := range answer {
			changed[n] = v
		}
		if changed.Set(name, value); value == "" {
			changed.Del(name)
		}
		return changed
	}
	for name, row := range map[string]struct {
		browser *browser
		answer  url.Values
	}{
		"an attacker's answer in the victim's browser": {victim, attackers},
		"the victim's answer in the attacker's":        {attacker, answer},
		"in a browser that has begun nothing":          {s.newBrowser(), answer},
		"no state":                                     {victim, with("state", "")},
		"another state":                                {victim, with("state", "a-guess")},
		"an error with another state":                  {victim, url.Values{"error": {"access_denied"}, "state": {"a-guess"}}},
		"nothing":                                      {victim, url.Values{}},
		"too much":                                     {victim, with("code", strings.Repeat("x", maxAnswer))},
	} {
		page := row.browser.bring(row.answer)
		if page.want(t, http.StatusBadRequest, "error"); !strings.Contains(page.body, "Please sign in again") || row.browser.cookie(sessionCookie) != "" {
			t.Errorf("%s: the user is not asked to sign in again", name)
		}
	}
	inQuery := victim.visit(http.MethodPost, s.app.baseURL+callbackPath+"?"+answer.Encode(), url.Values{}, nil)
	inQuery.want(t, http.StatusBadRequest, "error")
	// None of that has spoiled the victim's own.
	under := len(s.app.signIns.entries)
	victim.bring(answer).want(t, http.StatusOK, "home")
	if len(s.app.signIns.entries) != under-1 {
		t.Error("a sign-in that is completed is kept")
	}
	victim.bring(answer).want(t, http.StatusBadRequest, "error") // a reload
	victim.get("/").want(t, http.StatusOK, "home")
	_, twice := attacker.begin()
	twice["code"] = append(twice["code"], attackers["code"]...)
	attacker.bring(twice).want(t, http.StatusBadRequest, "error")
	attacker.get("/").want(t, http.StatusOK, "welcome")
}

// TestCodesOfOthersAreRefused: PKCE and the nonce bind the code to the sign-in, when
// everything else fits.
func TestCodesOfOthersAreRefused(t *testing.T) {
	s := newSite(t)
	victim, attacker := s.newBrowser(), s.newBrowser()
	_, answer := victim.begin()
	_, attackers := attacker.begin()
	answer["code"] = attackers["code"]
	victim.bring(answer).want(t, http.StatusBadGateway, "error")
	if victim.cookie(sessionCookie) != "" {
		t.Error("the victim is signed in")
	}
}

// TestSignInsInTwoTabs: either may be finished first, and each once.
func TestSignInsInTwoTabs(t *testing.T) {
	b := newSite(t).newBrowser()
	_, first := b.begin()
	_, second := b.begin()
	b.bring(second).want(t, http.StatusOK, "home")
	b.bring(first).want(t, http.StatusOK, "home")
}

// TestASignInHasANewSession: whatever the browser brought along.
func TestASignInHasANewSession(t *testing.T) {
	s := newSite(t)
	b := s.newBrowser()
	b.plant(sessionCookie, "planted-by-somebody")
	b.get("/signin").want(t, http.StatusOK, "home")
	first := b.cookie(sessionCookie)
	if first == "planted-by-somebody" || len(first) < 22 {
		t.Errorf("the session is called %q", first)
	}
	b.get("/signin").want(t, http.StatusOK, "home")
	second := b.cookie(sessionCookie)
	if second == first {
		t.Error("a session keeps its name over a sign-in")
	}
	b.plant(sessionCookie, first)
	b.get("/").want(t, http.StatusOK, "welcome") // the old one is over
	b.plant(sessionCookie, second)
	b.get("/").want(t, http.StatusOK, "home")
}

// TestCookies: what browsers make of them decides who can use them.
func TestCookies(t *testing.T) {
	s := newSite(t)
	b := s.newBrowser()
	begun, to := b.send(http.MethodGet, s.app.baseURL+"/signin", nil, nil)
	answer, err := b.authority.SignIn(to.String(), b.as)
	if err != nil {
		t.Fatal(err)
	}
	done, _ := b.send(http.MethodPost, s.app.baseURL+callbackPath, answer, nil)
	for name, row := range map[string]struct {
		header http.Header
		site   http.SameSite
		most   int
	}{
		browserCookie: {begun.header, http.SameSiteNoneMode, 600},
		sessionCookie: {done.header, http.SameSiteLaxMode, 8 * 3600},
	} {
		cookies := (&http.Response{Header: row.header}).Cookies()
		if len(cookies) != 1 {
			t.Fatalf("%s: %d cookies", name, len(cookies))
		}
		c := cookies[0]
		if c.Name != name || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != row.site || c.MaxAge != row.most {
			t.Errorf("%s: %s, secure %t, http only %t, path %q, domain %q, same site %d, max age %d", name, c.Name, c.Secure, c.HttpOnly, c.Path, c.Domain, c.SameSite, c.MaxAge)
		}
	}
}

// TestSessionsOfOneUser: the user's tokens go with the last of them.
func TestSessionsOfOneUser(t *testing.T) {
	s := newSite(t)
	desk, phone := s.newBrowser(), s.newBrowser()
	desk.get("/signin")
	phone.get("/signin")
	desk.press("/signout", nil).want(t, http.StatusOK, "welcome")
	phone.get(callRead).want(t, http.StatusOK, "call")
	phone.checkSignOut()
}

// TestAnotherUserTakesOver: in the same browser. Nothing of the first is left.
func TestAnotherUserTakesOver(t *testing.T) {
	s := newSite(t)
	const bob = "bob@" + keyporttest.TenantDomain
	s.authority.AddUser("", keyporttest.User{Username: bob, Password: keyporttest.PlantSecret("password"), Name: "Bob Example"})
	b := s.newBrowser()
	b.get("/signin")
	b.authority, b.as.Username = s.authority.NewBrowser(), bob
	if home := b.get("/signin"); home.text("username") != bob {
		t.Errorf("signed in: %q", home.text("username"))
	}
	accounts, err := s.app.client.Accounts(t.Context(), keyport.AccountFilter{})
	if err != nil || len(accounts) != 1 || accounts[0].Username != bob {
		t.Errorf("%d accounts, %v", len(accounts), err)
	}
}

// TestFormsOfOtherSites: which browsers mark as such.
func TestFormsOfOtherSites(t *testing.T) {
	b := newSite(t).newBrowser()
	b.get("/signin")
	for _, header := range []map[string]string{{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}} {
		for _, path := range []string{"/signout", "/renew"} {
			if got := b.visit(http.MethodPost, b.app.baseURL+path, url.Values{}, header); got.status != http.StatusForbidden {
				t.Errorf("%s from another site (%v): %d", path, header, got.status)
			}
		}
	}
	b.get("/").want(t, http.StatusOK, "home")
}

// TestNamesComeFromTheUserinfoEndpoint: where ID tokens have none.
func TestNamesComeFromTheUserinfoEndpoint(t *testing.T) {
	s := newSite(t)
	s.authority.ForgeIDTokens(keyporttest.Forgery{Change: func(_, claims map[string]any) { delete(claims, "name") }})
	s.app.scopes = nil // a token of the sign-in itself
	if home := s.newBrowser().get("/signin"); home.text("name") != keyporttest.UserFullName {
		t.Errorf("the name is %q", home.text("name"))
	}
}
