package application

import (
	"context"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// sourceFunc is a [ports.TokenSource] made of a method.
type sourceFunc func(context.Context, domain.TokenRequest) (domain.Result, error)

// Token implements [ports.TokenSource].
func (f sourceFunc) Token(ctx context.Context, r domain.TokenRequest) (domain.Result, error) {
	return f(ctx, r)
}

// tokensFor is the source of one user's tokens.
func (c *core) tokensFor(account domain.Account) ports.TokenSource {
	return sourceFunc(func(ctx context.Context, r domain.TokenRequest) (domain.Result, error) {
		return c.acquireTokenSilent(ctx, &SilentRequest{
			Scopes: r.Scopes, Account: account, Tenant: r.Tenant, ClaimsChallenge: r.ClaimsChallenge,
			ForceRefresh: r.ForceRefresh, CorrelationID: r.CorrelationID,
		})
	})
}

// AppTokens returns the source of the application's own tokens, for parts of a
// program that need tokens and should not know where from.
func (c *ConfidentialClient) AppTokens() ports.TokenSource {
	return sourceFunc(func(ctx context.Context, r domain.TokenRequest) (domain.Result, error) {
		return c.AcquireTokenForClient(ctx, ClientCredentialsRequest{
			Scopes: r.Scopes, Tenant: r.Tenant, ClaimsChallenge: r.ClaimsChallenge,
			ForceRefresh: r.ForceRefresh, CorrelationID: r.CorrelationID,
		})
	})
}

// TokensOnBehalfOf returns the source of tokens of the user who called a web API with
// this assertion.
func (c *ConfidentialClient) TokensOnBehalfOf(userAssertion string) ports.TokenSource {
	return sourceFunc(func(ctx context.Context, r domain.TokenRequest) (domain.Result, error) {
		return c.AcquireTokenOnBehalfOf(ctx, OnBehalfOfRequest{
			UserAssertion: domain.NewSecret(userAssertion), Scopes: r.Scopes, Tenant: r.Tenant, ClaimsChallenge: r.ClaimsChallenge,
			ForceRefresh: r.ForceRefresh, CorrelationID: r.CorrelationID,
		})
	})
}
