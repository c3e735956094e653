package keyport_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
)

// What the examples of this file share: a web application, and what it asks for.
const (
	webAppID = "11111111-2222-3333-4444-555555555555"
	callback = "https://app.example.com/callback" // where users come back to
	userRead = keyporttest.Graph + "/User.Read"
	mailRead = keyporttest.Graph + "/Mail.Read"
	reports  = "api://reports/Read" // of a web API
)

// must stands for what a program does about errors.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// newWebAppServer is a token server inside the test, with one web application and one
// user.
func newWebAppServer() *keyporttest.Authority {
	server := keyporttest.New(keyporttest.Options{AllowPersonalData: true})
	server.AddApp(keyporttest.App{
		ClientID: webAppID, Secrets: []string{"the-web-app's-secret"}, RedirectURIs: []string{callback},
		PostLogoutRedirectURIs: []string{"https://app.example.com/bye"},
	})
	return server
}

// webAppConfig configures the application for that server; a real program leaves
// Ports unset.
func webAppConfig(server *keyporttest.Authority) keyport.ConfidentialClientConfig {
	return keyport.ConfidentialClientConfig{
		ClientID:   webAppID,
		Authority:  keyport.AuthorityURL(keyport.AzurePublic, "contoso.onmicrosoft.com"),
		Credential: keyport.ClientSecret("the-web-app's-secret"),
		Ports:      keyport.Ports{HTTPClient: server.Client(), Clock: server.Clock()},
	}
}

// newWebApp is both.
func newWebApp() (*keyporttest.Authority, *keyport.ConfidentialClient) {
	server := newWebAppServer()
	app, err := keyport.NewConfidentialClient(webAppConfig(server))
	must(err)
	return server, app
}

// signIn is a whole sign-in of Alice, as Example_authCodeFlow shows it.
func signIn(server *keyporttest.Authority, app *keyport.ConfidentialClient, scopes ...string) keyport.Result {
	return signInAs(keyporttest.SignIn{}, server, app, scopes...)
}

// signInAs is one of somebody else.
func signInAs(user keyporttest.SignIn, server *keyporttest.Authority, app *keyport.ConfidentialClient, scopes ...string) keyport.Result {
	ctx := context.Background()
	flow, err := app.InitiateAuthCodeFlow(ctx, keyport.AuthCodeFlowRequest{Scopes: scopes, RedirectURI: callback})
	must(err)
	answer, err := server.SignIn(flow.AuthorizationURL, user)
	must(err)
	result, err := app.AcquireTokenByAuthCodeFlow(ctx, flow, answer)
	must(err)
	return result
}

// newReportsAPI is a client for the web API that the web application calls, which in
// turn calls Microsoft Graph.
func newReportsAPI(server *keyporttest.Authority) *keyport.ConfidentialClient {
	server.AddApp(keyporttest.App{ClientID: "reports-api", Secrets: []string{"the-api's-secret"}, IdentifierURIs: []string{"api://reports"}})
	config := webAppConfig(server)
	config.ClientID, config.Credential = "reports-api", keyport.ClientSecret("the-api's-secret")
	api, err := keyport.NewConfidentialClient(config)
	must(err)
	return api
}

// newIssuer is a token server that is not Microsoft's, and a client of it.
func newIssuer() (*keyporttest.Authority, *keyport.ConfidentialClient) {
	server := newWebAppServer()
	config := webAppConfig(server)
	config.Authority, config.OIDCAuthority = "", "https://id.contoso.example"
	app, err := keyport.NewConfidentialClient(config)
	must(err)
	return server, app
}

// refreshTokenFromElsewhere signs a user in without the library and returns the
// refresh token, as another library would have kept it.
func refreshTokenFromElsewhere(server *keyporttest.Authority, app *keyport.ConfidentialClient) string {
	address, err := app.AuthorizationRequestURL(context.Background(), keyport.AuthorizationURLRequest{Scopes: []string{userRead}, RedirectURI: callback})
	must(err)
	answer, err := server.SignIn(address, keyporttest.SignIn{})
	must(err)
	response, err := server.Client().PostForm(keyporttest.AuthorityURL+"/oauth2/v2.0/token", url.Values{
		"grant_type": {"authorization_code"}, "code": answer["code"], "redirect_uri": {callback},
		"client_id": {webAppID}, "client_secret": {"the-web-app's-secret"},
	})
	must(err)
	defer response.Body.Close()
	var got struct {
		RefreshToken string `json:"refresh_token"`
	}
	must(json.NewDecoder(response.Body).Decode(&got))
	return got.RefreshToken
}

