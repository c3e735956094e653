package unified_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/domain/unified"
)

// TestOneBadRecordHidesNoOther damages one field of one record of a file at a time.
func TestOneBadRecordHidesNoOther(t *testing.T) {
	for field, bad := range map[string]string{
		"expires_on": `"tomorrow"`, "secret": `{"a":1}`, "environment": `7`, "client_id": `null`, "home_account_id": `"somebody.else"`,
		"realm": `"another-tenant"`, "target": `"Other.Scope"`,
	} {
		t.Run(field, func(t *testing.T) {
			sections := sectionsOf(t, golden(t, "msal-go-user.json"))
			for name, raw := range sections["AccessToken"] {
				var record map[string]json.RawMessage
				if err := json.Unmarshal(raw, &record); err != nil {
					t.Fatal(err)
				}
				record[field] = json.RawMessage(bad)
				sections["AccessToken"][name], _ = json.Marshal(record)
			}
			data, _ := json.Marshal(sections)
			c, problems := unified.Parse(data)
			if len(problems) != 1 || problems[0].Section != "AccessToken" || problems[0].Position != 0 || c.Damaged() {
				t.Errorf("problems: %v, damaged: %v", problems, c.Damaged())
			}
			set := c.Load(domain.UserKey(clientID, alice))
			if !set.HasRefreshToken() || len(set.Accounts()) != 1 || len(secretsIn(set)) != 2 {
				t.Errorf("the rest of the file is not read: %v", set)
			}
			if got := slices.Collect(c.Keys()); len(got) != 1 {
				t.Errorf("the bad record is somebody's: %v", got)
			}
			again := sectionsOf(t, store(t, c, domain.AppKey(appID, tenant, graph), access(appID, "", graph+"/.default", "x")).Bytes())
			if len(again["AccessToken"]) != 3 {
				t.Errorf("the bad record was not kept: %v", slices.Collect(maps.Keys(again["AccessToken"])))
			}
			for _, p := range problems {
				if text := p.String(); strings.Contains(text, alice) || strings.Contains(text, "lab-") {
					t.Errorf("the problem tells too much: %s", text)
				}
			}
		})
	}
}

// TestBoundTokensAreNotServed: tokens for one request only, as other libraries mark them.
func TestBoundTokensAreNotServed(t *testing.T) {
	for _, mark := range []string{
		`"user_assertion_hash":"h"`, `"userAssertionHash":"h"`, `"requestedClaimsHash":"h"`, `"requestedClaims":"{}"`, `"key_id":"k"`,
		`"keyid":"k"`, `"ext_cache_key":"e"`, `"token_type":"pop"`, `"credential_type":"AccessToken_With_AuthScheme"`,
	} {
		t.Run(mark, func(t *testing.T) {
			data := fmt.Sprintf(`{"AccessToken":{"%[1]s-%[2]s-accesstoken-%[3]s-%[4]s-user.read":{"credential_type":"AccessToken","secret":"bound",
				"home_account_id":"%[1]s","environment":"%[2]s","client_id":"%[3]s","realm":"%[4]s","target":"user.read","expires_on":"4102444800"`,
				alice, host, clientID, tenant)
			plain := parse(t, []byte(data+"}}}"))
			if got := secretsIn(plain.Load(domain.UserKey(clientID, alice))); len(got) != 1 {
				t.Fatalf("without the mark, it is not served: %v", got)
			}
			marked := strings.Replace(data, `"credential_type":"AccessToken",`, "", 1)
			c := parse(t, []byte(marked+","+mark+"}}}"))
			if got := slices.Collect(c.Keys()); len(got) != 0 {
				t.Errorf("the token is served to %v", got)
			}
			// A sign-out leaves none of the user's tokens.
			c = store(t, c, domain.UserKey(clientID, alice), everything(clientID, alice, "alice")...)
			if !strings.Contains(string(c.Bytes()), `"bound"`) {
				t.Error("the token was not kept")
			}
			c = store(t, c, domain.UserKey(clientID, alice))
			if strings.Contains(string(c.Bytes()), `"bound"`) {
				t.Error("the token outlives the sign-out")
			}
		})
	}
}

// TestAUsersTokenIsNoApplications: without a home account id, only ".default" is certain.
func TestAUsersTokenIsNoApplications(t *testing.T) {
	c := parse(t, fmt.Appendf(nil, `{"AccessToken":{"-%[1]s-accesstoken-%[2]s-%[3]s-user.read":{"secret":"s","home_account_id":null,
		"environment":"%[1]s","client_id":"%[2]s","realm":"%[3]s","target":"user.read","expires_on":"4102444800"}}}`, host, clientID, tenant))
	if got := slices.Collect(c.Keys()); len(got) != 0 {
		t.Errorf("the token is served to %v", got)
	}
}

