package keyporttest

import (
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// delegation is what a user has let a client do at one sign-in: the grant from which
// all tokens of the sign-in come, and with which they end.
type delegation struct {
	clientID string
	familyID string
	userID   string // object id at home
	tenant   Tenant
	at       domain.Authority
	scopes   []string
	began    time.Time
	authTime time.Time
	sid      string

	tellsAuthTime bool // ID tokens have auth_time

	// guarded by the authority's mu
	claims map[string]any // that requests have asked for so far
	ended  *problem       // why it is good no more; nil while it is
}

// endedBy returns why a delegation is good no more, or nil.
func (a *Authority) endedBy(d *delegation) *problem {
	a.mu.Lock()
	ended := d.ended
	a.mu.Unlock()
	if ended != nil {
		return ended
	}
	switch p, known := a.personOf(d.userID); {
	case !known:
		return &revokedGrant
	case p.Disabled:
		return &userDisabled
	}
	return nil
}

// end takes back all that came of a sign-in.
func (a *Authority) end(d *delegation, why *problem) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if d.ended == nil {
		d.ended = why
	}
}

// forClient is the delegation itself, or one like it for another client of the family.
func (d *delegation) forClient(app App) *delegation {
	if d.clientID == app.ClientID {
		return d
	}
	return &delegation{
		clientID: app.ClientID, familyID: app.FamilyID, userID: d.userID, tenant: d.tenant, at: d.at, scopes: d.scopes,
		began: d.began, authTime: d.authTime, sid: d.sid,
	}
}

// RevokeSessions ends all that a user is signed in to, as an administrator of Entra ID
// does: browsers must sign in again, refresh tokens are refused (AADSTS50173), and a
// [Resource] takes the access tokens no more. It panics when there is no such user.
func (a *Authority) RevokeSessions(username string) {
	p, known := a.personCalled(username)
	if !known {
		panic("keyporttest: RevokeSessions: there is no such user")
	}
	a.revokeSessions(p.ID)
}

func (a *Authority) revokeSessions(userID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for cookie, s := range a.flows.sessions {
		for _, account := range s.accounts {
			if account.id == userID {
				delete(a.flows.sessions, cookie)
			}
		}
	}
	for _, d := range a.delegations() {
		if d.userID == userID && d.ended == nil {
			d.ended = &revokedGrant
		}
	}
}

// delegations are those from which something may still come, some of them more than
// once. The caller holds mu.
func (a *Authority) delegations() []*delegation {
	var all []*delegation
	for _, c := range a.flows.codes {
		all = append(all, c.delegation)
	}
	for _, t := range a.flows.refresh {
		all = append(all, t.delegation)
	}
	for _, d := range a.flows.devices.byCode {
		if d.granted != nil {
			all = append(all, d.granted)
		}
	}
	for _, t := range a.flows.issued {
		all = append(all, t.delegation)
	}
	return all
}
