package keyport_test

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/keyporttest"
)

// openBook is an HTTP cache that writes down everything that it is told.
type openBook struct {
	*cachememory.HTTPCache

	mu     sync.Mutex // guards what follows
	keys   map[string]bool
	values map[string]bool
}

func newOpenBook() *openBook {
	return &openBook{
		HTTPCache: cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{}),
		keys:      map[string]bool{}, values: map[string]bool{},
	}
}

func (b *openBook) note(key string, value []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keys[key] = true
	if value != nil {
		b.values[string(value)] = true
	}
}

func (b *openBook) Get(ctx context.Context, key string) ([]byte, time.Time, error) {
	b.note(key, nil)
	return b.HTTPCache.Get(ctx, key)
}

func (b *openBook) Set(ctx context.Context, key string, value []byte, expires time.Time) error {
	b.note(key, value)
	return b.HTTPCache.Set(ctx, key, value, expires)
}

func (b *openBook) Delete(ctx context.Context, key string) error {
	b.note(key, nil)
	return b.HTTPCache.Delete(ctx, key)
}

// digestKey is all that a key may be: what it is for, and a digest.
var digestKey = regexp.MustCompile(`^(metadata|unknown\.metadata|keys|throttle\.pause|throttle\.refusal)\.[A-Za-z0-9_-]{43}$`)

// TestTheHTTPCacheHoldsNoTokenAndNothingOfAPerson runs every flow at every kind of
// server, good and bad, and reads what went into the cache.
func TestTheHTTPCacheHoldsNoTokenAndNothingOfAPerson(t *testing.T) {
	book := newOpenBook()
	for _, s := range sites {
		t.Run(s.name, func(t *testing.T) {
			v := newVisit(t, s, book)
			v.signInAndRenew()
			v.actForOthers()
			v.useADevice()
			v.beRefused()
			keyporttest.AssertClean(t, v.authority, "the HTTP cache", book.text())
		})
	}
	for key := range book.keys {
		if !digestKey.MatchString(key) {
			t.Errorf("the key %q is no digest", key)
		}
	}
	text := strings.ToLower(book.text())
	for name, value := range map[string]string{
		"user name": keyporttest.Username, "name": keyporttest.UserFullName, "object id": keyporttest.UserID,
		"home account id": keyporttest.UserID + "." + keyporttest.TenantID, "anchor": keyporttest.UserID + "@", "first name": "Alice",
		"what the server wrote": "confidential-remark", "what the caller wrote": "callers-remark",
	} {
		for _, form := range []string{
			value, url.QueryEscape(value), hex.EncodeToString([]byte(value)),
			base64.RawStdEncoding.EncodeToString([]byte(value)), base64.RawURLEncoding.EncodeToString([]byte(value)),
		} {
			if strings.Contains(text, strings.ToLower(form)) {
				t.Errorf("the HTTP cache shows the %s", name)
			}
		}
	}
	kinds := map[string]bool{}
	for key := range book.keys {
		if parts := digestKey.FindStringSubmatch(key); parts != nil {
			kinds[parts[1]] = true
		}
	}
	if len(kinds) != 5 || len(book.values) < 40 {
		t.Errorf("the run saw %d values and the kinds %v only", len(book.values), kinds)
	}
}

func (b *openBook) text() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all strings.Builder
	for _, set := range []map[string]bool{b.keys, b.values} {
		for text := range set {
			all.WriteString(text + "\n")
		}
	}
	return all.String()
}

// visit is a program at one kind of server. What goes wrong on the way is no matter of
// this test.
type visit struct {
	t         *testing.T
	site      site
	authority *keyporttest.Authority
	app       *keyport.ConfidentialClient
	public    *keyport.PublicClient
	user      keyport.Result
}

const visitorsRedirect = "http://localhost:8400/callback"

