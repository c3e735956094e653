package unified_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/domain/unified"
)

// twoUsers is a file of two users and of a token that has no place in the schema.
func twoUsers(t testing.TB) (data []byte, owners map[domain.PartitionKey][]string) {
	t.Helper()
	c := parse(t, nil)
	owners = map[domain.PartitionKey][]string{}
	put := func(key domain.PartitionKey, rs ...domain.Record) {
		c = store(t, c, key, rs...)
		owners[key] = secretsIn(c.Load(key))
	}
	put(domain.UserKey(clientID, alice), everything(clientID, alice, "alice")...)
	put(domain.UserKey(clientID, bob), everything(clientID, bob, "bob")...)
	put(domain.AssertionKey(clientID, domain.NewSecret("a")), access(clientID, alice, "User.Read", "at-alice-obo"))
	put(domain.AppKey(appID, tenant, graph), access(appID, "", graph+"/.default", "at-app"))
	return c.Bytes(), owners
}

// foreign returns a token that a partition has and that is, letter by letter, another's.
func foreign(c *unified.Cache, owners map[domain.PartitionKey][]string) string {
	for key := range c.Keys() {
		for _, secret := range secretsIn(c.Load(key)) {
			for owner, theirs := range owners {
				// The names of records do not tell letter case, and no two users differ by it alone.
				if !strings.EqualFold(owner.Text(), key.Text()) && slices.Contains(theirs, secret) {
					return secret
				}
			}
		}
	}
	return ""
}

// TestFlippedBits: no single bit gives anybody another's token or hides more than a few records.
func TestFlippedBits(t *testing.T) {
	data, owners := twoUsers(t)
	total := 0
	for _, secrets := range owners {
		total += len(secrets)
	}
	for i := range data {
		for bit := range 8 {
			if os.Getenv("KEYPORT_SOAK") == "" && bit != i%8 { // all of them take a while
				continue
			}
			flipped := bytes.Clone(data)
			flipped[i] ^= 1 << bit
			c, problems := unified.Parse(flipped)
			if secret := foreign(c, owners); secret != "" {
				t.Fatalf("bit %d of byte %d: %s is served to another", bit, i, secret)
			}
			left := 0
			for key, secrets := range owners {
				for _, secret := range secretsIn(c.Load(key)) {
					if slices.Contains(secrets, secret) {
						left++
					}
				}
			}
			if left < total-3 { // a hit on its name makes a section one that is only kept
				t.Fatalf("bit %d of byte %d: %d of %d tokens are left; %v", bit, i, left, total, problems)
			}
		}
	}
}

// TestForeignTokensAreSeen: the two tests around this one can fail.
func TestForeignTokensAreSeen(t *testing.T) {
	data, owners := twoUsers(t)
	text := strings.Replace(string(data), `"secret":"at-bob"`, `"secret":"at-alice"`, 1)
	if foreign(parse(t, []byte(text)), owners) != "at-alice" {
		t.Error("a token that another has is not seen")
	}
}

// TestTruncated: what stands whole before the end is found, and nothing else.
func TestTruncated(t *testing.T) {
	data, owners := twoUsers(t)
	last := 0
	for n := range data {
		c, _ := unified.Parse(data[:n])
		if secret := foreign(c, owners); secret != "" {
			t.Fatalf("after %d bytes, %s is served to another", n, secret)
		}
		if n > 0 && n < len(data)-2 && !c.Damaged() {
			t.Fatalf("after %d bytes, the file is in order", n)
		}
		found := 0
		for key, secrets := range owners {
			for _, secret := range secretsIn(c.Load(key)) {
				if !slices.Contains(secrets, secret) {
					t.Fatalf("after %d bytes, there is %q, which nobody stored", n, secret)
				}
				found++
			}
		}
		if found < last {
			t.Fatalf("after %d bytes there are %d tokens, and with one byte less there were %d", n, found, last)
		}
		last = found
	}
	total := 0
	for _, secrets := range owners {
		total += len(secrets)
	}
	if c, _ := unified.Parse(data[:len(data)-4]); len(secretsIn(c.Load(domain.AssertionKey(clientID, domain.NewSecret("a"))))) != 1 || last != total {
		t.Errorf("at the end there are %d of %d tokens, or the one of our own section is not found", last, total)
	}
}

// TestDeepAndLong: what is made to exhaust a parser does not.
func TestDeepAndLong(t *testing.T) {
	for name, data := range map[string]string{
		"deep arrays":       strings.Repeat("[", 100_000),
		"deep objects":      strings.Repeat(`{"a":`, 100_000),
		"in a section":      `{"AccessToken":{"a":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + "}}",
		"unclosed strings":  strings.Repeat(`{"a":"`, 100_000),
		"many names":        `{"Account":{` + strings.Repeat(`"a":{},`, 100_000) + `"b":{}}}`,
		"quotation marks":   strings.Repeat(`"`, 300_000),
		"partition, often":  strings.Repeat(`{"partition":`, 50_000),
		"no partition":      strings.Repeat(`"partition"`, 1_000_000),
		"escaped quotes":    strings.Repeat(`\"`, 1_000_000),
		"names and objects": strings.Repeat(`"a":{"b":1,`, 50_000),
	} {
		t.Run(name, func(t *testing.T) {
			if c, _ := unified.Parse([]byte(data)); !c.Damaged() {
				t.Error("it is in order")
			}
		})
	}
}

// FuzzParse: what is read and written is read again the same, and files in order lose nothing.
func FuzzParse(f *testing.F) {
	for _, name := range []string{
		"msal-python-app", "msal-python-user", "msal-node-app", "msal-node-user", "msal-go-app", "msal-go-user", "unknown", "keyport",
	} {
		f.Add(golden(f, name+".json"))
	}
	data, _ := twoUsers(f)
	f.Add(data)
	f.Add([]byte(`{"AccessToken":{"\u0041":{},"A":{}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, _ := unified.Parse(data)
		written := c.Bytes()
		if !json.Valid(written) {
			t.Fatal("what is written is not JSON")
		}
		again, _ := unified.Parse(written)
		if again.Damaged() {
			t.Fatal("what is written is damaged")
		}
		for key := range c.Keys() {
			if !again.Load(key).Equal(c.Load(key)) {
				t.Fatalf("%v is read otherwise", key)
			}
		}
		if !bytes.Equal(again.Bytes(), written) && !strings.Contains(string(written), `"without"`) {
			t.Fatal("what is written changes each time")
		}
		if c.Damaged() || len(bytes.TrimSpace(data)) == 0 || string(bytes.TrimSpace(data)) == "null" {
			return
		}
		before, after := sectionsOf(t, bytes.TrimPrefix(bytes.TrimSpace(data), []byte("\ufeff"))), sectionsOf(t, written)
		for section, records := range before {
			for name, raw := range records {
				if section != "Keyport" && !bytes.Equal(raw, after[section][name]) {
					t.Fatalf("%s %q has changed", section, name)
				}
			}
		}
	})
}
