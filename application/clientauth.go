package application

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/seed57855a68/keyport/application/internal/assertion"
	"github.com/seed57855a68/keyport/domain"
)

// ClientAuthMethod is how a client authenticates to a token endpoint, by its
// registered name (token_endpoint_auth_method, RFC 7591 §2).
type ClientAuthMethod string

// The methods.
const (
	ClientSecretBasic ClientAuthMethod = "client_secret_basic" // RFC 6749 §2.3.1, in the Authorization header
	ClientSecretPost  ClientAuthMethod = "client_secret_post"  // RFC 6749 §2.3.1, in the form
	ClientSecretJWT   ClientAuthMethod = "client_secret_jwt"   // OIDC Core §9, HS256 under the secret
	PrivateKeyJWT     ClientAuthMethod = "private_key_jwt"     // OIDC Core §9, signed by the client's key
)

const jwtBearerAssertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// clientAuth puts a client's proof of identity into its token requests.
type clientAuth struct {
	credential Credential
	method     ClientAuthMethod // "" to choose from the server's metadata
	claims     map[string]any   // AssertionClaims
}

// authFacts are what the proof may depend on.
type authFacts struct {
	authority     domain.Authority
	metadata      domain.ServerMetadata
	scopes        domain.Scopes
	claimsParam   string
	correlationID string
}

func (a clientAuth) check() error {
	if err := a.credential.check(); err != nil {
		return err
	}
	switch a.method {
	case "", ClientSecretBasic, ClientSecretPost, ClientSecretJWT, PrivateKeyJWT:
	default:
		return &domain.ConfigError{
			Field: "ClientAuthMethod", Problem: fmt.Sprintf("%q is not known", string(a.method)),
			Remedy: "use one of the constants, or leave it empty to choose from the server's metadata",
		}
	}
	_, hasSecret := a.credential.kind.(*secretCredential)
	_, isProvider := a.credential.kind.(*providerCredential)
	if needsSecret := a.method != PrivateKeyJWT; a.method != "" && !isProvider && needsSecret != hasSecret {
		return &domain.ConfigError{Field: "ClientAuthMethod", Problem: fmt.Sprintf("%s does not go with a %v", a.method, a.credential), Remedy: "leave it empty"}
	}
	return nil
}

// authenticate adds the proof to the form or the header.
func (c *core) authenticate(ctx context.Context, a clientAuth, f authFacts, form url.Values, header http.Header) error {
	kind := a.credential.kind
	if kind == nil {
		return nil // a public client has nothing to prove itself with (RFC 6749 §2.1)
	}
	if p, ok := kind.(*providerCredential); ok {
		provided, err := c.provided(ctx, p, f)
		if err != nil {
			return err
		}
		kind = provided.kind
		if err := (clientAuth{provided, a.method, a.claims}).check(); err != nil { // not another way than was configured
			return err
		}
	}
	if s, ok := kind.(*secretCredential); ok {
		return c.useSecret(a, s.secret, f, form, header)
	}
	jwt, err := c.clientAssertion(ctx, a, kind, f)
	if err != nil {
		return err
	}
	form.Set("client_assertion_type", jwtBearerAssertion)
	form.Set("client_assertion", jwt.Reveal())
	return nil
}

// provided asks the provider and checks what it brings.
func (c *core) provided(ctx context.Context, p *providerCredential, f authFacts) (Credential, error) {
	credential, err := p.provide(ctx, CredentialRequest{ClientID: c.clientID, Tenant: f.authority.Tenant()})
	if err != nil {
		return Credential{}, fmt.Errorf("credential provider: %w", err)
	}
	if _, again := credential.kind.(*providerCredential); again {
		return Credential{}, &domain.ConfigError{Field: "Credential", Problem: "is a provider that returns a provider", Remedy: "return the credential itself"}
	}
	return credential, credential.check()
}

func (c *core) useSecret(a clientAuth, secret domain.Secret, f authFacts, form url.Values, header http.Header) error {
	switch secretMethod(a.method, f) {
	case ClientSecretBasic:
		// RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
		pair := url.QueryEscape(c.clientID) + ":" + url.QueryEscape(secret.Reveal())
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(pair)))
		form.Del("client_id") // RFC 6749 §2.3: one method for each request
	case ClientSecretJWT:
		jwt, err := assertion.BySecret(secret, c.profile(a, f), c.serverTime())
		if err != nil {
			return err
		}
		form.Set("client_assertion_type", jwtBearerAssertion)
		form.Set("client_assertion", jwt.Reveal())
	default:
		form.Set("client_secret", secret.Reveal())
	}
	return nil
}

// secretMethod chooses how a secret is sent: as configured; in the form to
// Microsoft's servers; and else by the first method that the server offers. One
// that offers none takes client_secret_basic (RFC 8414 §2).
func secretMethod(configured ClientAuthMethod, f authFacts) ClientAuthMethod {
	if configured != "" {
		return configured
	}
	if f.authority.Kind().IsMicrosoft() {
		return ClientSecretPost
	}
	for _, m := range []ClientAuthMethod{ClientSecretBasic, ClientSecretPost, ClientSecretJWT} {
		if slices.Contains(f.metadata.TokenEndpointAuthMethods, string(m)) {
			return m
		}
	}
	return ClientSecretBasic
}

// clientAssertion returns the JWT of a credential that is not a secret.
func (c *core) clientAssertion(ctx context.Context, a clientAuth, kind credentialKind, f authFacts) (domain.Secret, error) {
	switch k := kind.(type) {
	case *signerCredential:
		return c.assertions.Get(ctx, k.key, c.profile(a, f), c.serverTime())
	case *textCredential:
		return k.assertion, nil
	case *standInCredential:
		return standInAssertion, nil
	case *funcCredential:
		p := c.profile(a, f)
		jwt, err := k.assert(ctx, AssertionRequest{
			ClientID: c.clientID, Audience: p.Audience, TokenEndpoint: f.metadata.TokenEndpoint, Tenant: f.authority.Tenant(),
			Scopes: f.scopes.List(), Claims: f.claimsParam, CorrelationID: f.correlationID,
		})
		if err != nil {
			return domain.Secret{}, fmt.Errorf("client assertion callback: %w", err)
		}
		text := &textCredential{domain.NewSecret(jwt)}
		return text.assertion, text.check()
	}
	return domain.Secret{}, fmt.Errorf("client authentication: no way to use a %s", kind.name())
}

// profile says how the server wants assertions. Microsoft's servers want their
// token endpoint for the audience; all others the issuer, which is what the caller
// configured and no metadata document can change to somebody else's.
func (c *core) profile(a clientAuth, f authFacts) assertion.Profile {
	audience := f.metadata.TokenEndpoint
	if !f.authority.Kind().IsMicrosoft() {
		audience = f.metadata.Issuer
	}
	return assertion.Profile{
		Kind: f.authority.Kind(), Audience: audience, Offered: f.metadata.TokenEndpointAuthSigningAlgs,
		ClientID: c.clientID, Overrides: a.claims,
	}
}
