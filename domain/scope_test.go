package domain_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed57855a68/keyport/domain"
)

func TestParseScopes(t *testing.T) {
	for _, row := range []struct {
		tokens    []string
		text, key string
		list      []string
	}{
		{nil, "", "", nil},
		{[]string{"a"}, "a", "a", []string{"a"}},
		{[]string{"User.Read"}, "User.Read", "user.read", []string{"User.Read"}},
		{[]string{"b", "a"}, "a b", "a b", []string{"a", "b"}},
		{[]string{"a", "b", "a"}, "a b", "a b", []string{"a", "b"}},
		{[]string{"a", "B"}, "B a", "a b", []string{"B", "a"}},
		{[]string{"a", "A"}, "A a", "a", []string{"A", "a"}},
		{[]string{"https://graph.microsoft.com/.default"}, "https://graph.microsoft.com/.default", "https://graph.microsoft.com/.default", []string{"https://graph.microsoft.com/.default"}},
		{[]string{"!#$%&'()*+,-./:;<=>?@[]^_`{|}~"}, "!#$%&'()*+,-./:;<=>?@[]^_`{|}~", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~", []string{"!#$%&'()*+,-./:;<=>?@[]^_`{|}~"}},
	} {
		tokens := slices.Clone(row.tokens)
		got := scopes(t, tokens...)
		if got.String() != row.text || got.Key() != row.key || got.IsZero() != (row.text == "") {
			t.Errorf("%q: got %q, key %q; want %q, %q", row.tokens, got, got.Key(), row.text, row.key)
		}
		if !slices.Equal(got.List(), row.list) {
			t.Errorf("%q: got list %q, want %q", row.tokens, got.List(), row.list)
		}
		if !slices.Equal(tokens, row.tokens) {
			t.Errorf("the caller's slice %q was changed to %q", row.tokens, tokens)
		}
	}
}

// RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
func TestParseScopesRefuses(t *testing.T) {
	for _, row := range []struct {
		tokens         []string
		field, problem string
	}{
		{[]string{""}, "Scopes[0]", "is empty"},
		{[]string{"a", ""}, "Scopes[1]", "is empty"},
		{[]string{"a b"}, "Scopes[0]", "seems to hold several scopes"},
		{[]string{"a", "b c"}, "Scopes[1]", "seems to hold several scopes"},
		{[]string{" a"}, "Scopes[0]", "seems to hold several scopes"},
		{[]string{`a"`}, "Scopes[0]", `'"', which RFC 6749 §3.3 does not allow`},
		{[]string{`a\`}, "Scopes[0]", `'\\', which`},
		{[]string{"a\t"}, "Scopes[0]", `'\t', which`},
		{[]string{"a\x00"}, "Scopes[0]", `'\x00', which`},
		{[]string{"a\x7f"}, "Scopes[0]", `'\x7f', which`},
		{[]string{"ä"}, "Scopes[0]", "which RFC 6749"},
		{[]string{"A\u212a"}, "Scopes[0]", "which RFC 6749"},
	} {
		got, err := domain.ParseScopes(row.tokens)
		if err == nil || !got.IsZero() {
			t.Errorf("%q is %q, want an error only", row.tokens, got)
			continue
		}
		wantConfigError(t, err, row.field, row.problem)
	}
	for b := range 256 { // every byte, alone and among others
		legal := b == 0x21 || b >= 0x23 && b <= 0x5b || b >= 0x5d && b <= 0x7e
		token := string([]byte{byte(b)})
		for _, tokens := range [][]string{{token}, {"a" + token + "A"}, {"a", "b" + token}} {
			got, err := domain.ParseScopes(tokens)
			if (err == nil) != legal {
				t.Errorf("byte %#x in %q: got error %v", b, tokens, err)
			}
			if err == nil && got.Key() != strings.ToLower(got.String()) {
				t.Errorf("byte %#x in %q: got key %q", b, tokens, got.Key())
			}
		}
	}
}

func TestScopesFromResponse(t *testing.T) {
	for text, want := range map[string]string{
		"":                     "",
		"  ":                   "",
		"b  a\tb\n":            "a b",
		"User.Read openid":     "User.Read openid",
		`odd"one \kept ümlaut`: `\kept odd"one ümlaut`,
	} {
		if got := domain.ScopesFromResponse(text); got.String() != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestScopesHas(t *testing.T) {
	s := scopes(t, "User.Read", "openid", "ab")
	for token, want := range map[string]bool{
		"User.Read": true, "user.READ": true, "openid": true, "ab": true,
		"": false, "a": false, "b": false, "open": false, "openid user.read": false, "User.ReadWrite": false,
	} {
		if s.Has(token) != want {
			t.Errorf("Has(%q) is %v", token, !want)
		}
	}
	if (domain.Scopes{}).Has("") {
		t.Error("the empty set has the empty scope")
	}
}

func TestScopesContains(t *testing.T) {
	for _, row := range []struct {
		set, other string
		want       bool
	}{
		{"a b c", "c a", true}, {"A B", "b a", true}, {"a", "", true}, {"", "", true},
		{"a b", "a c", false}, {"", "a", false}, {"ab", "a", false}, {"a", "ab", false},
	} {
		if got := domain.ScopesFromResponse(row.set).Contains(domain.ScopesFromResponse(row.other)); got != row.want {
			t.Errorf("%q contains %q: got %v", row.set, row.other, got)
		}
	}
}

func TestScopesArithmetic(t *testing.T) {
	a, b := scopes(t, "openid", "User.Read", "mail.read"), scopes(t, "USER.READ", "profile")
	if got, want := a.Union(b), scopes(t, "USER.READ", "User.Read", "mail.read", "openid", "profile"); got != want {
		t.Errorf("union: got %q, want %q", got, want)
	}
	if got, want := a.Minus(b), scopes(t, "mail.read", "openid"); got != want {
		t.Errorf("difference: got %q, want %q", got, want)
	}
	if got := a.Minus(a); got != (domain.Scopes{}) {
		t.Errorf("a set minus itself: got %q", got)
	}
	if got := (domain.Scopes{}).Union(a); got != a {
		t.Errorf("union with nothing: got %q, want %q", got, a)
	}
}

// Neither order nor repetition nor letter case makes another key, and any other
// difference does.
func TestScopesKeyProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tokens := rapid.SliceOfN(rapid.StringMatching(`[aAbBzZ/.]{1,3}`), 1, 6).Draw(t, "tokens")
		one := scopes(t, tokens...)
		again := rapid.Permutation(append(tokens, tokens[0])).Draw(t, "again")
		for i, token := range again {
			if rapid.Bool().Draw(t, "upper") {
				again[i] = strings.ToUpper(token)
			}
		}
		two := scopes(t, again...)
		if one.Key() != two.Key() || !one.Contains(two) || !two.Contains(one) {
			t.Fatalf("%q has key %q, %q has %q", tokens, one.Key(), again, two.Key())
		}
		if other := scopes(t, append(again, "c")...); other.Key() == one.Key() || one.Contains(other) {
			t.Fatalf("%q and %q have one key", other, one)
		}
		if parsed := scopes(t, one.List()...); parsed != one {
			t.Fatalf("%q parses back as %q", one, parsed)
		}
	})
}
