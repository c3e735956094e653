package application

import (
	"context"
	"net/url"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

const byAuthorizationCode = "acquire token by authorization code"

// AuthorizationURLRequest makes an authorization URL by itself, for programs that
// keep state and nonce in their own way. [AuthCodeFlowRequest] keeps them for you and
// adds PKCE.
type AuthorizationURLRequest struct {
	// Scopes of one API; "openid", "profile" and "offline_access" are added.
	Scopes []string
	// RedirectURI is where the answer goes; when empty, the server takes the one that is
	// registered.
	RedirectURI string
	// State is carried back in the answer. Compare it there, or anybody can answer.
	State string
	// Nonce is carried back in the ID token, as it is given here.
	Nonce string
	// CodeChallenge is the S256 challenge of a code verifier (RFC 7636), of which
	// [domain.CodeChallenge] makes one; when empty, none is sent.
	CodeChallenge string
	// Tenant, ResponseMode, Prompt, LoginHint, DomainHint, ClaimsChallenge, MaxAge and
	// ExtraParameters: as in [AuthCodeFlowRequest].
	Tenant          string
	ResponseMode    domain.ResponseMode
	Prompt          domain.Prompt
	LoginHint       string
	DomainHint      string
	ClaimsChallenge string
	MaxAge          time.Duration
	ExtraParameters []domain.Parameter
	// InsecureImplicitResponseType asks for something else than a code, such as
	// "id_token": tokens then pass through the browser's address bar (RFC 9700 §2.1.2).
	// The library does not read such answers. When empty, "code".
	InsecureImplicitResponseType string
}

// authorizationRequestURL is the first half of the two-step form.
func (c *core) authorizationRequestURL(ctx context.Context, r AuthorizationURLRequest) (string, error) {
	_, u, err := c.authorizationRequest(ctx, AuthCodeFlowRequest{
		Scopes: r.Scopes, RedirectURI: r.RedirectURI, Tenant: r.Tenant, ResponseMode: r.ResponseMode, Prompt: r.Prompt,
		LoginHint: r.LoginHint, DomainHint: r.DomainHint, ClaimsChallenge: r.ClaimsChallenge, MaxAge: r.MaxAge,
		State: r.State, ExtraParameters: r.ExtraParameters,
	})
	if err != nil {
		return "", err
	}
	u.request.Nonce, u.request.CodeChallenge = r.Nonce, r.CodeChallenge
	if r.InsecureImplicitResponseType != "" {
		u.request.ResponseType = r.InsecureImplicitResponseType
	}
	return u.request.URL(), nil
}

// AuthorizationCodeRequest redeems an authorization code. Code is required.
type AuthorizationCodeRequest struct {
	Code domain.Secret
	// Scopes as in the authorization request, or fewer.
	Scopes []string
	// RedirectURI exactly as in the authorization request.
	RedirectURI string
	// Nonce as in the authorization request; the ID token must repeat it. When empty, it
	// is not compared.
	Nonce string
	// CodeVerifier of the challenge in the authorization request; when empty, none is sent.
	CodeVerifier domain.Secret
	// Tenant and ClaimsChallenge as in the authorization request.
	Tenant          string
	ClaimsChallenge string
	// MaxAge as in the authorization request; the ID token must prove it.
	MaxAge time.Duration
}

// acquireTokenByAuthorizationCode is the second half.
func (c *core) acquireTokenByAuthorizationCode(ctx context.Context, r AuthorizationCodeRequest) (result domain.Result, err error) {
	if c.watched {
		var w *recorder
		ctx, w = c.watch(ctx, domain.AcquireTokenByAuthorizationCodeID, person{tenant: r.Tenant})
		defer w.ended(ctx, &result, &err)
	}
	if err := c.ready(ctx); err != nil {
		return domain.Result{}, err
	}
	if r.Code.IsZero() {
		return domain.Result{}, &domain.ConfigError{Field: "Code", Problem: "is empty", Remedy: "pass the code parameter of the answer, after you have compared its state"}
	}
	scopes, err := domain.ParseScopes(r.Scopes)
	if err != nil {
		return domain.Result{}, err
	}
	a, err := c.authorityFor(r.Tenant)
	if err != nil {
		return domain.Result{}, err
	}
	if err := c.prepareKeys(ctx, a); err != nil { // while the code is good yet
		return domain.Result{}, failedAs(byAuthorizationCode, err)
	}
	grant := url.Values{"grant_type": {"authorization_code"}, "code": {r.Code.Reveal()}}
	setUnlessEmpty(grant, "redirect_uri", r.RedirectURI)
	setUnlessEmpty(grant, "code_verifier", r.CodeVerifier.Reveal())
	return c.redeemCode(ctx, codeRedemption{
		operation: byAuthorizationCode, api: domain.AcquireTokenByAuthorizationCodeID, authority: a, grant: grant, scopes: scopes, challenge: r.ClaimsChallenge,
		expect: domain.IDTokenExpectation{Nonce: r.Nonce, MaxAge: r.MaxAge, Code: r.Code},
	})
}
