package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

func newScene(t *testing.T) *scene {
	t.Helper()
	sc, err := story{out: io.Discard}.set(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return sc
}

// token is one of the user's for the API.
func (sc *scene) token(t *testing.T) string {
	t.Helper()
	result, err := sc.signIn(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	return result.AccessToken.Reveal()
}

// want calls the API and checks the status.
func (sc *scene) want(t *testing.T, status int, method, path, token string) (body string, challenges []string) {
	t.Helper()
	got, body, challenges, err := sc.request(t.Context(), method, path, token)
	if err != nil {
		t.Fatal(err)
	}
	if got != status {
		t.Errorf("%s %s: %d %s, want %d", method, path, got, body, status)
	}
	return body, challenges
}

const factor = `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`

// TestMistakesAreFoundAtTheStart: before anybody calls.
func TestMistakesAreFoundAtTheStart(t *testing.T) {
	good := settings{authority: keyporttest.AuthorityURL, clientID: apiID, secret: "a secret", next: "https://next.example", nextScope: nextScope}
	for want, change := range map[string]func(*settings){
		"-next-scope": func(s *settings) { s.nextScope = "" }, "-next ": func(s *settings) { s.next = "" }, "invalid ClientID": func(s *settings) { s.clientID = "" },
		"invalid Credential": func(s *settings) { s.secret = "" }, "invalid Authority": func(s *settings) { s.authority = "login.microsoftonline.com" },
	} {
		s := good
		change(&s)
		if _, err := newAPI(s, keyport.ConfidentialClientConfig{}, http.DefaultClient, time.Now); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

// TestAChallengeIsMetHereWhenItCanBe: the caller never hears of it.
func TestAChallengeIsMetHereWhenItCanBe(t *testing.T) {
	sc := newScene(t)
	token := sc.token(t)
	sc.want(t, http.StatusOK, http.MethodGet, "/me", token)
	sc.next.Challenge(factor)
	before := sc.requests()
	sc.want(t, http.StatusOK, http.MethodGet, "/me", token)
	sc.want(t, http.StatusOK, http.MethodGet, "/me", token)
	if n := sc.requests() - before; n != 1 {
		t.Errorf("%d token requests, want 1: the token that meets the challenge is kept", n)
	}
}

// TestRevokedSessionsReachTheCaller: the next API refuses the token, the authority
// gives no other, and the caller is told what to ask for.
func TestRevokedSessionsReachTheCaller(t *testing.T) {
	sc := newScene(t)
	token := sc.token(t)
	sc.want(t, http.StatusOK, http.MethodGet, "/me", token)
	sc.authority.RevokeSessions(keyporttest.Username)
	_, challenges := sc.want(t, http.StatusUnauthorized, http.MethodGet, "/me", token)
	claims, ok := keyport.ClaimsChallenge(challenges)
	if !ok || !strings.Contains(claims, `"nbf"`) {
		t.Fatalf("no challenge: %q", challenges)
	}
	sc.authority.Clock().Advance(time.Minute)
	fresh, err := sc.signIn(t.Context(), claims)
	if err != nil {
		t.Fatal(err)
	}
	sc.want(t, http.StatusOK, http.MethodGet, "/me", fresh.AccessToken.Reveal())
}

// TestConsentThatIsMissing has no claims to hand on.
func TestConsentThatIsMissing(t *testing.T) {
	sc := newScene(t)
	token := sc.token(t)
	sc.authority.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointToken, Times: 1, Status: http.StatusBadRequest, Body: `{"error":"invalid_grant","error_codes":[65001]}`})
	_, challenges := sc.want(t, http.StatusUnauthorized, http.MethodGet, "/me", token)
	if got := strings.Join(challenges, ""); got != `Bearer error="invalid_token", error_description="the user must sign in again, or consent"` {
		t.Errorf("challenge: %s", got)
	}
}

func TestFailuresOfOthers(t *testing.T) {
	sc := newScene(t)
	token := sc.token(t)
	sc.authority.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointToken, Times: 1, Status: http.StatusServiceUnavailable, Body: "down"})
	sc.want(t, http.StatusServiceUnavailable, http.MethodGet, "/me", token)
	sc.authority.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointToken, Times: 1, Status: http.StatusBadRequest, Body: `{"error":"invalid_scope"}`})
	sc.want(t, http.StatusBadGateway, http.MethodGet, "/me", token)
	sc.authority.Clock().Advance(time.Minute) // what was refused is not asked again at once
	sc.want(t, http.StatusOK, http.MethodGet, "/me", token)
	sc.want(t, http.StatusNotFound, http.MethodGet, "/elsewhere", token)
}