// TestRemovingOneClientsAccountLeavesTheOthers: accounts are shared in the file.
func TestRemovingOneClientsAccountLeavesTheOthers(t *testing.T) {
	a, b := domain.UserKey(clientID, alice), domain.UserKey(otherID, alice)
	c := store(t, parse(t, nil), a, everything(clientID, alice, "alice")...)
	c = store(t, c, b, everything(otherID, alice, "alice")...)
	if n := len(sectionsOf(t, c.Bytes())["Account"]); n != 1 {
		t.Fatalf("the file has %d accounts of one user", n)
	}
	c = parse(t, store(t, c, a).Bytes())
	if got := c.Load(b); !got.Equal(domain.NewTokenSet(everything(otherID, alice, "alice")...)) {
		t.Errorf("the other client has %v", secretsIn(got))
	}
	if got := c.Load(a); !got.IsZero() {
		t.Errorf("the removed account has %v", secretsIn(got))
	}
	c = store(t, c, b)
	if text := string(c.Bytes()); strings.Contains(text, alice) || strings.Contains(text, otherID) {
		t.Errorf("something is left: %s", text)
	}
}

// TestAccountsOfForeignFiles: MSAL Python's account goes with its last client.
func TestAccountsOfForeignFiles(t *testing.T) {
	c := parse(t, golden(t, "msal-python-user.json"))
	b := domain.UserKey(otherID, alice)
	c = store(t, c, b, access(otherID, alice, "User.Read", "at-other"), refresh(otherID, alice, "rt-other"))
	if n := len(c.Load(b).Accounts()); n != 0 {
		t.Errorf("a client that stored no account has %d", n)
	}
	if n := len(c.Load(domain.UserKey(clientID, alice)).Accounts()); n != 1 {
		t.Errorf("the client that stored one has %d", n)
	}
	c = store(t, c, b)
	if n := len(sectionsOf(t, c.Bytes())["Account"]); n != 1 {
		t.Errorf("the file has %d accounts", n)
	}
}

// TestFamilies: a refresh token that another library wrote for a family serves the family; ours say
// whose they are.
func TestFamilies(t *testing.T) {
	data := fmt.Appendf(nil, `{"RefreshToken":{"%[1]s-%[2]s-refreshtoken-%[3]s--":{"credential_type":"RefreshToken","secret":"foreign",
		"home_account_id":"%[1]s","environment":"%[2]s","client_id":"%[3]s","family_id":"1"}}}`, alice, host, clientID)
	c := parse(t, data)
	own, family := domain.UserKey(clientID, alice), domain.FamilyKey("1", alice)
	for _, key := range []domain.PartitionKey{own, family} {
		if got := secretsIn(c.Load(key)); !slices.Equal(got, []string{"foreign"}) {
			t.Errorf("%v has %v", key, got)
		}
	}
	ours := refresh("1", alice, "ours")
	ours.ClientID, ours.FamilyID = otherID, "1"
	c = parse(t, store(t, c, family, ours).Bytes())
	if got := secretsIn(c.Load(family)); !slices.Equal(got, []string{"ours"}) {
		t.Errorf("the family has %v", got)
	}
	if got := secretsIn(c.Load(own)); !slices.Equal(got, []string{"foreign"}) {
		t.Errorf("the client has %v", got)
	}
	if got := secretsIn(c.Load(domain.UserKey(otherID, alice))); got != nil {
		t.Errorf("the client that the family's token came through has %v", got)
	}
	c = store(t, parse(t, data), family) // signing out of the family
	if got := slices.Collect(c.Keys()); !slices.Equal(got, []domain.PartitionKey{own}) {
		t.Errorf("after the family was removed there are %v", got)
	}
}

