package application

import (
	"context"
	"errors"
	"net/url"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// ClientCredentialsRequest asks for a token of the application itself. Scopes is
// required; the zero value of every other field is its default.
type ClientCredentialsRequest struct {
	// Scopes: one "<resource>/.default" for Entra ID, B2C and External ID; what the
	// server knows, for others.
	Scopes []string
	// Tenant, a GUID or a domain name; when empty, the authority's. For an application
	// that serves many tenants.
	Tenant string
	// ClaimsChallenge is the JSON object of a claims challenge that the resource sent,
	// decoded. When set, the cached token is not used; the new one takes its place.
	ClaimsChallenge string
	// ClientClaims are further claims, a JSON object. Unlike a challenge they are part of
	// the cache key: tokens got with different ones are different tokens.
	ClientClaims string
	// ForceRefresh asks the server although the cache has a token.
	ForceRefresh bool
	// ExtraParameters are added to the token request.
	ExtraParameters domain.Parameters
	// CorrelationID is sent as client-request-id; when empty, a random UUID.
	CorrelationID string
}

const forClient = "acquire token for client"

// AcquireTokenForClient returns a token of the application itself (client
// credentials, RFC 6749 §4.4), from the cache when it has one. All callers who want
// the same token at the same time share one request.
//
// Errors: a [*domain.ConfigError] for a request that cannot be sent, an
// [*domain.OAuthError] for the server's refusal, and [domain.ErrUnavailable] when
// it could not be asked.
func (c *ConfidentialClient) AcquireTokenForClient(ctx context.Context, r ClientCredentialsRequest) (result domain.Result, err error) {
	if c.core.watched {
		var w *recorder
		ctx, w = c.core.watch(ctx, domain.AcquireTokenForClientID, person{tenant: r.Tenant})
		defer w.ended(ctx, &result, &err)
	}
	if err := c.core.ready(ctx); err != nil {
		return domain.Result{}, err
	}
	var l lookup
	scopes, err := c.appLookup(ctx, &r, &l)
	if err != nil {
		return domain.Result{}, err
	}
	forced := r.ForceRefresh || r.ClaimsChallenge != ""
	var f found
	if !forced {
		if err := c.core.lookUp(ctx, &l, &f); err != nil {
			return domain.Result{}, err
		}
		if f.state == domain.Fresh {
			return domain.ResultOf(f.token, l.partition, domain.SourceCache, domain.ReasonNotApplicable), nil
		}
	}
	return c.acquireForClient(ctx, l, scopes, &r, forced, f)
}

// appLookup says where the token is filed. It is on the path of every hit, so it
// validates no more than it must; the rest is checked before anything is sent, and
// what is not valid is never in the cache. It fills l in.
func (c *ConfidentialClient) appLookup(ctx context.Context, r *ClientCredentialsRequest, l *lookup) (domain.Scopes, error) {
	scopes, err := c.core.scopeLists.parse(r.Scopes)
	if err != nil {
		return scopes, err
	}
	tenant := c.core.tenant
	if r.Tenant != "" {
		tenant = domain.TenantKey(r.Tenant)
	}
	extra := ""
	if r.ClientClaims != "" || !r.ExtraParameters.IsZero() || c.core.hooks.CacheKey != nil {
		extra = c.core.extraKey(ctx, r.ExtraParameters, r.ClientClaims)
	}
	l.partition = domain.AppKey(c.core.clientID, tenant, scopes.Resource())
	c.core.setAccessTokenKey(&l.key, tenant, scopes, extra)
	return scopes, nil
}

// acquireForClient is the way to the server.
func (c *ConfidentialClient) acquireForClient(
	ctx context.Context, l lookup, scopes domain.Scopes, r *ClientCredentialsRequest, forced bool, f found,
) (domain.Result, error) {
	request, err := c.appRequest(scopes, r)
	if err != nil {
		return domain.Result{}, err
	}
	return c.core.acquire(ctx, plan{
		lookup: l, claims: request.claims, forced: forced,
		redeem: func(ctx context.Context, a attempt) (domain.Result, error) {
			request.reason = a.reason
			got, err := c.core.send(ctx, request)
			if err != nil {
				return domain.Result{}, err
			}
			return c.core.storeApp(ctx, l, scopes, forced, a.reason, got), nil
		},
	}, f)
}

// appRequest is the client credentials grant (RFC 6749 §4.4.2), checked and ready
// to be sent.
func (c *ConfidentialClient) appRequest(scopes domain.Scopes, r *ClientCredentialsRequest) (tokenRequest, error) {
	a, err := c.core.authorityFor(r.Tenant)
	if err != nil {
		return tokenRequest{}, err
	}
	if !a.IsTenanted() {
		return tokenRequest{}, &domain.ConfigError{
			Field: "Authority", Problem: "has the tenant " + a.Tenant() + ", which stands for many; an application's own token belongs to one",
			Remedy: `use "https://login.microsoftonline.com/<tenant>", or set Tenant in the request`,
		}
	}
	if err := scopes.CheckForApplication(a.Kind()); err != nil {
		return tokenRequest{}, err
	}
	if err := checkExtras(r.ExtraParameters, r.CorrelationID); err != nil {
		return tokenRequest{}, err
	}
	claims, err := domain.MergeClaims(c.core.capabilities, r.ClientClaims, r.ClaimsChallenge)
	if err != nil {
		return tokenRequest{}, err
	}
	return tokenRequest{
		operation: forClient, api: domain.AcquireTokenForClientID, authority: a, scopes: scopes, claims: claims,
		grant: url.Values{"grant_type": {"client_credentials"}}, parameters: r.ExtraParameters, correlation: r.CorrelationID,
		regional: true,
	}, nil
}

// authorityFor returns the client's authority, of another tenant when one is named.
func (c *core) authorityFor(tenant string) (domain.Authority, error) {
	if tenant == "" || strings.EqualFold(tenant, c.authority.Tenant()) && c.authority.Kind() != domain.KindOIDC {
		return c.authority, nil
	}
	return c.authority.WithTenant(tenant)
}

// checkExtras checks what a caller adds to a request.
func checkExtras(p domain.Parameters, correlationID string) error {
	if err := p.Check(); err != nil {
		return err
	}
	return checkCorrelationID(correlationID)
}

func checkCorrelationID(id string) error {
	if len(id) > 128 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return &domain.ConfigError{Field: "CorrelationID", Problem: "is too long or has characters that a header cannot have", Remedy: "pass a UUID"}
	}
	return nil
}

