package application

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/seed57855a68/keyport/application/internal/flight"
	"github.com/seed57855a68/keyport/application/internal/telemetry"
	"github.com/seed57855a68/keyport/application/internal/tokenendpoint"
	"github.com/seed57855a68/keyport/domain"
)

const (
	byDeviceFlow = "acquire token by device flow"
	initiation   = "initiate device flow"
)

// DeviceFlowRequest begins a sign-in on another device: for programs on machines
// without a browser. The zero value of every field is its default.
type DeviceFlowRequest struct {
	// Scopes of one API; "openid", "profile" and "offline_access" are added.
	Scopes []string
	// Tenant, a GUID or a domain name; when empty, the authority's.
	Tenant string
	// ClaimsChallenge is the JSON object of a claims challenge, decoded.
	ClaimsChallenge string
	// ExtraParameters are added to the device authorization request.
	ExtraParameters domain.Parameters
	// CorrelationID is sent as client-request-id with all requests of the flow; when
	// empty, a random UUID.
	CorrelationID string
}

// InitiateDeviceFlow asks for a code that the user enters on another device (RFC 8628
// §3.1). Show its Message, then call AcquireTokenByDeviceFlow.
func (c *PublicClient) InitiateDeviceFlow(ctx context.Context, r DeviceFlowRequest) (domain.DeviceFlow, error) {
	core := &c.core
	if err := core.ready(ctx); err != nil {
		return domain.DeviceFlow{}, err
	}
	scopes, err := domain.ParseScopes(r.Scopes)
	if err != nil {
		return domain.DeviceFlow{}, err
	}
	if err := checkExtras(r.ExtraParameters, r.CorrelationID); err != nil {
		return domain.DeviceFlow{}, err
	}
	if _, err := domain.MergeClaims(nil, r.ClaimsChallenge); err != nil {
		return domain.DeviceFlow{}, err
	}
	a, err := core.authorityFor(r.Tenant)
	if err != nil {
		return domain.DeviceFlow{}, err
	}
	if r.CorrelationID == "" {
		r.CorrelationID = telemetry.NewCorrelationID()
	}
	flow, err := core.authorizeDevice(ctx, a, scopes, r)
	if err != nil {
		return domain.DeviceFlow{}, failedAs(initiation, err)
	}
	flow.ClientID, flow.Authority, flow.Scopes = core.clientID, a.String(), scopes.List()
	flow.ClaimsChallenge, flow.CorrelationID = r.ClaimsChallenge, r.CorrelationID
	return flow, nil
}

// authorizeDevice sends the request and reads the answer.
func (c *core) authorizeDevice(ctx context.Context, a domain.Authority, scopes domain.Scopes, r DeviceFlowRequest) (domain.DeviceFlow, error) {
	metadata, err := c.resolver.Resolve(ctx, a)
	if err != nil {
		return domain.DeviceFlow{}, err
	}
	if metadata.DeviceAuthorizationEndpoint == "" {
		return domain.DeviceFlow{}, &domain.ConfigError{
			Field: "Authority", Problem: "has no device authorization endpoint: users cannot sign in there with a code",
			Remedy: "use AcquireTokenInteractive, or another authority (B2C and AD FS before 2019 have none)",
		}
	}
	request := tokenRequest{
		api: domain.AcquireTokenByDeviceFlowID, authority: a, scopes: scopes.ForSignIn(c.exclude),
		parameters: r.ExtraParameters, correlation: r.CorrelationID,
	}
	q := tokenendpoint.Request{
		Endpoint: metadata.DeviceAuthorizationEndpoint, Query: r.ExtraParameters.Query,
		Form: c.form(request), Header: c.header(request), CorrelationID: r.CorrelationID,
	}
	got, err := unlessThrottled(ctx, c, request, q, func() (domain.DeviceAuthorization, error) {
		return tokenendpoint.AuthorizeDevice(ctx, c.http, q, c.ports.Clock.Now)
	})
	if err != nil {
		return domain.DeviceFlow{}, err
	}
	flow, field, problem := domain.NewDeviceFlow(got, c.ports.Clock.Now())
	if field != "" {
		return domain.DeviceFlow{}, &domain.ResponseError{
			Operation: "device authorization endpoint", Host: hostOf(metadata.DeviceAuthorizationEndpoint), Status: http.StatusOK,
			Field: field, Problem: problem, CorrelationID: r.CorrelationID,
		}
	}
	return flow, nil
}

