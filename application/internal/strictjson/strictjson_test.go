package strictjson_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/application/internal/strictjson"
)

// raw makes an Object of names and texts.
func raw(pairs ...string) strictjson.Object {
	o := strictjson.Object{}
	for i := 0; i < len(pairs); i += 2 {
		o[pairs[i]] = json.RawMessage(pairs[i+1])
	}
	return o
}

func nested(depth int) string {
	return `{"a":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`
}

func TestParse(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       strictjson.Object
		err        error
	}{
		{"one member", `{"a":"b"}`, raw("a", `"b"`), nil},
		{"no member", `{}`, raw(), nil},
		{"no member and space", "{ \n }", raw(), nil},
		{"space everywhere", " \t\r\n{ \t\"a\" : 1 ,\r\n\"b\" : [ 1 , 2 ] } \n", raw("a", "1", "b", "[ 1 , 2 ]"), nil},
		{
			"every kind of value", `{"s":"x","n":-1.5e+3,"t":true,"f":false,"z":null,"o":{"a":{"b":1}},"l":[{},[],"]"]}`,
			raw("s", `"x"`, "n", "-1.5e+3", "t", "true", "f", "false", "z", "null", "o", `{"a":{"b":1}}`, "l", `[{},[],"]"]`), nil,
		},
		{"numbers as they are written", `{"a":3600.0,"b":3600e0,"c":-0,"d":1E400,"e":99999999999999999999}`, raw("a", "3600.0", "b", "3600e0", "c", "-0", "d", "1E400", "e", "99999999999999999999"), nil},
		{"punctuation in strings", `{"a,}]":"{[,:\"\\","b":2}`, raw("a,}]", `"{[,:\"\\"`, "b", "2"), nil},
		{"string that ends in a backslash", `{"a":"\\","b":"\\\""}`, raw("a", `"\\"`, "b", `"\\\""`), nil},
		{"escaped name", `{"\u0061\n":1}`, raw("a\n", "1"), nil},
		{"empty name", `{"":1}`, raw("", "1"), nil},
		{"names that differ in case", `{"a":1,"A":2}`, raw("a", "1", "A", "2"), nil},
		{"names that only fold to each other", "{\"access_token\":1,\"acce\u017f\u017f_token\":2}", raw("access_token", "1", "acce\u017f\u017f_token", "2"), nil},
		{"same name further in", `{"a":{"a":1},"b":{"a":2}}`, raw("a", `{"a":1}`, "b", `{"a":2}`), nil},
		{"not ASCII", "{\"ключ\":\"€\"}", raw("ключ", `"€"`), nil},
		{"surrogate pair", `{"a":"\ud83d\ude00"}`, raw("a", `"\ud83d\ude00"`), nil},
		{"two surrogate pairs", `{"a":"\ud83d\ude00\uD83D\uDE00x"}`, raw("a", `"\ud83d\ude00\uD83D\uDE00x"`), nil},
		{"backslash before u", `{"a":"\\ud800"}`, raw("a", `"\\ud800"`), nil},
		{"NUL escaped", `{"a":"\u0000"}`, raw("a", `"\u0000"`), nil},
		{"depth 64", nested(64), raw("a", strings.Repeat("[", 63)+strings.Repeat("]", 63)), nil},
		{"many brackets in a string", `{"a":"` + strings.Repeat("[", 100) + `"}`, raw("a", `"`+strings.Repeat("[", 100)+`"`), nil},
		{"many values side by side", `{"a":[` + strings.Repeat("[],", 100) + `[]]}`, raw("a", `[`+strings.Repeat("[],", 100)+`[]]`), nil},

		{"name twice", `{"a":1,"a":1}`, nil, strictjson.ErrDuplicate},
		{"name twice, once with null", `{"access_token":"x","b":2,"access_token":null}`, nil, strictjson.ErrDuplicate},
		{"name twice, once escaped", `{"a":1,"\u0061":2}`, nil, strictjson.ErrDuplicate},
		{"empty name twice", `{"":1,"":2}`, nil, strictjson.ErrDuplicate},
		{"depth 65", nested(65), nil, strictjson.ErrTooDeep},
		{"depth 65 of objects", strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65), nil, strictjson.ErrTooDeep},
		{"depth 200,000, never closed", strings.Repeat("[", 200_000), nil, strictjson.ErrTooDeep},
		{"byte order mark", "\xef\xbb\xbf{}", nil, strictjson.ErrNotUTF8},
		{"invalid UTF-8 in a value", "{\"a\":\"\xff\"}", nil, strictjson.ErrNotUTF8},
		{"invalid UTF-8 in a name", "{\"\xc3(\":1}", nil, strictjson.ErrNotUTF8},
		{"surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}", nil, strictjson.ErrNotUTF8},
		{"UTF-16", "\xff\xfe{\x00}\x00", nil, strictjson.ErrNotUTF8},
		{"lone high surrogate", `{"a":"\ud800"}`, nil, strictjson.ErrNotUTF8},
		{"lone low surrogate", `{"a":"x\uDC00x"}`, nil, strictjson.ErrNotUTF8},
		{"surrogates the wrong way round", `{"a":"\ude00\ud83d"}`, nil, strictjson.ErrNotUTF8},
		{"high surrogate before another escape", `{"a":"\ud83d\u0041"}`, nil, strictjson.ErrNotUTF8},
		{"high surrogate before a letter", `{"a":"\ud83dabcdef"}`, nil, strictjson.ErrNotUTF8},
		{"lone surrogate in a name", `{"\udfff":1}`, nil, strictjson.ErrNotUTF8},
		{"lone surrogate further in", `{"a":[{"b":"\ud800"}]}`, nil, strictjson.ErrNotUTF8},
		{"lone surrogate behind a pair", `{"a":"\ud83d\ude00\ude00"}`, nil, strictjson.ErrNotUTF8},
		{"nothing", "", nil, strictjson.ErrNotObject},
		{"space only", " \r\n\t", nil, strictjson.ErrNotObject},
		{"null", "null", nil, strictjson.ErrNotObject},
		{"list", "[]", nil, strictjson.ErrNotObject},
		{"string", `"{}"`, nil, strictjson.ErrNotObject},
		{"number", "1", nil, strictjson.ErrNotObject},
		{"page", "<html></html>", nil, strictjson.ErrNotObject},
		{"half an object", `{"a":1`, nil, strictjson.ErrNotObject},
		{"half a string", `{"a`, nil, strictjson.ErrNotObject},
		{"text behind", `{} x`, nil, strictjson.ErrNotObject},
		{"object behind", `{"a":1}{"a":2}`, nil, strictjson.ErrNotObject},
		{"bracket behind", `{}]`, nil, strictjson.ErrNotObject},
		{"NUL behind", "{}\x00", nil, strictjson.ErrNotObject},
		{"comma at the end", `{"a":1,}`, nil, strictjson.ErrNotObject},
		{"comma twice", `{"a":1,,"b":2}`, nil, strictjson.ErrNotObject},
		{"single quotation marks", `{'a':1}`, nil, strictjson.ErrNotObject},
		{"name without quotation marks", `{a:1}`, nil, strictjson.ErrNotObject},
		{"comment", `{/**/"a":1}`, nil, strictjson.ErrNotObject},
		{"leading zero", `{"a":01}`, nil, strictjson.ErrNotObject},
		{"NaN", `{"a":NaN}`, nil, strictjson.ErrNotObject},
		{"hexadecimal", `{"a":0x10}`, nil, strictjson.ErrNotObject},
		{"line break in a string", "{\"a\":\"\n\"}", nil, strictjson.ErrNotObject},
		{"unknown escape", `{"a":"\x41"}`, nil, strictjson.ErrNotObject},
		{"no-break space", "{\u00a0\"a\":1}", nil, strictjson.ErrNotObject},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := strictjson.Parse([]byte(tt.text))
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseDoesNotChangeTheText(t *testing.T) {
	const text = ` {"a": "\u0062" , "c":[1]} `
	given := []byte(text)
	if _, err := strictjson.Parse(given); err != nil {
		t.Fatal(err)
	}
	if string(given) != text {
		t.Errorf("text is %q afterwards, want %q", given, text)
	}
}

