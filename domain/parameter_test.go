package domain_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed57855a68/keyport/domain"
)

func TestParametersCheck(t *testing.T) {
	const field = "ExtraParameters."
	parameter := func(name, value string) []domain.Parameter { return []domain.Parameter{{Name: name, Value: value}} }
	for _, row := range []struct {
		parameters     domain.Parameters
		field, problem string // "" for none
	}{
		{domain.Parameters{}, "", ""},
		{domain.Parameters{Query: parameter("dc", "PROD WST\t<ü>"), Body: parameter("a[b](c)", ""), Header: parameter("X-Test_1.2~!#$%&'*+^`|", "a b\tü")}, "", ""},
		{domain.Parameters{Header: parameter("scope", "x"), Body: parameter("Authorization", "x")}, "", ""},
		{domain.Parameters{Query: append(parameter("a", ""), parameter("", "b")...)}, "Query[1]", "has no usable name"},
		{domain.Parameters{Body: parameter("a b", "")}, "Body[0]", "has no usable name"},
		{domain.Parameters{Body: parameter("a:b", "")}, "Body[0]", "has no usable name"},
		{domain.Parameters{Body: parameter("ä", "")}, "Body[0]", "has no usable name"},
		{domain.Parameters{Header: parameter("a\r\nb", "")}, "Header[0]", "has no usable name"},
		{domain.Parameters{Header: parameter("a(b)", "")}, "Header[0]", "has no usable name"},
		{domain.Parameters{Header: parameter(`a"`, "")}, "Header[0]", "has no usable name"},
		{domain.Parameters{Query: parameter("a", canary+"\r")}, "Query[0]", "has a line break or NUL"},
		{domain.Parameters{Body: parameter("a", canary+"\n")}, "Body[0]", "has a line break or NUL"},
		{domain.Parameters{Header: parameter("a", canary+"\x00")}, "Header[0]", "has a line break or NUL"},
		{domain.Parameters{Header: parameter("a", canary+"\x1b[2J")}, "Header[0]", "has a control character"},
		{domain.Parameters{Header: parameter("a", canary+"\x7f")}, "Header[0]", "has a control character"},
	} {
		err := row.parameters.Check()
		if row.problem != "" {
			wantConfigError(t, err, field+row.field, row.problem)
		} else if err != nil {
			t.Errorf("%+v: %v", row.parameters, err)
		}
	}
}

// What the library sets cannot be set beside it, in any letter case.
func TestParametersCheckReserved(t *testing.T) {
	for _, name := range []string{
		"client_id", "Client_Secret", "client_assertion", "client_assertion_type", "grant_type", "SCOPE", "claims", "code", "code_verifier",
		"redirect_uri", "refresh_token", "token_type", "assertion", "username", "password", "device_code", "state", "nonce", "code_challenge",
		"code_challenge_method", "client_info",
	} {
		list := []domain.Parameter{{Name: name, Value: canary}}
		wantConfigError(t, domain.Parameters{Query: list}.Check(), "ExtraParameters.Query[0]", "which the library sets itself")
		wantConfigError(t, domain.Parameters{Body: list}.Check(), "ExtraParameters.Body[0]", "which the library sets itself")
	}
	for _, name := range []string{
		"authorization", "HOST", "Content-Length", "Content-Type", "Accept", "Transfer-Encoding", "Connection", "Accept-Encoding", "Cookie",
		"client-request-id",
	} {
		list := []domain.Parameter{{Name: name, Value: canary}}
		wantConfigError(t, domain.Parameters{Header: list}.Check(), "ExtraParameters.Header[0]", "which the library sets itself")
	}
}

func TestParametersIsZero(t *testing.T) {
	one := []domain.Parameter{{Name: "a"}}
	for _, p := range []domain.Parameters{{Query: one}, {Body: one}, {Header: one}, {Query: one, Body: one}, {Query: one, Header: one}} {
		if p.IsZero() {
			t.Errorf("%+v is zero", p)
		}
	}
	if !(domain.Parameters{}).IsZero() {
		t.Error("no parameters are not zero")
	}
}