// newDeviceApp is a command-line program, and a server whose user signs in on another
// device while the program waits for the second time.
func newDeviceApp() (*keyporttest.Authority, *keyport.PublicClient) {
	server := newWebAppServer()
	isDevice := func(r *http.Request, _ url.Values) bool { return strings.HasSuffix(r.URL.Path, "/devicecode") }
	server.Script(
		keyporttest.Rule{Match: isDevice, Body: `{"device_code":"the-device-code","user_code":"ABCD-EFGH","expires_in":900,"interval":5,` +
			`"verification_uri":"https://microsoft.com/devicelogin","message":"Open https://microsoft.com/devicelogin and enter ABCD-EFGH."}`},
		keyporttest.Rule{Endpoint: keyporttest.EndpointToken, Times: 1, Status: http.StatusBadRequest, Body: `{"error":"authorization_pending"}`},
		keyporttest.Rule{Endpoint: keyporttest.EndpointToken, Body: `{"token_type":"Bearer","access_token":"the-user's-token","expires_in":3599}`},
	)
	app, err := keyport.NewPublicClient(keyport.PublicClientConfig{
		ClientID: "my-command", Authority: keyport.AuthorityURL(keyport.AzurePublic, keyport.TenantOrganizations),
		Ports: keyport.Ports{HTTPClient: server.Client(), Clock: server.Clock()},
	})
	must(err)
	return server, app
}

// desktop stands for the browser and the loopback interface of a user's machine: what
// the browser opens, the user completes.
type desktop struct {
	server *keyporttest.Authority
	user   keyporttest.SignIn
	answer url.Values
}

func (d *desktop) Open(_ context.Context, address string) (err error) {
	d.answer, err = d.server.SignIn(address, d.user)
	return err
}

func (d *desktop) Listen(context.Context, string) (ports.RedirectReceiver, error) { return d, nil }
func (d *desktop) RedirectURI() string                                            { return "http://localhost:53682" }
func (d *desktop) Close() error                                                   { return nil }

func (d *desktop) Receive(context.Context, string) (url.Values, func(error), error) {
	return d.answer, func(outcome error) { fmt.Println("the browser shows success:", outcome == nil) }, nil
}

// A web application signs a user in: one handler sends the browser to the server, the
// other takes the answer. PKCE, state and nonce are made and checked by the library.
func Example_authCodeFlow() {
	server, app := newWebApp()
	ctx := context.Background()

	// The handler of /login keeps the flow in the session and redirects.
	flow, err := app.InitiateAuthCodeFlow(ctx, keyport.AuthCodeFlowRequest{
		Scopes: []string{userRead}, RedirectURI: callback,
	})
	must(err)

	// The user signs in at the server, which redirects to /callback.
	query, err := server.SignIn(flow.AuthorizationURL, keyporttest.SignIn{Username: "alice@contoso.onmicrosoft.com"})
	must(err)

	// The handler of /callback passes the flow from the session and r.URL.Query().
	result, err := app.AcquireTokenByAuthCodeFlow(ctx, flow, query)
	switch {
	case errors.Is(err, keyport.ErrResponseMismatch):
		fmt.Println("not an answer to this flow: show the sign-in link again")
		return
	case err != nil:
		fmt.Println("the server refused:", err)
		return
	}
	claims, err := result.IDTokenClaims()
	must(err)
	fmt.Println("hello", claims.Name, "alias", result.Account.Username)
	fmt.Println(result.TokenType, result.AccessToken, "until", result.ExpiresOn.Format("15:04"))
	// Output:
	// hello Alice Example alias alice@contoso.onmicrosoft.com
	// Bearer [redacted] until 12:59
}

