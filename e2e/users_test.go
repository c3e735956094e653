//go:build e2e

package e2e_test

import (
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport"
)

// The user of the server (peer/users.mjs).
const (
	username     = "alice"
	userPassword = "Orchard-Lantern-7"
	userFullName = "Alice Peer"
)

const redirectURI = "https://app.example/callback"

// webClient signs in users.
func webClient(redirectURIs ...string) registration {
	return registration{
		ClientID: "web", Secret: secret, Method: "client_secret_basic",
		Grants: []string{"authorization_code", "refresh_token"}, ResponseTypes: []string{"code"}, RedirectURIs: redirectURIs,
	}
}

// player plays the server's forms: a browser without a window. It is signed in at the
// server from the first sign-in on.
type player struct {
	t      *testing.T
	client *http.Client
	stop   string   // the redirect URI
	pages  []string // the ids of those that it has met
	cancel string   // the page to leave by "cancel"
}

func (p *peer) newPlayer(t *testing.T, stop string) *player {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := *p.http
	client.Jar, client.CheckRedirect = jar, func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &player{t: t, client: &client, stop: stop}
}

// visit follows redirects and fills in forms until the server sends the browser to
// the client, and returns what would reach it: the query or the form.
func (b *player) visit(address string) url.Values {
	b.t.Helper()
	request, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, http.NoBody)
	for range 20 {
		if err != nil {
			b.t.Fatal(err)
		}
		response, failed := b.client.Do(request)
		if failed != nil {
			b.t.Fatal(failed)
		}
		to, values := b.next(request, response)
		if strings.HasPrefix(to, b.stop) {
			return values
		}
		if values == nil {
			request, err = http.NewRequestWithContext(b.t.Context(), http.MethodGet, to, http.NoBody)
			continue
		}
		request, err = http.NewRequestWithContext(b.t.Context(), http.MethodPost, to, strings.NewReader(values.Encode()))
		if err == nil {
			request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
	}
	b.t.Fatal("the browser is sent around in a circle")
	return nil
}

// next is where an answer leads: by a redirect, or by a form with these values.
func (b *player) next(request *http.Request, response *http.Response) (to string, values url.Values) {
	b.t.Helper()
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	if location, err := response.Location(); err == nil {
		if values = location.Query(); strings.HasPrefix(location.String(), b.stop) {
			return location.String(), values
		}
		return location.String(), nil
	}
	text := string(body)
	if response.StatusCode >= 400 || !strings.Contains(text, "<form") {
		b.t.Fatalf("the browser ended at %s: HTTP %d %s", request.URL.Path, response.StatusCode, regexp.MustCompile(`\s+`).ReplaceAllString(text, " "))
	}
	return b.fillIn(request.URL, text)
}

var (
	idPattern     = regexp.MustCompile(`<main id="([^"]+)">`)
	actionPattern = regexp.MustCompile(`<form[^>]* action="([^"]+)"`)
	hiddenPattern = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)
)

func (b *player) fillIn(at *url.URL, text string) (action string, values url.Values) {
	b.t.Helper()
	action, values = at.String(), url.Values{}
	if m := actionPattern.FindStringSubmatch(text); m != nil {
		action = html.UnescapeString(m[1])
	}
	for _, m := range hiddenPattern.FindAllStringSubmatch(text, -1) {
		values.Set(m[1], html.UnescapeString(m[2]))
	}
	page := ""
	if m := idPattern.FindStringSubmatch(text); m != nil {
		page = m[1]
		b.pages = append(b.pages, page)
	}
	switch page {
	case "peer-sign-in":
		values = url.Values{"do": {"sign-in"}, "username": {username}, "password": {userPassword}}
	case "peer-consent":
		values = url.Values{"do": {"accept"}}
	case "peer-sign-out":
		values.Set("logout", "yes")
	}
	if page == b.cancel && page != "" {
		values = url.Values{"do": {"cancel"}}
	}
	return action, values
}

// signInRequest asks for what every test may have, and for a refresh token.
//
// OIDC Core §11: the server "MUST ensure that the prompt parameter contains consent
// unless other conditions for processing the request permitting offline access to the
// requested resources are in place", and otherwise "MUST ignore the offline_access
// request".
func signInRequest(scopes ...string) keyport.AuthCodeFlowRequest {
	return keyport.AuthCodeFlowRequest{Scopes: scopes, RedirectURI: redirectURI, Prompt: keyport.PromptConsent}
}

// signIn has the user sign in.
func (p *peer) signIn(t *testing.T, app *keyport.ConfidentialClient, r keyport.AuthCodeFlowRequest) keyport.Result {
	t.Helper()
	flow, answer := p.begin(t, app, r)
	result, err := app.AcquireTokenByAuthCodeFlow(t.Context(), flow, answer)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// begin is a sign-in up to the answer.
func (p *peer) begin(t *testing.T, app *keyport.ConfidentialClient, r keyport.AuthCodeFlowRequest) (keyport.AuthCodeFlow, url.Values) {
	t.Helper()
	flow, err := app.InitiateAuthCodeFlow(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	return flow, p.newPlayer(t, redirectURI).visit(flow.AuthorizationURL)
}

// event is what came of a request at the server.
type event struct {
	Event string `json:"event"` // "granted", "refused", "revoked" or "signed out"
	Grant string `json:"grant"`
	Scope string `json:"scope"`
	Token string `json:"token"` // tells refresh tokens apart
	Error string `json:"error"`
	Why   string `json:"why"`
}

func (p *peer) log(t *testing.T) []event {
	t.Helper()
	var got []event
	p.getJSON(t, p.origin+"/log", "", &got)
	return got
}

// redemptions checks that every refresh token was redeemed once, and nothing refused or
// revoked, and returns for which scopes.
func (p *peer) redemptions(t *testing.T) (scopes []string) {
	t.Helper()
	seen := map[string]bool{}
	for _, e := range p.log(t) {
		switch {
		case e.Event != "granted":
			t.Errorf("the server: %s %s %s %s", e.Event, e.Grant, e.Error, e.Why)
		case e.Grant == "refresh_token" && seen[e.Token]:
			t.Errorf("a refresh token was redeemed twice")
		case e.Grant == "refresh_token":
			seen[e.Token] = true
			scopes = append(scopes, e.Scope)
		}
	}
	return scopes
}
