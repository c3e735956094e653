package application

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/seed57855a68/keyport/application/internal/keyset"
	"github.com/seed57855a68/keyport/domain"
)

// userGrant is a token response about a user, on its way into the cache.
type userGrant struct {
	authority domain.Authority
	got       answer
	asked     domain.Scopes // by which the access token is found again: [domain.Scopes.Lookup]
	sent      domain.Scopes // as granted, by a server that does not say
	forced    bool
	reason    domain.RefreshReason
	source    domain.AccountSource

	expect domain.IDTokenExpectation

	// account is the user of a refresh; zero for a sign-in, where the response tells.
	account domain.Account
	// redeemed is the refresh token that was spent; zero for a sign-in.
	redeemed domain.Secret
	// replace says that what the partition held before goes: a session begins anew.
	replace bool
	// adopted says that the refresh token came from the client's family: the account is
	// new to this client.
	adopted bool
	// at is where the access token was looked up; zero for a sign-in, where the response
	// tells whose it is, and extra is all that is known before.
	at    lookup
	extra string
}

// fileUser verifies the response, files its tokens and returns the result.
func (c *core) fileUser(ctx context.Context, g userGrant) (domain.Result, error) {
	claims, err := c.verifyIDToken(ctx, g.authority, g.got, g.expect)
	if err != nil {
		if g.redeemed.IsZero() || !mayPass(err) {
			return domain.Result{}, err
		}
		// The old refresh token is spent, so the new one must be kept; the ID token is not
		// believed and not kept.
		c.report(ctx, "verify the ID token of a refresh", err)
		g.got.IDToken, claims = domain.Secret{}, domain.IDTokenClaims{}
	}
	account, err := c.accountOf(g, claims)
	if err != nil {
		return domain.Result{}, err
	}
	now := c.ports.Clock.Now()
	if g.at.partition.IsZero() {
		tenant := g.authority.TenantOf(account.HomeAccountID, account.Tenant)
		g.at = lookup{
			domain.UserKey(c.clientID, account.HomeAccountID),
			domain.AccessTokenKey(g.authority, tenant, c.clientID, g.asked, g.extra),
		}
	}
	token := accessToken(g.at.key, g.sent, g.got.Response, now)
	token.HomeAccountID = account.HomeAccountID
	failed := errNobody
	if account.HomeAccountID != "" || g.at.partition.Kind() != domain.UserPartition {
		failed = c.storeUser(ctx, g, account, token, now)
	}
	r := result(token, g.at.partition, g.reason, g.got, failed)
	r.Account, r.IDToken = account, g.got.IDToken
	return r, nil
}

// mayPass reports whether an ID token could not be checked now, and may be in order:
// the keys cannot be had at the moment, or this machine's clock is wrong.
func mayPass(err error) bool {
	if errors.Is(err, keyset.ErrNoKeys) {
		return true
	}
	var bad *domain.ResponseError
	return errors.As(err, &bad) && slices.Contains([]string{"exp", "iat", "nbf"}, bad.Field)
}

var errNobody = errors.New("the server did not say whose token it is, so it is not cached")

// accountOf is the user that the response is about: for a refresh the one that it
// was asked for, whatever the response leaves out.
func (c *core) accountOf(g userGrant, claims domain.IDTokenClaims) (domain.Account, error) {
	var info domain.ClientInfo
	if g.authority.Kind().IsMicrosoft() {
		info = domain.ParseClientInfo(g.got.ClientInfo)
		if info.IsZero() && g.got.ClientInfo != "" {
			return domain.Account{}, badIDToken(g.got, "client_info", "does not say whose tokens these are", nil)
		}
	}
	if !g.account.IsZero() {
		if home := info.HomeAccountID(); home != "" && home != g.account.HomeAccountID {
			return domain.Account{}, badIDToken(g.got, "client_info", "is another user's", nil)
		}
		known := g.account
		if problem := domain.IdentityProblem(g.authority, claims, known); problem != "" {
			return domain.Account{}, badIDToken(g.got, "sub", problem, nil)
		}
		if claims.Subject != "" {
			fresh := domain.NewAccount(g.authority, claims, info, known.Source)
			fresh.HomeAccountID = known.HomeAccountID
			if fresh.Username == "" {
				fresh.Username = known.Username
			}
			return fresh, nil
		}
		return known, nil
	}
	if claims.Subject == "" && info.IsZero() {
		return domain.Account{}, nil
	}
	return domain.NewAccount(g.authority, claims, info, g.source), nil
}

// storeUser writes what the response brought: the family's part first, so that a
// failure between the two leaves the newer token where both look.
func (c *core) storeUser(ctx context.Context, g userGrant, account domain.Account, token *domain.AccessToken, now time.Time) error {
	grant := domain.Grant{Forced: g.forced, Redeemed: g.redeemed, RefreshToken: c.refreshTokenOf(g, account, now)}
	if token.ExpiresOn.After(now) && !token.Secret.IsZero() {
		grant.AccessToken = token
	}
	if !g.got.IDToken.IsZero() {
		grant.IDToken = &domain.IDToken{
			Key: domain.IDTokenKey(g.authority, g.at.key.Tenant, c.clientID), Secret: g.got.IDToken, HomeAccountID: account.HomeAccountID,
		}
	}
	if !account.IsZero() && (g.redeemed.IsZero() || g.adopted) {
		grant.Account = &account
	}
	if g.adopted { // the token that was spent was not this client's own
		grant.Redeemed = domain.Secret{}
	}
	if g.authority.Kind() == domain.KindEntra && g.at.partition.Kind() == domain.UserPartition {
		grant.AppMetadata = &domain.AppMetadata{
			Key: domain.AppMetadataKey(g.authority, c.clientID), ClientID: c.clientID, FamilyID: g.got.FamilyID,
		}
		if gone := c.storeFamily(ctx, g, account, grant.RefreshToken, now); gone {
			return nil // the account was removed meanwhile
		}
	}
	if g.replace {
		return c.write(ctx, g.at.partition, func(domain.TokenSet) domain.TokenSet { return domain.TokenSet{}.With(grant, now) })
	}
	return c.update(ctx, g.at.partition, grant, now)
}

func (c *core) refreshTokenOf(g userGrant, account domain.Account, now time.Time) *domain.RefreshToken {
	if g.got.RefreshToken.IsZero() {
		return nil
	}
	return &domain.RefreshToken{
		Key: domain.RefreshTokenKey(g.authority, c.clientID), Secret: g.got.RefreshToken, HomeAccountID: account.HomeAccountID,
		ClientID: c.clientID, FamilyID: g.got.FamilyID, Scopes: g.asked, LastModified: now,
	}
}

// storeFamily writes the refresh token and the account where the clients of the
// family find them. It reports whether a refresh with the family's token found the
// account gone.
func (c *core) storeFamily(ctx context.Context, g userGrant, account domain.Account, t *domain.RefreshToken, now time.Time) (gone bool) {
	family := g.got.FamilyID
	if family == "" && g.adopted {
		family = firstFamily
	}
	if family == "" || t == nil && !g.adopted {
		return false
	}
	grant := domain.Grant{Redeemed: g.redeemed}
	if t != nil {
		shared := *t
		shared.Key = domain.RefreshTokenKey(g.authority, family)
		grant.RefreshToken = &shared
	}
	if g.redeemed.IsZero() {
		grant.Account = &account
	}
	err := c.write(ctx, domain.FamilyKey(family, account.HomeAccountID), func(s domain.TokenSet) domain.TokenSet {
		gone = g.adopted && s.IsZero()
		return s.With(grant, now)
	})
	return gone && err == nil
}
