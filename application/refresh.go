package application

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"slices"

	"github.com/seed57855a68/keyport/domain"
)

// firstFamily is the only family of clients that share refresh tokens there is.
const firstFamily = "1"

// refreshRedemption redeems a user's refresh token (RFC 6749 §6).
type refreshRedemption struct {
	core        *core
	authority   domain.Authority
	account     domain.Account
	asked, sent domain.Scopes
	lookup      lookup
	forced      bool
	claims      string
	parameters  domain.Parameters
	correlation string
}

// candidate is a refresh token that may serve.
type candidate struct {
	domain.RefreshToken
	family bool // it stands in the family's partition only
}

// stranger reports whether the server said no more than that the client is not in the
// family, which is no news to the user.
func (t candidate) stranger(refused *domain.OAuthError) bool {
	return t.family && refused.SubError == domain.SubErrorClientMismatch
}

// redeem tries the refresh tokens that there are, the newest first. A token that the
// server refuses may just have been replaced by another process, so the cache is
// asked once more before the user is.
func (r refreshRedemption) redeem(ctx context.Context, a attempt) (domain.Result, error) {
	candidates := r.candidates(ctx, a.set)
	switch {
	case len(candidates) == 0 && a.failed != nil: // the user need not do anything
		return domain.Result{}, fmt.Errorf("the token cache could not be read: %w", a.failed)
	case len(candidates) == 0:
		return domain.Result{}, notCached("there is no refresh token")
	}
	r.core.debug(ctx, "there are refresh tokens to try", slog.Int("count", len(candidates)))
	var last error
	reloaded := false
	for i := 0; i < len(candidates); i++ {
		t := candidates[i]
		result, err := r.spend(ctx, t, a)
		if err == nil {
			return result, nil
		}
		refused, kept := refusalOf(err)
		if refused == nil || refused.Code != domain.CodeInvalidGrant && !t.family {
			return domain.Result{}, err // trying another token would not help
		}
		r.core.debug(ctx, "a refresh token was refused", slog.Bool("family", t.family), slog.String("code", refused.Code), slog.String("suberror", refused.SubError))
		if !t.stranger(refused) {
			last = err
		}
		if !reloaded {
			reloaded = true
			if newer, ok := r.newer(ctx, candidates); ok {
				r.core.debug(ctx, "another process stored a newer refresh token")
				candidates = slices.Insert(candidates, i+1, newer)
				continue
			}
		}
		if !kept { // what was refused before may have been another token of this user
			r.retire(ctx, t, refused)
		}
	}
	if last == nil {
		return domain.Result{}, notCached("there is no refresh token")
	}
	return domain.Result{}, last
}

// spend sends one refresh token and files what comes back.
func (r refreshRedemption) spend(ctx context.Context, t candidate, a attempt) (domain.Result, error) {
	got, err := r.core.send(ctx, tokenRequest{
		operation: silently, api: domain.AcquireTokenSilentID, reason: a.reason, authority: r.authority,
		grant:  url.Values{"grant_type": {"refresh_token"}, "refresh_token": {t.Secret.Reveal()}},
		signIn: r.asked.String() == domain.ScopeOpenID, scopes: r.sent, claims: r.claims, parameters: r.parameters, correlation: r.correlation,
		anchor: domain.ClientInfoOf(r.account.HomeAccountID).AnchorMailbox(),
	})
	if err != nil {
		return domain.Result{}, err
	}
	return r.core.fileUser(ctx, userGrant{
		authority: r.authority, got: got, asked: r.asked, sent: r.sent, forced: r.forced, reason: a.reason, at: r.lookup,
		account: r.account, redeemed: t.Secret, adopted: t.family, expect: domain.IDTokenExpectation{Subject: r.subject(a.set)},
	})
}

// subject is the sub of the ID token before, which a refresh must repeat (OIDC Core
// §12.2); "" when there was none for this tenant.
func (r refreshRedemption) subject(set domain.TokenSet) string {
	old, ok := set.IDToken(domain.IDTokenKey(r.authority, r.lookup.key.Tenant, r.core.clientID))
	if !ok {
		return ""
	}
	claims, _ := cachedClaims(old.Secret)
	return claims.Subject
}

// candidates are the refresh tokens of the client and of its family. Whether a
// client is in the family, the server says with its first token; until then the
// family's token is worth a try.
func (r refreshRedemption) candidates(ctx context.Context, set domain.TokenSet) []candidate {
	var list []candidate
	own, hasOwn := set.RefreshToken(domain.RefreshTokenKey(r.authority, r.core.clientID))
	if hasOwn {
		list = append(list, candidate{own, false})
	}
	family := r.family(set)
	if family == "" {
		return list
	}
	shared, err := r.core.ports.TokenCache.Load(ctx, domain.FamilyKey(family, r.account.HomeAccountID))
	if err != nil {
		r.core.report(ctx, "read the token cache", err)
		return list
	}
	t, ok := shared.RefreshToken(domain.RefreshTokenKey(r.authority, family))
	switch {
	case !ok || hasOwn && t.Secret.Equal(own.Secret):
		return list
	case hasOwn && !t.LastModified.After(own.LastModified):
		return append(list, candidate{t, true})
	}
	return append([]candidate{{t, true}}, list...)
}

// family is the family to look into; "" for a client that is known to be in none.
func (r refreshRedemption) family(set domain.TokenSet) string {
	if r.authority.Kind() != domain.KindEntra || r.lookup.partition.Kind() != domain.UserPartition {
		return ""
	}
	if known, ok := set.AppMetadata(domain.AppMetadataKey(r.authority, r.core.clientID)); ok {
		return known.FamilyID
	}
	return firstFamily
}

// newer returns a refresh token that appeared in the cache since the candidates
// were read: a peer was quicker.
func (r refreshRedemption) newer(ctx context.Context, known []candidate) (candidate, bool) {
	set, err := r.core.ports.TokenCache.Load(ctx, r.lookup.partition)
	if err != nil {
		r.core.report(ctx, "read the token cache", err)
		return candidate{}, false
	}
	for _, c := range r.candidates(ctx, set) {
		if !slices.ContainsFunc(known, func(k candidate) bool { return k.Secret.Equal(c.Secret) }) {
			return c, true
		}
	}
	return candidate{}, false
}

// retire takes a refresh token out of the cache that will never serve again. A
// refusal alone does not mean that: Microsoft's servers refuse a good token for one
// resource because of its policies, and say "bad_token" of a dead one. Other servers
// mean it (RFC 6749 §5.2).
func (r refreshRedemption) retire(ctx context.Context, t candidate, refused *domain.OAuthError) {
	now := r.core.ports.Clock.Now()
	switch {
	case t.stranger(refused):
		_ = r.core.update(ctx, r.lookup.partition, domain.Grant{AppMetadata: &domain.AppMetadata{
			Key: domain.AppMetadataKey(r.authority, r.core.clientID), ClientID: r.core.clientID, // in no family
		}}, now)
		return
	case r.authority.Kind().IsMicrosoft() && refused.SubError != domain.SubErrorBadToken:
		return
	}
	partition := r.lookup.partition
	if t.family {
		partition = domain.FamilyKey(t.FamilyID, r.account.HomeAccountID)
	}
	err := r.core.ports.TokenCache.Update(ctx, partition, func(s domain.TokenSet) (domain.TokenSet, error) {
		return s.WithoutToken(t.Secret), nil
	})
	if err != nil {
		r.core.report(ctx, "write the token cache", err)
		return
	}
	r.core.debug(ctx, "a refresh token that will not serve again was forgotten", slog.Bool("family", t.family))
}