// What comes to the redirect URI may be anybody's: a forged answer, one of another
// browser, or the server's refusal. The first two are safe to ignore.
func Example_authCodeFlowRefused() {
	server, app := newWebApp()
	ctx := context.Background()
	flow, err := app.InitiateAuthCodeFlow(ctx, keyport.AuthCodeFlowRequest{Scopes: []string{userRead}, RedirectURI: callback})
	must(err)

	forged := url.Values{"code": {"somebody-else's-code"}, "state": {"guessed"}}
	_, err = app.AcquireTokenByAuthCodeFlow(ctx, flow, forged)
	fmt.Println("forged: ignore it:", errors.Is(err, keyport.ErrResponseMismatch))

	cancelled, err := server.SignIn(flow.AuthorizationURL, keyporttest.SignIn{Cancel: true})
	must(err)
	_, err = app.AcquireTokenByAuthCodeFlow(ctx, flow, cancelled)
	var refused *keyport.OAuthError
	fmt.Println("cancelled:", errors.As(err, &refused) && errors.Is(err, keyport.ErrAccessDenied), refused.Code)

	flow, err = app.InitiateAuthCodeFlow(ctx, keyport.AuthCodeFlowRequest{Scopes: []string{userRead}, RedirectURI: callback})
	must(err) // a refusal ends a flow too
	answer, err := server.SignIn(flow.AuthorizationURL, keyporttest.SignIn{})
	must(err)
	for range 2 { // a user who reloads the page sends the same answer again
		_, err = app.AcquireTokenByAuthCodeFlow(ctx, flow, answer)
		fmt.Println("signed in:", err == nil, "ignore it:", errors.Is(err, keyport.ErrResponseMismatch))
	}
	// Output:
	// forged: ignore it: true
	// cancelled: true access_denied
	// signed in: true ignore it: false
	// signed in: false ignore it: true
}

// A flow survives in a session store as JSON. It has its secrets in it there, and
// nowhere else: keep it on the server, or sealed.
func Example_flowInSession() {
	server := newWebAppServer()
	sessions := map[string][]byte{} // stands for Redis, a database, a sealed cookie

	login, err := keyport.NewConfidentialClient(webAppConfig(server))
	must(err)
	flow, err := login.InitiateAuthCodeFlow(context.Background(), keyport.AuthCodeFlowRequest{
		Scopes: []string{userRead}, RedirectURI: callback, ResponseMode: keyport.ResponseModeFormPost,
	})
	must(err)
	sessions[flow.State], err = json.Marshal(flow)
	must(err)
	fmt.Println("in a log:", flow)

	form, err := server.SignIn(flow.AuthorizationURL, keyporttest.SignIn{})
	must(err)

	// Another machine takes the answer: a form, which comes without cookies.
	machine, err := keyport.NewConfidentialClient(webAppConfig(server))
	must(err)
	var kept keyport.AuthCodeFlow
	must(json.Unmarshal(sessions[form.Get("state")], &kept))
	result, err := machine.AcquireTokenByAuthCodeFlow(context.Background(), kept, form)
	fmt.Println("signed in:", !result.Account.IsZero(), err)
	// Output:
	// in a log: auth code flow [redacted]
	// signed in: true <nil>
}

// Ask silently before each use: the token comes from the cache while it serves, and by
// the refresh token when it has ended.
func Example_silentRenewal() {
	server, app := newWebApp()
	account := signIn(server, app, userRead).Account

	request := keyport.SilentRequest{Scopes: []string{userRead}, Account: account}
	for _, pass := range []time.Duration{10 * time.Minute, 2 * time.Hour, 0} {
		server.Clock().Advance(pass)
		result, err := app.AcquireTokenSilent(context.Background(), request)
		must(err)
		fmt.Println(server.Clock().Now().Format("15:04"), "from", result.Metadata.Source)
	}
	request.Scopes = []string{mailRead} // another scope, by the same refresh token
	result, err := app.AcquireTokenSilent(context.Background(), request)
	must(err)
	fmt.Println(result.Scopes.Has(mailRead), "from", result.Metadata.Source)
	// Output:
	// 12:10 from cache
	// 14:10 from identity_provider
	// 14:10 from cache
	// true from identity_provider
}

// Who is signed in, and how to forget one of them.
func Example_accounts() {
	server, app := newWebApp()
	ctx := context.Background()
	signIn(server, app, userRead)

	accounts, err := app.Accounts(ctx, keyport.AccountFilter{Username: "ALICE@contoso.onmicrosoft.com"})
	must(err)
	for _, account := range accounts {
		fmt.Println(account.Username, "in a log:", account)
		must(app.RemoveAccount(ctx, account))
	}

	_, err = app.AcquireTokenSilent(ctx, keyport.SilentRequest{Scopes: []string{userRead}, Account: accounts[0]})
	fmt.Println("sign in again:", errors.Is(err, keyport.ErrTokenNotCached))
	accounts, err = app.Accounts(ctx, keyport.AccountFilter{})
	fmt.Println(len(accounts), "accounts", err)
	// Output:
	// alice@contoso.onmicrosoft.com in a log: account [redacted]
	// sign in again: true
	// 0 accounts <nil>
}

