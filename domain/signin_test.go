package domain_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/domain"
)

// The vectors were observed from MSAL Python, but for RFC 7636 appendix B.
func TestCodeChallengesAndNonces(t *testing.T) {
	for verifier, want := range map[string]string{
		"kC4a~SQqgNsP2DBv7URLxJwjrOzK.FoInfVmt0Y5cel": "VDeAfi3NxAr7GdDtteJJFMELMhkEwWjdAlbD5_OMQGA",
		"dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
	} {
		if got := domain.CodeChallenge(domain.NewSecret(verifier)); got != want {
			t.Errorf("challenge is %s, want %s", got, want)
		}
	}
	if got := domain.NonceOnTheWire(domain.NewSecret("aoGEbqBvlZysdWeJ")); got != "ef07df2fcec367da89c3cf9b9c43e332547d7ef648c11fc04bc9424eb6231e43" {
		t.Errorf("nonce on the wire is %s", got)
	}
	if got := domain.NewCodeVerifier(domain.Entropy{1, 2, 3}).Reveal(); len(got) != 43 {
		t.Errorf("a verifier has %d characters, want 43 (RFC 7636 §4.1)", len(got))
	}
}

func TestAuthorizationRequestURL(t *testing.T) {
	scopes, err := domain.ParseScopes([]string{"s2", "s1"})
	if err != nil {
		t.Fatal(err)
	}
	full := domain.AuthorizationRequest{
		Endpoint: "https://login.microsoftonline.com/common/oauth2/v2.0/authorize", ClientID: "cid", ResponseType: "code",
		RedirectURI: "http://localhost/x", Scopes: scopes.ForSignIn(domain.Scopes{}), State: "jwohztRvsxrkpGlI", Nonce: "n",
		CodeChallenge: "VDeAfi3NxAr7GdDtteJJFMELMhkEwWjdAlbD5_OMQGA", ResponseMode: domain.ResponseModeFormPost, Prompt: domain.PromptLogin,
		LoginHint: "u@c.com", DomainHint: "dh", Claims: "{}", MaxAge: 10 * time.Second, Microsoft: true,
		Extra: []domain.Parameter{{Name: "dc", Value: "a b"}},
	}
	want := url.Values{
		"client_id": {"cid"}, "response_type": {"code"}, "redirect_uri": {"http://localhost/x"}, "scope": {"offline_access openid profile s1 s2"},
		"state": {"jwohztRvsxrkpGlI"}, "code_challenge": {"VDeAfi3NxAr7GdDtteJJFMELMhkEwWjdAlbD5_OMQGA"}, "code_challenge_method": {"S256"},
		"nonce": {"n"}, "client_info": {"1"}, "login_hint": {"u@c.com"}, "prompt": {"login"}, "domain_hint": {"dh"}, "claims": {"{}"},
		"max_age": {"10"}, "response_mode": {"form_post"}, "X-AnchorMailbox": {"UPN:u@c.com"}, "dc": {"a b"},
	}
	u, err := url.Parse(full.URL())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, u.Query()); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
	plain := domain.AuthorizationRequest{Endpoint: "https://id.example/auth?p=policy", ClientID: "cid", ResponseType: "code", MaxAge: domain.MaxAgeNow, LoginHint: "u"}
	if got := plain.URL(); got != "https://id.example/auth?p=policy&client_id=cid&login_hint=u&max_age=0&response_type=code" {
		t.Errorf("plain request: %s", got)
	}
}

func TestScopesOfASignIn(t *testing.T) {
	set := func(text string) domain.Scopes { return domain.ScopesFromResponse(text) }
	for _, row := range []struct{ given, exclude, sent, lookup string }{
		{"", "", "offline_access openid profile", "openid"},
		{"User.Read", "", "User.Read offline_access openid profile", "User.Read"},
		{"User.Read openid offline_access", "", "User.Read offline_access openid profile", "User.Read"},
		{"openid", "", "offline_access openid profile", "openid"},
		{"openid profile", "offline_access", "openid profile", "openid"},
		{"a email", "OFFLINE_ACCESS profile", "a email openid", "a email"},
	} {
		if got := set(row.given).ForSignIn(set(row.exclude)).String(); got != row.sent {
			t.Errorf("%q without %q is sent as %q, want %q", row.given, row.exclude, got, row.sent)
		}
		if got := set(row.given).Lookup().String(); got != row.lookup {
			t.Errorf("%q is looked up as %q, want %q", row.given, got, row.lookup)
		}
	}
}

