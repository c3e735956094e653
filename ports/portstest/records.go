package portstest

import (
	"strings"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// What the suites store. Records fit their partition (client, user, tenant,
// resource), because a store may file by records and derive the partition.
const (
	clientID      = "11111111-2222-3333-4444-555555555555"
	tenantID      = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	homeAccountID = "00000000-0000-0000-3333-4444aaaabbbb." + tenantID
	environment   = "login.microsoftonline.com"
	graph         = "https://graph.microsoft.com"
)

var (
	past  = time.Date(2024, 2, 29, 23, 59, 58, 0, time.UTC)
	ahead = time.Date(2199, 7, 1, 1, 2, 3, 0, time.FixedZone("", 2*60*60))
)

// userKey is the partition of checks that need one only.
var userKey = domain.UserKey(clientID, homeAccountID)

// setFor returns a set of one token that fits into a partition.
func setFor(key domain.PartitionKey, secret string) domain.TokenSet {
	if key.Kind() == domain.FamilyPartition {
		return domain.NewTokenSet(refreshToken(key, secret))
	}
	return domain.NewTokenSet(accessToken(key, "orders.read", secret))
}

// accessToken returns a token for a scope; in the partition of a resource, for
// everything in that.
func accessToken(key domain.PartitionKey, scope, secret string) domain.AccessToken {
	t := domain.AccessToken{
		Key: domain.RecordKey{
			Kind: domain.AccessTokenRecord, Environment: environment, Tenant: tenantID, ClientID: key.ClientID(),
		},
		Secret: domain.NewSecret(secret), Type: "Bearer", CachedAt: past, ExpiresOn: ahead,
	}
	switch key.Kind() {
	case domain.UserPartition:
		t.HomeAccountID = key.Owner()
	case domain.AssertionPartition:
		t.HomeAccountID = homeAccountID
	case domain.AppPartition:
		t.Key.Tenant = key.Owner()
		scope = scopeOf(key, scope)
	case domain.MachinePartition:
		scope = scopeOf(key, scope)
	}
	t.Scopes = domain.ScopesFromResponse(scope)
	t.Key.Scopes = t.Scopes.Key()
	return t
}

func scopeOf(key domain.PartitionKey, otherwise string) string {
	if key.Resource() == "" {
		return otherwise
	}
	return key.Resource() + "/.default"
}

func refreshToken(key domain.PartitionKey, secret string) domain.RefreshToken {
	t := domain.RefreshToken{
		Key:    domain.RecordKey{Kind: domain.RefreshTokenRecord, Environment: environment, ClientID: key.ClientID()},
		Secret: domain.NewSecret(secret), HomeAccountID: key.Owner(), ClientID: key.ClientID(), LastModified: past,
	}
	if key.Kind() == domain.FamilyPartition {
		t.ClientID, t.FamilyID = clientID, key.ClientID()
	}
	return t
}

// full returns one record of each kind with every field set, and times between two
// seconds.
func full() []domain.Record {
	access := accessToken(userKey, graph+"/User.Read "+graph+"/Mail.Read", "full access token")
	access.Key.Scopes = strings.ToLower(graph + "/User.Read") // what was asked, which may be less than was granted
	access.Key.TokenType, access.Type = "pop", "PoP"
	access.Key.KeyID, access.Key.Policy, access.Key.Extra = "key-1", "b2c_1_signin", "ZXh0cmE"
	access.CachedAt, access.ExpiresOn = past.Add(987_654_321), ahead.Add(123_456_789)
	access.ExtendedExpiresOn, access.RefreshOn = access.ExpiresOn.Add(time.Hour), access.ExpiresOn.Add(-time.Hour)

	refresh := refreshToken(userKey, "full refresh token")
	refresh.FamilyID, refresh.Scopes = "1", access.Scopes
	refresh.LastModified, refresh.ExpiresOn = access.CachedAt, access.ExpiresOn

	key := domain.RecordKey{Environment: environment, Tenant: tenantID, ClientID: clientID}
	id, app := key, key
	id.Kind, app.Kind, app.Tenant = domain.IDTokenRecord, domain.AppMetadataRecord, ""
	return []domain.Record{
		access, refresh,
		domain.IDToken{Key: id, Secret: domain.NewSecret("full ID token"), HomeAccountID: homeAccountID},
		domain.Account{
			HomeAccountID: homeAccountID, LocalAccountID: "00000000-0000-0000-3333-4444aaaabbbb", Environment: environment,
			Tenant: tenantID, Username: "Adele.Vance@contoso.example", AuthorityType: "MSSTS", Source: domain.SourceAuthorizationCode,
		},
		domain.AppMetadata{Key: app, ClientID: clientID, FamilyID: "1"},
	}
}

// bare returns one record of each kind with no field set that can be empty.
func bare() []domain.Record {
	key := domain.RecordKey{Environment: environment, Tenant: tenantID, ClientID: clientID}
	access, refresh, id, app := key, key, key, key
	access.Kind, access.Scopes = domain.AccessTokenRecord, "openid"
	refresh.Kind, refresh.Tenant = domain.RefreshTokenRecord, ""
	id.Kind = domain.IDTokenRecord
	app.Kind, app.Tenant = domain.AppMetadataRecord, ""
	return []domain.Record{
		domain.AccessToken{Key: access, Secret: domain.NewSecret("a"), HomeAccountID: homeAccountID, ExpiresOn: ahead},
		domain.RefreshToken{Key: refresh, Secret: domain.NewSecret("r"), HomeAccountID: homeAccountID, ClientID: clientID},
		domain.IDToken{Key: id, Secret: domain.NewSecret("i"), HomeAccountID: homeAccountID},
		domain.Account{HomeAccountID: homeAccountID, Environment: environment, Tenant: tenantID},
		domain.AppMetadata{Key: app, ClientID: clientID},
	}
}