// A scope to which the user has not consented yet is asked for when it is needed: try
// silently, and have the user decide if the server says so.
func Example_incrementalConsent() {
	server, app := newWebApp()
	server.AddApp(keyporttest.App{
		ClientID: webAppID, Secrets: []string{"the-web-app's-secret"}, RedirectURIs: []string{callback}, RequireConsent: true,
	})
	ctx := context.Background()
	account := signIn(server, app, userRead).Account

	request := keyport.SilentRequest{Scopes: []string{mailRead}, Account: account}
	_, err := app.AcquireTokenSilent(ctx, request)
	if errors.Is(err, keyport.ErrInteractionRequired) {
		fmt.Println("the user must consent")
		flow, err := app.InitiateAuthCodeFlow(ctx, keyport.AuthCodeFlowRequest{
			Scopes: request.Scopes, RedirectURI: callback, LoginHint: account.Username,
		})
		must(err)
		answer, err := server.SignIn(flow.AuthorizationURL, keyporttest.SignIn{})
		must(err)
		_, err = app.AcquireTokenByAuthCodeFlow(ctx, flow, answer)
		must(err)
	}
	result, err := app.AcquireTokenSilent(ctx, request)
	must(err)
	fmt.Println(result.Scopes.Has(mailRead), "from", result.Metadata.Source)
	// Output:
	// the user must consent
	// true from cache
}

// A policy may want more of the user than the sign-in has proved, such as a second
// factor. The refusal has the claims to ask for; hand them on to the next sign-in.
func Example_stepUp() {
	server, app := newWebApp()
	ctx := context.Background()
	account := signIn(server, app, userRead).Account
	server.RequireClaims(keyporttest.Graph, `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`)

	_, err := app.AcquireTokenSilent(ctx, keyport.SilentRequest{Scopes: []string{mailRead}, Account: account})
	var refused *keyport.OAuthError
	if !errors.Is(err, keyport.ErrInteractionRequired) || !errors.As(err, &refused) {
		fmt.Println("unexpected:", err)
		return
	}
	fmt.Println(refused.Code, refused.ErrorCodes, refused.Claims)

	flow, err := app.InitiateAuthCodeFlow(ctx, keyport.AuthCodeFlowRequest{
		Scopes: []string{mailRead}, RedirectURI: callback, LoginHint: account.Username,
		ClaimsChallenge: refused.Claims,
	})
	must(err)
	answer, err := server.SignIn(flow.AuthorizationURL, keyporttest.SignIn{})
	must(err)
	result, err := app.AcquireTokenByAuthCodeFlow(ctx, flow, answer)
	fmt.Println(result.Scopes.Has(mailRead), err)
	// Output:
	// invalid_grant [50076] {"access_token":{"acrs":{"essential":true,"value":"c1"}}}
	// true <nil>
}

// A silent request that fails says what to do: have the user sign in, or try later.
func Example_silentRefused() {
	server, app := newWebApp()
	request := keyport.SilentRequest{Scopes: []string{userRead}, Account: signIn(server, app, userRead).Account}
	server.Clock().Advance(2 * time.Hour) // the access token has ended

	server.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointToken, Times: 1, Status: http.StatusInternalServerError, Body: "oops"})
	_, err := app.AcquireTokenSilent(context.Background(), request)
	fmt.Println("try later:", errors.Is(err, keyport.ErrUnavailable))

	server.RevokeSessions("alice@contoso.onmicrosoft.com") // or the password was changed
	_, err = app.AcquireTokenSilent(context.Background(), request)
	fmt.Println("sign in again:", errors.Is(err, keyport.ErrInteractionRequired))
	var refused *keyport.OAuthError
	if errors.As(err, &refused) {
		fmt.Println(refused.Code, refused.SubError, refused.ErrorCodes)
	}
	// Output:
	// try later: true
	// sign in again: true
	// invalid_grant bad_token [50173]
}

