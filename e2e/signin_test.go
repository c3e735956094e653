//go:build e2e

package e2e_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport"
)

func newUserClient(t *testing.T, p *peer) *keyport.ConfidentialClient {
	t.Helper()
	return newClient(t, p.config(t, webClient()))
}

func TestUserSignsIn(t *testing.T) {
	p := startPeer(t, peerOptions{}, webClient(redirectURI))
	for _, mode := range []keyport.ResponseMode{"", keyport.ResponseModeQuery, keyport.ResponseModeFormPost} {
		t.Run("response mode "+string(mode), func(t *testing.T) {
			app := newUserClient(t, p)
			request := signInRequest("api:read")
			request.ResponseMode = mode
			result := p.signIn(t, app, request)

			want := owner{ClientID: "web", Scope: "api:read offline_access openid profile", Subject: username}
			got := p.tokenOwner(t, result.AuthorizationHeader())
			got.Scope = sorted(got.Scope)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("owner of the token (-want +got):\n%s", diff)
			}
			accounts, err := app.Accounts(t.Context(), keyport.AccountFilter{})
			if err != nil || len(accounts) != 1 || accounts[0] != result.Account || result.Account.HomeAccountID != username {
				t.Errorf("%d accounts, %v; the result's is %q", len(accounts), err, result.Account.HomeAccountID)
			}
			again, err := app.AcquireTokenSilent(t.Context(), keyport.SilentRequest{Scopes: []string{"api:read"}, Account: result.Account})
			if err != nil || !again.AccessToken.Equal(result.AccessToken) || again.Metadata.Source != keyport.SourceCache {
				t.Errorf("the token is not in the cache: %v", err)
			}
		})
	}
}

func sorted(scopes string) string {
	return strings.Join(slices.Sorted(slices.Values(strings.Fields(scopes))), " ")
}

// TestFlowSurvivesInASession: completed by another client of the same configuration, as
// behind a load balancer, from the JSON that the first has stored.
func TestFlowSurvivesInASession(t *testing.T) {
	p := startPeer(t, peerOptions{}, webClient(redirectURI))
	flow, answer := p.begin(t, newUserClient(t, p), signInRequest("api:read"))
	text, err := json.Marshal(flow)
	if err != nil {
		t.Fatal(err)
	}
	var kept keyport.AuthCodeFlow
	if err := json.Unmarshal(text, &kept); err != nil {
		t.Fatal(err)
	}
	if _, err := newUserClient(t, p).AcquireTokenByAuthCodeFlow(t.Context(), kept, answer); err != nil {
		t.Error(err)
	}
	// A third knows nothing of that. The server does.
	if _, err := newUserClient(t, p).AcquireTokenByAuthCodeFlow(t.Context(), kept, answer); !errors.Is(err, keyport.ErrInteractionRequired) {
		t.Errorf("a code that was spent: %v, want invalid_grant", err)
	}
}

// TestAnswersThatSomebodyTamperedWith: before anything is sent to the server.
func TestAnswersThatSomebodyTamperedWith(t *testing.T) {
	p := startPeer(t, peerOptions{}, webClient(redirectURI))
	app := newUserClient(t, p)
	flow, answer := p.begin(t, app, signInRequest("api:read"))
	_, other := p.begin(t, app, signInRequest("api:read"))
	before := p.requests(t)
	for name, change := range map[string]func(url.Values){
		"another state":         func(v url.Values) { v.Set("state", "a guess") },
		"another flow's state":  func(v url.Values) { v["state"] = other["state"] },
		"no state":              func(v url.Values) { v.Del("state") },
		"two states":            func(v url.Values) { v.Add("state", v.Get("state")) },
		"two codes":             func(v url.Values) { v.Add("code", other.Get("code")) },
		"another server's name": func(v url.Values) { v.Set("iss", "https://evil.example") },
		"no server's name":      func(v url.Values) { v.Del("iss") }, // RFC 9207 §2.4: it has announced that it names itself
		"no code":               func(v url.Values) { v.Del("code") },
	} {
		tampered := url.Values{}
		for n, v := range answer {
			tampered[n] = slices.Clone(v)
		}
		change(tampered)
		if _, err := app.AcquireTokenByAuthCodeFlow(t.Context(), flow, tampered); !errors.Is(err, keyport.ErrResponseMismatch) {
			t.Errorf("%s: %v, want ErrResponseMismatch", name, err)
		}
	}
	if diff := cmp.Diff(before, p.requests(t)); diff != "" {
		t.Errorf("the server was asked (-before +after):\n%s", diff)
	}
	if _, err := app.AcquireTokenByAuthCodeFlow(t.Context(), flow, answer); err != nil {
		t.Errorf("the flow is spoiled: %v", err)
	}
	if _, err := app.AcquireTokenByAuthCodeFlow(t.Context(), flow, answer); !errors.Is(err, keyport.ErrResponseMismatch) {
		t.Errorf("the second time: %v, want ErrResponseMismatch", err)
	}
}

