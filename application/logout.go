package application

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/seed57855a68/keyport/application/internal/telemetry"
	"github.com/seed57855a68/keyport/application/internal/tokenendpoint"
	"github.com/seed57855a68/keyport/domain"
)

// logoutURL is where to send the user's browser.
func (c *core) logoutURL(ctx context.Context, r domain.LogoutRequest) (string, error) {
	if err := c.ready(ctx); err != nil {
		return "", err
	}
	metadata, err := c.resolver.Resolve(ctx, c.authority)
	if err != nil {
		return "", failedAs("logout URL", err)
	}
	if metadata.EndSessionEndpoint == "" {
		return "", &domain.ConfigError{
			Field: "Authority", Problem: "has no end-session endpoint", Remedy: "end your own session and call RemoveAccount; the server's own session goes on",
		}
	}
	return r.URL(metadata.EndSessionEndpoint, c.clientID), nil
}

// revokeTokens has the server forget the user's refresh tokens (RFC 7009), and then
// the cache.
func (c *core) revokeTokens(ctx context.Context, account domain.Account) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	metadata, err := c.resolver.Resolve(ctx, c.authority)
	if err != nil {
		return failedAs("revoke tokens", err)
	}
	if metadata.RevocationEndpoint == "" {
		return &domain.ConfigError{
			Field: "Authority", Problem: "has no revocation endpoint", Remedy: "call RemoveAccount, which forgets the tokens here",
		}
	}
	key := domain.UserKey(c.clientID, account.HomeAccountID)
	done, err := c.takeTurn(ctx, key) // a refresh under way would bring a token that nobody revokes
	if err != nil {
		return failedAs("revoke tokens", err)
	}
	defer done()
	set, err := c.ports.TokenCache.Load(ctx, key)
	if err != nil {
		return fmt.Errorf("revoke tokens: the token cache could not be read: %w", err)
	}
	var failed []error
	for _, t := range set.RefreshTokens() {
		if t.Key == domain.RefreshTokenKey(c.authority, c.clientID) {
			failed = append(failed, c.revoke(ctx, metadata, t.Secret))
		}
	}
	if err := errors.Join(failed...); err != nil {
		return failedAs("revoke tokens", err)
	}
	return c.removeAccount(ctx, account)
}

func (c *core) revoke(ctx context.Context, metadata domain.ServerMetadata, token domain.Secret) error {
	id := telemetry.NewCorrelationID()
	form := url.Values{"client_id": {c.clientID}, "token": {token.Reveal()}, "token_type_hint": {"refresh_token"}}
	header := http.Header{}
	if err := c.authenticate(ctx, c.auth, authFacts{authority: c.authority, metadata: metadata, correlationID: id}, form, header); err != nil {
		return err
	}
	return tokenendpoint.Revoke(ctx, c.http, tokenendpoint.Request{
		Endpoint: metadata.RevocationEndpoint, Form: form, Header: header, CorrelationID: id,
	}, c.ports.Clock.Now)
}