func TestString(t *testing.T) {
	for _, tt := range []struct {
		value, want string
		err         error
	}{
		{`"b"`, "b", nil},
		{`""`, "", nil},
		{`"\u0062\n\ud83d\ude00"`, "b\n😀", nil},
		{`null`, "", nil},
		{`"null"`, "null", nil},
		{`1`, "", strictjson.ErrType},
		{`true`, "", strictjson.ErrType},
		{`["b"]`, "", strictjson.ErrType},
		{`{"b":"b"}`, "", strictjson.ErrType},
	} {
		o, err := strictjson.Parse([]byte(`{"other":"x","a": ` + tt.value + ` }`))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := o.String("a"); got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("String of %s is %q, %v, want %q, %v", tt.value, got, err, tt.want, tt.err)
		}
	}
	o := raw("a", `"b"`)
	for _, absent := range []string{"A", "b", ""} {
		if got, err := o.String(absent); got != "" || err != nil {
			t.Errorf("String of the absent %q is %q, %v, want nothing", absent, got, err)
		}
	}
	if _, err := raw("a", `"half`).String("a"); !errors.Is(err, strictjson.ErrType) {
		t.Errorf("a member that was not parsed gives %v, want %v", err, strictjson.ErrType)
	}
}

func TestStrings(t *testing.T) {
	for _, tt := range []struct {
		value string
		want  []string
		err   error
	}{
		{`["b","c"]`, []string{"b", "c"}, nil},
		{`["b","b",""]`, []string{"b", "b", ""}, nil},
		{`[]`, []string{}, nil},
		{`null`, nil, nil},
		{`"b"`, nil, strictjson.ErrType},
		{`1`, nil, strictjson.ErrType},
		{`{"0":"b"}`, nil, strictjson.ErrType},
		{`["b",1]`, nil, strictjson.ErrType},
		{`["b",["c"]]`, nil, strictjson.ErrType},
		{`["b",null]`, nil, strictjson.ErrType},
	} {
		o, err := strictjson.Parse([]byte(`{"a":` + tt.value + `}`))
		if err != nil {
			t.Fatal(err)
		}
		got, err := o.Strings("a")
		if !errors.Is(err, tt.err) {
			t.Errorf("Strings of %s fails with %v, want %v", tt.value, err, tt.err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Strings of %s (-want +got):\n%s", tt.value, diff)
		}
	}
	if got, err := raw().Strings("a"); got != nil || err != nil {
		t.Errorf("Strings of an absent member is %q, %v, want nothing", got, err)
	}
}

func TestErrorsQuoteNothing(t *testing.T) {
	const canary = "canary-8d1f"
	for _, text := range []string{
		`{"` + canary + `":1,"` + canary + `":2}`, canary, `{"a":"` + canary + "\xff\"}", `{"a":"` + canary + `\ud800"}`,
		`{"` + canary + `":` + strings.Repeat("[", 100),
	} {
		_, err := strictjson.Parse([]byte(text))
		if err == nil || strings.Contains(err.Error(), canary) {
			t.Errorf("Parse of %.20q fails with %v, want an error that holds nothing of it", text, err)
		}
	}
	if _, err := raw("a", `["`+canary+`"]`).String("a"); err == nil || strings.Contains(err.Error(), canary) {
		t.Errorf("String fails with %v, want an error that holds nothing of the value", err)
	}
}
