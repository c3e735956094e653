package domain_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/domain"
)

func TestMergeClaims(t *testing.T) {
	for _, row := range []struct {
		name         string
		capabilities []string
		challenges   []string
		want         string
	}{
		{"nothing", nil, nil, ""},
		{"empty texts", nil, []string{"", ""}, ""},
		{"an empty object", nil, []string{"{}"}, ""},
		{"capabilities", []string{"CP1"}, nil, `{"access_token":{"xms_cc":{"values":["CP1"]}}}`},
		{"capabilities and an empty text", []string{"CP1"}, []string{""}, `{"access_token":{"xms_cc":{"values":["CP1"]}}}`},
		{"a challenge", nil, []string{` {"b": 1, "a": null} `}, `{"a":null,"b":1}`},
		{
			"both", []string{"foo", "bar"},
			[]string{`{"id_token":{"auth_time":{"essential":true}},"access_token":{"nbf":{"essential":true,"value":"1563308371"}}}`},
			`{"access_token":{"nbf":{"essential":true,"value":"1563308371"},"xms_cc":{"values":["foo","bar"]}},"id_token":{"auth_time":{"essential":true}}}`,
		},
		{"other capabilities in the challenge", []string{"CP1"}, []string{`{"access_token":{"xms_cc":{"values":["x"]}}}`}, `{"access_token":{"xms_cc":{"values":["CP1"]}}}`},
		{"null for an object", []string{"CP1"}, []string{`{"access_token":null}`}, `{"access_token":{"xms_cc":{"values":["CP1"]}}}`},
		{"text for an object", []string{"CP1"}, []string{`{"access_token":"x"}`}, `{"access_token":{"xms_cc":{"values":["CP1"]}}}`},
		{"two challenges", nil, []string{`{"a":{"x":1,"y":{"p":1}},"b":1}`, `{"a":{"y":{"q":2},"z":3},"b":[2]}`}, `{"a":{"x":1,"y":{"p":1,"q":2},"z":3},"b":[2]}`},
		{"an object for a number and back", nil, []string{`{"a":1,"b":{"x":1}}`, `{"a":{"y":2},"b":2}`}, `{"a":{"y":2},"b":2}`},
		{"arrays are one value", nil, []string{`{"a":[1,2]}`, `{"a":[3,{"b":[4]}]}`}, `{"a":[3,{"b":[4]}]}`},
		{"numbers as they are written", nil, []string{`{"a":1563308371000000001,"b":1.50,"c":1e400}`}, `{"a":1563308371000000001,"b":1.50,"c":1e400}`},
		{"one name in two objects", nil, []string{`{"a":{"x":1},"b":{"x":1}}`}, `{"a":{"x":1},"b":{"x":1}}`},
	} {
		got, err := domain.MergeClaims(row.capabilities, row.challenges...)
		if diff := cmp.Diff(row.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", row.name, err, diff)
		}
	}
}

func nested(depth int) string {
	return strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth)
}

func TestMergeClaimsRefuses(t *testing.T) {
	const notObject = "is not a JSON object"
	for _, row := range []struct{ text, problem string }{
		{canary, notObject}, {`"` + canary + `"`, notObject}, {`["` + canary + `"]`, notObject}, {"null", notObject}, {"1", notObject}, {" ", notObject},
		{`{"` + canary + `":1`, notObject}, {`{"a":` + canary + `}`, notObject}, {"\ufeff{}", notObject}, {"{\"" + canary + "\":\"\xff\"}", notObject},
		{`{"a":1}` + canary, notObject}, {`{"a":1}}`, notObject}, {`{"a":1}]`, notObject}, {`{"a":1}{"b":1}`, notObject},
		{`{"` + canary + `":1,"` + canary + `":2}`, "has a member twice"},
		{`{"a":{"b":1,"\u0062":2}}`, "has a member twice"},
		{`{"a":[{"b":1,"b":2}]}`, "has a member twice"},
		{nested(65), "is nested too deeply"}, {`{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`, "is nested too deeply"},
		{strings.Repeat("[", 10001), notObject},
		{`{"` + canary + `":"` + strings.Repeat("x", 32<<10) + `"}`, "is larger than 32 KiB"},
	} {
		for _, challenges := range [][]string{{row.text}, {`{"a":{}}`, row.text}} {
			got, err := domain.MergeClaims([]string{"CP1"}, challenges...)
			if err == nil || got != "" {
				t.Errorf("%.40q gives %.40q, want an error only", row.text, got)
				continue
			}
			wantConfigError(t, err, "Claims", row.problem)
		}
	}
	for _, good := range []string{nested(64), `{"a":"` + strings.Repeat("x", 32<<10-8) + `"}`} {
		if got, err := domain.MergeClaims(nil, good); got != good || err != nil {
			t.Errorf("%.40q gives %.40q, %v", good, got, err)
		}
	}
}

// FuzzMergeClaims: whatever a resource sends, the result is one JSON object with the
// client's capabilities in it, and merging it again changes nothing.
func FuzzMergeClaims(f *testing.F) {
	for _, seed := range []string{
		"", "{}", `{"access_token":null}`, `{"access_token":{"nbf":{"essential":true,"value":"1"},"xms_cc":{"values":["x"]}}}`,
		`{"a":[1,{"b":2.50}],"ü":"\ud83d\ude00<&>"}`, `{"a":1,"a":2}`, `{"a":1}]`, nested(65),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := domain.MergeClaims([]string{"CP1", "ü"}, text)
		var config *domain.ConfigError
		if err != nil {
			if !errors.As(err, &config) || got != "" {
				t.Errorf("got %q and the error %v", got, err)
			}
			return
		}
		var claims map[string]map[string]json.RawMessage // by exact name, unlike the fields of a struct
		var all map[string]json.RawMessage
		if err := json.Unmarshal([]byte(got), &all); err != nil {
			t.Fatalf("%q gives %q, which is no object: %v", text, got, err)
		}
		if err := json.Unmarshal(fmt.Appendf(nil, `{"access_token":%s}`, all["access_token"]), &claims); err != nil {
			t.Fatalf("%q gives %q: %v", text, got, err)
		}
		if want := `"values":["CP1","ü"]`; !strings.Contains(string(claims["access_token"]["xms_cc"]), want) {
			t.Errorf("%q gives %q, without %s", text, got, want)
		}
		if len(got) < 32<<10 {
			if again, err := domain.MergeClaims(nil, got); err != nil || again != got {
				t.Errorf("%q merges again to %q, %v", got, again, err)
			}
		}
	})
}
