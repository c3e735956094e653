package unified_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/domain/unified"
)

// TestReadsWhatOthersWrote: the files were recorded from MSAL Python 1.21, MSAL Node 7.2.1 and
// MSAL Go 1.10.1.
func TestReadsWhatOthersWrote(t *testing.T) {
	for _, writer := range []string{"msal-python", "msal-node", "msal-go"} {
		t.Run(writer+" app", func(t *testing.T) {
			c := parse(t, golden(t, writer+"-app.json"))
			key := domain.AppKey(appID, tenant, graph)
			if got := slices.Collect(c.Keys()); !slices.Equal(got, []domain.PartitionKey{key}) {
				t.Fatalf("partitions: %v", got)
			}
			want := domain.RecordKey{
				Kind: domain.AccessTokenRecord, Environment: host, Tenant: tenant, ClientID: appID, Scopes: graph + "/.default",
			}
			token, state := c.Load(key).Select(want, now)
			if state != domain.Fresh || token.Secret.Reveal() != "at-client_credentials-1.lab-access-token" || token.Type != "Bearer" {
				t.Errorf("the token is %v: %+v", state, token)
			}
			if token.CachedAt.Year() != 2026 || token.ExpiresOn.Year() != 2036 {
				t.Errorf("cached %v, ends %v", token.CachedAt, token.ExpiresOn)
			}
		})
		for _, file := range []string{"-user", "-user-expired"} {
			t.Run(writer+file, func(t *testing.T) { readsUser(t, parse(t, golden(t, writer+file+".json")), file == "-user") })
		}
	}
}

func readsUser(t *testing.T, c *unified.Cache, fresh bool) {
	t.Helper()
	key := domain.UserKey(clientID, alice)
	if got := slices.Collect(c.Keys()); !slices.Equal(got, []domain.PartitionKey{key}) {
		t.Fatalf("partitions: %v", got)
	}
	set := c.Load(key)
	wanted := domain.RecordKey{Kind: domain.AccessTokenRecord, Environment: host, Tenant: tenant, ClientID: clientID, Scopes: "mail.read user.read"}
	if _, state := set.Select(wanted, now); (state == domain.Fresh) != fresh {
		t.Errorf("the access token is %v", state)
	}
	if token, ok := set.RefreshToken(domain.RecordKey{Kind: domain.RefreshTokenRecord, Environment: host, ClientID: clientID}); !ok ||
		!strings.HasPrefix(token.Secret.Reveal(), "rt-authorization_code") {
		t.Errorf("the refresh token: %v %+v", ok, token)
	}
	if token, ok := set.IDToken(domain.RecordKey{Kind: domain.IDTokenRecord, Environment: host, Tenant: tenant, ClientID: clientID}); !ok ||
		!strings.HasPrefix(token.Secret.Reveal(), "eyJ") {
		t.Errorf("the ID token: %v", ok)
	}
	got := set.Accounts()
	want := []domain.Account{{
		HomeAccountID: alice, LocalAccountID: alice[:36], Environment: host, Tenant: tenant, Username: "alice@contoso.com", AuthorityType: "MSSTS",
	}}
	if !slices.Equal(got, want) {
		t.Errorf("accounts: %s", cmp.Diff(got, want))
	}
}

// TestKeepsBytes writes into files of others, and reads them with a reader that is not ours.
func TestKeepsBytes(t *testing.T) {
	for _, file := range []string{
		"msal-python-app", "msal-python-user", "msal-node-app", "msal-node-user", "msal-go-app", "msal-go-user", "unknown",
	} {
		t.Run(file, func(t *testing.T) {
			data := golden(t, file+".json")
			c, _ := unified.Parse(data)
			c = store(t, c, domain.UserKey(otherID, bob), everything(otherID, bob, "bob")...)
			after := sectionsOf(t, c.Bytes())
			for section, records := range sectionsOf(t, data) {
				for name, raw := range records {
					if !bytes.Equal(raw, after[section][name]) {
						t.Errorf("%s %s was\n%s\nand is\n%s", section, name, raw, after[section][name])
					}
				}
			}
			again := parseQuietly(c.Bytes())
			if got := secretsIn(again.Load(domain.UserKey(otherID, bob))); len(got) != 3 {
				t.Errorf("what was stored is not all read: %v", got)
			}
		})
	}
}

func parseQuietly(data []byte) *unified.Cache {
	c, _ := unified.Parse(data)
	return c
}

// TestWrites compares with a golden file, field by field as a reader sees it.
func TestWrites(t *testing.T) {
	c := parse(t, nil)
	user := access(clientID, alice, "User.Read Mail.Read", "at-alice")
	user.RefreshOn, user.ExtendedExpiresOn = soon.Add(-30*time.Minute), soon.Add(time.Hour)
	c = store(t, c, domain.UserKey(clientID, alice), user, refresh(clientID, alice, "rt-alice"), idToken(clientID, alice, "id-alice"),
		account(alice, "alice@contoso.com"), metadata(clientID, ""))
	c = store(t, c, domain.AppKey(appID, tenant, graph), access(appID, "", graph+"/.default", "at-app"))
	family := refresh("1", alice, "rt-family")
	family.ClientID, family.FamilyID = clientID, "1"
	c = store(t, c, domain.FamilyKey("1", alice), family)

	var got, want any
	if err := json.Unmarshal(c.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(golden(t, "keyport.json"), &want); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the file (-want +got):\n%s", d)
	}
}

// TestUpdatesInPlace renews the tokens in a file of others: what they know of a record
// beyond the schema stays, and no second record appears.
func TestUpdatesInPlace(t *testing.T) {
	for _, writer := range []string{"msal-python", "msal-node", "msal-go"} {
		t.Run(writer, func(t *testing.T) {
			data := golden(t, writer+"-user.json")
			before := sectionsOf(t, data)
			c := parse(t, data)
			key := domain.UserKey(clientID, alice)
			set := c.Load(key)
			var rs []domain.Record
			for r := range set.Records() {
				switch token := r.(type) {
				case domain.AccessToken:
					token.Secret, token.ExpiresOn = domain.NewSecret("renewed"), token.ExpiresOn.Add(time.Hour)
					r = token
				case domain.RefreshToken:
					token.Secret, token.LastModified = domain.NewSecret("rotated"), now
					r = token
				case domain.Account:
					token.Username = "alice.new@contoso.com"
					r = token
				}
				rs = append(rs, r)
			}
			c = store(t, c, key, rs...)
			after := sectionsOf(t, c.Bytes())
			for section, records := range before {
				for name, raw := range records {
					if len(after[section]) != len(records) {
						t.Errorf("section %s has %d records, had %d", section, len(after[section]), len(records))
					}
					sameButFor(t, raw, after[section][name], "secret", "username", "expires_on", "last_modification_time")
				}
			}
			if got := parse(t, c.Bytes()).Load(key); !got.Equal(domain.NewTokenSet(rs...)) {
				t.Error("what was stored is not what is read")
			}
		})
	}
}

func sameButFor(t *testing.T, before, after json.RawMessage, changed ...string) {
	t.Helper()
	var old, got map[string]json.RawMessage
	if json.Unmarshal(before, &old) != nil || json.Unmarshal(after, &got) != nil {
		t.Errorf("a record is gone: %.60s", after)
		return
	}
	for name, raw := range old {
		if !slices.Contains(changed, name) && !bytes.Equal(raw, got[name]) {
			t.Errorf("field %s was %s and is %s", name, raw, got[name])
		}
	}
}