// A web API calls the next API as the user who called it. The same assertion is served
// from the cache, and nobody gets what another caller's brought.
func Example_onBehalfOf() {
	server, webApp := newWebApp()
	server.AddUser("contoso.onmicrosoft.com", keyporttest.User{Username: "bob@contoso.onmicrosoft.com", Password: "Nine-Anchors-17"})
	api := newReportsAPI(server)
	ctx := context.Background()

	// In a handler: the token of the Authorization header, after it was validated.
	alices := signIn(server, webApp, reports).AccessToken.Reveal()
	bobs := signInAs(keyporttest.SignIn{Username: "bob@contoso.onmicrosoft.com"}, server, webApp, reports).AccessToken.Reveal()

	for _, incoming := range []string{alices, alices, bobs} {
		result, err := api.AcquireTokenOnBehalfOf(ctx, keyport.OnBehalfOfRequest{UserAssertion: keyport.NewSecret(incoming), Scopes: []string{userRead}})
		must(err)
		fmt.Println(result.Account.Username, "from", result.Metadata.Source)
	}

	// The part of the API that calls the next one need not know where tokens come from.
	tokens := api.TokensOnBehalfOf(alices)
	result, err := tokens.Token(ctx, keyport.TokenRequest{Scopes: []string{mailRead}})
	must(err)
	fmt.Println(result.Scopes.Has(mailRead), "from", result.Metadata.Source)
	// Output:
	// alice@contoso.onmicrosoft.com from identity_provider
	// alice@contoso.onmicrosoft.com from cache
	// bob@contoso.onmicrosoft.com from identity_provider
	// true from identity_provider
}

// When the next API wants more of the user, only the caller can ask: the API hands the
// claims on in its own 401.
func Example_onBehalfOfChallenge() {
	server, webApp := newWebApp()
	api := newReportsAPI(server)
	incoming := signIn(server, webApp, reports).AccessToken.Reveal()
	server.RequireClaims(keyporttest.Graph, `{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`)

	_, err := api.AcquireTokenOnBehalfOf(context.Background(), keyport.OnBehalfOfRequest{
		UserAssertion: keyport.NewSecret(incoming), Scopes: []string{userRead},
	})
	var refused *keyport.OAuthError
	if errors.Is(err, keyport.ErrInteractionRequired) && errors.As(err, &refused) {
		claims := base64.StdEncoding.EncodeToString([]byte(refused.Claims))
		fmt.Printf("401 WWW-Authenticate: Bearer error=\"insufficient_claims\", claims=%q\n", claims)
	}
	// Output:
	// 401 WWW-Authenticate: Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsiYWNycyI6eyJlc3NlbnRpYWwiOnRydWUsInZhbHVlIjoiYzEifX19"
}

// Work that goes on after the caller's token has ended keeps a session of its own.
func Example_longRunningOnBehalfOf() {
	server, webApp := newWebApp()
	api := newReportsAPI(server)
	ctx := context.Background()
	incoming := signIn(server, webApp, reports).AccessToken.Reveal()

	session, _, err := api.InitiateLongRunningOnBehalfOf(ctx, "", keyport.OnBehalfOfRequest{
		UserAssertion: keyport.NewSecret(incoming), Scopes: []string{userRead},
	})
	must(err)

	server.Clock().Advance(12 * time.Hour) // the job runs at night
	request := keyport.LongRunningRequest{SessionKey: session, Scopes: []string{userRead}}
	result, err := api.AcquireTokenInLongRunningOnBehalfOf(ctx, request)
	must(err)
	fmt.Println(result.Account.Username, "from", result.Metadata.Source)

	must(api.StopLongRunningOnBehalfOf(ctx, session))
	_, err = api.AcquireTokenInLongRunningOnBehalfOf(ctx, request)
	fmt.Println("forgotten:", errors.Is(err, keyport.ErrTokenNotCached))
	// Output:
	// alice@contoso.onmicrosoft.com from identity_provider
	// forgotten: true
}

// A refresh token that another library has kept becomes an account of this cache, so
// that users need not sign in again.
func Example_refreshTokenMigration() {
	server, app := newWebApp()
	ctx := context.Background()
	kept := refreshTokenFromElsewhere(server, app)

	result, err := app.AcquireTokenByRefreshToken(ctx, keyport.RefreshTokenRequest{RefreshToken: keyport.NewSecret(kept), Scopes: []string{userRead}})
	must(err)
	fmt.Println("moved", result.Account.Username)

	server.Clock().Advance(24 * time.Hour)
	result, err = app.AcquireTokenSilent(ctx, keyport.SilentRequest{Scopes: []string{userRead}, Account: result.Account})
	fmt.Println("the next day from", result.Metadata.Source, err)
	// Output:
	// moved alice@contoso.onmicrosoft.com
	// the next day from identity_provider <nil>
}