// TestRequestsThatSomebodyTamperedWith: on their way through the browser.
func TestRequestsThatSomebodyTamperedWith(t *testing.T) {
	p := startPeer(t, peerOptions{}, webClient(redirectURI))
	for name, row := range map[string]struct {
		parameter, value string
		refused          func(error) bool
	}{
		"another nonce": {"nonce", "another", func(err error) bool {
			var bad *keyport.ResponseError
			return errors.As(err, &bad) && bad.Operation == "ID token" && bad.Field == "nonce"
		}},
		"another challenge": {"code_challenge", keyport.CodeChallenge(keyport.NewSecret(strings.Repeat("x", 43))), func(err error) bool {
			var refused *keyport.OAuthError
			return errors.As(err, &refused) && refused.Code == "invalid_grant"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			app := newUserClient(t, p)
			flow, err := app.InitiateAuthCodeFlow(t.Context(), signInRequest("api:read"))
			if err != nil {
				t.Fatal(err)
			}
			address, err := url.Parse(flow.AuthorizationURL)
			if err != nil {
				t.Fatal(err)
			}
			query := address.Query()
			query.Set(row.parameter, row.value)
			address.RawQuery = query.Encode()
			answer := p.newPlayer(t, redirectURI).visit(address.String())
			if _, err := app.AcquireTokenByAuthCodeFlow(t.Context(), flow, answer); err == nil || !row.refused(err) {
				t.Errorf("%v, want it refused", err)
			}
			if accounts, err := app.Accounts(t.Context(), keyport.AccountFilter{}); err != nil || len(accounts) != 0 {
				t.Errorf("%d accounts are cached, %v", len(accounts), err)
			}
		})
	}
}

func TestUserSaysNo(t *testing.T) {
	p := startPeer(t, peerOptions{}, webClient(redirectURI))
	for _, page := range []string{"peer-sign-in", "peer-consent"} {
		app := newUserClient(t, p)
		flow, err := app.InitiateAuthCodeFlow(t.Context(), signInRequest("api:read"))
		if err != nil {
			t.Fatal(err)
		}
		user := p.newPlayer(t, redirectURI)
		user.cancel = page
		_, err = app.AcquireTokenByAuthCodeFlow(t.Context(), flow, user.visit(flow.AuthorizationURL))
		if !errors.Is(err, keyport.ErrAccessDenied) {
			t.Errorf("no at %s: %v, want ErrAccessDenied", page, err)
		}
	}
}

func TestPromptNoneNeedsASession(t *testing.T) {
	p := startPeer(t, peerOptions{}, webClient(redirectURI))
	app := newUserClient(t, p)
	request := signInRequest("api:read")
	request.Prompt = keyport.PromptNone
	flow, answer := p.begin(t, app, request)
	if _, err := app.AcquireTokenByAuthCodeFlow(t.Context(), flow, answer); !errors.Is(err, keyport.ErrInteractionRequired) {
		t.Errorf("%v, want ErrInteractionRequired", err)
	}
}

func TestUserInfo(t *testing.T) {
	p := startPeer(t, peerOptions{}, webClient(redirectURI))
	app := newUserClient(t, p)
	result := p.signIn(t, app, signInRequest("api:read"))
	info, err := app.UserInfo(t.Context(), result)
	if err != nil {
		t.Fatal(err)
	}
	if info.Subject != username || info.Name != userFullName || info.PreferredUsername != "alice@peer.example" || info.Email != "" {
		t.Errorf("the server said something else of the user: %q %q %q %q", info.Subject, info.Name, info.PreferredUsername, info.Email)
	}
	result.AccessToken = keyport.NewSecret("no token of the server's")
	if _, err := app.UserInfo(t.Context(), result); err == nil {
		t.Error("a token of nobody's is good for the userinfo endpoint")
	}
}

// TestRevokedTokensAreGone: at the server, and here (RFC 7009).
func TestRevokedTokensAreGone(t *testing.T) {
	p := startPeer(t, peerOptions{}, webClient(redirectURI))
	app := newUserClient(t, p)
	result := p.signIn(t, app, signInRequest("api:read"))
	if err := app.RevokeTokens(t.Context(), result.Account); err != nil {
		t.Fatal(err)
	}
	if requests := p.requests(t); !slices.Contains(requests, "POST /token/revocation") {
		t.Errorf("the server was not asked: %q", requests)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.origin+"/api", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", result.AuthorizationHeader())
	if status := p.do(t, request, new(owner)); status != http.StatusUnauthorized {
		t.Errorf("the access token came of what was revoked; HTTP %d, want 401", status)
	}
	if _, err := app.AcquireTokenSilent(t.Context(), keyport.SilentRequest{Scopes: []string{"api:read"}, Account: result.Account}); !errors.Is(err, keyport.ErrTokenNotCached) {
		t.Errorf("%v, want ErrTokenNotCached", err)
	}
}

func TestLogoutURLEndsTheSession(t *testing.T) {
	client := webClient(redirectURI)
	client.AfterLogoutURI = []string{"https://app.example/bye"}
	p := startPeer(t, peerOptions{}, client)
	app := newUserClient(t, p)
	user := p.newPlayer(t, redirectURI)
	signIn := func(prompt keyport.Prompt) (keyport.Result, error) {
		request := signInRequest("api:read")
		request.Prompt = prompt
		flow, err := app.InitiateAuthCodeFlow(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		return app.AcquireTokenByAuthCodeFlow(t.Context(), flow, user.visit(flow.AuthorizationURL))
	}
	result, err := signIn(keyport.PromptConsent)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signIn(keyport.PromptNone); err != nil {
		t.Fatalf("the server has no session: %v", err)
	}
	address, err := app.LogoutURL(t.Context(), keyport.LogoutRequest{
		IDTokenHint: result.IDToken, PostLogoutRedirectURI: "https://app.example/bye", State: "see you",
	})
	if err != nil {
		t.Fatal(err)
	}
	user.stop = "https://app.example/bye"
	if got := user.visit(address); got.Get("state") != "see you" {
		t.Errorf("after the logout: %v", got)
	}
	user.stop = redirectURI
	if _, err := signIn(keyport.PromptNone); !errors.Is(err, keyport.ErrInteractionRequired) {
		t.Errorf("after the logout: %v, want ErrInteractionRequired", err)
	}
}
