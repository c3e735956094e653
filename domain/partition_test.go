package domain_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed57855a68/keyport/domain"
)

func TestPartitionKeys(t *testing.T) {
	const abc = "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0" // SHA-256 of "abc" in base64url
	for _, row := range []struct {
		key                     domain.PartitionKey
		kind                    domain.PartitionKind
		client, owner, resource string
		text                    string
	}{
		{domain.UserKey("c", "uid.utid"), domain.UserPartition, "c", "uid.utid", "", "user|c|uid.utid|"},
		{domain.FamilyKey("1", "uid.utid"), domain.FamilyPartition, "1", "uid.utid", "", "family|1|uid.utid|"},
		{domain.AppKey("c", "t", "https://x"), domain.AppPartition, "c", "t", "https://x", "app|c|t|https%3A%2F%2Fx"},
		{domain.AssertionKey("c", domain.NewSecret("abc")), domain.AssertionPartition, "c", abc, "", "assertion|c|" + abc + "|"},
		{domain.SessionKey("c", "a|b c"), domain.AssertionPartition, "c", "session", "a|b c", "assertion|c|session|a%7Cb+c"},
		{domain.MachineKey("m", "r"), domain.MachinePartition, "m", "", "r", "machine|m||r"},
	} {
		k := row.key
		if k.Kind() != row.kind || k.ClientID() != row.client || k.Owner() != row.owner || k.Resource() != row.resource || k.IsZero() {
			t.Errorf("%s: got %s, %q, %q, %q", row.text, k.Kind(), k.ClientID(), k.Owner(), k.Resource())
		}
		if k.Text() != row.text {
			t.Errorf("got text %s, want %s", k.Text(), row.text)
		}
	}
	if k := (domain.PartitionKey{}); !k.IsZero() || k.Text() != "unknown|||" {
		t.Errorf("the zero key is %s", k.Text())
	}
	for _, kind := range []domain.PartitionKind{0, domain.MachinePartition + 1, 99} {
		if got := kind.String(); got != "unknown" {
			t.Errorf("kind %d is %q", kind, got)
		}
	}
}

func TestParsePartitionKeyRefuses(t *testing.T) {
	for _, text := range []string{
		"", "user", "user|c|o", "user|c|o||", "unknown|c|o|", "|c|o|", "USER|c|o|", "user|c|o|a b", "user|c|o|%7c", "user|c|o|%zz", "user|%41|o|",
		"user|c|" + canary + "/|", canary + "|c|o|", "user|c|o|" + canary + "|", "user|c d|o|",
	} {
		k, err := domain.ParsePartitionKey(text)
		if err == nil || !k.IsZero() {
			t.Errorf("%q is %s, want an error only", text, k.Text())
			continue
		}
		if strings.Contains(err.Error(), canary) {
			t.Errorf("the error quotes the text: %v", err)
		}
	}
}

// genKey draws keys whose parts look like each other's, with what the text is made of.
var genKey = rapid.Custom(func(t *rapid.T) domain.PartitionKey {
	part := func(name string) string {
		return rapid.OneOf(
			rapid.SampledFrom([]string{"", "a", "b", "a|b", "|", "%7C", "+", " ", "%", "session", "user", "\x00", "\xff", "ü"}), rapid.String(),
		).Draw(t, name)
	}
	client, owner, resource := part("client"), part("owner"), part("resource")
	return rapid.SampledFrom([]domain.PartitionKey{
		domain.UserKey(client, owner), domain.FamilyKey(client, owner), domain.AppKey(client, owner, resource),
		domain.AssertionKey(client, domain.NewSecret(owner)), domain.SessionKey(client, owner), domain.MachineKey(client, resource),
	}).Draw(t, "key")
})

func TestPartitionKeyProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one, two := genKey.Draw(t, "one"), genKey.Draw(t, "two")
		parsed, err := domain.ParsePartitionKey(one.Text())
		if err != nil || parsed != one {
			t.Fatalf("%q parses back as %q, %v", one.Text(), parsed.Text(), err)
		}
		if (one == two) != (one.Text() == two.Text()) {
			t.Fatalf("%q and %q: the keys are equal: %v", one.Text(), two.Text(), one == two)
		}
		if strings.ContainsAny(one.Text(), " \r\n\x00/\\") {
			t.Fatalf("%q is no text for a file or a line", one.Text())
		}
	})
}

// FuzzParsePartitionKey: what parses prints back the same, so that no two texts are
// one key.
func FuzzParsePartitionKey(f *testing.F) {
	for _, seed := range []string{"user|c|uid.utid|", "app|c|t|https%3A%2F%2Fx", "assertion|c|session|a%7Cb+c", "machine|||", "user|%41|o|", "user|a|b|c|d"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		k, err := domain.ParsePartitionKey(text)
		if err == nil && (k.Text() != text || k.IsZero()) {
			t.Errorf("%q prints back as %q", text, k.Text())
		}
		if err != nil && !k.IsZero() {
			t.Errorf("%q is %q, with the error %v", text, k.Text(), err)
		}
	})
}

func TestPartitionKeyPrintsNoPerson(t *testing.T) {
	for _, k := range []domain.PartitionKey{domain.UserKey("client", canary), domain.SessionKey("client", canary), domain.AppKey("client", canary, canary)} {
		var log strings.Builder
		slog.New(slog.NewJSONHandler(&log, nil)).Info("a", "key", k)
		slog.New(slog.NewTextHandler(&log, nil)).Info("a", "key", k)
		text, err := json.Marshal(map[domain.PartitionKey]any{k: k})
		if err != nil {
			t.Fatal(err)
		}
		for _, got := range []string{fmt.Sprint(k), fmt.Sprintf("%+v %#v %s %q %x %d", k, k, k, k, k, k), log.String(), string(text)} {
			if strings.Contains(got, canary) || !strings.Contains(got, k.Kind().String()+" partition of client") {
				t.Errorf("got %s", got)
			}
		}
	}
}

func TestPartitionFilter(t *testing.T) {
	key := domain.UserKey("c", "o")
	for _, row := range []struct {
		filter domain.PartitionFilter
		want   bool
	}{
		{domain.PartitionFilter{}, true},
		{domain.PartitionFilter{Kind: domain.UserPartition}, true},
		{domain.PartitionFilter{ClientID: "c"}, true},
		{domain.PartitionFilter{Owner: "o"}, true},
		{domain.PartitionFilter{Kind: domain.UserPartition, ClientID: "c", Owner: "o"}, true},
		{domain.PartitionFilter{Kind: domain.FamilyPartition}, false},
		{domain.PartitionFilter{ClientID: "C"}, false},
		{domain.PartitionFilter{Owner: "c"}, false},
		{domain.PartitionFilter{Kind: domain.UserPartition, ClientID: "c", Owner: "x"}, false},
	} {
		if got := row.filter.Admits(key); got != row.want {
			t.Errorf("%+v: got %v", row.filter, got)
		}
	}
}