// Whatever makes the server give another token gives another key, and parts of
// names and values cannot be shifted from one to the next.
func TestParametersCacheKey(t *testing.T) {
	keyed := func(pairs ...string) []domain.Parameter {
		var list []domain.Parameter
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, domain.Parameter{Name: pairs[i], Value: pairs[i+1], InCacheKey: true})
		}
		return list
	}
	unkeyed := []domain.Parameter{{Name: "a", Value: "b"}}
	for _, p := range []domain.Parameters{{}, {Query: unkeyed, Body: unkeyed, Header: unkeyed}} {
		if got := p.CacheKey("", ""); got != "" {
			t.Errorf("%+v has the key %s", p, got)
		}
	}
	seen := map[string]string{}
	for name, key := range map[string]string{
		"in the query":          domain.Parameters{Query: keyed("a", "b")}.CacheKey(),
		"in the body":           domain.Parameters{Body: keyed("a", "b")}.CacheKey(),
		"in the header":         domain.Parameters{Header: keyed("a", "b")}.CacheKey(),
		"another value":         domain.Parameters{Body: keyed("a", "B")}.CacheKey(),
		"no value":              domain.Parameters{Body: keyed("a", "")}.CacheKey(),
		"a longer name":         domain.Parameters{Body: keyed("ab", "")}.CacheKey(),
		"shifted":               domain.Parameters{Body: keyed("", "ab")}.CacheKey(),
		"two":                   domain.Parameters{Body: keyed("a", "b", "c", "d")}.CacheKey(),
		"two in one value":      domain.Parameters{Body: keyed("a", "bcd")}.CacheKey(),
		"two with lengths":      domain.Parameters{Body: keyed("a", "b\x03r\x01c\x01d")}.CacheKey(),
		"with a separator":      domain.Parameters{Body: keyed("a", "b\x00c")}.CacheKey(),
		"with it elsewhere":     domain.Parameters{Body: keyed("a\x00b", "c")}.CacheKey(),
		"crossed":               domain.Parameters{Body: keyed("a", "d", "c", "b")}.CacheKey(),
		"twice":                 domain.Parameters{Body: keyed("a", "b", "a", "b")}.CacheKey(),
		"more":                  domain.Parameters{}.CacheKey("ab"),
		"more, in second place": domain.Parameters{}.CacheKey("", "ab"),
		"more, in two":          domain.Parameters{}.CacheKey("a", "b"),
		"more, crossed":         domain.Parameters{}.CacheKey("b", "a"),
		"one and more":          domain.Parameters{Body: keyed("a", "b")}.CacheKey("ab"),
	} {
		if other, known := seen[key]; known || len(key) != 43 {
			t.Errorf("%s and %q have the key %s", name, other, key)
		}
		seen[key] = name
	}
	with := domain.Parameters{Body: append(keyed("a", "b"), unkeyed...)}
	if with.CacheKey() != (domain.Parameters{Body: keyed("a", "b")}).CacheKey() {
		t.Error("a parameter outside the key makes another")
	}
}

func TestParametersCacheKeyProperty(t *testing.T) {
	parameter := rapid.Custom(func(t *rapid.T) domain.Parameter {
		text := rapid.StringMatching(`[ab\x01\x02q]{0,3}`)
		return domain.Parameter{Name: text.Draw(t, "name"), Value: text.Draw(t, "value"), InCacheKey: true}
	})
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(parameter, 1, 4).Draw(t, "list")
		key := domain.Parameters{Body: list}.CacheKey()
		if again := rapid.Permutation(list).Draw(t, "again"); (domain.Parameters{Body: again}).CacheKey() != key {
			t.Fatalf("the order of %+v makes another key", list)
		}
		other := rapid.SliceOfN(parameter, 1, 4).Draw(t, "other")
		byText := func(a, b domain.Parameter) int {
			return slices.Compare([]string{a.Name, a.Value}, []string{b.Name, b.Value})
		}
		same := slices.Equal(slices.SortedFunc(slices.Values(list), byText), slices.SortedFunc(slices.Values(other), byText))
		if ((domain.Parameters{Body: other}).CacheKey() == key) != same {
			t.Fatalf("%+v and %+v: one key where they are not the same, or two", list, other)
		}
	})
}
