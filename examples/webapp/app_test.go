package main

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

const (
	callRead  = "/call?scope=api%3A%2F%2Fdemo%2FRead"
	callWrite = "/call?scope=api%3A%2F%2Fdemo%2FWrite"
)

func (s *site) tokenRequests() int { return len(s.authority.Requests(keyporttest.EndpointToken)) }

// TestAUserSignsInCallsTheAPIAndSignsOut: the whole way, for both ways that an answer
// may come.
func TestAUserSignsInCallsTheAPIAndSignsOut(t *testing.T) {
	for _, mode := range []keyport.ResponseMode{keyport.ResponseModeFormPost, keyport.ResponseModeQuery} {
		t.Run(string(mode), func(t *testing.T) {
			s := newSite(t)
			s.app.mode = mode
			b := s.newBrowser()
			b.get("/").want(t, http.StatusOK, "welcome")
			home := b.get("/signin")
			home.want(t, http.StatusOK, "home")
			for id, want := range map[string]string{
				"name": keyporttest.UserFullName, "username": keyporttest.Username, "tenant": keyporttest.TenantID,
				"permissions": emulatedAPI + "/Read", "ends": "2026-11-24 12:59:59 UTC", "source": "cache",
			} {
				if got := home.text(id); got != want {
					t.Errorf("%s: %q, want %q", id, got, want)
				}
			}
			if got := b.asked[0]["response_mode"]; len(got) != 1 || got[0] != string(mode) {
				t.Errorf("response_mode: %q", got)
			}
			answer := b.get(callRead)
			answer.want(t, http.StatusOK, "call")
			if !strings.Contains(answer.text("answer"), emulatedClientID) || answer.text("status") != "200" {
				t.Errorf("the API's answer: %q %s", answer.text("status"), answer.text("answer"))
			}
			b.checkSignOut()
		})
	}
}

// checkSignOut signs out, here and at the authority.
func (b *browser) checkSignOut() {
	b.Helper()
	before := b.cookie(sessionCookie)
	b.press("/signout", nil).want(b.T, http.StatusOK, "welcome")
	if b.cookie(sessionCookie) != "" {
		b.Error("the cookie is still there")
	}
	if b.left.Get("id_token_hint") == "" || b.left.Get("post_logout_redirect_uri") != b.app.baseURL+"/" {
		b.Error("the authority is not told whose session to end, or where to go afterwards")
	}
	b.plant(sessionCookie, before)
	b.get("/").want(b.T, http.StatusOK, "welcome")
	b.get(callRead).want(b.T, http.StatusUnauthorized, "error")
	b.press("/renew", nil).want(b.T, http.StatusUnauthorized, "error")
	if accounts, err := b.app.client.Accounts(b.Context(), keyport.AccountFilter{}); err != nil || len(accounts) != 0 {
		b.Errorf("%d accounts are left, %v", len(accounts), err)
	}
	b.as.Cancel = true // which only a sign-in page offers: the authority has forgotten the user
	b.get("/signin").want(b.T, http.StatusForbidden, "error")
}

// TestTokensAreRenewedBehindThePages: the page never notices.
func TestTokensAreRenewedBehindThePages(t *testing.T) {
	s := newSite(t)
	b := s.newBrowser()
	b.get("/signin")
	s.authority.Clock().Advance(2 * time.Hour)
	before := s.tokenRequests()
	if ends := b.get("/").text("ends"); ends != "2026-11-24 14:59:59 UTC" {
		t.Errorf("the token ends %q", ends)
	}
	b.get(callRead).want(t, http.StatusOK, "call")
	if n := s.tokenRequests() - before; n != 1 {
		t.Errorf("%d token requests after the token ended, want 1", n)
	}
	s.authority.Clock().Advance(time.Minute)
	if ends := b.press("/renew", nil).text("ends"); ends != "2026-11-24 15:00:59 UTC" {
		t.Errorf("renewed because we want it, the token ends %q", ends)
	}
	s.authority.Clock().Advance(8 * time.Hour)
	b.get("/").want(t, http.StatusOK, "welcome") // the session is over
}

// TestManyPagesAtOnce: one of them renews the token, the others wait for it.
func TestManyPagesAtOnce(t *testing.T) {
	s := newSite(t)
	b := s.newBrowser()
	b.get("/signin")
	s.authority.Clock().Advance(2 * time.Hour)
	before := s.tokenRequests()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if got, to := b.send(http.MethodGet, s.app.baseURL+callRead, nil, nil); to != nil || got.text("status") != "200" {
				t.Errorf("%d, %q", got.status, got.name())
			}
		})
	}
	all.Wait()
	if n := s.tokenRequests() - before; n != 1 {
		t.Errorf("%d token requests, want 1", n)
	}
}

// TestConsentIsAskedForWhenItIsNeeded: and what was consented to before still serves.
func TestConsentIsAskedForWhenItIsNeeded(t *testing.T) {
	s := newSite(t)
	b := s.newBrowser()
	b.get("/signin")
	b.as.Deny = true
	b.get(callWrite).want(t, http.StatusForbidden, "error")
	b.get("/").want(t, http.StatusOK, "home") // who says no is still signed in
	b.as.Deny = false
	answer := b.get(callWrite)
	answer.want(t, http.StatusOK, "call")
	if got := answer.text("permissions"); !strings.Contains(got, emulatedAPI+"/Write") {
		t.Errorf("permissions: %q", got)
	}
	last := b.asked[len(b.asked)-1]
	if got := last.Get("scope"); got != "api://demo/List api://demo/Read api://demo/Write offline_access openid profile" {
		t.Errorf("asked for %q", got)
	}
	if last.Get("login_hint") != keyporttest.Username {
		t.Error("the server is not told who is signed in")
	}
	asked := len(b.asked)
	s.authority.Clock().Advance(2 * time.Hour)
	b.get(callRead).want(t, http.StatusOK, "call")
	b.get(callWrite).want(t, http.StatusOK, "call")
	if len(b.asked) != asked {
		t.Error("the user is asked again")
	}
	b.get("/call?scope=api%3A%2F%2Fdemo%2FEverything").want(t, http.StatusNotFound, "error")
}

