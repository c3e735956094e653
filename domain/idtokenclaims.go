package domain

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// IDTokenClaims are what an ID token says of the user and of the sign-in (OIDC Core
// §2, and what Microsoft adds). They hold personal data and print without it.
type IDTokenClaims struct {
	Issuer          string
	Subject         string
	Audience        []string
	AuthorizedParty string // "azp"
	ExpiresAt       time.Time
	IssuedAt        time.Time
	NotBefore       time.Time // zero when absent
	AuthTime        time.Time // when the user proved who they are; zero when absent
	Nonce           string
	ACR             string
	AMR             []string
	SessionID       string // "sid"

	ObjectID          string // "oid": the user in the tenant that issued the token
	TenantID          string // "tid"
	PreferredUsername string
	UPN               string
	Name              string
	Email             string
	Emails            []string // "emails", which B2C has instead
	LoginHint         string   // "login_hint": for the sign-out URL

	AccessTokenHash string // "at_hash"
	CodeHash        string // "c_hash"

	// All is every member as it was sent, in JSON.
	All map[string]json.RawMessage
}

var errClaims = errors.New("the claims are not those of an ID token")

// ParseIDTokenClaims reads the payload of an ID token. It checks the form only; for
// the content there is [IDTokenClaims.Check]. Names are compared to the letter, and none
// may occur twice: two readers must not see two users in one token. Its errors quote
// nothing.
func ParseIDTokenClaims(payload []byte) (IDTokenClaims, error) {
	if _, problem := parseClaims(string(payload)); problem != "" {
		return IDTokenClaims{}, errClaims
	}
	var c IDTokenClaims
	if json.Unmarshal(payload, &c.All) != nil {
		return IDTokenClaims{}, errClaims
	}
	for _, claim := range []struct {
		name string
		into any
	}{
		{"iss", &c.Issuer}, {"sub", &c.Subject}, {"aud", (*audience)(&c.Audience)}, {"azp", &c.AuthorizedParty},
		{"exp", (*numericDate)(&c.ExpiresAt)}, {"iat", (*numericDate)(&c.IssuedAt)}, {"nbf", (*numericDate)(&c.NotBefore)},
		{"auth_time", (*numericDate)(&c.AuthTime)}, {"nonce", &c.Nonce}, {"acr", &c.ACR}, {"amr", (*audience)(&c.AMR)}, {"sid", &c.SessionID},
		{"oid", &c.ObjectID}, {"tid", &c.TenantID}, {"preferred_username", &c.PreferredUsername}, {"upn", &c.UPN}, {"name", &c.Name},
		{"email", &c.Email}, {"emails", (*audience)(&c.Emails)}, {"login_hint", &c.LoginHint},
		{"at_hash", &c.AccessTokenHash}, {"c_hash", &c.CodeHash},
	} {
		if raw, ok := c.All[claim.name]; ok && json.Unmarshal(raw, claim.into) != nil {
			return IDTokenClaims{}, errClaims
		}
	}
	return c, nil
}

// audience is a text or a list of texts (RFC 7519 §4.1.3).
type audience []string

// UnmarshalJSON implements [json.Unmarshaler].
func (a *audience) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(text, (*[]string)(a))
}

// numericDate is seconds since 1970 (RFC 7519 §2), which may have a fraction.
type numericDate time.Time

// UnmarshalJSON implements [json.Unmarshaler].
func (d *numericDate) UnmarshalJSON(text []byte) error {
	var seconds float64
	if err := json.Unmarshal(text, &seconds); err != nil || seconds < 0 || seconds > 1<<37 {
		return errClaims
	}
	if string(text) != "null" {
		*d = numericDate(time.Unix(int64(seconds), 0).UTC())
	}
	return nil
}

// Username returns the name that the user signs in with, as far as the token says.
func (c IDTokenClaims) Username() string {
	for _, name := range append([]string{c.PreferredUsername, c.UPN, c.Email}, c.Emails...) {
		if name != "" {
			return name
		}
	}
	return ""
}

// Format implements [fmt.Formatter] without personal data.
func (c IDTokenClaims) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "claims "+Redacted) }

// MarshalText implements [encoding.TextMarshaler] without personal data, for logs.
func (c IDTokenClaims) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", c), nil }
