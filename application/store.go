package application

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/seed57855a68/keyport/application/internal/tokenendpoint"
	"github.com/seed57855a68/keyport/domain"
)

// storeApp files an application's own token. A cache that cannot be written costs
// the next caller a request; this one has a token.
func (c *core) storeApp(ctx context.Context, l lookup, asked domain.Scopes, forced bool, reason domain.RefreshReason, got answer) domain.Result {
	now := c.ports.Clock.Now()
	token := accessToken(l.key, asked, got.Response, now)
	var failed error
	if token.ExpiresOn.After(now) {
		failed = c.update(ctx, l.partition, domain.Grant{AccessToken: token, Forced: forced}, now)
	}
	return result(token, l.partition, reason, got, failed)
}

// update merges a grant into a partition.
func (c *core) update(ctx context.Context, key domain.PartitionKey, g domain.Grant, now time.Time) error {
	return c.write(ctx, key, func(s domain.TokenSet) domain.TokenSet { return s.With(g, now) })
}

// write changes a partition, and reports a cache that fails. What the server gave is
// stored although the time for asking it is up.
func (c *core) write(ctx context.Context, key domain.PartitionKey, change func(domain.TokenSet) domain.TokenSet) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), storeTimeout)
	defer cancel()
	err := c.ports.TokenCache.Update(ctx, key, func(s domain.TokenSet) (domain.TokenSet, error) { return change(s), nil })
	if err != nil {
		c.report(ctx, "write the token cache", err)
		return err
	}
	c.debug(ctx, "tokens were stored", slog.String("partition", key.Kind().String()))
	return nil
}

// result is what a caller gets of a token response.
func result(t *domain.AccessToken, at domain.PartitionKey, reason domain.RefreshReason, got answer, failed error) domain.Result {
	r := domain.ResultOf(t, at, domain.SourceIdentityProvider, reason)
	r.Metadata.CorrelationID = got.correlationID
	r.Metadata.TraceID, r.Metadata.TokenEndpoint, r.Metadata.Region = got.TraceID, got.endpoint, got.region
	r.Metadata.CacheError = failed
	for name, raw := range got.Extra {
		if r.ExtraFields == nil {
			r.ExtraFields = make(map[string]json.RawMessage, len(got.Extra))
		}
		r.ExtraFields[name] = raw
	}
	return r
}

// accessToken files the response's token under what was asked for, so that the same
// request finds it again, with the scopes that were granted (RFC 6749 §5.1: those
// that were asked for, when the server is silent).
func accessToken(key domain.RecordKey, asked domain.Scopes, r tokenendpoint.Response, now time.Time) *domain.AccessToken {
	t := &domain.AccessToken{Key: key, Secret: r.AccessToken, Type: r.TokenType, Scopes: r.Scopes, CachedAt: now}
	if t.Scopes.IsZero() {
		t.Scopes = asked
	}
	if !r.HasExpiry {
		return t // good for this caller; when it ends is anybody's guess, so it is not cached
	}
	t.ExpiresOn = now.Add(r.ExpiresIn)
	if r.ExtExpiresIn > 0 {
		t.ExtendedExpiresOn = now.Add(r.ExtExpiresIn)
	}
	if r.RefreshIn > 0 {
		t.RefreshOn = now.Add(r.RefreshIn - jitter(r.RefreshIn/10))
	}
	return t
}
