package application

import (
	"context"
	"fmt"

	"github.com/seed57855a68/keyport/domain"
)

// LongRunningRequest goes on with work for a user after the assertion that it began
// with has expired. SessionKey and Scopes are required.
type LongRunningRequest struct {
	// SessionKey is what InitiateLongRunningOnBehalfOf returned.
	SessionKey string
	// Scopes of the next API.
	Scopes []string
	// Tenant, as it was when the session began.
	Tenant string
	// ClaimsChallenge is the JSON object of a claims challenge, decoded. When set, the
	// cached token is not used.
	ClaimsChallenge string
	// ForceRefresh redeems the refresh token although there is an access token.
	ForceRefresh bool
	// CorrelationID is sent as client-request-id; when empty, a random UUID.
	CorrelationID string
}

const longRunning = "acquire token in long-running on behalf of"

// InitiateLongRunningOnBehalfOf begins work for a user that will outlive the
// assertion. It keeps the refresh token under the session key, which is the caller's
// or, when sessionKey is empty, a random one. Whoever knows the key can act for the
// user through this client: keep it as you keep a session id.
func (c *ConfidentialClient) InitiateLongRunningOnBehalfOf(ctx context.Context, sessionKey string, r OnBehalfOfRequest) (session string, result domain.Result, err error) {
	if c.core.watched {
		var w *recorder
		ctx, w = c.core.watch(ctx, domain.AcquireTokenOnBehalfOfID, person{tenant: r.Tenant})
		defer w.ended(ctx, &result, &err)
	}
	if err := c.core.ready(ctx); err != nil {
		return "", domain.Result{}, err
	}
	if err := checkAssertion(r.UserAssertion); err != nil {
		return "", domain.Result{}, err
	}
	if sessionKey == "" {
		sessionKey = entropy().Text()
	}
	r.ForceRefresh = true // the session needs the refresh token of its own assertion
	result, err = c.core.onBehalfOf(ctx, &r, domain.SessionKey(c.core.clientID, sessionKey), true)
	return sessionKey, result, err
}

// AcquireTokenInLongRunningOnBehalfOf returns a token of the session's user, from the
// cache or by its refresh token. [domain.ErrTokenNotCached] means that there is no
// such session.
func (c *ConfidentialClient) AcquireTokenInLongRunningOnBehalfOf(ctx context.Context, r LongRunningRequest) (result domain.Result, err error) {
	core := &c.core
	if core.watched {
		var w *recorder
		ctx, w = core.watch(ctx, domain.AcquireTokenOnBehalfOfID, person{tenant: r.Tenant})
		defer w.ended(ctx, &result, &err)
	}
	if err := core.ready(ctx); err != nil {
		return domain.Result{}, err
	}
	if r.SessionKey == "" {
		return domain.Result{}, &domain.ConfigError{Field: "SessionKey", Problem: "is empty", Remedy: "pass what InitiateLongRunningOnBehalfOf returned"}
	}
	l := lookup{partition: domain.SessionKey(core.clientID, r.SessionKey)}
	scopes, err := core.assertionLookup(ctx, r.Scopes, r.Tenant, domain.Parameters{}, &l)
	if err != nil {
		return domain.Result{}, err
	}
	var f found
	if err := core.lookUp(ctx, &l, &f); err != nil {
		return domain.Result{}, err
	}
	forced := r.ForceRefresh || r.ClaimsChallenge != ""
	account := accountIn(f.set)
	if f.state == domain.Fresh && !forced {
		return core.cachedForUser(account, &l, &f), nil
	}
	a, err := core.authorityFor(r.Tenant)
	if err != nil {
		return domain.Result{}, err
	}
	if err := checkCorrelationID(r.CorrelationID); err != nil {
		return domain.Result{}, err
	}
	claims, err := domain.MergeClaims(core.capabilities, r.ClaimsChallenge)
	if err != nil {
		return domain.Result{}, err
	}
	redemption := refreshRedemption{
		core: core, authority: a, account: account, asked: scopes.Lookup(), sent: scopes.ForSignIn(core.exclude), lookup: l,
		forced: forced, claims: claims, correlation: r.CorrelationID,
	}
	result, err = core.acquire(ctx, plan{
		lookup: l, claims: claims, forced: forced, serial: true, redeem: redemption.redeem,
		hit: func(f found) domain.Result { return core.cachedForUser(accountIn(f.set), &l, &f) },
	}, f)
	return result, failedUnlessNil(longRunning, err)
}

// StopLongRunningOnBehalfOf forgets the session and its tokens.
func (c *ConfidentialClient) StopLongRunningOnBehalfOf(ctx context.Context, sessionKey string) error {
	if err := c.core.ready(ctx); err != nil {
		return err
	}
	err := c.core.ports.TokenCache.Update(ctx, domain.SessionKey(c.core.clientID, sessionKey), func(domain.TokenSet) (domain.TokenSet, error) {
		return domain.TokenSet{}, nil
	})
	if err != nil {
		return fmt.Errorf("stop long-running on behalf of: the token cache could not be written: %w", err)
	}
	return nil
}
