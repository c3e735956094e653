package application

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/seed57855a68/keyport/application/internal/authority"
	"github.com/seed57855a68/keyport/domain"
)

// PlanTokenForClient says what AcquireTokenForClient would do with the same request:
// which cached token would serve and why others do not, or what would be sent. It reads
// the token cache once, changes nothing, sends nothing, and asks for no secret and no
// signature.
func (c *ConfidentialClient) PlanTokenForClient(ctx context.Context, r ClientCredentialsRequest) domain.TokenPlan {
	var l lookup
	if _, err := c.appLookup(ctx, &r, &l); err != nil {
		l = lookup{} // here and below: the dry run comes to the same error
	}
	claims, _ := domain.MergeClaims(c.core.capabilities, r.ClientClaims, r.ClaimsChallenge)
	p := plan{lookup: l, claims: claims, forced: r.ForceRefresh || r.ClaimsChallenge != ""}
	return c.core.rehearse(ctx, forClient, r.Tenant, p, func(d *dryRun) (domain.Result, error) {
		return d.AcquireTokenForClient(ctx, r)
	})
}

// PlanTokenSilent says what AcquireTokenSilent would do with the same request, as
// PlanTokenForClient does. It looks into the cache of the client's family as well when
// AcquireTokenSilent would.
func (c *client) PlanTokenSilent(ctx context.Context, r SilentRequest) domain.TokenPlan {
	var l lookup
	scopes, err := domain.ParseScopes(r.Scopes)
	if err == nil && !r.Account.IsZero() {
		c.core.userLookup(ctx, &r, scopes, &l)
	}
	claims, _ := domain.MergeClaims(c.core.capabilities, r.ClaimsChallenge)
	p := plan{lookup: l, claims: claims, forced: r.ForceRefresh || r.ClaimsChallenge != ""}
	return c.core.rehearse(ctx, silently, r.Tenant, p, func(d *dryRun) (domain.Result, error) {
		return d.AcquireTokenSilent(ctx, r)
	})
}

// PlanTokenOnBehalfOf says what AcquireTokenOnBehalfOf would do with the same request,
// as PlanTokenForClient does.
func (c *ConfidentialClient) PlanTokenOnBehalfOf(ctx context.Context, r OnBehalfOfRequest) domain.TokenPlan {
	var l lookup
	if _, err := c.core.assertionLookup(ctx, r.Scopes, r.Tenant, r.ExtraParameters, &l); err == nil {
		l.partition = domain.AssertionKey(c.core.clientID, r.UserAssertion)
	}
	claims, _ := domain.MergeClaims(c.core.capabilities, r.ClaimsChallenge)
	sum := sha256.Sum256([]byte(r.UserAssertion.Reveal()))
	p := plan{
		lookup: l, claims: claims, forced: r.ForceRefresh || r.ClaimsChallenge != "", proof: base64.RawURLEncoding.EncodeToString(sum[:]),
	}
	return c.core.rehearse(ctx, onBehalfOf, r.Tenant, p, func(d *dryRun) (domain.Result, error) {
		return d.AcquireTokenOnBehalfOf(ctx, r)
	})
}

