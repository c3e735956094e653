package application

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/seed57855a68/keyport/application/internal/flight"
	"github.com/seed57855a68/keyport/domain"
)

// flowLife is how long a user may take to sign in.
const flowLife = time.Hour

const byAuthCodeFlow = "acquire token by auth code flow"

// AuthCodeFlowRequest begins a sign-in in a browser. The zero value of every field is
// its default; without Scopes the user signs in and no API is asked for.
type AuthCodeFlowRequest struct {
	// Scopes of one API, such as "https://graph.microsoft.com/User.Read". "openid",
	// "profile" and "offline_access" are added.
	Scopes []string
	// RedirectURI is where the answer goes; when empty, the server takes the one that is
	// registered.
	RedirectURI string
	// Tenant, a GUID or a domain name; when empty, the authority's.
	Tenant string
	// ResponseMode is how the answer comes back; when empty, in the query.
	ResponseMode domain.ResponseMode
	// Prompt is what the user is shown; when empty, what the server finds necessary.
	// OpenID Connect providers may give no refresh token without [domain.PromptConsent]
	// (OIDC Core §11); Microsoft's servers do.
	Prompt domain.Prompt
	// LoginHint is the user name to fill in.
	LoginHint string
	// DomainHint is where the user's account is, so that the server asks less:
	// "consumers", "organizations" or a domain.
	DomainHint string
	// ClaimsChallenge is the JSON object of a claims challenge, decoded.
	ClaimsChallenge string
	// MaxAge is how long ago the user may have signed in; zero: any time;
	// [domain.MaxAgeNow]: not at all.
	MaxAge time.Duration
	// State is carried back in the answer; when empty, a random one, which is what you
	// want: a state that can be guessed lets others answer.
	State string
	// ExtraScopesToConsent are asked of the user along with Scopes, for later.
	ExtraScopesToConsent []string
	// ExtraParameters are added to the authorization URL.
	ExtraParameters []domain.Parameter
}

// initiateAuthCodeFlow is the first leg: everything that the second one checks is
// made here.
func (c *core) initiateAuthCodeFlow(ctx context.Context, r AuthCodeFlowRequest) (domain.AuthCodeFlow, error) {
	scopes, u, err := c.authorizationRequest(ctx, r)
	if err != nil {
		return domain.AuthCodeFlow{}, err
	}
	verifier, nonce := domain.NewCodeVerifier(entropy()), domain.NewSecret(entropy().Text())
	if u.request.State == "" {
		u.request.State = entropy().Text()
	}
	u.request.Nonce = domain.NonceOnTheWire(nonce)
	u.request.CodeChallenge = domain.CodeChallenge(verifier)
	issuer, _ := u.authority.IDTokenIssuer(u.metadata)
	return domain.AuthCodeFlow{
		AuthorizationURL: u.request.URL(), State: u.request.State, ExpiresAt: c.ports.Clock.Now().Add(flowLife),
		CodeVerifier: verifier, Nonce: nonce, ClientID: c.clientID, Authority: u.authority.String(),
		Scopes: scopes.List(), RedirectURI: r.RedirectURI, ClaimsChallenge: r.ClaimsChallenge, MaxAge: r.MaxAge,
		Issuer: issuer, IssuerInResponse: u.metadata.IssuerInResponse,
	}, nil
}

// entropy draws 32 random bytes.
func entropy() (e domain.Entropy) {
	_, _ = rand.Read(e[:]) // never fails: the process ends when there is no entropy
	return e
}

// authorizationURL is an authorization request and where it goes.
type authorizationURL struct {
	authority domain.Authority
	metadata  domain.ServerMetadata
	request   domain.AuthorizationRequest
}

