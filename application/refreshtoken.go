package application

import (
	"context"
	"net/url"

	"github.com/seed57855a68/keyport/application/internal/flight"
	"github.com/seed57855a68/keyport/domain"
)

const byRefreshToken = "acquire token by refresh token"

// RefreshTokenRequest brings a refresh token from elsewhere into the cache, such as
// from another library. RefreshToken and Scopes are required.
type RefreshTokenRequest struct {
	RefreshToken domain.Secret
	Scopes       []string
	// Tenant, a GUID or a domain name; when empty, the authority's.
	Tenant string
	// CorrelationID is sent as client-request-id; when empty, a random UUID.
	CorrelationID string
}

// acquireTokenByRefreshToken redeems a stranger's refresh token and files what comes
// back as a sign-in.
func (c *core) acquireTokenByRefreshToken(ctx context.Context, r RefreshTokenRequest) (result domain.Result, err error) {
	if c.watched {
		var w *recorder
		ctx, w = c.watch(ctx, domain.AcquireTokenByRefreshTokenID, person{tenant: r.Tenant})
		defer w.ended(ctx, &result, &err)
	}
	if err := c.ready(ctx); err != nil {
		return domain.Result{}, err
	}
	if r.RefreshToken.IsZero() {
		return domain.Result{}, &domain.ConfigError{Field: "RefreshToken", Problem: "is empty", Remedy: "pass the token; for users of this cache use AcquireTokenSilent"}
	}
	scopes, err := domain.ParseScopes(r.Scopes)
	if err != nil {
		return domain.Result{}, err
	}
	a, err := c.authorityFor(r.Tenant)
	if err != nil {
		return domain.Result{}, err
	}
	if err := checkCorrelationID(r.CorrelationID); err != nil {
		return domain.Result{}, err
	}
	claims, err := domain.MergeClaims(c.capabilities)
	if err != nil {
		return domain.Result{}, err
	}
	if err := c.prepareKeys(ctx, a); err != nil { // while the token is good yet
		return domain.Result{}, failedAs(byRefreshToken, err)
	}
	sent := scopes.ForSignIn(c.exclude)
	extra := c.extraKey(ctx, domain.Parameters{}, "")
	key := flightKey{lookup: lookup{domain.AssertionKey(c.clientID, r.RefreshToken), domain.RecordKey{Scopes: scopes.Key(), Tenant: a.TenantKey(), Extra: extra}}}
	result, _, err = c.fly(ctx, key, c.flights.Mark(), flight.Options{Timeout: c.timeout, Detached: true}, func(ctx context.Context, _ bool) (domain.Result, error) {
		got, err := c.send(ctx, tokenRequest{
			operation: byRefreshToken, api: domain.AcquireTokenByRefreshTokenID, reason: domain.ReasonForced, authority: a,
			grant:  url.Values{"grant_type": {"refresh_token"}, "refresh_token": {r.RefreshToken.Reveal()}},
			scopes: sent, claims: claims, correlation: r.CorrelationID,
		})
		if err != nil {
			return domain.Result{}, err
		}
		if got.RefreshToken.IsZero() { // RFC 6749 §6: without a new one the old one stays good
			got.RefreshToken = r.RefreshToken
		}
		result, err := c.fileUser(ctx, userGrant{authority: a, got: got, asked: scopes.Lookup(), sent: sent, reason: domain.ReasonForced, forced: true, extra: extra})
		return result, failedUnlessNil(byRefreshToken, err)
	})
	return result, err
}