// rehearse runs a use case on a dry run and says what it did. p has what tells
// requests apart; its lookup is zero when the request is refused before it has one.
func (c *core) rehearse(
	ctx context.Context, operation, tenant string, p plan, run func(*dryRun) (domain.Result, error),
) domain.TokenPlan {
	out := domain.TokenPlan{Operation: operation, Outcome: domain.PlanFails, Partition: p.partition}
	if out.Err = c.ready(ctx); out.Err != nil {
		return out
	}
	a, err := c.authorityFor(tenant)
	if err != nil {
		a = c.authority
	}
	metadata, steps := c.resolver.Ahead(ctx, a)
	if len(steps) > 0 {
		metadata.TokenEndpoint = "https://" + a.Host() + "/" // nothing goes there
	}
	d := newDryRun(c, a, metadata)
	result, err := run(d)
	if closed := d.core.flights.Close(ctx); closed != nil { // a renewal in the background comes to its request, too
		err = closed
	}

	var set domain.TokenSet
	if !p.partition.IsZero() {
		set, out.CacheError = d.cache.Load(ctx, p.partition) // once more, from what it has seen
	}
	now := c.ports.Clock.Now()
	_, state := set.Select(p.key, now)
	request, sends := d.wire.first()
	var serving domain.RecordKey
	switch {
	case err == nil && sends && state == domain.Due:
		out.Outcome = domain.PlanRenews
	case err == nil:
		out.Outcome = domain.PlanServes
		if sends {
			out.Outcome = domain.PlanServesAndRenews
		}
		_, serving = result.Filed()
	case errors.Is(err, errNotSent):
		out.Outcome = domain.PlanAsks
	default:
		out.Err, sends = err, false
	}
	out.Tokens = set.PlannedTokens(p.key, serving, now, p.forced)
	if sends {
		out.Reason = reasonFor(p, found{state: state})
		out.Requests = append(plannedSteps(steps), c.plannedRequest(request, set, a.Kind(), len(steps) == 0))
		out.Flight, out.Underway = p.flight().digest(), c.flights.Underway(p.flight())
	}
	return out
}

func plannedSteps(steps []authority.Step) []domain.PlannedRequest {
	var out []domain.PlannedRequest
	for _, s := range steps {
		out = append(out, domain.PlannedRequest{Operation: s.Operation, Method: http.MethodGet, URL: s.URL})
	}
	return out
}

// plannedRequest is a token request without its secrets. known says that the metadata
// of the server are at hand.
func (c *core) plannedRequest(s stopped, set domain.TokenSet, kind domain.AuthorityKind, known bool) domain.PlannedRequest {
	out := domain.PlannedRequest{
		Operation: "token endpoint", Method: s.method, Redeems: redeemed(s.form, set), Authentication: c.plannedProof(s, kind, known),
	}
	if known {
		out.URL = s.url
	}
	for _, name := range slices.Sorted(maps.Keys(s.form)) {
		value := domain.Redacted
		if shown[name] {
			value = s.form.Get(name)
		}
		out.Parameters = append(out.Parameters, domain.PlannedParameter{Name: name, Value: value})
	}
	return out
}

// shown are the parameters whose values are neither secret nor personal. What a caller
// adds may be either.
var shown = map[string]bool{
	"client_id": true, "grant_type": true, "scope": true, "client_info": true, "client_assertion_type": true, "requested_token_use": true,
}

// redeemed says whose refresh token is in a form.
func redeemed(form url.Values, set domain.TokenSet) string {
	token := domain.NewSecret(form.Get("refresh_token"))
	switch {
	case token.IsZero():
		return ""
	case slices.ContainsFunc(set.RefreshTokens(), func(t domain.RefreshToken) bool { return t.Secret.Equal(token) }):
		return "the client's"
	}
	return "the family's"
}

// plannedProof says how the client would authenticate.
func (c *core) plannedProof(s stopped, kind domain.AuthorityKind, known bool) string {
	_, hasSecret := c.auth.credential.kind.(*secretCredential)
	_, hasProvider := c.auth.credential.kind.(*providerCredential)
	switch {
	case hasProvider:
		return "what the credential provider brings"
	case hasSecret && !known && c.auth.method == "" && !kind.IsMicrosoft():
		return "a method that the metadata offer"
	case s.form.Has("client_assertion") && hasSecret:
		return string(ClientSecretJWT)
	case s.form.Has("client_assertion"):
		return string(PrivateKeyJWT)
	case s.form.Has("client_secret"):
		return string(ClientSecretPost)
	case s.header.Get("Authorization") != "":
		return string(ClientSecretBasic)
	}
	return ""
}

// digest is a name for the flight that tells nothing of whose it is.
func (k flightKey) digest() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %t %q", k.partition.Text(), fmt.Sprint(k.key), k.claims, k.forced, k.proof))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}
