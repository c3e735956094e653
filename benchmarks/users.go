package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/cachememory"
)

const (
	userScope   = "https://graph.microsoft.com/User.Read"
	redirectURI = "https://app.example/callback"
)

// users names users of one tenant as caches do: "<object id>.<tenant>".
func users(n int) []string {
	names := tenants(n)
	for i := range names {
		names[i] += "." + home
	}
	return names
}

// signInStub answers the token requests of sign-ins, inside the process. The code says
// who signs in. Nobody has signed the ID tokens: MSAL for Go does not look at
// signatures, and Keyport is told not to. Neither does on a hit.
type signInStub struct{ stub }

// Do implements the HTTP client of both libraries.
func (s *signInStub) Do(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		return s.stub.Do(r)
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(text))
	if err != nil {
		return nil, err
	}
	if form.Get("grant_type") != "authorization_code" {
		panic("a token that is in the cache was asked of the server")
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(s.tokensOf(form.Get("code")))), Request: r,
	}, nil
}

// tokensOf is the answer to a sign-in, of the usual size.
func (s *signInStub) tokensOf(user string) string {
	object, tenant, _ := strings.Cut(user, ".")
	now, n := time.Now(), s.n.Add(1)
	claims := fmt.Sprintf(`{"iss":"https://login.microsoftonline.com/%s/v2.0","aud":"%s","sub":"sub-%s","oid":"%s","tid":"%s","iat":%d,"exp":%d,"preferred_username":"%s@contoso.example","name":"%s"}`,
		tenant, clientID, object, object, tenant, now.Unix(), now.Add(time.Hour).Unix(), object, filler[:300])
	info := fmt.Sprintf(`{"uid":"%s","utid":"%s"}`, object, tenant)
	return fmt.Sprintf(`{"token_type":"Bearer","expires_in":86400,"scope":"openid profile %s","access_token":"%s%d","refresh_token":"%s%d","id_token":"%s","client_info":"%s"}`,
		userScope, filler, n, filler[:1000], n, base64url(`{"alg":"RS256","typ":"JWT"}`)+"."+base64url(claims)+"."+filler[:342], base64url(info))
}

func base64url(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// keyportUsers signs all users in to one client and then serves them from its cache.
func keyportUsers(names []string) subject {
	app := must(keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: clientID, Authority: "https://login.microsoftonline.com/" + home, Credential: keyport.ClientSecret("a-secret"),
		InsecureSkipIDTokenVerification: true,
		Ports: keyport.Ports{
			HTTPClient: &signInStub{},
			TokenCache: cachememory.NewTokenCache(cachememory.TokenCacheOptions{MaxPartitions: 2*len(names) + 1000}),
		},
	}))
	ctx, accounts := context.Background(), make([]keyport.Account, len(names))
	for i, name := range names {
		accounts[i] = must(app.AcquireTokenByAuthorizationCode(ctx, keyport.AuthorizationCodeRequest{
			Code: keyport.NewSecret(name), Scopes: []string{userScope}, RedirectURI: redirectURI,
		})).Account
	}
	return subject{"Keyport", func(i int) {
		must(app.AcquireTokenSilent(ctx, keyport.SilentRequest{Scopes: []string{userScope}, Account: accounts[spread(i, len(accounts))]}))
	}}
}

func msalUsers(names []string) subject {
	app := must(confidential.New("https://login.microsoftonline.com/"+home, clientID,
		must(confidential.NewCredFromSecret("a-secret")), confidential.WithHTTPClient(&signInStub{})))
	ctx, accounts := context.Background(), make([]confidential.Account, len(names))
	for i, name := range names {
		accounts[i] = must(app.AcquireTokenByAuthCode(ctx, name, redirectURI, []string{userScope})).Account
	}
	return subject{"MSAL Go", func(i int) {
		must(app.AcquireTokenSilent(ctx, []string{userScope}, confidential.WithSilentAccount(accounts[spread(i, len(accounts))])))
	}}
}