// The two steps by themselves, for a program that keeps state, nonce and code verifier
// in its own way. What the flow checks for others is this program's duty.
func Example_authorizationCode() {
	server, app := newWebApp()
	ctx := context.Background()

	state, nonce := rand.Text(), rand.Text()
	verifier := keyport.NewSecret(rand.Text() + rand.Text()) // RFC 7636 §4.1: at least 43 characters
	address, err := app.AuthorizationRequestURL(ctx, keyport.AuthorizationURLRequest{
		Scopes: []string{userRead}, RedirectURI: callback,
		State: state, Nonce: nonce, CodeChallenge: keyport.CodeChallenge(verifier),
	})
	must(err)

	query, err := server.SignIn(address, keyporttest.SignIn{})
	must(err)
	if query.Get("state") != state {
		fmt.Println("somebody else's answer")
		return
	}
	result, err := app.AcquireTokenByAuthorizationCode(ctx, keyport.AuthorizationCodeRequest{
		Code: keyport.NewSecret(query.Get("code")), Scopes: []string{userRead}, RedirectURI: callback,
		Nonce: nonce, CodeVerifier: verifier,
	})
	must(err)
	fmt.Println(result.Account.Username, result.Scopes.Has(userRead))
	// Output:
	// alice@contoso.onmicrosoft.com true
}

// The rest of a program takes the source of one user's tokens, and knows neither
// clients nor accounts.
func Example_tokensFor() {
	server, app := newWebApp()
	account := signIn(server, app, userRead).Account

	readMail := func(ctx context.Context, tokens keyport.TokenSource) error {
		result, err := tokens.Token(ctx, keyport.TokenRequest{Scopes: []string{mailRead}})
		if err != nil {
			return err
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, keyporttest.Graph+"/v1.0/me/messages", nil)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", result.AuthorizationHeader())
		fmt.Println(request.Method, request.URL, "with a", result.TokenType, "token")
		return nil
	}
	must(readMail(context.Background(), app.TokensFor(account)))
	// Output:
	// GET https://graph.microsoft.com/v1.0/me/messages with a Bearer token
}

// Signing out has two halves: the program forgets the user, and the browser ends the
// session at the server.
func Example_logout() {
	server, app := newWebApp()
	ctx := context.Background()
	browser := server.NewBrowser()
	flow, err := app.InitiateAuthCodeFlow(ctx, keyport.AuthCodeFlowRequest{Scopes: []string{userRead}, RedirectURI: callback})
	must(err)
	answer, err := browser.SignIn(flow.AuthorizationURL, keyporttest.SignIn{})
	must(err)
	result, err := app.AcquireTokenByAuthCodeFlow(ctx, flow, answer)
	must(err)

	must(app.RemoveAccount(ctx, result.Account))
	address, err := app.LogoutURL(ctx, keyport.LogoutRequest{
		IDTokenHint: result.IDToken, PostLogoutRedirectURI: "https://app.example.com/bye",
	})
	must(err)

	// The handler of /logout redirects to that address.
	back, err := browser.SignOut(address)
	fmt.Println("the browser comes back to", back, err)
	// Output:
	// the browser comes back to https://app.example.com/bye <nil>
}

// What an OpenID provider knows of a user, beyond the ID token.
func Example_userInfo() {
	server, app := newIssuer()
	result := signIn(server, app, "email")

	info, err := app.UserInfo(context.Background(), result)
	must(err)
	fmt.Println(info.Name, "alias", info.Email, "verified:", info.EmailVerified)
	fmt.Println("in a log:", info)
	// Output:
	// Alice Example alias alice@contoso.onmicrosoft.com verified: true
	// in a log: user info [redacted]
}

// Where the server offers it, it is told to forget the refresh token too. Entra ID
// does not: there, RemoveAccount is what there is.
func Example_revokeTokens() {
	server, app := newIssuer()
	ctx := context.Background()
	account := signIn(server, app).Account

	must(app.RevokeTokens(ctx, account))
	fmt.Println(len(server.Requests(keyporttest.EndpointRevocation)), "revocation")
	_, err := app.AcquireTokenSilent(ctx, keyport.SilentRequest{Scopes: []string{"openid"}, Account: account})
	fmt.Println("sign in again:", errors.Is(err, keyport.ErrTokenNotCached))

	server, app = newWebApp()
	err = app.RevokeTokens(ctx, signIn(server, app, userRead).Account)
	var bad *keyport.ConfigError
	fmt.Println("Entra ID:", errors.As(err, &bad), bad.Problem)
	// Output:
	// 1 revocation
	// sign in again: true
	// Entra ID: true has no revocation endpoint
}

