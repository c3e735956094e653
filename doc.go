// Package keyport acquires OAuth 2.0 and OpenID Connect tokens: from Microsoft
// Entra ID, External ID, B2C, AD FS and any OpenID Connect provider.
//
// # A first token
//
//	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
//		ClientID:   "11111111-2222-3333-4444-555555555555",
//		Authority:  "https://login.microsoftonline.com/contoso.onmicrosoft.com",
//		Credential: keyport.ClientSecret(os.Getenv("CLIENT_SECRET")),
//	})
//	result, err := app.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{
//		Scopes: []string{"https://graph.microsoft.com/.default"},
//	})
//	req.Header.Set("Authorization", result.AuthorizationHeader())
//
// Make one client for the life of the program and call it whenever a token is
// needed: it answers from its cache, renews tokens before they end, and sends one
// request when a thousand goroutines want the same token.
//
// # What to choose
//
//   - A service or daemon acts for itself: [ConfidentialClient] and AcquireTokenForClient.
//   - A web application has users: InitiateAuthCodeFlow, AcquireTokenByAuthCodeFlow, and
//     from then on AcquireTokenSilent with the account.
//   - A web API acts for the user who called it: AcquireTokenOnBehalfOf.
//   - A program that cannot keep a secret is a [PublicClient].
//   - Which credential? A certificate ([ClientCertificate]) rather than a secret
//     ([ClientSecret]); a key in a vault or in hardware is a [ClientSigner]; a token that
//     a platform issues is a [ClientAssertionFunc]; one that rotates is a [CredentialFunc].
//
// # Make it yours
//
//   - Your own HTTP client: any *http.Client in [Ports].HTTPClient.
//   - Your own store: implement ports.TokenCache, and let ports/portstest check it.
//   - Your own tests: accept a [TokenSource] and use package mocks, or run the whole
//     client against package keyporttest, an authority inside the test.
//
// # Errors
//
// A [*ConfigError] names the field and the remedy. An [*OAuthError] is the server's
// refusal, with its codes and the correlation id for support. [errors.Is] with
// [ErrUnavailable], [ErrInvalidClient] and their kin tells what to do next, and
// [Explain] says it in words. No error, log line or %+v holds a token or a secret.
// A plan, such as PlanTokenSilent returns, says what a request would do.
//
// This package names the types of [github.com/seed57855a68/keyport/application]
// and [github.com/seed57855a68/keyport/domain] and supplies the default adapters;
// it decides nothing.
package keyport
