package application

import (
	"context"
	"fmt"
	"io"
	"net/url"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// client is what both kinds of clients can do.
type client struct{ core core }

// InitiateAuthCodeFlow begins a sign-in in a browser: authorization code with PKCE,
// state and nonce (RFC 6749 §4.1, RFC 7636, OIDC Core §3.1). Send the user to
// AuthorizationURL, and keep the flow in the session until the answer comes.
func (c *client) InitiateAuthCodeFlow(ctx context.Context, r AuthCodeFlowRequest) (domain.AuthCodeFlow, error) {
	return c.core.initiateAuthCodeFlow(ctx, r)
}

// AcquireTokenByAuthCodeFlow completes a sign-in: pass the flow from the session, and
// the query or the form that reached the redirect URI. Everything is checked before
// anything is cached, and a flow serves once.
//
// [domain.ErrResponseMismatch] is an answer to no flow, or to another one, and safe to
// ignore: show the sign-in link again. An [*domain.OAuthError] is the server's refusal.
func (c *client) AcquireTokenByAuthCodeFlow(ctx context.Context, f domain.AuthCodeFlow, response url.Values) (domain.Result, error) {
	return c.core.acquireTokenByAuthCodeFlow(ctx, f, response)
}

// AuthorizationRequestURL returns an authorization URL alone. Prefer
// InitiateAuthCodeFlow: here state, nonce and PKCE are left to you.
func (c *client) AuthorizationRequestURL(ctx context.Context, r AuthorizationURLRequest) (string, error) {
	return c.core.authorizationRequestURL(ctx, r)
}

// AcquireTokenByAuthorizationCode redeems a code that AuthorizationRequestURL brought.
// Compare the state of the answer first.
func (c *client) AcquireTokenByAuthorizationCode(ctx context.Context, r AuthorizationCodeRequest) (domain.Result, error) {
	return c.core.acquireTokenByAuthorizationCode(ctx, r)
}

// AcquireTokenSilent returns a token of a user who has signed in before, without the
// user: from the cache, or with the refresh token.
//
// Errors: [domain.ErrTokenNotCached] when nothing is known of the user and nothing was
// sent; [domain.ErrInteractionRequired] when only the user can go on, with the Claims
// to pass on in the [*domain.OAuthError]; [domain.ErrUnavailable] when the server could
// not be asked, or a [*domain.ThrottledError] when it is not to be asked for a while; else
// what the server said.
func (c *client) AcquireTokenSilent(ctx context.Context, r SilentRequest) (domain.Result, error) {
	return c.core.acquireTokenSilent(ctx, &r)
}

// AcquireTokenByRefreshToken takes over a refresh token from elsewhere, such as another
// library, and files what it brings. For users of this cache there is AcquireTokenSilent.
func (c *client) AcquireTokenByRefreshToken(ctx context.Context, r RefreshTokenRequest) (domain.Result, error) {
	return c.core.acquireTokenByRefreshToken(ctx, r)
}

// Accounts returns the users who are signed in, according to the cache. It sends
// nothing, and says nothing of whether their tokens still serve.
func (c *client) Accounts(ctx context.Context, f AccountFilter) ([]domain.Account, error) {
	return c.core.accounts(ctx, f)
}

// RemoveAccount forgets a user and all their tokens of this client and its family, in
// every tenant of the client's cloud. It sends nothing: the user stays signed in at the
// server (LogoutURL), and tokens that were handed out serve until they end.
func (c *client) RemoveAccount(ctx context.Context, account domain.Account) error {
	return c.core.removeAccount(ctx, account)
}

// RevokeTokens has the server forget the user's refresh tokens (RFC 7009), where it
// can, and forgets the user as RemoveAccount does.
func (c *client) RevokeTokens(ctx context.Context, account domain.Account) error {
	return c.core.revokeTokens(ctx, account)
}

// UserInfo asks the authority what it knows of the user whose token it is (OIDC Core
// §5.3). The result must be of a sign-in or of AcquireTokenSilent, with the scope
// "openid".
func (c *client) UserInfo(ctx context.Context, signedIn domain.Result) (domain.UserInfo, error) {
	return c.core.userInfo(ctx, signedIn)
}

// LogoutURL returns where to send the user's browser to end the session at the server
// (RP-Initiated Logout 1.0). Call RemoveAccount too.
func (c *client) LogoutURL(ctx context.Context, r domain.LogoutRequest) (string, error) {
	return c.core.logoutURL(ctx, r)
}

// TokensFor returns the source of one user's tokens, for parts of a program that need
// tokens and should not know where from.
func (c *client) TokensFor(account domain.Account) ports.TokenSource {
	return c.core.tokensFor(account)
}

// IsPoPSupported reports whether tokens can be bound to a request ([domain.PoP]). That
// takes a broker, and there is none yet.
func (c *client) IsPoPSupported() bool { return false }

// Invalidate takes a token out of the cache that a resource has refused, so that
// it is never served again. A newer token for the same request stays.
func (c *client) Invalidate(ctx context.Context, refused domain.Result) error {
	return c.core.invalidate(ctx, refused)
}

// Close refuses further calls with [domain.ErrClientClosed] and waits for requests
// under way, those in the background too. When ctx ends first, it cancels them (who
// waits for one gets [context.Canceled]) and returns the context's error. Tokens that
// are cached stay.
func (c *client) Close(ctx context.Context) error { return c.core.close(ctx) }

// Format implements [fmt.Formatter]. What is under way in a client names people and
// holds codes.
func (c *client) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "client "+c.core.clientID)
}
