package application_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
)

// userServer is the smallest server with users that rotates refresh tokens and
// detects their reuse: one that is redeemed twice ends the session, as RFC 9700
// §4.14.2 has it. It tells what it saw.
type userServer struct {
	t     *testing.T
	takes time.Duration

	mu       sync.Mutex // guards what follows
	current  string     // the refresh token that is good
	issued   int
	revoked  bool
	requests []url.Values
	headers  []http.Header
	hook     func(form url.Values) (status int, body string) // in place of an answer; "" for none
	family   string
	arrived  chan struct{} // one message for each request
	idToken  map[string]any
	noID     bool
}

const (
	userID    = "0a1b2c3d-0000-4000-8000-000000000001"
	homeID    = userID + "." + tenant
	userScope = "https://graph.microsoft.com/User.Read"
)

func newUserServer(t *testing.T) *userServer {
	return &userServer{t: t, arrived: make(chan struct{}, 10_000)}
}

// Do implements ports.HTTPClient.
func (s *userServer) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.requests, s.headers = append(s.requests, form), append(s.headers, r.Header.Clone())
	s.mu.Unlock()
	s.arrived <- struct{}{}
	select {
	case <-time.After(s.takes):
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	status, text := s.answer(form)
	return answers(status, text)(r)
}

func (s *userServer) answer(form url.Values) (int, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.hook != nil {
		if status, body := s.hook(form); body != "" {
			return status, body
		}
	}
	if form.Get("grant_type") == "refresh_token" {
		if s.revoked || form.Get("refresh_token") != s.current {
			s.revoked = true
			return http.StatusBadRequest, `{"error":"invalid_grant","suberror":"bad_token","error_codes":[700082]}`
		}
	}
	s.issued++
	s.current = fmt.Sprintf("refresh-%d", s.issued)
	answer := map[string]any{
		"token_type": "Bearer", "access_token": fmt.Sprintf("access-%d", s.issued), "expires_in": 3600,
		"refresh_token": s.current, "scope": strings.ReplaceAll(form.Get("scope"), "offline_access ", ""), // which servers do not report
		"client_info": base64.RawURLEncoding.EncodeToString([]byte(`{"uid":"` + userID + `","utid":"` + tenant + `"}`)),
	}
	if s.family != "" {
		answer["foci"] = s.family
	}
	if !s.noID {
		answer["id_token"] = s.unsignedIDToken(form.Get("client_id"))
	}
	text, err := json.Marshal(answer)
	if err != nil {
		s.t.Error(err)
	}
	return http.StatusOK, string(text)
}

// unsignedIDToken is for clients that do not look at signatures.
func (s *userServer) unsignedIDToken(audience string) string {
	claims := map[string]any{
		"iss": "https://login.microsoftonline.com/" + tenant + "/v2.0", "aud": audience, "sub": "sub-of-the-user", "oid": userID, "tid": tenant,
		"iat": time.Now().Unix(), "exp": time.Now().Add(time.Hour).Unix(), "preferred_username": "Ada@contoso.example",
	}
	for name, v := range s.idToken {
		claims[name] = v
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		s.t.Error(err)
	}
	return "e30." + base64.RawURLEncoding.EncodeToString(payload) + ".c2ln"
}

func (s *userServer) sent() []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]url.Values(nil), s.requests...)
}

// redemptions are the refresh tokens that were spent, in order.
func (s *userServer) redemptions() []string {
	var out []string
	for _, form := range s.sent() {
		if form.Get("grant_type") == "refresh_token" {
			out = append(out, form.Get("refresh_token"))
		}
	}
	return out
}

// userConfig is a client inside a synctest bubble.
func userConfig(s *userServer) application.ConfidentialClientConfig {
	config := configOf(s)
	config.InsecureSkipIDTokenVerification = true // the signature is another test's
	return config
}

func usersClient(t *testing.T, s *userServer) (*application.ConfidentialClient, *cachememory.TokenCache) {
	t.Helper()
	config := userConfig(s)
	client, err := application.NewConfidentialClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client, config.Ports.TokenCache.(*cachememory.TokenCache)
}

// signIn takes over a refresh token, which is the shortest way to an account.
func signIn(t *testing.T, s *userServer, client *application.ConfidentialClient) domain.Account {
	t.Helper()
	s.mu.Lock()
	s.current, s.revoked = "migrated", false
	s.mu.Unlock()
	got, err := client.AcquireTokenByRefreshToken(t.Context(), application.RefreshTokenRequest{RefreshToken: domain.NewSecret("migrated"), Scopes: []string{userScope}})
	if err != nil {
		t.Fatal(err)
	}
	if got.Account.HomeAccountID != homeID {
		t.Fatalf("signed in as %q, want %q", got.Account.HomeAccountID, homeID)
	}
	return got.Account
}

func silently(account domain.Account, scopes ...string) application.SilentRequest {
	return application.SilentRequest{Account: account, Scopes: scopes}
}