// TestTheNewerOfTwo: two libraries have written one token under two names.
func TestTheNewerOfTwo(t *testing.T) {
	key := domain.UserKey(clientID, alice)
	python := store(t, parse(t, nil), key, access(clientID, alice, "User.Read", "ends first"), refresh(clientID, alice, "with a time"))
	file := sectionsOf(t, python.Bytes())
	for section, old := range map[string][2]string{"AccessToken": {"ends first", "ends later"}, "RefreshToken": {"with a time", "without"}} {
		for name, raw := range file[section] {
			text := strings.Replace(string(raw), old[0], old[1], 1)
			text = strings.Replace(text, fmt.Sprint(soon.Unix()), fmt.Sprint(soon.Add(time.Hour).Unix()), 1)
			text = strings.Replace(text, `"last_modification_time":`, `"x":`, 1)
			file[section][name+"-"] = json.RawMessage(text)
			break
		}
	}
	data, _ := json.Marshal(file)
	c := parse(t, data)
	if got := secretsIn(c.Load(key)); !slices.Equal(got, []string{"ends later", "without"}) {
		t.Errorf("the set has %v", got)
	}
	c = store(t, c, key, access(clientID, alice, "User.Read", "next"))
	if file := sectionsOf(t, c.Bytes()); len(file["AccessToken"]) != 1 || len(file["RefreshToken"]) != 0 {
		t.Errorf("the file still has both: %s", c.Bytes())
	}
}

// outside are records that have no place in the schema.
func outside() map[string]struct {
	key    domain.PartitionKey
	record domain.AccessToken
} {
	change := func(f func(*domain.AccessToken)) domain.AccessToken {
		t := access(clientID, alice, "User.Read", "outside")
		f(&t)
		return t
	}
	user := domain.UserKey(clientID, alice)
	return map[string]struct {
		key    domain.PartitionKey
		record domain.AccessToken
	}{
		"on behalf of":     {domain.AssertionKey(clientID, domain.NewSecret("assertion")), change(func(*domain.AccessToken) {})},
		"session":          {domain.SessionKey(clientID, "s"), change(func(*domain.AccessToken) {})},
		"managed identity": {domain.MachineKey("system", graph), change(func(t *domain.AccessToken) { t.HomeAccountID = "" })},
		"policy":           {user, change(func(t *domain.AccessToken) { t.Key.Policy = "b2c_1_x" })},
		"extra":            {user, change(func(t *domain.AccessToken) { t.Key.Extra = "digest" })},
		"bound to a key":   {user, change(func(t *domain.AccessToken) { t.Key.TokenType, t.Key.KeyID, t.Type = "pop", "k", "pop" })},
		"app, no default":  {domain.AppKey(clientID, tenant, ""), func() domain.AccessToken { return access(clientID, "", "api:read", "outside") }()},
	}
}

func TestWhatHasNoPlaceInTheSchemaIsKeptApart(t *testing.T) {
	for name, o := range outside() {
		t.Run(name, func(t *testing.T) {
			c := store(t, parse(t, nil), o.key, o.record)
			for section, records := range sectionsOf(t, c.Bytes()) {
				if section != "Keyport" && len(records) > 0 {
					t.Errorf("others find it in section %s", section)
				}
			}
			// Another library reads the file and writes it, in its own style.
			var content any
			if err := json.Unmarshal(c.Bytes(), &content); err != nil {
				t.Fatal(err)
			}
			data, _ := json.MarshalIndent(content, "", "    ")
			again := parse(t, data)
			if !again.Load(o.key).Equal(domain.NewTokenSet(o.record)) {
				t.Errorf("it does not come back: %v", again.Load(o.key))
			}
			// One letter is damaged: the record is set aside.
			for _, letters := range [][2]string{{"outside", "outsidf"}, {"|" + clientID, "|0" + clientID[1:]}, {tenant, "b" + tenant[1:]}} {
				text := strings.Replace(string(data), letters[0], letters[1], 1)
				if text == string(data) {
					continue
				}
				damaged, problems := unified.Parse([]byte(text))
				if n := len(slices.Collect(damaged.Keys())); n != 0 || len(problems) != 1 {
					t.Errorf("with %q, %d partitions and problems %v", letters[1], n, problems)
				}
			}
		})
	}
}

func TestANewerVersionIsReadAndNotWritten(t *testing.T) {
	data := golden(t, "msal-go-user.json")
	data = append([]byte(`{"Keyport":{"version":2,"future":[1]},`), data[1:]...)
	c, problems := unified.Parse(data)
	key := domain.UserKey(clientID, alice)
	if c.Load(key).IsZero() || !c.Newer() || len(problems) != 1 {
		t.Errorf("newer: %v, problems %v", c.Newer(), problems)
	}
	if _, err := c.Store(key, domain.TokenSet{}); !errors.Is(err, unified.ErrNewer) {
		t.Errorf("Store: %v", err)
	}
	if !strings.Contains(string(c.Bytes()), `"Keyport":{"version":2,"future":[1]}`) {
		t.Error("the newer section is not kept")
	}
}

