package domain

import "time"

// Freshness says what to do with a cached access token.
type Freshness uint8

// The states of a cached access token.
const (
	Absent  Freshness = iota // there is none
	Expired                  // its life is over: only a new one will do
	Due                      // in the margin before its end: renew it; it serves if that fails
	Stale                    // past its refresh time: it serves while it is renewed in the background
	Fresh                    // it serves
)

// String returns the state's name, for logs.
func (f Freshness) String() string {
	return [...]string{"absent", "expired", "due", "stale", "fresh"}[min(f, Fresh)]
}

// clockSkew is how far two machines' clocks may be apart.
const clockSkew = 5 * time.Minute

// renewalMargin is how long before its end a token is renewed, so that one handed
// out lives long enough to be used.
const renewalMargin = 5 * time.Minute

// Margin returns how long before its end the token is due for renewal: five
// minutes, or a quarter of its life where that is less, so that short-lived tokens
// are cached too.
func (t *AccessToken) Margin() time.Duration {
	if t.CachedAt.IsZero() {
		return renewalMargin
	}
	return min(renewalMargin, t.ExpiresOn.Sub(t.CachedAt)/4)
}

// isPostdated reports whether the token was cached later than now, by a clock that
// has been set back since. Its times mean nothing.
func (t *AccessToken) isPostdated(now time.Time) bool {
	return t.CachedAt.After(now) && t.CachedAt.Sub(now) > clockSkew // comparing is quicker than subtracting
}

// FreshnessAt returns the token's state at a point in time.
func (t *AccessToken) FreshnessAt(now time.Time) Freshness {
	switch left := t.ExpiresOn.Sub(now); {
	case left <= 0 || t.isPostdated(now):
		return Expired
	case left <= renewalMargin && left <= t.Margin():
		return Due
	case !t.RefreshOn.IsZero() && !now.Before(t.RefreshOn):
		return Stale
	}
	return Fresh
}