// authorizationRequest checks a request and finds the endpoint. It returns the
// scopes as the caller gave them.
func (c *core) authorizationRequest(ctx context.Context, r AuthCodeFlowRequest) (domain.Scopes, authorizationURL, error) {
	fail := func(err error) (domain.Scopes, authorizationURL, error) {
		return domain.Scopes{}, authorizationURL{}, err
	}
	if err := c.ready(ctx); err != nil {
		return fail(err)
	}
	scopes, err := domain.ParseScopes(r.Scopes)
	if err != nil {
		return fail(err)
	}
	more, err := domain.ParseScopes(r.ExtraScopesToConsent)
	if err != nil {
		return fail(renamed(err, "ExtraScopesToConsent"))
	}
	if err := r.check(); err != nil {
		return fail(err)
	}
	a, err := c.authorityFor(r.Tenant)
	if err != nil {
		return fail(err)
	}
	claims, err := domain.MergeClaims(c.capabilities, r.ClaimsChallenge)
	if err != nil {
		return fail(err)
	}
	metadata, err := c.resolver.Resolve(ctx, a)
	if err != nil {
		return fail(failedAs("authorization request", err))
	}
	if metadata.AuthorizationEndpoint == "" {
		return fail(&domain.ConfigError{
			Field: "Authority", Problem: "has no authorization endpoint: users cannot sign in there",
			Remedy: "check the authority; with Metadata, set AuthorizationEndpoint",
		})
	}
	return scopes, authorizationURL{a, metadata, domain.AuthorizationRequest{
		Endpoint: metadata.AuthorizationEndpoint, ClientID: c.clientID, ResponseType: "code",
		RedirectURI: r.RedirectURI, Scopes: scopes.Union(more).ForSignIn(c.exclude), State: r.State,
		ResponseMode: r.ResponseMode, Prompt: r.Prompt, LoginHint: r.LoginHint, DomainHint: r.DomainHint,
		Claims: claims, MaxAge: r.MaxAge, Microsoft: a.Kind().IsMicrosoft(), Extra: r.ExtraParameters,
	}}, nil
}

// check finds what cannot be sent.
func (r AuthCodeFlowRequest) check() error {
	if r.RedirectURI != "" {
		u, err := url.Parse(r.RedirectURI)
		if err != nil || u.Scheme == "" || u.Fragment != "" { // RFC 6749 §3.1.2
			return &domain.ConfigError{
				Field: "RedirectURI", Problem: "is no absolute URL without a fragment", Remedy: "pass it as it is registered, such as \"https://app.example.com/callback\"",
			}
		}
	}
	switch r.ResponseMode {
	case "", domain.ResponseModeQuery, domain.ResponseModeFormPost:
	default:
		return &domain.ConfigError{Field: "ResponseMode", Problem: "is not query or form_post", Remedy: "use one of the constants, or leave it empty"}
	}
	if r.MaxAge < 0 && r.MaxAge != domain.MaxAgeNow {
		return &domain.ConfigError{Field: "MaxAge", Problem: "is negative", Remedy: "use MaxAgeNow to have the user sign in again"}
	}
	return domain.Parameters{Query: r.ExtraParameters}.Check()
}

// acquireTokenByAuthCodeFlow is the second leg, called by a program.
func (c *core) acquireTokenByAuthCodeFlow(ctx context.Context, f domain.AuthCodeFlow, response url.Values) (result domain.Result, err error) {
	if c.watched {
		var w *recorder
		ctx, w = c.watch(ctx, domain.AcquireTokenByAuthorizationCodeID, person{})
		defer w.ended(ctx, &result, &err)
	}
	if err := c.ready(ctx); err != nil {
		return domain.Result{}, err
	}
	return c.completeAuthCodeFlow(ctx, byAuthCodeFlow, domain.AcquireTokenByAuthorizationCodeID, f, response)
}

// completeAuthCodeFlow is the second leg.
func (c *core) completeAuthCodeFlow(ctx context.Context, operation string, api domain.APIID, f domain.AuthCodeFlow, response url.Values) (domain.Result, error) {
	now := c.ports.Clock.Now()
	accepted, err := f.Accept(response, now)
	if err != nil {
		if !errors.Is(err, domain.ErrResponseMismatch) { // the server's own answer ends the flow
			c.flows.spend(f.CodeVerifier, now, f.ExpiresAt)
		}
		return domain.Result{}, failedAs(operation, err)
	}
	a, err := c.authorityOf(f.ClientID, f.Authority, "AuthCodeFlow")
	if err != nil {
		return domain.Result{}, err
	}
	scopes, err := domain.ParseScopes(f.Scopes)
	if err != nil {
		return domain.Result{}, err
	}
	if err := c.prepareKeys(ctx, a); err != nil { // while the code is good yet
		return domain.Result{}, failedAs(operation, err)
	}
	if !c.flows.spend(f.CodeVerifier, now, f.ExpiresAt) {
		return domain.Result{}, failedAs(operation, fmt.Errorf("%w: the flow was completed before; begin a new sign-in", domain.ErrResponseMismatch))
	}
	grant := url.Values{"grant_type": {"authorization_code"}, "code": {accepted.Code.Reveal()}, "code_verifier": {f.CodeVerifier.Reveal()}}
	setUnlessEmpty(grant, "redirect_uri", f.RedirectURI)
	return c.redeemCode(ctx, codeRedemption{
		operation: operation, api: api, authority: a, grant: grant, scopes: scopes, challenge: f.ClaimsChallenge,
		anchor: domain.ParseClientInfo(accepted.ClientInfo).AnchorMailbox(),
		expect: domain.IDTokenExpectation{Nonce: domain.NonceOnTheWire(f.Nonce), MaxAge: f.MaxAge, Code: accepted.Code},
	})
}

