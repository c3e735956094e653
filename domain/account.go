package domain

import (
	"fmt"
	"io"
	"time"
)

// AccountSource says how the user signed in; its values are those of the shared
// cache schema.
type AccountSource string

// The sources that the shared cache schema knows.
const (
	SourceAuthorizationCode AccountSource = "authorization_code"
	SourceDeviceCode        AccountSource = "urn:ietf:params:oauth:grant-type:device_code"
	SourcePassword          AccountSource = "password"
	SourceBroker            AccountSource = "broker"
)

// Account is a user as one tenant knows them. It holds personal data and prints
// without it, also as JSON: a session keeps its HomeAccountID, and asks for the rest
// with Accounts. The zero Account stands for no user.
type Account struct {
	HomeAccountID  string // the user, across tenants: "<oid>.<home tenant>", or the ID token's sub
	LocalAccountID string // the user in this tenant: oid or sub
	Environment    string // canonical host
	Tenant         string // the tenant that issued the record
	Username       string // preferred_username or upn, for display and hints only
	AuthorityType  string // "MSSTS", "ADFS", "Generic" or "CLOUDSHELL", as the shared cache schema has it
	Source         AccountSource
}

// IsZero reports whether the account stands for no user.
func (a Account) IsZero() bool { return a.HomeAccountID == "" }

// RecordKey implements [Record].
func (a Account) RecordKey() RecordKey {
	return RecordKey{Kind: AccountRecord, Environment: a.Environment, Tenant: a.Tenant}
}

func (a Account) retainUntil() time.Time { return time.Time{} }

// merged keeps what a says and fills what it leaves out from an older record: a
// later response without a profile must not erase a name that is known. What is
// known of another user is not a's.
func (a Account) merged(old Account) Account {
	if a.HomeAccountID != old.HomeAccountID {
		return a
	}
	keep := func(field *string, known string) {
		if *field == "" {
			*field = known
		}
	}
	keep(&a.LocalAccountID, old.LocalAccountID)
	keep(&a.Username, old.Username)
	keep(&a.AuthorityType, old.AuthorityType)
	if a.Source == "" {
		a.Source = old.Source
	}
	return a
}

// Format implements [fmt.Formatter] without personal data.
func (a Account) Format(f fmt.State, _ rune) {
	text := "account " + Redacted
	if a.IsZero() {
		text = "no account"
	}
	_, _ = io.WriteString(f, text)
}

// MarshalText implements [encoding.TextMarshaler] without personal data, for logs.
func (a Account) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", a), nil }
