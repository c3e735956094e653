package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// What is registered at the authority inside the program.
const (
	apiID     = "22222222-3333-4444-5555-666666666666"
	apiScope  = "api://orders/access"
	appID     = "11111111-2222-3333-4444-555555555555"
	appReturn = "https://app.example/callback"
	nextAPI   = "api://stock"
	nextScope = "api://stock/Read"
)

// story tells what happens.
type story struct{ out io.Writer }

func (s story) chapter(title string) { _, _ = fmt.Fprintf(s.out, "\n%s\n", title) }

func (s story) say(format string, args ...any) { _, _ = fmt.Fprintf(s.out, "   "+format+"\n", args...) }

// scene is an authority, the two APIs, and an application that users sign in to.
type scene struct {
	story
	authority *keyporttest.Authority
	next      *keyporttest.Resource
	api       *api
	address   string // of the API
	app       *keyport.ConfidentialClient
	browser   *keyporttest.Browser
}

// tell sets the scene and plays all chapters.
func (s story) tell(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	sc, err := s.set(ctx)
	if err != nil {
		return err
	}
	for _, chapter := range []func(context.Context) error{sc.call, sc.strangers, sc.challenge, sc.longRunning} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s story) set(ctx context.Context) (*scene, error) {
	authority := keyporttest.New(keyporttest.Options{Clock: keyporttest.NewClock(time.Now())})
	appSecret, apiSecret := keyporttest.PlantSecret("client secret"), keyporttest.PlantSecret("client secret")
	authority.AddApp(keyporttest.App{ClientID: appID, Secrets: []string{appSecret}, RedirectURIs: []string{appReturn}})
	authority.AddApp(keyporttest.App{ClientID: apiID, Secrets: []string{apiSecret}, IdentifierURIs: []string{"api://orders"}})
	sc := &scene{story: s, authority: authority, next: authority.Resource(nextAPI), browser: authority.NewBrowser()}
	ports := keyport.Ports{HTTPClient: authority.Client(), Clock: authority.Clock()} // inside the process; a real program leaves them unset

	var err error
	if sc.app, err = keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: appID, Authority: keyporttest.AuthorityURL, Credential: keyport.ClientSecret(appSecret), Capabilities: []string{"cp1"}, Ports: ports,
	}); err != nil {
		return nil, err
	}
	next, err := listen(ctx, sc.next)
	if err != nil {
		return nil, err
	}
	if sc.api, err = newAPI(settings{
		authority: keyporttest.AuthorityURL, clientID: apiID, secret: apiSecret, scope: "access", next: next, nextScope: nextScope,
	}, keyport.ConfidentialClientConfig{Ports: ports}, &http.Client{Transport: toAuthorityOr{authority.RoundTripper()}}, authority.Clock().Now); err != nil {
		return nil, err
	}
	sc.address, err = listen(ctx, sc.api.handler())
	return sc, err
}

// toAuthorityOr sends what is https to the authority and all else over the wire.
type toAuthorityOr struct{ authority http.RoundTripper }

func (t toAuthorityOr) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "https" {
		return t.authority.RoundTrip(r)
	}
	return http.DefaultTransport.RoundTrip(r)
}

// listen serves on the loopback interface until ctx ends.
func listen(ctx context.Context, h http.Handler) (address string, err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() { _ = serve(ctx, listener, h) }()
	return "http://" + listener.Addr().String(), nil
}

// signIn has the user sign in to the application, which gets a token for the API.
func (sc *scene) signIn(ctx context.Context, claims string) (keyport.Result, error) {
	flow, err := sc.app.InitiateAuthCodeFlow(ctx, keyport.AuthCodeFlowRequest{
		Scopes: []string{apiScope}, RedirectURI: appReturn, ClaimsChallenge: claims,
	})
	if err != nil {
		return keyport.Result{}, err
	}
	response, err := sc.browser.SignIn(flow.AuthorizationURL, keyporttest.SignIn{})
	if err != nil {
		return keyport.Result{}, err
	}
	return sc.app.AcquireTokenByAuthCodeFlow(ctx, flow, response)
}

