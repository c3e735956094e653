package application_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// facts are a token request in terms that can be compared: what was sent, by where
// it was, without what is new in each run. No secret is in them.
type facts map[string]string

// factsOf takes a request apart.
func factsOf(method string, u *url.URL, headers, form []wirePair) facts {
	f := facts{"request": method + " " + u.Scheme + "://" + u.Host + u.Path}
	for _, h := range headers {
		f.addHeader(h[0], h[1], "header")
	}
	for name, values := range u.Query() {
		f.addParameter("query", name, strings.Join(values, " | "))
	}
	for _, p := range form {
		f.addParameter("form", p[0], p[1])
	}
	return f
}

func (f facts) add(name, value string) {
	if old, twice := f[name]; twice {
		value = old + " | " + value
	}
	f[name] = value
}

// addParameter files what a library says of itself with the headers, because MSAL
// Node says it in the form.
func (f facts) addParameter(place, name, value string) {
	lower := strings.ToLower(name)
	if strings.HasPrefix(lower, "x-") || lower == "client-request-id" {
		f.addHeader(name, value, place)
		return
	}
	switch name {
	case "scope":
		f.add(place+" scope", sortedWords(value))
	case "claims":
		f.addJSON("claims", value)
	case "client_assertion":
		f.addAssertion(value)
	case "code_verifier":
		f.add(place+" code_verifier", verifierForm(value))
	case "client_secret", "code", "refresh_token", "assertion":
		f.add(place+" "+name, secretDigest(value))
	default:
		f.add(place+" "+name, value)
	}
}

var aUUID = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)

func (f facts) addHeader(name, value, place string) {
	name = strings.ToLower(name)
	switch name {
	case "client-request-id": // MSAL Node sends it twice
		f["header client-request-id"] = aUUID.ReplaceAllString(value, "a UUID")
		return
	case "x-client-sku":
		f["library named in"] = place
	case "x-client-ver", "x-client-os", "x-client-cpu":
		value = "something"
	case "x-client-last-telemetry":
		value = aUUID.ReplaceAllString(value, "a UUID")
	case "authorization":
		scheme, credentials, _ := strings.Cut(value, " ")
		value = scheme + " " + secretDigest(credentials)
	}
	f.add("header "+name, value)
}

// addAssertion looks into a signed assertion: an algorithm, whom it names, and which
// other members it has in which form.
func (f facts) addAssertion(jwt string) {
	parts := strings.Split(jwt, ".")
	for i, part := range []string{"header", "claim"} {
		members := map[string]any{}
		if text, err := base64.RawURLEncoding.DecodeString(parts[i]); err != nil || json.Unmarshal(text, &members) != nil {
			f.add("form client_assertion", secretDigest(jwt)) // a caller's text
			return
		}
		for name, value := range members {
			f.add("assertion "+part+" "+name, claimForm(name, value))
		}
	}
	f.add("form client_assertion", "signed")
}

// claimForm is the value where all agree on it, and else what it looks like.
func claimForm(name string, value any) string {
	switch v := value.(type) {
	case string:
		switch {
		case slices.Contains([]string{"alg", "typ", "aud", "iss", "sub"}, name):
			return v
		case aUUID.MatchString(v):
			return "a UUID"
		case strings.Contains(v, "="):
			return "base64url with padding"
		}
		return "base64url"
	case float64:
		if v != float64(int64(v)) {
			return "a fraction"
		}
		return "an integer"
	case []any:
		if strings.Contains(fmt.Sprint(v...), "\n") {
			return "a list with line breaks"
		}
		return "a list"
	}
	return fmt.Sprintf("%T", value)
}

// addJSON adds each leaf of a JSON object by its path.
func (f facts) addJSON(path, text string) {
	var value any
	if err := json.Unmarshal([]byte(text), &value); err != nil {
		f.add(path, "no JSON")
		return
	}
	f.addLeaves(path, value)
}

func (f facts) addLeaves(path string, value any) {
	object, ok := value.(map[string]any)
	if !ok {
		text, _ := json.Marshal(value)
		f.add(path, string(text))
		return
	}
	for name, member := range object {
		f.addLeaves(path+" "+name, member)
	}
}

func sortedWords(list string) string {
	items := strings.Fields(list)
	slices.Sort(items)
	return strings.Join(items, " ")
}

// verifierForm judges the length (RFC 7636 §4.1: 43 to 128 characters).
func verifierForm(value string) string {
	if len(value) < 43 || len(value) > 128 {
		return fmt.Sprintf("%d characters", len(value))
	}
	return "43 to 128 characters"
}

// secretDigest lets a secret be compared and not be read.
func secretDigest(secret string) string { return fmt.Sprintf("#%.4x", sha256.Sum256([]byte(secret))) }
