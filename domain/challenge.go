package domain

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
)

// Challenge is what a resource that refuses a request wants to see instead
// (RFC 9110 §11.6.1).
type Challenge struct {
	Scheme  string            // "Bearer", as it was spelled; compare it with [strings.EqualFold]
	Token68 string            // the one value of schemes such as Negotiate; "" when there are parameters
	Params  map[string]string // by name, in lower case; of a name that occurs twice the first
}

// errorInsufficientClaims is how a resource says that it wants a token with other
// claims (the Microsoft identity platform's continuous access evaluation).
const errorInsufficientClaims = "insufficient_claims"

// ClaimsChallenge finds the claims challenge in the WWW-Authenticate fields of a
// response, such as http.Header.Values returns. claims is the JSON object to pass on
// as ClaimsChallenge of a request; ok is false when there is none.
//
// Resources send it in base64, and disagree on the alphabet and on the padding: any
// will do.
func ClaimsChallenge(fields []string) (claims string, ok bool) {
	for _, c := range ParseChallenges(fields) {
		if !strings.EqualFold(c.Scheme, TokenTypeBearer) || c.Params["error"] != errorInsufficientClaims {
			continue
		}
		if claims, ok := decodeClaims(c.Params["claims"]); ok {
			return claims, true
		}
	}
	return "", false
}

// NewClaimsChallenge returns the challenge with which an API hands a claims challenge
// on to its own caller. claims is the JSON object.
func NewClaimsChallenge(claims string) Challenge {
	return Challenge{Scheme: TokenTypeBearer, Params: map[string]string{
		"error": errorInsufficientClaims, "claims": base64.StdEncoding.EncodeToString([]byte(claims)),
	}}
}

// decodeClaims reads a JSON object in base64 (RFC 4648 §4) or base64url (§5).
func decodeClaims(text string) (claims string, ok bool) {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(text, "="))
	decoded, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return "", false
	}
	_, problem := parseClaims(string(decoded))
	return string(decoded), problem == ""
}

// String returns the challenge as a field has it, its parameters in the order of
// their names. It holds whatever the resource wrote.
func (c Challenge) String() string {
	var b strings.Builder
	b.WriteString(c.Scheme)
	if c.Token68 != "" {
		b.WriteString(" " + c.Token68)
	}
	separator := " "
	for _, name := range slices.Sorted(maps.Keys(c.Params)) {
		b.WriteString(separator + name + `="` + quotedPairs.Replace(c.Params[name]) + `"`)
		separator = ", "
	}
	return b.String()
}

// quotedPairs are the characters that a quoted string has a backslash before
// (RFC 9110 §5.6.4).
var quotedPairs = strings.NewReplacer(`\`, `\\`, `"`, `\"`)
