package strictjson_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/application/internal/strictjson"
)

// FuzzParse checks against encoding/json: Parse accepts exactly the objects that it
// accepts and that keep the further rules, and finds the same members in them.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		`{"access_token":"x","expires_in":3600}`, `{ "a" : [1, {"b":null}] , "c":"\u0064\"" }`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`,
		`{"a":{"b":1,"b":2}}`, `{"a":"\ud83d\ude00\\ud800"}`, `{"a":"\ud800"}`, "\xef\xbb\xbf{}", "{\"a\":\"\xff\"}", `[]`, `null`, ``, ` `, `{}{}`,
		`{"a":-0.0e+1,"b":true}`, strings.Repeat("[", 70), `{"a":` + strings.Repeat("[", 63) + strings.Repeat("]", 63) + `}`,
		`{"a":` + strings.Repeat(`[{"b":`, 32) + "1" + strings.Repeat("}]", 32) + `}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := strictjson.Parse(text)
		var want strictjson.Object
		if acceptable(text) {
			want = strictjson.Object{}
			if err := json.Unmarshal(text, &want); err != nil {
				t.Fatal(err)
			}
		}
		if (err == nil) != (want != nil) {
			t.Fatalf("Parse of %q fails with %v, want acceptance: %v", text, err, want != nil)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("members of %q (-want +got):\n%s", text, diff)
		}
	})
}

// acceptable states the rules in another way than the package does: over the
// tokens of encoding/json's decoder.
func acceptable(text []byte) bool {
	var object map[string]json.RawMessage
	return utf8.Valid(text) && json.Valid(text) && json.Unmarshal(text, &object) == nil && object != nil &&
		!hasHalfCharacter(string(text)) && depthOf(text) <= 64 && namesOnce(text)
}

var (
	pair = regexp.MustCompile(`(?i)\\ud[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}`)
	half = regexp.MustCompile(`(?i)\\ud[89a-f]`)
)

func hasHalfCharacter(text string) bool {
	text = strings.ReplaceAll(text, `\\`, "_")
	return half.MatchString(pair.ReplaceAllString(text, "_"))
}

func depthOf(text []byte) int {
	deepest, depth := 0, 0
	for token := range tokens(text) {
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			deepest = max(deepest, depth)
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
	}
	return deepest
}

// namesOnce looks at the names of the outermost object.
func namesOnce(text []byte) bool {
	seen := map[any]bool{}
	depth, isName := 0, true
	for token := range tokens(text) {
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
			continue
		case json.Delim('}'), json.Delim(']'):
			depth--
			token = nil
		}
		if depth != 1 {
			continue
		}
		if isName && seen[token] {
			return false
		}
		if isName {
			seen[token] = true
		}
		isName = !isName
	}
	return true
}

func tokens(text []byte) func(func(json.Token) bool) {
	return func(yield func(json.Token) bool) {
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil {
				panic(err) // the text is valid
			}
			if !yield(token) {
				return
			}
		}
	}
}