func newVisit(t *testing.T, s site, book *openBook) *visit {
	t.Helper()
	v := &visit{t: t, site: s, authority: keyporttest.New(keyporttest.Options{})}
	v.authority.AddResource("https://contoso.onmicrosoft.com/api")
	secret := keyporttest.PlantSecret("client secret")
	certificate := keyporttest.NewCertificate("visitor")
	v.authority.AddApp(keyporttest.App{
		ClientID: "my-app", Secrets: []string{secret}, RedirectURIs: []string{redirectURI}, IdentifierURIs: []string{"api://my-app"},
	})
	v.authority.AddApp(keyporttest.App{ClientID: "my-tool", Public: true, RedirectURIs: []string{visitorsRedirect}})
	ports := keyport.Ports{HTTPClient: v.authority.Client(), Clock: v.authority.Clock(), HTTPCache: book}
	config := keyport.ConfidentialClientConfig{
		ClientID: "my-app", Authority: s.authority, OIDCAuthority: s.issuer, Credential: keyport.ClientSecret(secret), Ports: ports,
	}
	var err error
	if v.app, err = keyport.NewConfidentialClient(config); err != nil {
		t.Fatal(err)
	}
	if v.public, err = keyport.NewPublicClient(keyport.PublicClientConfig{
		ClientID: "my-tool", Authority: s.authority, OIDCAuthority: s.issuer, Ports: ports,
	}); err != nil {
		t.Fatal(err)
	}
	config.Credential = keyport.ClientSigner(certificate.Signer, keyport.SignerOptions{Certificates: certificate.Chain, SendX5C: true})
	signer, err := keyport.NewConfidentialClient(config)
	if err != nil {
		t.Fatal(err)
	}
	// Which the server refuses: it does not know the certificate.
	_, _ = signer.AcquireTokenForClient(t.Context(), keyport.ClientCredentialsRequest{Scopes: []string{"https://graph.microsoft.com/.default"}, CorrelationID: "callers-remark"})
	return v
}

func (v *visit) silent(change func(*keyport.SilentRequest)) (keyport.Result, error) {
	r := keyport.SilentRequest{Scopes: []string{v.site.scope}, Account: v.user.Account, CorrelationID: "callers-remark", ForceRefresh: true}
	if change != nil {
		change(&r)
	}
	return v.app.AcquireTokenSilent(v.t.Context(), r)
}

func (v *visit) signInAndRenew() {
	v.t.Helper()
	flow, response := begin(v.t, v.authority, v.app, keyport.AuthCodeFlowRequest{Scopes: []string{v.site.scope}, LoginHint: keyporttest.Username})
	got, err := v.app.AcquireTokenByAuthCodeFlow(v.t.Context(), flow, response)
	if err != nil {
		v.t.Fatal(err)
	}
	v.user = got
	if _, err := v.silent(nil); err != nil {
		v.t.Fatal(err)
	}
	_, _ = v.silent(func(r *keyport.SilentRequest) {
		r.ClaimsChallenge = `{"id_token":{"sub":{"value":"` + keyporttest.UserID + `"}}}`
	})
	_, _ = v.app.UserInfo(v.t.Context(), got)
	_, _ = v.app.LogoutURL(v.t.Context(), keyport.LogoutRequest{LogoutHint: keyporttest.Username})
}

func (v *visit) actForOthers() {
	ctx := v.t.Context()
	_, _ = v.app.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{Scopes: []string{"https://graph.microsoft.com/.default"}})
	_, _ = v.app.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{Scopes: []string{"https://graph.microsoft.com/.default"}, Tenant: "no-such-tenant.example"})
	for range 2 {
		_, _ = v.app.AcquireTokenOnBehalfOf(ctx, keyport.OnBehalfOfRequest{UserAssertion: v.user.AccessToken, Scopes: []string{"User.Read"}})
		_, _, _ = v.app.InitiateLongRunningOnBehalfOf(ctx, "session of "+keyporttest.Username, keyport.OnBehalfOfRequest{UserAssertion: v.user.AccessToken, Scopes: []string{"User.Read"}})
		_, _ = v.app.AcquireTokenByRefreshToken(ctx, keyport.RefreshTokenRequest{RefreshToken: keyport.NewSecret(keyporttest.PlantSecret("refresh token")), Scopes: []string{v.site.scope}})
		_, _ = v.app.AcquireTokenByAuthorizationCode(ctx, keyport.AuthorizationCodeRequest{Code: keyport.NewSecret(keyporttest.PlantSecret("authorization code")), Scopes: []string{v.site.scope}, RedirectURI: redirectURI})
	}
}