// TestAJobIsItsOwnersAlone: to anybody else there is no such job.
func TestAJobIsItsOwnersAlone(t *testing.T) {
	sc := newScene(t)
	const bob = "bob@" + keyporttest.TenantDomain
	sc.authority.AddUser("", keyporttest.User{Username: bob, Password: keyporttest.PlantSecret("password")})
	token := sc.token(t)
	body, _ := sc.want(t, http.StatusCreated, http.MethodPost, "/jobs", token)
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(body), &made); err != nil {
		t.Fatal(err)
	}
	flow, err := sc.app.InitiateAuthCodeFlow(t.Context(), keyport.AuthCodeFlowRequest{Scopes: []string{apiScope}, RedirectURI: appReturn})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := sc.authority.SignIn(flow.AuthorizationURL, keyporttest.SignIn{Username: bob})
	if err != nil {
		t.Fatal(err)
	}
	bobs, err := sc.app.AcquireTokenByAuthCodeFlow(t.Context(), flow, answer)
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		sc.want(t, http.StatusNotFound, method, "/jobs/"+made.ID, bobs.AccessToken.Reveal())
		sc.want(t, http.StatusUnauthorized, method, "/jobs/"+made.ID, "")
	}
	mine, _ := sc.want(t, http.StatusOK, http.MethodGet, "/jobs/"+made.ID, token)
	if !strings.Contains(mine, keyporttest.UserID) {
		t.Errorf("the job is done for somebody else: %s", mine)
	}
}

// TestTheEndOfAJob: the tokens for it are gone too.
func TestTheEndOfAJob(t *testing.T) {
	sc := newScene(t)
	token := sc.token(t)
	body, _ := sc.want(t, http.StatusCreated, http.MethodPost, "/jobs", token)
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(body), &made); err != nil {
		t.Fatal(err)
	}
	session := keyport.LongRunningRequest{SessionKey: sc.api.jobs.byID[made.ID].sessionKey, Scopes: []string{nextScope}}
	if _, err := sc.api.client.AcquireTokenInLongRunningOnBehalfOf(t.Context(), session); err != nil {
		t.Fatal(err)
	}
	sc.want(t, http.StatusNoContent, http.MethodDelete, "/jobs/"+made.ID, token)
	if _, err := sc.api.client.AcquireTokenInLongRunningOnBehalfOf(t.Context(), session); !errors.Is(err, keyport.ErrTokenNotCached) {
		t.Errorf("%v, want ErrTokenNotCached", err)
	}
}

// TestTokensGoNowhereElse: not where the next API points to.
func TestTokensGoNowhereElse(t *testing.T) {
	sc := newScene(t)
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	next := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusFound))
	defer next.Close()
	sc.api.next = next.URL
	sc.want(t, http.StatusFound, http.MethodGet, "/me", sc.token(t))
	if elsewhere != 0 {
		t.Error("a redirect was followed")
	}
}

func TestJobsHaveAnEnd(t *testing.T) {
	j := newJobs()
	for range maxJobs {
		if _, ok := j.add(job{"alice", "a key"}); !ok {
			t.Fatal("too few")
		}
	}
	if _, ok := j.add(job{"alice", "a key"}); ok {
		t.Error("too many")
	}
}