func newFlow() domain.AuthCodeFlow {
	return domain.AuthCodeFlow{
		AuthorizationURL: "https://id.example/auth?x=y", State: "the-state", ExpiresAt: noon.Add(time.Hour),
		CodeVerifier: domain.NewSecret("hunter2-verifier"), Nonce: domain.NewSecret("hunter2-nonce"), ClientID: "cid",
		Authority: "https://id.example", Scopes: []string{"a"}, RedirectURI: "https://app.example/cb", ClaimsChallenge: "{}",
		MaxAge: time.Minute, Issuer: "https://id.example", IssuerInResponse: true,
	}
}

func TestAnAuthCodeFlowSurvivesASessionStoreAndDoesNotPrint(t *testing.T) {
	flow := newFlow()
	text, err := json.Marshal(flow)
	if err != nil {
		t.Fatal(err)
	}
	var back domain.AuthCodeFlow
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(flow, back); diff != "" {
		t.Errorf("after the store (-want +got):\n%s", diff)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(verb, flow); strings.Contains(got, "hunter2") || strings.Contains(got, "the-state") {
			t.Errorf("%s prints %s", verb, got)
		}
	}
	for _, bad := range []string{"", "[]", `{"version":2}`, `{"version":1,"state":7,"nonce":"hunter2"}`} {
		err := json.Unmarshal([]byte(bad), &back)
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v, want an error that quotes nothing", bad, err)
		}
	}
}

func TestAcceptTellsAnswersApart(t *testing.T) {
	type values = url.Values
	good := func(change ...string) values {
		v := values{"code": {"c"}, "state": {"the-state"}, "iss": {"https://id.example"}, "client_info": {"i"}}
		for i := 0; i+1 < len(change); i += 2 {
			if v.Del(change[i]); change[i+1] != "" {
				v.Set(change[i], change[i+1])
			}
		}
		return v
	}
	twice := good()
	twice.Add("code", "other")
	for _, row := range []struct {
		name     string
		flow     func(*domain.AuthCodeFlow)
		response values
		at       time.Time
		want     error
	}{
		{"good", nil, good(), noon, nil},
		{"no flow in the session", func(f *domain.AuthCodeFlow) { *f = domain.AuthCodeFlow{} }, good(), noon, domain.ErrResponseMismatch},
		{"empty answer", nil, values{}, noon, domain.ErrResponseMismatch},
		{"no state", nil, good("state", ""), noon, domain.ErrResponseMismatch},
		{"another state", nil, good("state", "other"), noon, domain.ErrResponseMismatch},
		{"two codes", nil, twice, noon, domain.ErrResponseMismatch},
		{"too late", nil, good(), noon.Add(time.Hour), domain.ErrResponseMismatch},
		{"just in time", nil, good(), noon.Add(time.Hour - 1), nil},
		{"no issuer, although announced", nil, good("iss", ""), noon, domain.ErrResponseMismatch},
		{"no issuer, and none announced", func(f *domain.AuthCodeFlow) { f.IssuerInResponse = false }, good("iss", ""), noon, nil},
		{"another issuer", nil, good("iss", "https://evil.example"), noon, domain.ErrResponseMismatch},
		{"another issuer, not announced", func(f *domain.AuthCodeFlow) { f.IssuerInResponse = false }, good("iss", "https://id.example/"), noon, domain.ErrResponseMismatch},
		{"issuer with a template", func(f *domain.AuthCodeFlow) { f.Issuer = "https://login.example/{tenantid}/v2.0" },
			good("iss", "https://login.example/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0"), noon, nil},
		{"issuer with a tenant that is none", func(f *domain.AuthCodeFlow) { f.Issuer = "https://login.example/{tenantid}/v2.0" },
			good("iss", "https://login.example/x/y/v2.0"), noon, domain.ErrResponseMismatch},
		{"neither code nor error", nil, good("code", ""), noon, domain.ErrResponseMismatch},
		{"refusal", nil, good("code", "", "error", "access_denied"), noon, domain.ErrAccessDenied},
		{"refusal of another flow", nil, good("error", "access_denied", "state", "other"), noon, domain.ErrResponseMismatch},
	} {
		t.Run(row.name, func(t *testing.T) {
			flow := newFlow()
			if row.flow != nil {
				row.flow(&flow)
			}
			got, err := flow.Accept(row.response, row.at)
			if !errors.Is(err, row.want) {
				t.Fatalf("got %v, want %v", err, row.want)
			}
			if err == nil && (got.Code.Reveal() != "c" || got.ClientInfo != "i") {
				t.Errorf("accepted %v", got)
			}
			if err != nil && strings.Contains(err.Error(), "the-state") {
				t.Errorf("the error tells the state: %v", err)
			}
		})
	}
}

