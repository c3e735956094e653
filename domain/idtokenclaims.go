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

// wireClaims are the claims in JSON.
type wireClaims struct {
	Issuer            string      `json:"iss"`
	Subject           string      `json:"sub"`
	Audience          audience    `json:"aud"`
	AuthorizedParty   string      `json:"azp"`
	ExpiresAt         numericDate `json:"exp"`
	IssuedAt          numericDate `json:"iat"`
	NotBefore         numericDate `json:"nbf"`
	AuthTime          numericDate `json:"auth_time"`
	Nonce             string      `json:"nonce"`
	ACR               string      `json:"acr"`
	AMR               audience    `json:"amr"`
	SessionID         string      `json:"sid"`
	ObjectID          string      `json:"oid"`
	TenantID          string      `json:"tid"`
	PreferredUsername string      `json:"preferred_username"`
	UPN               string      `json:"upn"`
	Name              string      `json:"name"`
	Email             string      `json:"email"`
	Emails            audience    `json:"emails"`
	LoginHint         string      `json:"login_hint"`
	AccessTokenHash   string      `json:"at_hash"`
	CodeHash          string      `json:"c_hash"`
}

var errClaims = errors.New("the claims are not those of an ID token")

// ParseIDTokenClaims reads the payload of an ID token. It checks the form only; for
// the content there is [IDTokenClaims.Check]. Its errors quote nothing.
func ParseIDTokenClaims(payload []byte) (IDTokenClaims, error) {
	var all map[string]json.RawMessage
	var w wireClaims
	if json.Unmarshal(payload, &all) != nil || all == nil || json.Unmarshal(payload, &w) != nil {
		return IDTokenClaims{}, errClaims
	}
	return IDTokenClaims{
		Issuer: w.Issuer, Subject: w.Subject, Audience: w.Audience, AuthorizedParty: w.AuthorizedParty,
		ExpiresAt: w.ExpiresAt.Time, IssuedAt: w.IssuedAt.Time, NotBefore: w.NotBefore.Time, AuthTime: w.AuthTime.Time,
		Nonce: w.Nonce, ACR: w.ACR, AMR: w.AMR, SessionID: w.SessionID,
		ObjectID: w.ObjectID, TenantID: w.TenantID, PreferredUsername: w.PreferredUsername, UPN: w.UPN,
		Name: w.Name, Email: w.Email, Emails: w.Emails, LoginHint: w.LoginHint,
		AccessTokenHash: w.AccessTokenHash, CodeHash: w.CodeHash, All: all,
	}, nil
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
type numericDate struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler].
func (d *numericDate) UnmarshalJSON(text []byte) error {
	var seconds float64
	if err := json.Unmarshal(text, &seconds); err != nil || seconds < 0 || seconds > 1<<37 {
		return errClaims
	}
	if string(text) != "null" {
		d.Time = time.Unix(int64(seconds), 0).UTC()
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
