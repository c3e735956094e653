package unified_test

import (
	"encoding/json"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/domain/unified"
)

const (
	host     = "login.microsoftonline.com"
	tenant   = "aaaaaaaa-0000-4000-8000-000000000001"
	appID    = "eeeeeeee-0000-4000-8000-000000000005"
	clientID = "ffffffff-0000-4000-8000-000000000006"
	otherID  = "dddddddd-0000-4000-8000-000000000004"
	alice    = "bbbbbbbb-0000-4000-8000-000000000002." + tenant
	bob      = "cccccccc-0000-4000-8000-000000000003." + tenant
	graph    = "https://graph.microsoft.com"
)

var (
	now  = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	soon = now.Add(time.Hour)
)

func golden(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func parse(t testing.TB, data []byte) *unified.Cache {
	t.Helper()
	c, problems := unified.Parse(data)
	for _, p := range problems {
		t.Errorf("problem: %v", p)
	}
	return c
}

func store(t testing.TB, c *unified.Cache, p domain.PartitionKey, rs ...domain.Record) *unified.Cache {
	t.Helper()
	next, err := c.Store(p, domain.NewTokenSet(rs...))
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// sections are a file, taken apart by a reader that is not ours.
func sectionsOf(t testing.TB, data []byte) map[string]map[string]json.RawMessage {
	t.Helper()
	var top map[string]json.RawMessage
	if err := json.Unmarshal(data, &top); err != nil {
		t.Fatalf("the file is not JSON: %v", err)
	}
	out := map[string]map[string]json.RawMessage{}
	for name, raw := range top {
		var records map[string]json.RawMessage
		if json.Unmarshal(raw, &records) == nil {
			out[name] = records
		}
	}
	return out
}

// secretsIn lists the tokens of a partition.
func secretsIn(s domain.TokenSet) []string {
	var out []string
	for r := range s.Records() {
		switch r := r.(type) {
		case domain.AccessToken:
			out = append(out, r.Secret.Reveal())
		case domain.RefreshToken:
			out = append(out, r.Secret.Reveal())
		case domain.IDToken:
			out = append(out, r.Secret.Reveal())
		}
	}
	slices.Sort(out)
	return out
}

func access(client, home, scope, secret string) domain.AccessToken {
	scopes := domain.ScopesFromResponse(scope)
	return domain.AccessToken{
		Key: domain.RecordKey{
			Kind: domain.AccessTokenRecord, Environment: host, Tenant: tenant, ClientID: client, Scopes: scopes.Lookup().Key(),
		},
		Secret: domain.NewSecret(secret), Type: "Bearer", Scopes: scopes, HomeAccountID: home, CachedAt: now, ExpiresOn: soon,
	}
}

func refresh(client, home, secret string) domain.RefreshToken {
	return domain.RefreshToken{
		Key:    domain.RecordKey{Kind: domain.RefreshTokenRecord, Environment: host, ClientID: client},
		Secret: domain.NewSecret(secret), HomeAccountID: home, ClientID: client, LastModified: now,
	}
}

func idToken(client, home, secret string) domain.IDToken {
	return domain.IDToken{
		Key:    domain.RecordKey{Kind: domain.IDTokenRecord, Environment: host, Tenant: tenant, ClientID: client},
		Secret: domain.NewSecret(secret), HomeAccountID: home,
	}
}

func account(home, username string) domain.Account {
	return domain.Account{
		HomeAccountID: home, LocalAccountID: home[:36], Environment: host, Tenant: tenant, Username: username,
		AuthorityType: "MSSTS", Source: domain.SourceAuthorizationCode,
	}
}

func metadata(client, family string) domain.AppMetadata {
	return domain.AppMetadata{
		Key: domain.RecordKey{Kind: domain.AppMetadataRecord, Environment: host, ClientID: client}, ClientID: client, FamilyID: family,
	}
}

// everything is what a sign-in stores.
func everything(client, home, name string) []domain.Record {
	return []domain.Record{
		access(client, home, "User.Read", "at-"+name), refresh(client, home, "rt-"+name), idToken(client, home, "id-"+name),
		account(home, name), metadata(client, ""),
	}
}
