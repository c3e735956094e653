package domain

import (
	"encoding/json"
	"maps"
	"strings"
	"unicode/utf8"
)

// The bounds of the claims parameter, which comes from outside the program.
const (
	maxClaims      = 32 << 10
	maxClaimsDepth = 64
)

// MergeClaims returns the value of the claims parameter (OIDC Core §5.5): the
// claims challenges given, deep-merged in order, plus the client's capabilities as
// access_token.xms_cc. Empty texts are skipped, and the result is "" when nothing
// is asked for. Objects are merged member by member; of other values the later
// wins. It fails with a [*ConfigError] for a text that is not a JSON object.
func MergeClaims(capabilities []string, challenges ...string) (string, error) {
	merged := map[string]any{}
	for _, text := range challenges {
		if text == "" {
			continue
		}
		object, problem := parseClaims(text)
		if problem != "" {
			return "", &ConfigError{
				Field: "Claims", Problem: problem,
				Remedy: `pass the JSON object of the challenge, such as {"access_token":{"nbf":{"essential":true}}}, decoded from base64`,
			}
		}
		deepMerge(merged, object)
	}
	if len(capabilities) > 0 {
		deepMerge(merged, map[string]any{"access_token": map[string]any{"xms_cc": map[string]any{"values": capabilities}}})
	}
	if len(merged) == 0 {
		return "", nil
	}
	text, err := json.Marshal(merged) // members in byte order: equal claims give equal text
	if err != nil {
		return "", &ConfigError{Field: "Claims", Problem: "cannot be written as JSON", Err: err, Remedy: "check the capabilities"}
	}
	return string(text), nil
}

func parseClaims(text string) (object map[string]any, problem string) {
	switch {
	case len(text) > maxClaims:
		return nil, "is larger than 32 KiB"
	case !utf8.ValidString(text) || !json.Valid([]byte(text)):
		return nil, "is not a JSON object"
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber() // keep numbers as they are written
	value, problem := readClaims(dec, maxClaimsDepth)
	object, isObject := value.(map[string]any)
	if problem == "" && !isObject {
		problem = "is not a JSON object"
	}
	return object, problem
}

// readClaims reads the next value of valid JSON. It refuses a name that stands twice
// in one object, which two readers may understand differently (RFC 8259 §4).
func readClaims(dec *json.Decoder, depth int) (value any, problem string) {
	token, _ := dec.Token() // the text is valid
	delim, nested := token.(json.Delim)
	switch {
	case !nested:
		return token, ""
	case depth == 0:
		return nil, "is nested too deeply"
	}
	object, array := map[string]any{}, []any{}
	for dec.More() && problem == "" {
		if delim == '[' {
			value, problem = readClaims(dec, depth-1)
			array = append(array, value)
			continue
		}
		token, _ = dec.Token()
		name, _ := token.(string)
		if _, twice := object[name]; twice {
			return nil, "has a member twice"
		}
		object[name], problem = readClaims(dec, depth-1)
	}
	_, _ = dec.Token() // the end
	if delim == '[' {
		return array, problem
	}
	return object, problem
}

func deepMerge(into, from map[string]any) {
	for name, value := range from {
		object, isObject := value.(map[string]any)
		known, wasObject := into[name].(map[string]any)
		if isObject && wasObject {
			known = maps.Clone(known)
			deepMerge(known, object)
			into[name] = known
			continue
		}
		into[name] = value
	}
}