// AcquireTokenByDeviceFlow waits until the user has signed in on the other device,
// and returns the token. It polls no more often than the server wants (RFC 8628 §3.5),
// and stops when ctx or the flow ends; a flow that went through JSON goes on in another
// process. All who wait for one flow share its polls.
//
// Errors: [domain.ErrAccessDenied] when the user said no, and for a flow that has
// expired [domain.ErrInteractionRequired]: begin a new one.
func (c *PublicClient) AcquireTokenByDeviceFlow(ctx context.Context, f domain.DeviceFlow) (result domain.Result, err error) {
	core := &c.core
	if core.watched {
		var w *recorder
		ctx, w = core.watch(ctx, domain.AcquireTokenByDeviceFlowID, person{})
		defer w.ended(ctx, &result, &err)
	}
	redemption, err := core.deviceRedemption(ctx, f)
	if err != nil {
		return domain.Result{}, err
	}
	life := f.ExpiresAt.Sub(core.ports.Clock.Now()) + core.timeout
	if life <= 0 {
		return domain.Result{}, expiredFlow(f)
	}
	result, _, err = core.fly(ctx, redemption.key, core.flights.Mark(), flight.Options{Timeout: life}, func(ctx context.Context, _ bool) (domain.Result, error) {
		return redemption.poll(ctx, f)
	})
	return result, failedUnlessNil(byDeviceFlow, err)
}

// PollDeviceFlow asks once whether the user has signed in, for programs with a loop of
// their own. While not, the error is [domain.ErrAuthorizationPending], and the flow
// that is returned says in NextPoll when to ask again; before that nothing is sent.
func (c *PublicClient) PollDeviceFlow(ctx context.Context, f domain.DeviceFlow) (result domain.Result, next domain.DeviceFlow, err error) {
	if c.core.watched {
		var w *recorder
		ctx, w = c.core.watch(ctx, domain.AcquireTokenByDeviceFlowID, person{})
		defer w.ended(ctx, &result, &err)
	}
	redemption, err := c.core.deviceRedemption(ctx, f)
	if err != nil {
		return domain.Result{}, f, err
	}
	now := c.core.ports.Clock.Now()
	switch {
	case f.Expired(now):
		return domain.Result{}, f, expiredFlow(f)
	case now.Before(f.NextPoll):
		return domain.Result{}, f, domain.ErrAuthorizationPending
	}
	next = f.After(domain.PollOutcome{}, now) // for those who share another's poll
	redemption.key.forced = true              // apart from those who wait to the end
	result, _, err = c.core.fly(ctx, redemption.key, c.core.flights.Mark(), flight.Options{Timeout: c.core.timeout, Detached: true}, func(ctx context.Context, _ bool) (domain.Result, error) {
		result, outcome, err := redemption.ask(ctx)
		if outcome != nil {
			return result, &stillPending{f.After(*outcome, c.core.ports.Clock.Now())}
		}
		return result, err
	})
	var pending *stillPending
	if errors.As(err, &pending) {
		return domain.Result{}, pending.next, domain.ErrAuthorizationPending
	}
	return result, next, err
}

// stillPending carries the flow after a poll to all who shared it.
type stillPending struct{ next domain.DeviceFlow }

// Error implements error.
func (*stillPending) Error() string { return domain.ErrAuthorizationPending.Error() }

// deviceRedemption is a device code on its way to be spent.
type deviceRedemption struct {
	core      *core
	authority domain.Authority
	scopes    domain.Scopes
	request   tokenRequest
	key       flightKey
	extra     string // of the tokens' place in the cache
}

