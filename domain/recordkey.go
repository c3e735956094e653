package domain

import "strings"

// AccessTokenKey returns the exact key of an access token in its partition. scopes
// are those that were asked for, without the ones that only shape a sign-in
// ([Scopes.Lookup]).
func AccessTokenKey(a Authority, tenant, clientID string, scopes Scopes, extra string) RecordKey {
	return RecordKey{
		Kind: AccessTokenRecord, Environment: a.Environment(), Tenant: tenant, ClientID: clientID,
		Scopes: scopes.Key(), Policy: a.Policy(), Extra: extra,
	}
}

// RefreshTokenKey returns the key of a client's or a family's refresh token. It
// serves all tenants of Entra ID; two issuers on one host have nothing in common.
func RefreshTokenKey(a Authority, clientOrFamily string) RecordKey {
	key := RecordKey{Kind: RefreshTokenRecord, Environment: a.Environment(), ClientID: clientOrFamily, Policy: a.Policy()}
	if a.Kind() != KindEntra {
		key.Tenant = a.TenantKey()
	}
	return key
}

// IDTokenKey returns the key of a user's ID token in one tenant.
func IDTokenKey(a Authority, tenant, clientID string) RecordKey {
	return RecordKey{Kind: IDTokenRecord, Environment: a.Environment(), Tenant: tenant, ClientID: clientID, Policy: a.Policy()}
}

// AppMetadataKey returns the key of what is known of a client.
func AppMetadataKey(a Authority, clientID string) RecordKey {
	return RecordKey{Kind: AppMetadataRecord, Environment: a.Environment(), ClientID: clientID}
}

// TenantOf returns the tenant under which a user's tokens are filed and found: the
// one that was asked for, and when that stands for many ("common"), the user's home.
func (a Authority) TenantOf(homeAccountID, known string) string {
	if a.IsTenanted() {
		return a.TenantKey()
	}
	if home := ClientInfoOf(homeAccountID).TenantID; home != "" {
		return strings.ToLower(home)
	}
	if known != "" {
		return strings.ToLower(known)
	}
	return a.TenantKey()
}

// NewAccount returns the account that a token response tells of.
func NewAccount(a Authority, c IDTokenClaims, info ClientInfo, source AccountSource) Account {
	account := Account{
		HomeAccountID: info.HomeAccountID(), LocalAccountID: c.ObjectID, Environment: a.Environment(),
		Tenant: strings.ToLower(c.TenantID), Username: c.Username(), AuthorityType: a.accountType(), Source: source,
	}
	if account.HomeAccountID == "" {
		account.HomeAccountID = c.Subject
	}
	if account.LocalAccountID == "" {
		account.LocalAccountID = c.Subject
	}
	if account.Tenant == "" || a.Kind() == KindOIDC {
		account.Tenant = a.TenantOf(account.HomeAccountID, "")
	}
	return account
}

// accountGeneric is the authority_type of plain OpenID Connect issuers.
const accountGeneric = "Generic"

// accountType is the authority_type of the shared cache schema.
func (a Authority) accountType() string {
	switch a.Kind() {
	case KindADFS:
		return "ADFS"
	case KindOIDC:
		return accountGeneric
	}
	return "MSSTS"
}

// IdentityProblem reports why the ID token of a refresh cannot be about the account
// that was refreshed, as far as both say who they are: plain issuers and AD FS by the
// subject, Entra ID in the user's own tenant by the object id.
func IdentityProblem(a Authority, c IDTokenClaims, known Account) (problem string) {
	const another = "is another user than the account's"
	home := ClientInfoOf(known.HomeAccountID)
	switch {
	case c.Subject == "":
		return ""
	case (a.Kind() == KindOIDC || a.Kind() == KindADFS) && home.IsZero() && c.Subject != known.HomeAccountID:
		return another
	case a.Kind() == KindEntra && strings.EqualFold(c.TenantID, home.TenantID) && c.ObjectID != "" && !strings.EqualFold(c.ObjectID, home.UserID):
		return another
	}
	return ""
}
