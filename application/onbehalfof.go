package application

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

const (
	onBehalfOf     = "acquire token on behalf of"
	grantJWTBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer" // RFC 7523 §2.1
)

// OnBehalfOfRequest asks for a token of the user who called a web API, for the next
// API. UserAssertion and Scopes are required.
type OnBehalfOfRequest struct {
	// UserAssertion is the access token that the API was called with. Validate it first:
	// the library takes it as it is.
	UserAssertion domain.Secret
	// Scopes of the next API, such as "https://graph.microsoft.com/User.Read".
	Scopes []string
	// Tenant, a GUID or a domain name; when empty, the authority's. For an API of many
	// tenants it is the tenant of the assertion (its tid).
	Tenant string
	// ClaimsChallenge is the JSON object of a claims challenge that the next API sent,
	// decoded. When set, the cached token is not used; the new one takes its place.
	ClaimsChallenge string
	// ForceRefresh asks the server although the cache has a token.
	ForceRefresh bool
	// ExtraParameters are added to the token request.
	ExtraParameters domain.Parameters
	// CorrelationID is sent as client-request-id; when empty, a random UUID.
	CorrelationID string
}

// AcquireTokenOnBehalfOf returns a token of the user whose assertion the API holds
// (the Microsoft identity platform's jwt-bearer grant), from the cache when this
// very assertion brought one before. Nobody is served another's token: each
// assertion has a partition of its own, of which the cache knows only its SHA-256.
//
// [domain.ErrInteractionRequired] with Claims means that the API must hand them on to
// its caller: only there is a user.
func (c *ConfidentialClient) AcquireTokenOnBehalfOf(ctx context.Context, r OnBehalfOfRequest) (result domain.Result, err error) {
	if c.core.watched {
		var w *recorder
		ctx, w = c.core.watch(ctx, domain.AcquireTokenOnBehalfOfID, person{tenant: r.Tenant})
		defer w.ended(ctx, &result, &err)
	}
	if err := c.core.ready(ctx); err != nil {
		return domain.Result{}, err
	}
	if err := checkAssertion(r.UserAssertion); err != nil {
		return domain.Result{}, err
	}
	return c.core.onBehalfOf(ctx, &r, domain.AssertionKey(c.core.clientID, r.UserAssertion), false)
}

func checkAssertion(secret domain.Secret) error {
	if assertion := secret.Reveal(); assertion == "" || strings.ContainsAny(assertion, " \r\n\t") {
		return &domain.ConfigError{
			Field: "UserAssertion", Problem: "is empty or has white space in it",
			Remedy: `pass the access token alone, without "Bearer " in front`,
		}
	}
	return nil
}

// onBehalfOf walks the corridor for an assertion. keep says that the refresh token
// that comes along is for later.
func (c *core) onBehalfOf(ctx context.Context, r *OnBehalfOfRequest, partition domain.PartitionKey, keep bool) (domain.Result, error) {
	l := lookup{partition: partition}
	scopes, err := c.assertionLookup(ctx, r.Scopes, r.Tenant, r.ExtraParameters, &l)
	if err != nil {
		return domain.Result{}, err
	}
	forced := r.ForceRefresh || r.ClaimsChallenge != ""
	var f found
	if err := c.lookUp(ctx, &l, &f); err != nil {
		return domain.Result{}, err
	}
	if f.state == domain.Fresh && !forced {
		return c.cachedForUser(accountIn(f.set), &l, &f), nil
	}
	return c.acquireOnBehalfOf(ctx, l, scopes, r, forced, keep, f)
}

// acquireOnBehalfOf is the way to the server.
func (c *core) acquireOnBehalfOf(
	ctx context.Context, l lookup, scopes domain.Scopes, r *OnBehalfOfRequest, forced, keep bool, f found,
) (domain.Result, error) {
	request, err := c.onBehalfOfRequest(scopes, r)
	if err != nil {
		return domain.Result{}, err
	}
	sum := sha256.Sum256([]byte(r.UserAssertion.Reveal()))
	result, err := c.acquire(ctx, plan{
		lookup: l, claims: request.claims, forced: forced, proof: base64.RawURLEncoding.EncodeToString(sum[:]),
		hit: func(f found) domain.Result { return c.cachedForUser(accountIn(f.set), &l, &f) },
		redeem: func(ctx context.Context, a attempt) (domain.Result, error) {
			sent := request
			sent.reason = a.reason
			got, err := c.send(ctx, sent)
			if err != nil {
				return domain.Result{}, err
			}
			if !keep {
				got.RefreshToken = domain.Secret{} // the assertion brings the next token too
			}
			return c.fileUser(ctx, userGrant{
				authority: sent.authority, got: got, asked: scopes.Lookup(), sent: sent.scopes, forced: forced, reason: a.reason, at: l, replace: keep,
			})
		},
	}, f)
	return result, failedUnlessNil(onBehalfOf, err)
}

// assertionLookup says where the tokens of an assertion or session are filed: under
// the tenant that was asked for, whoever the user is. It completes l, which has the
// partition.
func (c *core) assertionLookup(ctx context.Context, list []string, tenant string, p domain.Parameters, l *lookup) (domain.Scopes, error) {
	scopes, err := c.scopeLists.parse(list)
	if err != nil {
		return scopes, err
	}
	if scopes.IsZero() {
		return scopes, &domain.ConfigError{Field: "Scopes", Problem: "is empty", Remedy: "pass the scopes of the next API"}
	}
	if tenant = domain.TenantKey(tenant); tenant == "" {
		tenant = c.tenant
	}
	extra := ""
	if !p.IsZero() || c.hooks.CacheKey != nil {
		extra = c.extraKey(ctx, p, "")
	}
	c.setAccessTokenKey(&l.key, tenant, scopes.Lookup(), extra)
	return scopes, nil
}

// onBehalfOfRequest is the grant, checked and ready to be sent.
func (c *core) onBehalfOfRequest(scopes domain.Scopes, r *OnBehalfOfRequest) (tokenRequest, error) {
	a, err := c.authorityFor(r.Tenant)
	if err != nil {
		return tokenRequest{}, err
	}
	if err := checkExtras(r.ExtraParameters, r.CorrelationID); err != nil {
		return tokenRequest{}, err
	}
	claims, err := domain.MergeClaims(c.capabilities, r.ClaimsChallenge)
	if err != nil {
		return tokenRequest{}, err
	}
	return tokenRequest{
		operation: onBehalfOf, api: domain.AcquireTokenOnBehalfOfID, authority: a,
		grant: url.Values{
			"grant_type": {grantJWTBearer}, "assertion": {r.UserAssertion.Reveal()}, "requested_token_use": {"on_behalf_of"},
		},
		scopes: scopes.ForSignIn(c.exclude), claims: claims, parameters: r.ExtraParameters, correlation: r.CorrelationID,
	}, nil
}

// accountIn is the user whose tokens a partition holds.
func accountIn(s domain.TokenSet) domain.Account {
	if accounts := s.Accounts(); len(accounts) > 0 {
		return accounts[0]
	}
	return domain.Account{}
}
