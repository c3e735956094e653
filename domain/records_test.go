package domain_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/domain"
)

// keyOf is the key of an access token for scopes.
func keyOf(scopes string) domain.RecordKey {
	return domain.RecordKey{
		Kind: domain.AccessTokenRecord, Environment: "login.microsoftonline.com", Tenant: tenantGUID, ClientID: "client", Scopes: scopes,
	}
}

// accessToken is one that was asked for with these scopes and granted them, and
// ends after life. Its name is its secret.
func accessToken(name, scopes string, life time.Duration) domain.AccessToken {
	return domain.AccessToken{
		Key: keyOf(scopes), Secret: domain.NewSecret(name), Type: "Bearer", Scopes: domain.ScopesFromResponse(scopes),
		CachedAt: noon.Add(-time.Hour), ExpiresOn: noon.Add(life),
	}
}

func refreshToken(name string) domain.RefreshToken {
	return domain.RefreshToken{
		Key:    domain.RecordKey{Kind: domain.RefreshTokenRecord, Environment: "login.microsoftonline.com", ClientID: "client"},
		Secret: domain.NewSecret(name), HomeAccountID: "user.home", ClientID: "client", LastModified: noon,
	}
}

func idToken(name string) domain.IDToken {
	return domain.IDToken{
		Key:    domain.RecordKey{Kind: domain.IDTokenRecord, Environment: "login.microsoftonline.com", Tenant: tenantGUID, ClientID: "client"},
		Secret: domain.NewSecret(name), HomeAccountID: "user.home",
	}
}

func account(username string) domain.Account {
	return domain.Account{
		HomeAccountID: "user.home", LocalAccountID: "user", Environment: "login.microsoftonline.com", Tenant: tenantGUID,
		Username: username, AuthorityType: "MSSTS", Source: domain.SourceAuthorizationCode,
	}
}

func appMetadata(family string) domain.AppMetadata {
	return domain.AppMetadata{
		Key:      domain.RecordKey{Kind: domain.AppMetadataRecord, Environment: "login.microsoftonline.com", ClientID: "client"},
		ClientID: "client", FamilyID: family,
	}
}

// fullSet has one record of each kind.
func fullSet() domain.TokenSet {
	return domain.NewTokenSet(accessToken("at", "a b", time.Hour), refreshToken("rt"), idToken("id"), account("name"), appMetadata("1"))
}

// wantRecords checks that a set holds these records, in any order.
func wantRecords(t *testing.T, got domain.TokenSet, want ...domain.Record) {
	t.Helper()
	if set := domain.NewTokenSet(want...); !got.Equal(set) {
		missing, extra := set.Diff(got)
		t.Errorf("%v differs: missing or other %v, too many %v", got, missing, extra)
	}
	if got.Len() != len(want) {
		t.Errorf("got %d records, want %d", got.Len(), len(want))
	}
}

// snapshot is what a set holds, in its order.
func snapshot(s domain.TokenSet) []domain.Record {
	var records []domain.Record
	for r := range s.Records() {
		records = append(records, r)
	}
	return records
}

func wantSnapshot(t *testing.T, s domain.TokenSet, want []domain.Record) {
	t.Helper()
	if diff := cmp.Diff(want, snapshot(s), bySpelling); diff != "" {
		t.Errorf("the set was changed (-before +after):\n%s", diff)
	}
}
