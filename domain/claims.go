package domain

import (
	"bytes"
	"encoding/json"
	"maps"
)

// maxClaims bounds the claims parameter, which comes from outside the program.
const maxClaims = 32 << 10

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
	if len(text) > maxClaims {
		return nil, "is larger than 32 KiB"
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.UseNumber() // keep numbers as they are written
	if dec.Decode(&object) != nil || object == nil || dec.More() {
		return nil, "is not a JSON object"
	}
	return object, ""
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