// request calls the API as the application does.
func (sc *scene) request(ctx context.Context, method, path, token string) (status int, body string, challenges []string, err error) {
	request, err := http.NewRequestWithContext(ctx, method, sc.address+path, http.NoBody)
	if err != nil {
		return 0, "", nil, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, "", nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, strings.TrimSpace(string(text)), response.Header.Values("WWW-Authenticate"), err
}

func (sc *scene) requests() int { return len(sc.authority.Requests(keyporttest.EndpointToken)) }

// call is the on-behalf-of flow, and its cache.
func (sc *scene) call(ctx context.Context) error {
	sc.chapter("1. A user signs in to an application, which calls the API")
	token, err := sc.signIn(ctx, "")
	if err != nil {
		return err
	}
	for range 2 {
		before := sc.requests()
		status, body, _, err := sc.request(ctx, http.MethodGet, "/me", token.AccessToken.Reveal())
		if err != nil {
			return err
		}
		var who keyporttest.Caller
		if err := json.Unmarshal([]byte(body), &who); err != nil {
			return err
		}
		sc.say("%d: the next API was called by %s, for %s, with %v; %d token request", status, nameOf(who.ClientID), nameOf(who.UserID), who.Scopes, sc.requests()-before)
	}
	return nil
}

func nameOf(id string) string {
	switch id {
	case apiID:
		return "the API"
	case appID:
		return "the application"
	case keyporttest.UserID:
		return "the user"
	}
	return "a stranger"
}

// strangers are tokens that the API must not take.
func (sc *scene) strangers(ctx context.Context) error {
	sc.chapter("2. What the API does not take")
	mine, err := sc.signIn(ctx, "")
	if err != nil {
		return err
	}
	other, err := sc.app.AcquireTokenSilent(ctx, keyport.SilentRequest{Scopes: []string{nextScope}, Account: mine.Account})
	if err != nil {
		return err
	}
	for _, row := range []struct{ what, token string }{
		{"no token", ""},
		{"something else", "no-token-at-all"},
		{"an ID token", mine.IDToken.Reveal()},
		{"a token for another API", other.AccessToken.Reveal()},
		{"a token that somebody has changed", mine.AccessToken.Reveal() + "AAAA"},
	} {
		status, _, challenges, err := sc.request(ctx, http.MethodGet, "/me", row.token)
		if err != nil {
			return err
		}
		sc.say("%s: %d, %s", row.what, status, strings.Join(challenges, ", "))
	}
	return nil
}

// challenge has the next API want more than there is.
func (sc *scene) challenge(ctx context.Context) error {
	sc.chapter("3. The next API wants a second factor")
	sc.authority.RequireClaims(nextAPI, `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`)
	token, err := sc.signIn(ctx, "")
	if err != nil {
		return err
	}
	status, _, challenges, err := sc.request(ctx, http.MethodGet, "/me", token.AccessToken.Reveal())
	if err != nil {
		return err
	}
	claims, ok := keyport.ClaimsChallenge(challenges)
	if !ok {
		return errors.New("the API hands no challenge on")
	}
	sc.say("%d: the API hands the challenge on: %s", status, claims)
	if token, err = sc.signIn(ctx, claims); err != nil {
		return err
	}
	if status, _, _, err = sc.request(ctx, http.MethodGet, "/me", token.AccessToken.Reveal()); err != nil {
		return err
	}
	sc.say("the user signs in again, with these claims: %d", status)
	sc.authority.RequireClaims(nextAPI, "")
	return nil
}

// longRunning goes on when the token with which the work began has expired.
func (sc *scene) longRunning(ctx context.Context) error {
	sc.chapter("4. Work that takes longer than a token lives")
	token, err := sc.signIn(ctx, "")
	if err != nil {
		return err
	}
	status, body, _, err := sc.request(ctx, http.MethodPost, "/jobs", token.AccessToken.Reveal())
	if err != nil {
		return err
	}
	var made struct{ ID string }
	if err := json.Unmarshal([]byte(body), &made); err != nil {
		return err
	}
	sc.say("%d: a job", status)
	sc.authority.Clock().Advance(2 * time.Hour)
	if status, _, _, err = sc.request(ctx, http.MethodGet, "/me", token.AccessToken.Reveal()); err != nil {
		return err
	}
	sc.say("two hours later, the token is refused: %d", status)
	fresh, err := sc.app.AcquireTokenSilent(ctx, keyport.SilentRequest{Scopes: []string{apiScope}, Account: token.Account})
	if err != nil {
		return err
	}
	for _, method := range []string{http.MethodGet, http.MethodDelete, http.MethodGet} {
		if status, _, _, err = sc.request(ctx, method, "/jobs/"+made.ID, fresh.AccessToken.Reveal()); err != nil {
			return err
		}
		sc.say("%s the job: %d", method, status)
	}
	return nil
}
