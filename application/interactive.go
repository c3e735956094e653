package application

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

const (
	interactively = "acquire token interactive"
	// signInTimeout is how long a user may take when the caller sets no limit.
	signInTimeout = 10 * time.Minute
)

// InteractiveRequest signs a user in, in the browser of this machine. The zero value
// of every field is its default.
type InteractiveRequest struct {
	// Scopes of one API; "openid", "profile" and "offline_access" are added.
	Scopes []string
	// Tenant, a GUID or a domain name; when empty, the authority's.
	Tenant string
	// Prompt is what the user is shown; when empty, what the server finds necessary.
	Prompt domain.Prompt
	// LoginHint is the user name to fill in.
	LoginHint string
	// DomainHint is where the user's account is: "consumers", "organizations" or a domain.
	DomainHint string
	// ClaimsChallenge is the JSON object of a claims challenge, decoded.
	ClaimsChallenge string
	// MaxAge is how long ago the user may have signed in; zero: any time;
	// [domain.MaxAgeNow]: not at all.
	MaxAge time.Duration
	// ExtraScopesToConsent are asked of the user along with Scopes, for later.
	ExtraScopesToConsent []string
	// RedirectURI is a loopback URL of the registration, such as
	// "http://localhost:8400/callback"; when empty, "http://localhost" on a free port,
	// which must be registered.
	RedirectURI string
	// ResponseMode is how the answer comes back; when empty, as a form, which keeps the
	// code out of the browser's history, where the server can do that.
	ResponseMode domain.ResponseMode
	// Timeout is how long the user may take; when zero, ten minutes.
	Timeout time.Duration
	// OnAuthorizationURL is told the URL before the browser is opened, for a program that
	// shows it or opens it in its own way; when nil, only the browser has it. With it,
	// a browser that cannot be opened is no error.
	OnAuthorizationURL func(address string)
	// Scheme is how the token will be presented; when nil, as a bearer token. Others need
	// a broker.
	Scheme domain.Scheme
	// ExtraParameters are added to the authorization URL.
	ExtraParameters []domain.Parameter
}

// AcquireTokenInteractive signs a user in in the browser of this machine, and returns
// the token when the browser comes back (authorization code with PKCE, RFC 8252). It
// waits for the user: up to Timeout, or until ctx ends.
//
// Errors: [domain.ErrAccessDenied] when the user, or a policy, said no;
// [context.DeadlineExceeded] when the user took too long; a [*domain.ConfigError] where
// no browser can be opened or the port is taken.
func (c *PublicClient) AcquireTokenInteractive(ctx context.Context, r InteractiveRequest) (result domain.Result, err error) {
	core := &c.core
	if core.watched {
		var w *recorder
		ctx, w = core.watch(ctx, domain.AcquireTokenInteractiveID, person{tenant: r.Tenant})
		defer w.ended(ctx, &result, &err)
	}
	if err := core.readyForBrowser(ctx, r); err != nil {
		return domain.Result{}, err
	}
	if r.Timeout == 0 {
		r.Timeout = signInTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, r.Timeout)
	defer cancel()
	receiver, err := core.ports.RedirectListener.Listen(ctx, r.RedirectURI)
	if err != nil {
		return domain.Result{}, failedAs(interactively, err)
	}
	defer func() {
		if err := receiver.Close(); err != nil {
			core.report(ctx, "close the redirect listener", err)
		}
	}()
	flow, err := core.initiateAuthCodeFlow(ctx, AuthCodeFlowRequest{
		Scopes: r.Scopes, RedirectURI: receiver.RedirectURI(), Tenant: r.Tenant, ResponseMode: core.modeFor(ctx, r),
		Prompt: r.Prompt, LoginHint: r.LoginHint, DomainHint: r.DomainHint, ClaimsChallenge: r.ClaimsChallenge, MaxAge: r.MaxAge,
		ExtraScopesToConsent: r.ExtraScopesToConsent, ExtraParameters: r.ExtraParameters,
	})
	if err != nil {
		return domain.Result{}, err
	}
	response, finish, err := core.signIn(ctx, receiver, flow, r.OnAuthorizationURL)
	if err != nil {
		return domain.Result{}, failedAs(interactively, err)
	}
	result, err = core.completeAuthCodeFlow(ctx, interactively, domain.AcquireTokenInteractiveID, flow, response)
	finish(err)
	return result, err
}

// readyForBrowser checks what an interactive sign-in needs.
func (c *core) readyForBrowser(ctx context.Context, r InteractiveRequest) error {
	if err := c.ready(ctx); err != nil {
		return err
	}
	if r.Scheme != nil {
		return schemeError(r.Scheme)
	}
	if r.Timeout < 0 {
		return &domain.ConfigError{Field: "Timeout", Problem: "is negative", Remedy: "leave it zero for ten minutes"}
	}
	for _, port := range []struct {
		field string
		value any
	}{{"Ports.Browser", c.ports.Browser}, {"Ports.RedirectListener", c.ports.RedirectListener}} {
		if isNil(port.value) {
			return &domain.ConfigError{
				Field: port.field, Problem: "is nil, and an interactive sign-in needs it", Remedy: "pass one; the root package's constructor has defaults",
			}
		}
	}
	return nil
}

// modeFor chooses how the answer comes back: as a form, unless the server says that
// it cannot.
func (c *core) modeFor(ctx context.Context, r InteractiveRequest) domain.ResponseMode {
	if r.ResponseMode != "" {
		return r.ResponseMode
	}
	a, err := c.authorityFor(r.Tenant)
	if err != nil {
		return "" // initiating the flow reports it
	}
	metadata, err := c.resolver.Resolve(ctx, a)
	if err != nil {
		return ""
	}
	return metadata.PreferredResponseMode()
}

// signIn sends the user to the server and waits for the answer.
func (c *core) signIn(ctx context.Context, receiver ports.RedirectReceiver, flow domain.AuthCodeFlow, tell func(string)) (url.Values, func(error), error) {
	if tell != nil {
		tell(flow.AuthorizationURL)
	}
	if err := c.ports.Browser.Open(ctx, flow.AuthorizationURL); err != nil {
		switch {
		case ctx.Err() != nil: // it waits no longer, whatever the browser does
			return nil, nil, inTime(ctx.Err())
		case tell == nil:
			return nil, nil, withoutBrowser(err)
		}
		c.report(ctx, "open the browser", err)
	}
	c.debug(ctx, "the user is on the way to the browser", slog.String("host", hostOf(flow.AuthorizationURL)))
	response, finish, err := receiver.Receive(ctx, flow.State)
	return response, finish, inTime(err)
}

// withoutBrowser says what else there is, if the browser's error does not.
func withoutBrowser(err error) error {
	var config *domain.ConfigError
	if errors.As(err, &config) && config.Remedy != "" {
		return err
	}
	return fmt.Errorf("no browser could be opened: %w; set OnAuthorizationURL to show the address to the user, or use InitiateDeviceFlow", err)
}

// inTime says what the end of the time means. Nobody tells the program that the user
// has closed the page, so that ends here as well.
func inTime(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("no answer came from the browser in time: the page was closed or left alone; sign in again, or set Timeout to allow more time: %w", err)
	}
	return err
}
