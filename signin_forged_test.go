package keyport_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/keyporttest"
)

// TestForgedIDTokensAreRefusedAndNothingIsCached is the check that the MSALs leave
// out: every claim and the signature, before anything is stored.
func TestForgedIDTokensAreRefusedAndNothingIsCached(t *testing.T) {
	claim := func(name string, value any) keyporttest.Forgery {
		return keyporttest.Forgery{Change: func(_, claims map[string]any) {
			if claims[name] = value; value == nil {
				delete(claims, name)
			}
		}}
	}
	unknownKey := keyporttest.Forgery{Change: func(header, _ map[string]any) { header["kid"] = "made-up" }}
	for name, row := range map[string]struct {
		forgery keyporttest.Forgery
		field   string // that the error names
	}{
		"a stranger's key":          {keyporttest.Forgery{Signature: keyporttest.SignedByStranger}, ""},
		"no signature":              {keyporttest.Forgery{Signature: keyporttest.SignedByNobody}, ""},
		"signed with a public key":  {keyporttest.Forgery{Signature: keyporttest.SignedByHMAC}, ""},
		"tampered":                  {keyporttest.Forgery{Signature: keyporttest.SignedThenEdited}, ""},
		"a key that is unknown":     {unknownKey, "kid"},
		"another nonce":             {claim("nonce", "another"), "nonce"},
		"no nonce":                  {claim("nonce", nil), "nonce"},
		"another audience":          {claim("aud", "another-app"), "aud"},
		"no audience":               {claim("aud", nil), "aud"},
		"two audiences and no azp":  {claim("aud", []string{"another-app", "my-app"}), "azp"},
		"azp of another":            {claim("azp", "another-app"), "azp"},
		"another issuer":            {claim("iss", "https://evil.example"), "iss"},
		"no issuer":                 {claim("iss", nil), "iss"},
		"another tenant":            {claim("tid", "99999999-0000-4000-8000-000000000001"), "iss"},
		"expired":                   {claim("exp", 1700000000), "exp"},
		"no expiry":                 {claim("exp", nil), "exp"},
		"issued in the future":      {claim("iat", 4000000000), "iat"},
		"never issued":              {claim("iat", nil), "iat"},
		"valid in the future":       {claim("nbf", 4000000000), "nbf"},
		"no subject":                {claim("sub", nil), "sub"},
		"another token's hash":      {claim("at_hash", "AAAAAAAAAAAAAAAAAAAAAA"), "at_hash"},
		"another code's hash":       {claim("c_hash", "AAAAAAAAAAAAAAAAAAAAAA"), "c_hash"},
		"signed in long ago":        {claim("auth_time", 1700000000), "auth_time"},
		"nobody knows how long ago": {claim("auth_time", nil), "auth_time"},
	} {
		t.Run(name, func(t *testing.T) {
			authority, _, config := newSite(t, sites[0])
			cache := cachememory.NewTokenCache(cachememory.TokenCacheOptions{Clock: authority.Clock()})
			config.Ports.TokenCache = cache
			app, err := keyport.NewConfidentialClient(config)
			if err != nil {
				t.Fatal(err)
			}
			authority.ForgeIDTokens(row.forgery)
			flow, response := begin(t, authority, app, keyport.AuthCodeFlowRequest{Scopes: []string{sites[0].scope}, MaxAge: time.Hour})
			result, err := app.AcquireTokenByAuthCodeFlow(t.Context(), flow, response)
			var bad *keyport.ResponseError
			if !errors.As(err, &bad) || bad.Operation != "ID token" || bad.Field != row.field {
				t.Errorf("got %v, want a refused ID token because of %q", err, row.field)
			}
			if n := cache.Len(); n != 0 || !result.AccessToken.IsZero() {
				t.Errorf("%d users are in the cache, and the caller has a token: %v", n, !result.AccessToken.IsZero())
			}
			keyporttest.AssertClean(t, authority, "error", err, result)
		})
	}
}

// TestPersonalAccountsOnlyAreThoseOfOneTenant: the authority says so, and its issuer does
// not.
func TestPersonalAccountsOnlyAreThoseOfOneTenant(t *testing.T) {
	const someTenant = "99999999-0000-4000-8000-000000000001"
	for _, tenant := range []string{keyporttest.PersonalTenantID, someTenant} {
		authority, app, _ := newSite(t, site{authority: "https://login.microsoftonline.com/consumers"})
		authority.AddUser(keyporttest.PersonalTenantID, keyporttest.User{Username: "someone@live.example", Password: "Nine-Harbours-27"})
		authority.ForgeIDTokens(keyporttest.Forgery{Change: func(_, claims map[string]any) {
			claims["tid"], claims["iss"] = tenant, "https://login.microsoftonline.com/"+tenant+"/v2.0"
		}})
		flow, err := app.InitiateAuthCodeFlow(t.Context(), keyport.AuthCodeFlowRequest{RedirectURI: redirectURI})
		if err != nil {
			t.Fatal(err)
		}
		response, err := authority.SignIn(flow.AuthorizationURL, keyporttest.SignIn{Username: "someone@live.example"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = app.AcquireTokenByAuthCodeFlow(t.Context(), flow, response)
		var bad *keyport.ResponseError
		if refused := errors.As(err, &bad) && bad.Field == "tid"; refused != (tenant == someTenant) || !refused && err != nil {
			t.Errorf("%s: got %v", tenant, err)
		}
	}
}

// keyPublisher answers requests for keys with what edit makes of them.
type keyPublisher struct {
	*keyporttest.Authority
	edit func(key map[string]any)
}

// Do implements ports.HTTPClient.
func (p keyPublisher) Do(r *http.Request) (*http.Response, error) {
	answer, err := p.Client().Do(r)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/keys") {
		return answer, err
	}
	defer func() { _ = answer.Body.Close() }()
	var set struct {
		Keys []map[string]any `json:"keys"`
	}
	if err := json.NewDecoder(answer.Body).Decode(&set); err != nil {
		return nil, err
	}
	for _, key := range set.Keys {
		p.edit(key)
	}
	text, err := json.Marshal(set)
	answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return answer, err
}

// TestAKeySignsForItsIssuerAlone: Microsoft publishes keys of several issuers in one set,
// and says of each whose it is.
func TestAKeySignsForItsIssuerAlone(t *testing.T) {
	const host = "https://login.microsoftonline.com/"
	for issuer, good := range map[string]bool{
		host + "{tenantid}/v2.0":                           true,
		host + keyporttest.TenantID + "/v2.0":              true,
		host + keyporttest.PersonalTenantID + "/v2.0":      false,
		"https://login.microsoftonline.us/{tenantid}/v2.0": false,
	} {
		authority, _, config := newSite(t, sites[0])
		config.Ports.HTTPClient = keyPublisher{authority, func(key map[string]any) { key["issuer"] = issuer }}
		app, err := keyport.NewConfidentialClient(config)
		if err != nil {
			t.Fatal(err)
		}
		flow, response := begin(t, authority, app, keyport.AuthCodeFlowRequest{Scopes: []string{sites[0].scope}})
		_, err = app.AcquireTokenByAuthCodeFlow(t.Context(), flow, response)
		var bad *keyport.ResponseError
		if refused := errors.As(err, &bad) && bad.Field == "iss"; refused == good || good && err != nil {
			t.Errorf("a key of %s: got %v", issuer, err)
		}
	}
}
