package keyporttest

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// encodings are the forms in which a value may turn up in a text, each time in the
// same order; "" for one that is equal to another.
func encodings(value string) []string {
	raw := []byte(value)
	out := []string{
		value,
		url.QueryEscape(value),
		url.PathEscape(value),
		inJSON(value),
		inXML(value),
		inner(strconv.Quote(value)),
		inner(strconv.QuoteToASCII(value)),
		fmt.Sprintf("%x", raw),
		fmt.Sprintf("%X", raw),
		fmt.Sprintf("% x", raw),
		inner(fmt.Sprintf("%d", raw)), // as %v does with a []byte
		strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", raw), "[]byte{"), "}"),
	}
	for before := range 3 {
		standard := inBase64(raw, before)
		out = append(out, standard, strings.NewReplacer("+", "-", "/", "_").Replace(standard))
	}
	for i := range out {
		if len(out[i]) < windowSize || slices.Contains(out[:i], out[i]) {
			out[i] = ""
		}
	}
	return out
}

// inner takes off what stands around.
func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

func inJSON(value string) string {
	text, _ := json.Marshal(value) // of a string, which cannot fail
	return inner(string(text))
}

func inXML(value string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(value)) // into memory, which cannot fail
	return b.String()
}

// inBase64 is what of the base64 of a longer text depends on value alone, when a
// number of bytes, modulo 3, stands before it: so is "secret" found in the base64 of
// "user:secret" too.
func inBase64(value []byte, before int) string {
	text := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), value...))
	if (before+len(value))%3 != 0 {
		text = text[:len(text)-1] // shares its bits with what follows
	}
	return text[(before*8+5)/6:] // from the first digit that is all of value's
}
