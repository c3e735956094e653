package application

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

const silently = "acquire token silent"

// SilentRequest asks for a user's token without the user. Scopes and Account are
// required; the zero value of every other field is its default.
type SilentRequest struct {
	// Scopes of one API, such as "https://graph.microsoft.com/User.Read"; "openid" alone
	// for a token of the sign-in itself.
	Scopes []string
	// Account, as Accounts or the Result of a sign-in has it. The zero Account has no
	// tokens: [domain.ErrTokenNotCached], and nothing is sent.
	Account domain.Account
	// Tenant, a GUID or a domain name, to act as a guest of; when empty, the
	// authority's, and when that stands for many, the user's home.
	Tenant string
	// ClaimsChallenge is the JSON object of a claims challenge that the resource sent,
	// decoded. When set, the cached access token is not used; the new one takes its place.
	ClaimsChallenge string
	// ForceRefresh redeems the refresh token although there is an access token.
	ForceRefresh bool
	// Scheme is how the token will be presented; when nil, as a bearer token. Others need
	// a broker.
	Scheme domain.Scheme
	// ExtraParameters are added to the token request.
	ExtraParameters domain.Parameters
	// CorrelationID is sent as client-request-id; when empty, a random UUID.
	CorrelationID string
}

// acquireTokenSilent serves from the cache, and otherwise redeems a refresh token.
func (c *core) acquireTokenSilent(ctx context.Context, r *SilentRequest) (result domain.Result, err error) {
	if c.watched {
		var w *recorder
		ctx, w = c.watch(ctx, domain.AcquireTokenSilentID, person{r.Account, r.Tenant})
		defer w.ended(ctx, &result, &err)
	}
	if err := c.ready(ctx); err != nil {
		return domain.Result{}, err
	}
	if r.Account.IsZero() {
		return domain.Result{}, notCached("there is no account")
	}
	scopes, err := c.scopeLists.parse(r.Scopes)
	if err != nil {
		return domain.Result{}, err
	}
	if scopes.IsZero() {
		return domain.Result{}, &domain.ConfigError{
			Field: "Scopes", Problem: "is empty", Remedy: `pass the scopes of one API, or "openid" for a token of the sign-in itself`,
		}
	}
	var l lookup
	asked := c.userLookup(ctx, r, scopes, &l)
	var f found
	if err := c.lookUp(ctx, &l, &f); err != nil {
		return domain.Result{}, err
	}
	forced := r.ForceRefresh || r.ClaimsChallenge != ""
	if f.state == domain.Fresh && !forced && r.Scheme == nil {
		c.fillCachedFor(&result, r, &l, &f)
		return result, nil
	}
	return c.renewForUser(ctx, r, l, asked, scopes, forced, f)
}

// userLookup says where the token is filed: it fills l in. It is on the path of every hit.
func (c *core) userLookup(ctx context.Context, r *SilentRequest, scopes domain.Scopes, l *lookup) domain.Scopes {
	tenant := c.tenant
	switch {
	case r.Tenant != "":
		tenant = domain.TenantKey(r.Tenant)
	case !c.tenanted:
		tenant = c.authority.TenantOf(r.Account.HomeAccountID, r.Account.Tenant)
	}
	extra := ""
	if !r.ExtraParameters.IsZero() || c.hooks.CacheKey != nil {
		extra = c.extraKey(ctx, r.ExtraParameters, "")
	}
	asked := scopes.Lookup()
	l.partition = domain.UserKey(c.clientID, r.Account.HomeAccountID)
	c.setAccessTokenKey(&l.key, tenant, asked, extra)
	return asked
}

// cachedFor is the result of a hit, with the account as the tenant knows it that was
// asked for.
func (c *core) cachedFor(asked *SilentRequest, l *lookup, f *found) (r domain.Result) {
	c.fillCachedFor(&r, asked, l, f)
	return r
}