// beRefused has the server say what a hostile or careless one may: names and remarks
// in every member, and a token in an error.
func (v *visit) beRefused() {
	planted := keyporttest.PlantSecret("token in an error")
	members := `"error_description":"confidential-remark on ` + keyporttest.Username + ` ` + keyporttest.UserFullName + `","error_uri":"https://e.example/confidential-remark",` +
		`"suberror":"confidential-remark ` + keyporttest.Username + `","trace_id":"confidential-remark","timestamp":"` + keyporttest.Username + `",` +
		`"correlation_id":"` + keyporttest.Username + `","access_token":"` + planted + `","user":"` + keyporttest.UserID + `"}`
	for _, rule := range []keyporttest.Rule{
		{Status: 400, Body: `{"error":"invalid_grant","error_codes":[50076],"claims":"{\"access_token\":{\"nbf\":{\"essential\":true}}}",` + members},
		{Status: 400, Body: `{"error":"invalid_scope",` + members},
		{Status: 401, Body: `{"error":"invalid_client",` + members},
		{Status: 400, Body: `{"error":"ask:` + keyporttest.Username + `",` + members},
		{Status: 400, Body: "<html>confidential-remark " + planted},
		{Status: 429, Body: `{"error":"temporarily_unavailable",` + members},
		{Status: 503, Header: http.Header{"Retry-After": {"30"}}, Body: "confidential-remark " + keyporttest.Username},
		{Status: 500, Body: `{"error":"server_error",` + members},
		{Status: 200, Header: http.Header{"Retry-After": {"30"}}},
	} {
		v.authority.Clock().Advance(5 * time.Minute)
		rule.Endpoint, rule.Times = keyporttest.EndpointToken, 1
		v.authority.Script(rule)
		for range 2 {
			_, _ = v.silent(nil)
		}
	}
	for _, endpoint := range []keyporttest.Endpoint{keyporttest.EndpointMetadata, keyporttest.EndpointKeys} {
		v.authority.Clock().Advance(25 * time.Hour)
		v.authority.Script(keyporttest.Rule{Endpoint: endpoint, Times: 2, Status: 503, Header: http.Header{"Retry-After": {"30"}}, Body: "confidential-remark " + planted})
		for range 3 {
			_, _ = v.silent(nil)
			_, _ = v.app.UserInfo(v.t.Context(), v.user)
		}
	}
	v.authority.Clock().Advance(5 * time.Minute)
	v.authority.RevokeSessions(keyporttest.Username)
	for range 2 {
		_, _ = v.silent(nil)
	}
	_ = v.app.RevokeTokens(v.t.Context(), v.user.Account)
}

func (v *visit) useADevice() {
	ctx := v.t.Context()
	flow, err := v.public.InitiateDeviceFlow(ctx, keyport.DeviceFlowRequest{Scopes: []string{v.site.scope}, CorrelationID: "callers-remark"})
	if err != nil {
		return // B2C has none
	}
	_, next, _ := v.public.PollDeviceFlow(ctx, flow)
	if err := v.authority.EnterCode(flow.VerificationURI, flow.UserCode, keyporttest.SignIn{}); err != nil {
		v.t.Fatal(err)
	}
	v.authority.Clock().Advance(time.Minute)
	got, _, err := v.public.PollDeviceFlow(ctx, next)
	if err != nil {
		v.t.Fatal("the device was not signed in")
	}
	_, _ = v.public.AcquireTokenSilent(ctx, keyport.SilentRequest{Scopes: []string{v.site.scope}, Account: got.Account, ForceRefresh: true})
}