// TestClaimsChallengesAreMet: without the user where the server can, and else with.
func TestClaimsChallengesAreMet(t *testing.T) {
	s := newSite(t)
	b := s.newBrowser()
	b.get("/signin")
	s.api.Challenge(`{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`)
	before, asked := s.tokenRequests(), len(b.asked)
	b.get(callRead).want(t, http.StatusOK, "call")
	if n := s.tokenRequests() - before; n != 1 || len(b.asked) != asked {
		t.Errorf("%d token requests, %d questions to the user; want 1 and none", n, len(b.asked)-asked)
	}
	b.get(callRead).want(t, http.StatusOK, "call")
	if n := s.tokenRequests() - before; n != 1 {
		t.Error("the token that meets the challenge is not kept")
	}

	s.authority.Clock().Advance(time.Minute)
	s.authority.RevokeSessions(keyporttest.Username)
	answer := b.get(callRead)
	answer.want(t, http.StatusOK, "call")
	if answer.text("status") != "200" || len(b.asked) != asked+1 {
		t.Fatalf("revoked: status %s after %d questions", answer.text("status"), len(b.asked)-asked)
	}
	if got := b.asked[asked].Get("claims"); !strings.Contains(got, `"nbf"`) {
		t.Errorf("the challenge is not passed on: %s", got)
	}
}

// TestAnAPIThatIsNeverContentIsAskedTwice: and not for ever.
func TestAnAPIThatIsNeverContentIsAskedTwice(t *testing.T) {
	s := newSite(t)
	calls := 0
	s.app.http = &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
		calls++
		return &http.Response{StatusCode: http.StatusUnauthorized, Body: http.NoBody, Request: r, Header: http.Header{
			"Www-Authenticate": {`Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="`},
		}}, nil
	})}
	b := s.newBrowser()
	b.get("/signin")
	answer := b.get(callRead)
	answer.want(t, http.StatusOK, "call")
	if calls != 2 || answer.text("status") != "401" {
		t.Errorf("%d calls, status %s", calls, answer.text("status"))
	}
}

// TestTokensGoNowhereElse: not where the API points to.
func TestTokensGoNowhereElse(t *testing.T) {
	s := newSite(t)
	var asked []string
	s.app.http.Transport = transportFunc(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.Host)
		return &http.Response{StatusCode: http.StatusFound, Body: http.NoBody, Request: r, Header: http.Header{"Location": {"https://elsewhere.example/"}}}, nil
	})
	b := s.newBrowser()
	b.get("/signin")
	if answer := b.get(callRead); answer.text("status") != "302" || len(asked) != 1 {
		t.Errorf("status %s, asked %q", answer.text("status"), asked)
	}
}

type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestFailuresTellTheUserWhatToDo: and nobody else what there is to know.
func TestFailuresTellTheUserWhatToDo(t *testing.T) {
	s := newSite(t)
	b := s.newBrowser()
	b.get("/signin")
	s.authority.Clock().Advance(2 * time.Hour)
	s.authority.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointToken, Times: 1, Status: http.StatusServiceUnavailable, Body: "down"})
	b.get("/").want(t, http.StatusServiceUnavailable, "error")
	b.get("/").want(t, http.StatusOK, "home")

	s.app.http = &http.Client{Transport: transportFunc(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route") })}
	b.get(callRead).want(t, http.StatusServiceUnavailable, "error")

	s.app.client = s.newApp(keyporttest.PlantSecret("client secret"), settings{baseURL: s.app.baseURL}).client
	refused := b.get("/signin")
	refused.want(t, http.StatusInternalServerError, "error")
	if refused.text("code") != "invalid_client" || refused.text("correlation") == "" {
		t.Errorf("for support: %q %q", refused.text("code"), refused.text("correlation"))
	}
	if text := s.log.Text(); !strings.Contains(text, "7000215") {
		t.Errorf("the log does not say what happened:\n%s", text)
	}
	keyporttest.AssertClean(t, s.authority, "the log", s.log.Text())
}

func TestPagesAreKeptToThemselves(t *testing.T) {
	s := newSite(t)
	b := s.newBrowser()
	b.get("/signin")
	for _, path := range []string{"/", callRead, "/callback?code=a&state=b", "/call"} {
		page := b.get(path)
		for name, want := range map[string]string{
			"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
		} {
			if path == "/" && name == "Content-Security-Policy" {
				want += " https://login.microsoftonline.com" // where the sign-out form leads
			}
			if got := page.header.Get(name); got != want {
				t.Errorf("%s: %s: %q, want %q", path, name, got, want)
			}
		}
	}
	if got := b.get("/style.css"); got.status != http.StatusOK || got.header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("the style sheet: %d", got.status)
	}
	b.get("/nothing").want(t, http.StatusNotFound, "")
}