// A B2C user flow is part of the authority. A user who has forgotten the password comes
// back with a number of B2C's, and is sent to another user flow.
func Example_b2cUserFlow() {
	server := newWebAppServer()
	server.AddResource("https://contoso.onmicrosoft.com/tasks")
	ctx := context.Background()
	clientFor := func(userFlow string) *keyport.ConfidentialClient {
		config := webAppConfig(server)
		config.Authority = "https://contoso.b2clogin.com/contoso.onmicrosoft.com/" + userFlow
		app, err := keyport.NewConfidentialClient(config)
		must(err)
		return app
	}
	request := keyport.AuthCodeFlowRequest{Scopes: []string{"https://contoso.onmicrosoft.com/tasks/read"}, RedirectURI: callback}
	app := clientFor("b2c_1_signin")
	for _, user := range []keyporttest.SignIn{{ForgotPassword: true}, {}} {
		flow, err := app.InitiateAuthCodeFlow(ctx, request)
		must(err)
		answer, err := server.SignIn(flow.AuthorizationURL, user)
		must(err)
		result, err := app.AcquireTokenByAuthCodeFlow(ctx, flow, answer)
		var refused *keyport.OAuthError
		if errors.As(err, &refused) && refused.SubError == "AADB2C90118" {
			fmt.Println("forgot the password")
			app = clientFor("b2c_1_reset")
			continue
		}
		must(err)
		claims, err := result.IDTokenClaims()
		must(err)
		fmt.Println(claims.Name, "by", string(claims.All["tfp"]))
	}
	// Output:
	// forgot the password
	// Alice Example by "b2c_1_reset"
}

// A desktop or command-line program has no secret: PKCE alone ties the code to it.
func Example_publicClient() {
	server := newWebAppServer()
	server.AddApp(keyporttest.App{ClientID: "my-desktop-app", Public: true, RedirectURIs: []string{"http://localhost"}})
	app, err := keyport.NewPublicClient(keyport.PublicClientConfig{
		ClientID:  "my-desktop-app",
		Authority: keyport.AuthorityURL(keyport.AzurePublic, keyport.TenantOrganizations),
		Ports:     keyport.Ports{HTTPClient: server.Client(), Clock: server.Clock()},
	})
	must(err)
	ctx := context.Background()

	// The program listens on a port of its own, and opens the browser.
	flow, err := app.InitiateAuthCodeFlow(ctx, keyport.AuthCodeFlowRequest{
		Scopes: []string{userRead}, RedirectURI: "http://localhost:53682", Prompt: keyport.PromptSelectAccount,
	})
	must(err)
	query, err := server.SignIn(flow.AuthorizationURL, keyporttest.SignIn{})
	must(err)
	result, err := app.AcquireTokenByAuthCodeFlow(ctx, flow, query)
	must(err)

	sent := server.Requests(keyporttest.EndpointToken)[0].Form
	fmt.Println("verifier:", sent.Has("code_verifier"), "secret:", sent.Has("client_secret"))
	fmt.Println(result.Account.Username)
	// Output:
	// verifier: true secret: false
	// alice@contoso.onmicrosoft.com
}

// A desktop or command-line program has the user sign in in the system's browser, and
// waits. A real program leaves Ports unset.
func Example_interactive() {
	server := newWebAppServer()
	server.AddApp(keyporttest.App{ClientID: "my-desktop-app", Public: true, RedirectURIs: []string{"http://localhost"}})
	machine := &desktop{server: server}
	app, err := keyport.NewPublicClient(keyport.PublicClientConfig{
		ClientID:  "my-desktop-app",
		Authority: keyport.AuthorityURL(keyport.AzurePublic, keyport.TenantOrganizations),
		Ports: keyport.Ports{
			HTTPClient: server.Client(), Clock: server.Clock(), Browser: machine, RedirectListener: machine,
		},
	})
	must(err)

	for _, user := range []keyporttest.SignIn{{Cancel: true}, {}} {
		machine.user = user
		result, err := app.AcquireTokenInteractive(context.Background(), keyport.InteractiveRequest{
			Scopes: []string{userRead}, Prompt: keyport.PromptSelectAccount, Timeout: 5 * time.Minute,
		})
		if errors.Is(err, keyport.ErrAccessDenied) {
			fmt.Println("the user has cancelled")
			continue
		}
		must(err)
		fmt.Println("hello", result.Account.Username)
	}
	// Output:
	// the browser shows success: false
	// the user has cancelled
	// the browser shows success: true
	// hello alice@contoso.onmicrosoft.com
}

