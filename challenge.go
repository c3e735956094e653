package keyport

import "github.com/seed57855a68/keyport/domain"

// Challenge is what a resource that refuses a request wants to see instead.
type Challenge = domain.Challenge

// ClaimsChallenge finds the claims challenge in the WWW-Authenticate fields of a
// resource's response, as http.Header.Values returns them. claims is what
// ClaimsChallenge of a request takes; ok is false when there is none.
func ClaimsChallenge(fields []string) (claims string, ok bool) { return domain.ClaimsChallenge(fields) }

// ParseChallenges returns all challenges in such fields; what cannot be read is left
// out.
func ParseChallenges(fields []string) []Challenge { return domain.ParseChallenges(fields) }

// NewClaimsChallenge returns the challenge with which a web API hands a claims
// challenge on to its own caller.
func NewClaimsChallenge(claims string) Challenge { return domain.NewClaimsChallenge(claims) }
