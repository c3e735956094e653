package application

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/seed57855a68/keyport/domain"
)

// debugs reports whether anybody reads debug records.
func (c *core) debugs(ctx context.Context) bool {
	return c.logger != nil && c.logger.Enabled(ctx, slog.LevelDebug)
}

// debug tells of a decision. Attributes that name a person or a tenant go through
// personal; secrets go nowhere.
func (c *core) debug(ctx context.Context, message string, attrs ...slog.Attr) {
	if c.debugs(ctx) {
		c.logger.LogAttrs(ctx, slog.LevelDebug, "keyport: "+message, slices.Insert(attrs, 0, slog.String("client_id", c.clientID))...)
	}
}

// report tells the operator of a failure that the caller need not act on.
func (c *core) report(ctx context.Context, operation string, err error) {
	if c.logger != nil && !errors.Is(err, context.Canceled) {
		c.logger.WarnContext(ctx, "keyport: could not "+operation, "client_id", c.clientID, "error", err)
	}
}

// personal is an attribute that shows its value only with LogPII.
func (c *core) personal(name, value string) slog.Attr {
	if value != "" && !c.logPII {
		value = domain.Redacted
	}
	return slog.String(name, value)
}

// persons are the attributes of who and where.
func (c *core) persons(who person) []slog.Attr {
	attrs := []slog.Attr{c.personal("tenant", who.tenant)}
	if !who.account.IsZero() {
		attrs = append(attrs, c.personal("account", who.account.HomeAccountID), c.personal("username", who.account.Username))
	}
	return attrs
}

// logAcquisition writes the one record that each acquisition leaves.
func (c *core) logAcquisition(ctx context.Context, e domain.AcquisitionEvent, who person, err error) {
	if !c.debugs(ctx) {
		return
	}
	attrs := append(activity(e.Activity),
		slog.String("source", e.Source.String()), slog.String("refresh_reason", e.RefreshReason.String()), slog.Bool("shared", e.Shared))
	attrs = append(attrs, c.persons(who)...)
	if e.Failure.IsZero() {
		c.debug(ctx, "a token was acquired", attrs...)
		return
	}
	c.debug(ctx, "no token was acquired", append(attrs, slog.String("kind", string(e.Failure.Kind)), slog.Any("error", err))...)
}

// logRefresh writes that a renewal in the background worked; one that failed is reported.
func (c *core) logRefresh(ctx context.Context, e domain.RefreshEvent, who person) {
	if e.Failure.IsZero() && c.debugs(ctx) {
		c.debug(ctx, "a token was renewed in the background", append(activity(e.Activity), c.persons(who)...)...)
	}
}

func activity(a domain.Activity) []slog.Attr {
	return []slog.Attr{
		slog.String("api", a.API.String()), slog.String("correlation_id", a.CorrelationID), slog.Duration("duration", a.Durations.Total),
		slog.Int("attempts", a.Attempts), slog.Int("requests", a.Requests),
	}
}

// requestAttrs say which token request it is. The endpoint's path names the tenant.
func requestAttrs(r TokenRequestInfo) []slog.Attr {
	return []slog.Attr{
		slog.String("api", r.API.String()), slog.String("grant_type", r.GrantType), slog.String("host", hostOf(r.TokenEndpoint)),
		slog.Any("scopes", r.Scopes), slog.String("correlation_id", r.CorrelationID), slog.Int("attempt", r.Attempt),
	}
}