// A program on a machine without a browser shows a code, and waits until the user has
// entered it on another device.
func Example_deviceFlow() {
	server, app := newDeviceApp()
	ctx := context.Background()

	flow, err := app.InitiateDeviceFlow(ctx, keyport.DeviceFlowRequest{Scopes: []string{userRead}})
	must(err)
	fmt.Println(flow.Message)

	go func() { // in this example, time passes when it is told to
		for range 2 {
			must(server.Clock().WaitForSleepers(ctx, 1))
			server.Clock().Advance(5 * time.Second)
		}
	}()
	result, err := app.AcquireTokenByDeviceFlow(ctx, flow)
	must(err)
	fmt.Println(result.Scopes.Has(userRead), "at", server.Clock().Now().Format("15:04:05"))
	// Output:
	// Open https://microsoft.com/devicelogin and enter ABCD-EFGH.
	// true at 12:00:10
}

// A program that has something else to do asks by itself, when the flow says.
func Example_pollDeviceFlow() {
	server, app := newDeviceApp()
	ctx := context.Background()
	flow, err := app.InitiateDeviceFlow(ctx, keyport.DeviceFlowRequest{Scopes: []string{userRead}})
	must(err)

	for {
		server.Clock().Advance(flow.NextPoll.Sub(server.Clock().Now())) // does something else
		result, next, err := app.PollDeviceFlow(ctx, flow)
		if errors.Is(err, keyport.ErrAuthorizationPending) {
			fmt.Println("not yet, again at", next.NextPoll.Format("15:04:05"))
			flow = next
			continue
		}
		must(err)
		fmt.Println("signed in:", result.Scopes.Has(userRead))
		return
	}
	// Output:
	// not yet, again at 12:00:10
	// signed in: true
}

// A token that a resource refuses before its time is taken out of the cache.
func Example_invalidate() {
	server, app := newWebApp()
	ctx := context.Background()
	request := keyport.SilentRequest{Scopes: []string{userRead}, Account: signIn(server, app, userRead).Account}

	for range 2 {
		result, err := app.AcquireTokenSilent(ctx, request)
		must(err)
		fmt.Println("from", result.Metadata.Source)
		must(app.Invalidate(ctx, result)) // the resource has answered 401
	}
	// Output:
	// from cache
	// from identity_provider
}

// The application's own tokens, and not those of users, leave the cache.
func Example_removeTokensForClient() {
	server, app := newWebApp()
	ctx := context.Background()
	account := signIn(server, app, userRead).Account
	request := keyport.ClientCredentialsRequest{Scopes: []string{keyporttest.Graph + "/.default"}}

	for range 2 {
		result, err := app.AcquireTokenForClient(ctx, request)
		must(err)
		fmt.Println("own from", result.Metadata.Source)
		must(app.RemoveTokensForClient(ctx))
	}
	result, err := app.AcquireTokenSilent(ctx, keyport.SilentRequest{Scopes: []string{userRead}, Account: account})
	fmt.Println("user's from", result.Metadata.Source, err)
	// Output:
	// own from identity_provider
	// own from identity_provider
	// user's from cache <nil>
}

// Tokens that are bound to a request take a broker, and there is none yet: ask before
// you set a Scheme.
func Example_proofOfPossession() {
	server, app := newWebApp()
	request := keyport.SilentRequest{
		Scopes: []string{userRead}, Account: signIn(server, app, userRead).Account,
		Scheme: keyport.PoP{Method: "GET", URL: "https://api.example.com/orders", Nonce: "of-the-resource"},
	}
	_, err := app.AcquireTokenSilent(context.Background(), request)
	fmt.Println(app.IsPoPSupported(), err)
	// Output:
	// false invalid Scheme: needs a broker, and there is none; leave it nil for a bearer token; IsPoPSupported tells beforehand
}
