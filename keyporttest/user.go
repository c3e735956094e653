package keyporttest

import (
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/seed57855a68/keyport/domain"
)

// The user that the default tenant has from the start.
const (
	UserID       = "5f8a0c1e-7d2b-4c39-9b1e-3a6d2f90c7e4"
	Username     = "alice@" + TenantDomain
	UserPassword = "Seven-Lanterns-42"
	UserFullName = "Alice Example"
)

// PersonalTenantID is the tenant of all personal accounts, for [Authority.AddUser].
const PersonalTenantID = "9188040d-6c67-4c5b-b112-36a304b66dad"

// User is somebody who can sign in. It prints without personal data.
type User struct {
	// ID is the object id, a GUID; when empty, one that follows from the user name.
	ID string
	// Username is what the user signs in with, such as "alice@contoso.onmicrosoft.com".
	// No two users share one, whatever the letter case.
	Username string
	Password string

	Name, GivenName, FamilyName string
	Email                       string // when empty, the user name
	EmailUnverified             bool
	// GuestOf are the tenants, by id or domain, that know the user as a guest: there
	// the user has another object id.
	GuestOf []string
	// Claims are further claims of the ID tokens and the userinfo endpoint.
	Claims map[string]any

	// Disabled users can neither sign in nor refresh (AADSTS50057).
	Disabled bool
	// PasswordExpired sends them away at the sign-in (AADSTS50055).
	PasswordExpired bool
	// ForgotPassword has B2C answer a sign-in as if the user had followed the link of
	// that name (AADB2C90118).
	ForgotPassword bool
}

// Format implements [fmt.Formatter] without personal data.
func (u User) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "user "+u.ID) }

// MarshalText implements [encoding.TextMarshaler] likewise.
func (u User) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", u), nil }

// person is a user at home.
type person struct {
	User
	home string // id of the tenant
}

// AddUser adds a user to a tenant, by its id or a domain of it; to the default
// tenant when it is empty. A user of the same name is replaced. AD FS, dSTS and the
// OpenID Connect issuers have no tenants and know every user. AddUser panics when
// there is no such tenant.
func (a *Authority) AddUser(tenant string, u User) {
	if tenant == "" {
		tenant = TenantID
	}
	t, known := a.tenantCalled(tenant)
	if !known {
		panic("keyporttest: AddUser: there is no tenant " + tenant)
	}
	p := newPerson(t.ID, u)
	a.learn(kindPassword, u.Password)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.flows.people[personKey(p.Username)] = p
}

func newPerson(home string, u User) person {
	if u.ID == "" {
		sum := sha256.Sum256([]byte("user " + personKey(u.Username)))
		u.ID = formatUUID([16]byte(sum[:16]))
	}
	if u.Email == "" {
		u.Email = u.Username
	}
	u.GuestOf, u.Claims = slices.Clone(u.GuestOf), maps.Clone(u.Claims)
	return person{u, home}
}

// personKey is a user name as it is compared.
func personKey(username string) string { return strings.ToLower(strings.TrimSpace(username)) }

// UpdateUser changes a user. A new password ends what was signed in with the old one,
// as [Authority.RevokeSessions] does. It panics when there is no such user.
func (a *Authority) UpdateUser(username string, change func(*User)) {
	p, known := a.personCalled(username)
	if !known {
		panic("keyporttest: UpdateUser: there is no such user")
	}
	u := p.User
	u.GuestOf, u.Claims = slices.Clone(u.GuestOf), maps.Clone(u.Claims)
	change(&u)
	changed := newPerson(p.home, u)
	a.learn(kindPassword, u.Password)
	a.mu.Lock()
	delete(a.flows.people, personKey(username))
	a.flows.people[personKey(u.Username)] = changed
	a.mu.Unlock()
	if u.Password != p.Password {
		a.revokeSessions(p.ID)
	}
}

// personCalled finds a user by the user name, or by the login_hint of an ID token.
func (a *Authority) personCalled(name string) (person, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p, ok := a.flows.people[personKey(name)]; ok {
		return p, true
	}
	for _, p := range a.flows.people {
		if name != "" && name == p.loginHint() {
			return p, true
		}
	}
	return person{}, false
}

// personOf finds a user by the object id.
func (a *Authority) personOf(id string) (person, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, p := range a.flows.people {
		if p.ID == id {
			return p, true
		}
	}
	return person{}, false
}

// loginHint is what the claim of that name holds: it names the user to the server
// and nobody to anybody else.
func (p person) loginHint() string {
	sum := sha256.Sum256([]byte("login_hint " + p.ID))
	return "O." + base64url(sum[:])
}

// isIn reports whether a tenant knows the user, at home or as a guest.
func (p person) isIn(t Tenant) bool {
	return strings.EqualFold(p.home, t.ID) || slices.ContainsFunc(p.GuestOf, t.isCalled)
}

// objectID is the user's id in a tenant; guests have one of their own.
func (p person) objectID(t Tenant) string {
	if !isGUID(t.ID) || strings.EqualFold(p.home, t.ID) || !p.isIn(t) {
		return p.ID
	}
	sum := sha256.Sum256([]byte(t.ID + " guest " + p.ID))
	return formatUUID([16]byte(sum[:16]))
}

// subject is what a client calls the user by: at Entra ID, External ID, AD FS and
// dSTS another one for each client (OIDC Core §8.1).
func (p person) subject(kind domain.AuthorityKind, t Tenant, clientID string) string {
	if kind == domain.KindOIDC || kind == domain.KindB2C {
		return p.ID
	}
	sum := sha256.Sum256([]byte(p.objectID(t) + " " + clientID))
	return base64url(sum[:])
}