// deviceRedemption checks a flow and makes the request that is sent at each poll.
func (c *core) deviceRedemption(ctx context.Context, f domain.DeviceFlow) (deviceRedemption, error) {
	if err := c.ready(ctx); err != nil {
		return deviceRedemption{}, err
	}
	if f.DeviceCode.IsZero() {
		return deviceRedemption{}, &domain.ConfigError{Field: "DeviceFlow", Problem: "has no device code", Remedy: "pass what InitiateDeviceFlow returned"}
	}
	a, err := c.authorityOf(f.ClientID, f.Authority, "DeviceFlow")
	if err != nil {
		return deviceRedemption{}, err
	}
	scopes, err := domain.ParseScopes(f.Scopes)
	if err != nil {
		return deviceRedemption{}, err
	}
	claims, err := domain.MergeClaims(c.capabilities, f.ClaimsChallenge)
	if err != nil {
		return deviceRedemption{}, err
	}
	code := f.DeviceCode.Reveal()
	sum := sha256.Sum256([]byte(code))
	return deviceRedemption{
		core: c, authority: a, scopes: scopes, extra: c.extraKey(ctx, domain.Parameters{}, ""),
		key: flightKey{lookup: lookup{key: domain.RecordKey{Extra: "device." + base64.RawURLEncoding.EncodeToString(sum[:])}}},
		request: tokenRequest{
			operation: byDeviceFlow, api: domain.AcquireTokenByDeviceFlowID, authority: a, claims: claims, correlation: f.CorrelationID,
			grant: url.Values{
				"grant_type":  {"urn:ietf:params:oauth:grant-type:device_code"},
				"device_code": {code},
				"code":        {code}, // what servers took before RFC 8628
			},
		},
	}, nil
}

// poll asks until there is an answer that is one.
func (r deviceRedemption) poll(ctx context.Context, f domain.DeviceFlow) (domain.Result, error) {
	if err := r.core.prepareKeys(ctx, r.authority); err != nil {
		return domain.Result{}, failedAs(byDeviceFlow, err)
	}
	for {
		now := r.core.ports.Clock.Now()
		if f.Expired(now) {
			return domain.Result{}, expiredFlow(f)
		}
		if err := r.core.ports.Clock.Sleep(ctx, f.NextPoll.Sub(now)); err != nil {
			return domain.Result{}, err
		}
		if now = r.core.ports.Clock.Now(); !now.Before(f.ExpiresAt) { // the machine slept
			return domain.Result{}, expiredFlow(f)
		}
		// The server remembers that it gave the tokens out: from here on they are stored
		// even when nobody waits any more.
		if err := flight.Detach(ctx); err != nil {
			return domain.Result{}, err
		}
		result, outcome, err := r.ask(ctx)
		if outcome == nil {
			return result, err
		}
		f = f.After(*outcome, r.core.ports.Clock.Now())
		if err := flight.Attach(ctx); err != nil {
			return domain.Result{}, err
		}
	}
}

// ask polls once. outcome is set when it makes sense to poll again.
func (r deviceRedemption) ask(ctx context.Context) (result domain.Result, outcome *domain.PollOutcome, err error) {
	ctx, cancel := context.WithTimeout(ctx, r.core.timeout)
	defer cancel()
	got, err := r.core.send(ctx, r.request)
	if err == nil {
		result, err = r.core.fileUser(ctx, userGrant{
			authority: r.authority, got: got, asked: r.scopes.Lookup(), sent: r.scopes.ForSignIn(r.core.exclude), source: domain.SourceDeviceCode, forced: true, extra: r.extra,
		})
		return result, nil, failedUnlessNil(byDeviceFlow, err)
	}
	var refused *domain.OAuthError
	switch {
	case errors.As(err, &refused) && refused.Code == domain.CodeAuthorizationPending:
		return domain.Result{}, &domain.PollOutcome{RetryAfter: refused.RetryAfter}, err
	case errors.As(err, &refused) && refused.Code == domain.CodeSlowDown:
		return domain.Result{}, &domain.PollOutcome{SlowDown: true, RetryAfter: refused.RetryAfter}, err
	case errors.Is(err, domain.ErrUnavailable), errors.Is(err, domain.ErrThrottled), errors.Is(err, context.DeadlineExceeded):
		return domain.Result{}, &domain.PollOutcome{Failed: true, RetryAfter: retryAfterOf(err)}, err
	}
	return domain.Result{}, nil, err
}

// retryAfterOf is the pause that a failing server asks for.
func retryAfterOf(err error) time.Duration {
	var refused *domain.OAuthError
	var bad *domain.ResponseError
	switch {
	case errors.As(err, &refused):
		return refused.RetryAfter
	case errors.As(err, &bad):
		return bad.RetryAfter
	}
	return 0
}

func expiredFlow(f domain.DeviceFlow) error {
	return &domain.OAuthError{Code: domain.CodeExpiredToken, Operation: byDeviceFlow, CorrelationID: f.CorrelationID}
}