func TestWhatCannotBeStoredIsAnError(t *testing.T) {
	bad := access(clientID, alice, "User.Read", "not UTF-8: \xff")
	if _, err := parse(t, nil).Store(domain.UserKey(clientID, alice), domain.NewTokenSet(bad)); err == nil {
		t.Error("no error")
	}
}

func TestEmptyFiles(t *testing.T) {
	for _, data := range []string{"", " \n", "null", "{}", "\ufeff{}", `{"AccessToken":null}`} {
		if c, problems := unified.Parse([]byte(data)); c.Damaged() || len(problems) > 0 {
			t.Errorf("%q: %v", data, problems)
		}
	}
	for _, data := range []string{"{", "[]", "\x00\x00", `{"AccessToken":[]}`, `{"Account":{"a":1,"a":2}}`, `{"Account":{},"Account":{}}`, "{}x", `{"Keyport":[]}`, "{\"a\":\"\x01\"}", `{"a":"\x"}`, `{"a":01}`, `{"a":1,}`, `{"a" 1}`} {
		if c, problems := unified.Parse([]byte(data)); !c.Damaged() || len(problems) == 0 {
			t.Errorf("%q is in order", data)
		}
	}
}

// TestStaysInTheSchema: what others can use is where they look for it.
func TestStaysInTheSchema(t *testing.T) {
	key := domain.UserKey(clientID, alice)
	broad := access(clientID, alice, "Mail.Read User.Read", "broad")
	broad.Key.Scopes = "user.read" // what was asked for is less than what was granted
	c := parse(t, store(t, parse(t, nil), key, broad).Bytes())
	if n := len(sectionsOf(t, c.Bytes())["AccessToken"]); n != 1 || !c.Load(key).Equal(domain.NewTokenSet(broad)) {
		t.Errorf("a token with more scopes than were asked for: %d in the schema", n)
	}

	// A refresh token keeps the name that another library gave it, whatever its scopes.
	before := sectionsOf(t, golden(t, "msal-node-user.json"))["RefreshToken"]
	token := refresh(clientID, alice, "rotated")
	token.Scopes = domain.ScopesFromResponse("User.Read")
	after := sectionsOf(t, store(t, parse(t, golden(t, "msal-node-user.json")), key, token).Bytes())["RefreshToken"]
	if a, b := slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after)); !slices.Equal(a, b) {
		t.Errorf("the refresh token was %v and is %v", a, b)
	}

	// What is not known is left out, and not said to be empty; what is no longer known goes.
	broad.RefreshOn = soon
	c = store(t, c, key, broad)
	broad.RefreshOn = time.Time{}
	if text := string(store(t, c, key, broad).Bytes()); strings.Contains(text, "refresh_on") {
		t.Errorf("a time that is over is still there: %s", text)
	}
	if text := string(store(t, parse(t, nil), key, refresh(clientID, alice, "r")).Bytes()); strings.Contains(text, `:""`) {
		t.Errorf("empty fields are written: %s", text)
	}
}

// TestNamesThatMeet: the schema's names are in lower case, and clients are not.
func TestNamesThatMeet(t *testing.T) {
	lower, upper := domain.UserKey("client", alice), domain.UserKey("Client", alice)
	c := store(t, parse(t, nil), lower, access("client", alice, "User.Read", "lower"), refresh("client", alice, "lower"))
	c = parse(t, store(t, c, upper, access("Client", alice, "User.Read", "upper"), refresh("Client", alice, "upper")).Bytes())
	for key, want := range map[domain.PartitionKey]string{lower: "lower", upper: "upper"} {
		if got := secretsIn(c.Load(key)); !slices.Equal(got, []string{want, want}) {
			t.Errorf("%s has %v", want, got)
		}
	}
}

// TestAnAccountIsNotGivenToOthers: a client that stored none does not get one by another's sign-in.
func TestAnAccountIsNotGivenToOthers(t *testing.T) {
	without := domain.UserKey(otherID, alice)
	set := domain.NewTokenSet(access(otherID, alice, "User.Read", "at-other"))
	c := store(t, parse(t, nil), without, slices.Collect(set.Records())...)
	c = parse(t, store(t, c, domain.UserKey(clientID, alice), everything(clientID, alice, "alice")...).Bytes())
	if got := c.Load(without); !got.Equal(set) {
		t.Errorf("the other client has %v", got)
	}
	c = parse(t, store(t, c, without, everything(otherID, alice, "alice")...).Bytes())
	if got := c.Load(without); !got.Equal(domain.NewTokenSet(everything(otherID, alice, "alice")...)) || strings.Contains(string(c.Bytes()), "without") {
		t.Errorf("after its own sign-in, the other client has %v", got)
	}
}