// authorityOf is the authority that a flow began with, which must be this client's,
// perhaps of another tenant.
func (c *core) authorityOf(clientID, authority, field string) (domain.Authority, error) {
	foreign := &domain.ConfigError{
		Field: field, Problem: "was begun by another client or for another authority",
		Remedy: "complete it with a client of the same configuration",
	}
	if clientID != c.clientID {
		return domain.Authority{}, foreign
	}
	if authority == c.authority.String() {
		return c.authority, nil
	}
	if c.authority.Kind() == domain.KindOIDC {
		return domain.Authority{}, foreign
	}
	other, err := domain.ParseAuthority(authority)
	if err != nil || other.Host() != c.authority.Host() || other.Kind() != c.authority.Kind() || other.Policy() != c.authority.Policy() {
		return domain.Authority{}, foreign
	}
	if c.authority.IsKnownCloud() { // which of its names alone does not tell, for a cloud of the configuration
		return c.authority.WithTenant(other.Tenant())
	}
	return other, nil
}

// codeRedemption is an authorization code on its way to be spent.
type codeRedemption struct {
	operation string
	api       domain.APIID
	authority domain.Authority
	grant     url.Values
	scopes    domain.Scopes
	challenge string
	anchor    string
	expect    domain.IDTokenExpectation
}

// redeemCode spends a code. The server remembers that, so it is finished and stored
// even when the caller has gone.
func (c *core) redeemCode(ctx context.Context, r codeRedemption) (domain.Result, error) {
	claims, err := domain.MergeClaims(c.capabilities, r.challenge)
	if err != nil {
		return domain.Result{}, err
	}
	decorated, extra := r.scopes.ForSignIn(c.exclude), c.extraKey(ctx, domain.Parameters{}, "")
	key := flightKey{proof: entropy().Text()} // shared with nobody: a second call may be a thief's
	result, _, err := c.fly(ctx, key, c.flights.Mark(), flight.Options{Timeout: c.timeout, Detached: true}, func(ctx context.Context, _ bool) (domain.Result, error) {
		got, err := c.send(ctx, tokenRequest{
			operation: r.operation, api: r.api, authority: r.authority,
			grant: r.grant, scopes: decorated, claims: claims, anchor: r.anchor, signIn: true,
		})
		if err != nil {
			return domain.Result{}, err
		}
		if got.IDToken.IsZero() && slices.Contains(decorated.List(), domain.ScopeOpenID) { // OIDC Core §3.1.3.3
			return domain.Result{}, failedAs(r.operation, badIDToken(got, "id_token", "is missing, although openid was asked for", nil))
		}
		result, err := c.fileUser(ctx, userGrant{
			authority: r.authority, got: got, asked: r.scopes.Lookup(), sent: decorated,
			source: domain.SourceAuthorizationCode, expect: r.expect, forced: true, extra: extra,
		})
		return result, failedUnlessNil(r.operation, err)
	})
	return result, err
}

func failedUnlessNil(operation string, err error) error {
	if err == nil {
		return nil
	}
	return failedAs(operation, err)
}

// renamed names the field of a [domain.ConfigError] after where the value came from.
func renamed(err error, field string) error {
	var bad *domain.ConfigError
	if !errors.As(err, &bad) {
		return err
	}
	of := *bad
	of.Field = field
	return &of
}
