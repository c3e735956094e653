package keyport_test

import (
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// attack is what somebody does to a sign-in, with another one that they may know.
type attack struct {
	name string
	// on changes what reaches the application, or does what is done to it before.
	on func(t *testing.T, s *stage)
	// is is what the error is; says is a part of it, in lower case, that tells what to do:
	// one of those between bars, where servers are not equally clear.
	is   error
	says string
	// asks says that the server is asked, and refuses.
	asks bool
}

// stage is a sign-in that has come back, and another.
type stage struct {
	authority       *keyporttest.Authority
	app             *keyport.ConfidentialClient
	config          keyport.ConfidentialClientConfig
	flow, other     keyport.AuthCodeFlow
	answer, another url.Values
}

const (
	ignoreIt = "ignore it, or begin a new sign-in when a user waits"
	beginNew = "begin a new sign-in"
	signAway = "have the user sign in again"
	// sameURI holds what may be said where servers are not equally clear.
	sameURI = "the same redirect uri|have the user sign in again"
)

// attacks are those of RFC 9700 §4 that meet a client.
var attacks = []attack{
	{name: "a stolen code in the thief's own sign-in", is: keyport.ErrInteractionRequired, says: "sign", asks: true, on: func(_ *testing.T, s *stage) {
		s.answer["code"] = s.another["code"]
	}},
	{name: "another verifier", is: keyport.ErrInteractionRequired, says: "sign", asks: true, on: func(_ *testing.T, s *stage) {
		s.flow.CodeVerifier = s.other.CodeVerifier
	}},
	{name: "a sign-in with another's nonce", says: signAway, asks: true, on: func(_ *testing.T, s *stage) {
		s.flow.Nonce = s.other.Nonce
	}},
	{name: "another redirect URI", is: keyport.ErrInteractionRequired, says: sameURI, asks: true, on: func(_ *testing.T, s *stage) {
		s.flow.RedirectURI = "https://evil.example/callback"
	}},
	{name: "a replayed state", is: keyport.ErrResponseMismatch, says: ignoreIt, on: func(_ *testing.T, s *stage) {
		s.answer["state"] = s.another["state"]
	}},
	{name: "no state", is: keyport.ErrResponseMismatch, says: ignoreIt, on: func(_ *testing.T, s *stage) {
		s.answer.Del("state")
	}},
	{name: "a state twice", is: keyport.ErrResponseMismatch, says: ignoreIt, on: func(_ *testing.T, s *stage) {
		s.answer.Add("state", "another")
	}},
	{name: "a code twice", is: keyport.ErrResponseMismatch, says: ignoreIt, on: func(_ *testing.T, s *stage) {
		s.answer.Add("code", s.another.Get("code"))
	}},
	{name: "neither code nor error", is: keyport.ErrResponseMismatch, says: ignoreIt, on: func(_ *testing.T, s *stage) {
		s.answer.Del("code")
	}},
	{name: "another server's answer", is: keyport.ErrResponseMismatch, says: ignoreIt, on: func(_ *testing.T, s *stage) {
		s.answer.Set("iss", "https://evil.example")
	}},
	{name: "another server's refusal", is: keyport.ErrResponseMismatch, says: ignoreIt, on: func(_ *testing.T, s *stage) {
		s.answer.Del("code")
		s.answer.Set("error", "access_denied")
		s.answer.Set("iss", "https://evil.example")
	}},
	{name: "a swapped flow", is: keyport.ErrResponseMismatch, says: ignoreIt, on: func(_ *testing.T, s *stage) {
		s.flow = s.other
	}},
	{name: "no flow", is: keyport.ErrResponseMismatch, says: "begin one", on: func(_ *testing.T, s *stage) {
		s.flow = keyport.AuthCodeFlow{}
	}},
	{name: "a flow of another client", says: "complete it with a client of the same configuration", on: func(_ *testing.T, s *stage) {
		s.flow.ClientID = "another-app"
	}},
	{name: "a flow at another authority", says: "complete it with a client of the same configuration", on: func(_ *testing.T, s *stage) {
		s.flow.Authority = "https://evil.example/tenant"
	}},
	{name: "too late", is: keyport.ErrResponseMismatch, says: beginNew, on: func(_ *testing.T, s *stage) {
		s.authority.Clock().Advance(2 * time.Hour)
	}},
	{name: "a code that is too old", is: keyport.ErrInteractionRequired, says: signAway + "|" + beginNew, asks: true, on: func(_ *testing.T, s *stage) {
		s.authority.Clock().Advance(30 * time.Minute)
	}},
}

// TestAttacksOnASignInFailClosed: nobody is signed in, nothing is kept, the server is asked
// only where it alone can tell, and the error says what to do.
func TestAttacksOnASignInFailClosed(t *testing.T) {
	for _, at := range []site{siteCalled("Entra ID, one tenant"), siteCalled("B2C"), siteCalled("AD FS"), siteCalled("OpenID Connect")} {
		for _, a := range attacks {
			t.Run(at.name+"/"+a.name, func(t *testing.T) {
				s := newStage(t, at)
				a.on(t, s)
				s.authority.Reset()
				got, err := s.app.AcquireTokenByAuthCodeFlow(t.Context(), s.flow, s.answer)
				checkFailedClosed(t, s, got, err, a)
			})
		}
	}
}

func siteCalled(name string) site {
	for _, s := range sites {
		if s.name == name {
			return s
		}
	}
	panic("no site " + name)
}

func newStage(t *testing.T, at site) *stage {
	t.Helper()
	s := &stage{}
	s.authority, s.app, s.config = newSite(t, at)
	request := keyport.AuthCodeFlowRequest{Scopes: []string{at.scope}}
	s.flow, s.answer = begin(t, s.authority, s.app, request)
	s.other, s.another = begin(t, s.authority, s.app, request)
	s.answer = maps.Clone(s.answer)
	return s
}

func checkFailedClosed(t *testing.T, s *stage, got keyport.Result, err error, a attack) {
	t.Helper()
	var config *keyport.ConfigError
	var answer *keyport.ResponseError
	switch {
	case err == nil || !got.AccessToken.IsZero() || !got.Account.IsZero():
		t.Fatalf("somebody was signed in: %v", err)
	case a.is != nil && !errors.Is(err, a.is):
		t.Errorf("got %v, want %v", err, a.is)
	case a.is == nil && !errors.As(err, &config) && !errors.As(err, &answer):
		t.Errorf("got %v, want what is wrong with the flow or the answer", err)
	case !slices.ContainsFunc(strings.Split(a.says, "|"), func(s string) bool { return strings.Contains(strings.ToLower(err.Error()), s) }):
		t.Errorf("got %v, which does not say %q", err, a.says)
	}
	accounts, listed := s.app.Accounts(t.Context(), keyport.AccountFilter{})
	if listed != nil || len(accounts) != 0 {
		t.Errorf("%d accounts are kept, %v", len(accounts), listed)
	}
	asked := false
	for _, r := range s.authority.Requests() {
		asked = asked || r.Endpoint == keyporttest.EndpointToken
	}
	if asked != a.asks {
		t.Errorf("the server was asked for tokens: %v, want %v", asked, a.asks)
	}
	keyporttest.AssertClean(t, s.authority, "error", err, got)
}

// TestASecondUseOfASignInFailsClosed: by the same client, which remembers, and by one that
// does not, where the server does.
func TestASecondUseOfASignInFailsClosed(t *testing.T) {
	for _, at := range []site{siteCalled("Entra ID, one tenant"), siteCalled("B2C"), siteCalled("AD FS"), siteCalled("OpenID Connect")} {
		t.Run(at.name, func(t *testing.T) {
			s := newStage(t, at)
			first, err := s.app.AcquireTokenByAuthCodeFlow(t.Context(), s.flow, s.answer)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.app.AcquireTokenByAuthCodeFlow(t.Context(), s.flow, s.answer); !errors.Is(err, keyport.ErrResponseMismatch) || !strings.Contains(err.Error(), beginNew) {
				t.Errorf("the same client: %v", err)
			}
			accounts, err := s.app.Accounts(t.Context(), keyport.AccountFilter{})
			if err != nil || len(accounts) != 1 || accounts[0] != first.Account {
				t.Errorf("the first use was harmed: %d accounts, %v", len(accounts), err)
			}
			elsewhere, err := keyport.NewConfidentialClient(s.config)
			if err != nil {
				t.Fatal(err)
			}
			s.authority.Reset()
			s.app = elsewhere
			got, err := elsewhere.AcquireTokenByAuthCodeFlow(t.Context(), s.flow, s.answer)
			checkFailedClosed(t, s, got, err, attack{is: keyport.ErrInteractionRequired, says: "sign", asks: true})
		})
	}
}

// TestAMixedUpServerMustNameItself: one that has said that its answers tell who it is
// (RFC 9207 §2.4).
func TestAMixedUpServerMustNameItself(t *testing.T) {
	s := newStage(t, siteCalled("OpenID Connect"))
	s.answer.Del("iss")
	s.authority.Reset()
	got, err := s.app.AcquireTokenByAuthCodeFlow(t.Context(), s.flow, s.answer)
	checkFailedClosed(t, s, got, err, attack{is: keyport.ErrResponseMismatch, says: ignoreIt})
}

// TestTheTwoStepSignInChecksWhatItIsTold: there the program keeps nonce, MaxAge and code.
func TestTheTwoStepSignInChecksWhatItIsTold(t *testing.T) {
	at := siteCalled("Entra ID, one tenant")
	for field, value := range map[string]any{"": "", "nonce": "another", "auth_time": 1700000000, "c_hash": "AAAAAAAAAAAAAAAAAAAAAA"} {
		t.Run("forged "+field, func(t *testing.T) {
			authority, app, _ := newSite(t, at)
			authority.ForgeIDTokens(keyporttest.Forgery{Change: func(_, claims map[string]any) {
				if field != "" {
					claims[field] = value
				}
			}})
			address, err := app.AuthorizationRequestURL(t.Context(), keyport.AuthorizationURLRequest{
				Scopes: []string{at.scope}, RedirectURI: redirectURI, State: "a-state", Nonce: "a-nonce", MaxAge: time.Hour,
			})
			if err != nil {
				t.Fatal(err)
			}
			response, err := authority.SignIn(address, keyporttest.SignIn{})
			if err != nil {
				t.Fatal(err)
			}
			_, err = app.AcquireTokenByAuthorizationCode(t.Context(), keyport.AuthorizationCodeRequest{
				Code: keyport.NewSecret(response.Get("code")), Scopes: []string{at.scope}, RedirectURI: redirectURI, Nonce: "a-nonce", MaxAge: time.Hour,
			})
			var bad *keyport.ResponseError
			if field == "" && err != nil || field != "" && (!errors.As(err, &bad) || bad.Field != field) {
				t.Errorf("got %v", err)
			}
			accounts, err := app.Accounts(t.Context(), keyport.AccountFilter{})
			if kept := len(accounts) != 0; err != nil || kept != (field == "") {
				t.Errorf("an account is kept: %v, %v", kept, err)
			}
		})
	}
}

// TestUserInfoOfAnotherUserIsNotUsed: OIDC Core §5.3.2.
func TestUserInfoOfAnotherUserIsNotUsed(t *testing.T) {
	s := newStage(t, siteCalled("OpenID Connect"))
	signedIn, err := s.app.AcquireTokenByAuthCodeFlow(t.Context(), s.flow, s.answer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.app.UserInfo(t.Context(), signedIn); err != nil {
		t.Errorf("the user's own: %v", err)
	}
	s.authority.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointUserInfo, Body: `{"sub":"somebody"}`})
	_, err = s.app.UserInfo(t.Context(), signedIn)
	var bad *keyport.ResponseError
	if !errors.As(err, &bad) || bad.Field != "sub" {
		t.Errorf("another's: got %v, want a refusal because of sub", err)
	}
}
