package keyporttest

import (
	"slices"
	"strings"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// RefreshTokens says what a server does with refresh tokens.
type RefreshTokens struct {
	// Rotate gives a new one at each use. Without it, answers to a refresh have none, and
	// the first one stays (RFC 6749 §6).
	Rotate bool
	// DetectReuse ends the old one when it is replaced; who uses it again ends the whole
	// sign-in (RFC 9700 §4.14.2). Without it, the old one stays good until its own end.
	DetectReuse bool
	// Lifetime of each, from when it was issued; zero: 90 days.
	Lifetime time.Duration
}

const refreshLife = 90 * 24 * time.Hour

// SetRefreshTokens sets what all servers do with refresh tokens. Before that,
// Microsoft's give a new one and leave the old one good, and the OpenID Connect
// issuers rotate and detect reuse.
func (a *Authority) SetRefreshTokens(p RefreshTokens) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.flows.policy = &p
}

func (a *Authority) refreshPolicy(k domain.AuthorityKind) RefreshTokens {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := RefreshTokens{Rotate: true, DetectReuse: !k.IsMicrosoft()}
	if a.flows.policy != nil {
		p = *a.flows.policy
	}
	if p.Lifetime == 0 {
		p.Lifetime = refreshLife
	}
	return p
}

// refreshToken is a refresh token and what it is good for.
type refreshToken struct {
	delegation *delegation
	expires    time.Time
	spent      bool // guarded by the authority's mu
}

func (a *Authority) newRefreshToken(k domain.AuthorityKind, d *delegation) string {
	now := a.clock.Now()
	t := &refreshToken{delegation: d, expires: now.Add(a.refreshPolicy(k).Lifetime)}
	text := "1.A" + randomText() + randomText()
	a.learn(kindRefreshToken, text)
	a.mu.Lock()
	defer a.mu.Unlock()
	prune(a.flows.refresh, func(t *refreshToken) bool { return now.After(t.expires) })
	a.flows.refresh[text] = t
	return text
}

// refreshed is the grant of RFC 6749 §6.
func (a *Authority) refreshed(x *exchange) (answer, *problem) {
	text := x.form.Get("refresh_token")
	if text == "" {
		return answer{}, missing.because("the body must contain the parameter 'refresh_token'")
	}
	a.mu.Lock()
	t, known := a.flows.refresh[text]
	a.mu.Unlock()
	if !known {
		return answer{}, badGrant.because("the refresh token is not one that was issued here")
	}
	if problem := a.checkRefresh(x, t); problem != nil {
		return answer{}, problem
	}
	g, problem := a.grantUser(x, t.delegation.forClient(x.app), strings.Fields(x.form.Get("scope")), x.form["resource"])
	if problem != nil {
		return answer{}, problem
	}
	policy := a.refreshPolicy(x.authority.Kind())
	if policy.Rotate && policy.DetectReuse && !a.spendRefresh(t) {
		return answer{}, &reusedRefresh
	}
	g.user.refreshed, g.user.rotate = true, policy.Rotate
	return a.issue(x, g), nil
}

func (a *Authority) checkRefresh(x *exchange, t *refreshToken) *problem {
	d := t.delegation
	if d.clientID != x.app.ClientID && (d.familyID == "" || d.familyID != x.app.FamilyID || x.authority.Kind() != domain.KindEntra) {
		if x.isEntra() {
			return &familyMismatch
		}
		return badGrant.because("the refresh token was issued to another client")
	}
	if problem := x.checkServer(d); problem != nil {
		return problem
	}
	a.mu.Lock()
	spent := t.spent
	a.mu.Unlock()
	if spent {
		a.end(d, &reusedRefresh)
		return &reusedRefresh
	}
	if problem := a.endedBy(d); problem != nil {
		return problem
	}
	if !a.clock.Now().Before(t.expires) {
		return &lateRefresh
	}
	return nil
}

// spendRefresh marks a refresh token as used, and reports whether it was not. Of two
// who come at once, one is late, and that ends the sign-in.
func (a *Authority) spendRefresh(t *refreshToken) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if t.spent {
		t.delegation.ended = &reusedRefresh
		return false
	}
	t.spent = true
	return true
}

// narrowed reports whether scopes are all among those of the sign-in (RFC 6749 §6).
func (d *delegation) narrowed(scopes []string) bool {
	return !slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(d.scopes, s) })
}