// TestARefusalSmugglesNothingIn: what comes through a browser may be forged.
func TestARefusalSmugglesNothingIn(t *testing.T) {
	_, err := newFlow().Accept(url.Values{
		"state": {"the-state"}, "iss": {"https://id.example"}, "error": {"access_denied"}, "access_token": {"hunter2"},
		"error_description": {"AADB2C90118: hunter2 has forgotten the password"}, "error_uri": {"javascript:hunter2"},
	}, noon)
	var refused *domain.OAuthError
	if !errors.As(err, &refused) || refused.Code != "access_denied" || refused.SubError != "AADB2C90118" {
		t.Fatalf("got %#v", err)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("the error quotes the browser: %v", err)
	}
	_, err = newFlow().Accept(url.Values{"state": {"the-state"}, "iss": {"https://id.example"}, "error": {"a\r\nb hunter2"}}, noon)
	if !errors.As(err, &refused) || refused.Code != domain.CodeServerError {
		t.Errorf("got %v, want server_error in place of a code that is none", err)
	}
}

func TestClientInfo(t *testing.T) {
	got := domain.ParseClientInfo("eyJ1aWQiOiAiVSIsICJ1dGlkIjogIlQifQ")
	if got.HomeAccountID() != "U.T" || got.AnchorMailbox() != "Oid:U@T" {
		t.Errorf("got %v", got)
	}
	if padded := domain.ParseClientInfo("eyJ1aWQiOiAiVSIsICJ1dGlkIjogIlQifQ=="); padded != got {
		t.Error("padding made a difference")
	}
	for _, bad := range []string{"", "!", "e30", "bnVsbA", "eyJ1aWQiOiAiVSJ9"} {
		if c := domain.ParseClientInfo(bad); c.HomeAccountID() != "" || c.AnchorMailbox() != "" {
			t.Errorf("%q gives %v", bad, c)
		}
	}
	for id, want := range map[string]string{"U.T": "T", "sub": "", "a.b.c": "", "": ""} {
		if got := domain.ClientInfoOf(id).TenantID; got != want {
			t.Errorf("the home of %q is %q, want %q", id, got, want)
		}
	}
}

func TestLogoutURL(t *testing.T) {
	r := domain.LogoutRequest{IDTokenHint: domain.NewSecret("id.to.ken"), PostLogoutRedirectURI: "https://app.example/bye", State: "s", LogoutHint: "h", UILocales: "de en"}
	want := "https://id.example/end?client_id=cid&id_token_hint=id.to.ken&logout_hint=h&post_logout_redirect_uri=https%3A%2F%2Fapp.example%2Fbye&state=s&ui_locales=de+en"
	if got := r.URL("https://id.example/end", "cid"); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := (domain.LogoutRequest{}).URL("https://id.example/end?p=x", "cid"); got != "https://id.example/end?p=x&client_id=cid" {
		t.Errorf("got %s", got)
	}
}

func TestPoPNeedsAllItsParts(t *testing.T) {
	good := domain.PoP{Method: "GET", URL: "https://api.example/x", Nonce: "n"}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for field, change := range map[string]func(*domain.PoP){
		"Scheme.Method": func(p *domain.PoP) { p.Method = "get" },
		"Scheme.URL":    func(p *domain.PoP) { p.URL = "/x" },
		"Scheme.Nonce":  func(p *domain.PoP) { p.Nonce = "" },
	} {
		p := good
		change(&p)
		var bad *domain.ConfigError
		if err := p.Check(); !errors.As(err, &bad) || bad.Field != field || bad.Remedy == "" {
			t.Errorf("%s: got %v", field, err)
		}
	}
}

func TestUserInfoAndClaimsDoNotPrint(t *testing.T) {
	members := map[string]json.RawMessage{"sub": []byte(`"hunter2"`), "email": []byte(`"hunter2@example"`), "email_verified": []byte("true")}
	info, err := domain.NewUserInfo(members)
	if err != nil || info.Subject != "hunter2" || !info.EmailVerified {
		t.Fatalf("got %v, %v", info, err)
	}
	claims, err := domain.ParseIDTokenClaims([]byte(`{"sub":"hunter2","aud":"cid"}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []any{info, claims} {
		if text := fmt.Sprintf("%+v %#v", v, v); strings.Contains(text, "hunter2") {
			t.Errorf("%T prints %s", v, text)
		}
		if text, _ := json.Marshal(v); strings.Contains(string(text), "hunter2") {
			t.Errorf("%T marshals to %s", v, text)
		}
	}
	if _, err := domain.NewUserInfo(map[string]json.RawMessage{"email": []byte(`["hunter2"]`)}); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want an error that quotes nothing", err)
	}
}