// RemoveTokensForClient removes the application's own tokens, of every tenant and
// resource in the authority's cloud, from the cache. Tokens of users stay.
func (c *ConfidentialClient) RemoveTokensForClient(ctx context.Context) error {
	if err := c.core.ready(ctx); err != nil {
		return err
	}
	filter := domain.PartitionFilter{Kind: domain.AppPartition, ClientID: c.core.clientID}
	var failed []error
	for key, err := range c.core.ports.TokenCache.Keys(ctx, filter) {
		if err == nil {
			err = c.core.ports.TokenCache.Update(ctx, key, c.core.withoutOwnCloud)
		}
		if err != nil {
			failed = append(failed, err)
		}
	}
	if len(failed) > 0 {
		return errors.Join(append([]error{errors.New("remove tokens for client: the token cache failed")}, failed...)...)
	}
	return nil
}

// withoutOwnCloud drops the records of the client's own cloud.
func (c *core) withoutOwnCloud(s domain.TokenSet) (domain.TokenSet, error) {
	var own []domain.RecordKey
	for r := range s.Records() {
		key := r.RecordKey()
		another := c.authority.Kind() == domain.KindOIDC && key.Tenant != c.tenant // issuer on the same host
		if key.Environment == c.environment && !another {
			own = append(own, key)
		}
	}
	return s.Without(own...), nil
}