// fillCachedFor is cachedFor for the path of every hit, where the result is not copied.
func (c *core) fillCachedFor(r *domain.Result, asked *SilentRequest, l *lookup, f *found) {
	c.fillCached(r, &asked.Account, l, f)
	if asked.Tenant != "" && !strings.EqualFold(asked.Account.Tenant, l.key.Tenant) {
		r.Account = c.guest(asked.Account, r.IDToken)
	}
}

// cachedForUser is the result of a hit.
func (c *core) cachedForUser(account domain.Account, l *lookup, f *found) (r domain.Result) {
	c.fillCached(&r, &account, l, f)
	return r
}

func (c *core) fillCached(r *domain.Result, account *domain.Account, l *lookup, f *found) {
	*r = domain.ResultOf(f.token, l.partition, domain.SourceCache, domain.ReasonNotApplicable)
	r.Account = *account
	key := domain.RecordKey{
		Kind: domain.IDTokenRecord, Environment: l.key.Environment, Tenant: l.key.Tenant, ClientID: l.key.ClientID, Policy: l.key.Policy,
	}
	if t, ok := f.set.IDToken(key); ok {
		r.IDToken = t.Secret
	}
}

// guest is the user as another tenant knows them, by its ID token.
func (c *core) guest(home domain.Account, token domain.Secret) domain.Account {
	claims, ok := cachedClaims(token)
	if !ok {
		return home
	}
	there := domain.NewAccount(c.authority, claims, domain.ClientInfo{}, home.Source)
	there.HomeAccountID = home.HomeAccountID
	if there.Username == "" {
		there.Username = home.Username
	}
	return there
}

// renewForUser is the way to the server.
func (c *core) renewForUser(
	ctx context.Context, r *SilentRequest, l lookup, asked, scopes domain.Scopes, forced bool, f found,
) (domain.Result, error) {
	if r.Scheme != nil {
		return domain.Result{}, schemeError(r.Scheme)
	}
	a, err := c.authorityOfUser(r, l.key.Tenant)
	if err != nil {
		return domain.Result{}, err
	}
	if err := checkExtras(r.ExtraParameters, r.CorrelationID); err != nil {
		return domain.Result{}, err
	}
	claims, err := domain.MergeClaims(c.capabilities, r.ClaimsChallenge)
	if err != nil {
		return domain.Result{}, err
	}
	request := *r // for the closure: r itself must not leave the stack, or each hit would pay for it
	redemption := refreshRedemption{
		core: c, authority: a, account: r.Account, asked: asked, sent: scopes.ForSignIn(c.exclude), lookup: l, forced: forced,
		claims: claims, parameters: r.ExtraParameters, correlation: r.CorrelationID,
	}
	result, err := c.acquire(ctx, plan{
		lookup: l, claims: claims, forced: forced, serial: true, redeem: redemption.redeem,
		hit: func(f found) domain.Result { return c.cachedFor(&request, &l, &f) },
	}, f)
	return result, failedUnlessNil(silently, err)
}

// authorityOfUser is where a user's refresh token is redeemed: in the tenant under which
// the token will be filed. An authority of many tenants might choose another, such as the
// one where the user has last signed in as a guest: see
// docs/adr/0019-refresh-where-the-token-is-filed.md.
func (c *core) authorityOfUser(r *SilentRequest, filed string) (domain.Authority, error) {
	a, err := c.authorityFor(r.Tenant)
	hasHome := domain.ClientInfoOf(r.Account.HomeAccountID).TenantID != ""
	if err != nil || r.Tenant != "" || a.Kind() != domain.KindEntra || a.IsTenanted() || !hasHome {
		return a, err
	}
	return a.WithTenant(filed)
}

// schemeError says what is wrong with a scheme, or else that there is no broker.
func schemeError(s domain.Scheme) error {
	if err := s.Check(); err != nil {
		return err
	}
	return &domain.ConfigError{
		Field: "Scheme", Problem: "needs a broker, and there is none", Remedy: "leave it nil for a bearer token; IsPoPSupported tells beforehand",
	}
}

func notCached(why string) error {
	return fmt.Errorf("%s: %w: %s; have the user sign in", silently, domain.ErrTokenNotCached, why)
}
