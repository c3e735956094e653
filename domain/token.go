package domain

import "time"

// TokenTypeBearer is the type of ordinary access tokens (RFC 6750).
const TokenTypeBearer = "Bearer"

// RecordKind says what a record of a [TokenSet] is.
type RecordKind uint8

// The kinds of record.
const (
	AccessTokenRecord RecordKind = iota + 1
	RefreshTokenRecord
	IDTokenRecord
	AccountRecord
	AppMetadataRecord
)

// RecordKey tells two records of one partition apart. For access tokens it holds
// everything that makes two tokens different. Keys compare with ==.
type RecordKey struct {
	Kind        RecordKind
	Environment string // canonical host ([Authority.Environment])
	Tenant      string // lower case ([Authority.TenantKey]); "" for refresh tokens
	ClientID    string // client id; the family id for a family's refresh token
	Scopes      string // [Scopes.Key]; access tokens only
	TokenType   string // lower case; "" for bearer
	KeyID       string // the key that the token is bound to; "" for none
	Policy      string // B2C user flow
	Extra       string // digest of the extra parameters that are part of the key
}

// AccessToken is a cached access token. Treat it as immutable.
type AccessToken struct {
	Key    RecordKey
	Secret Secret
	Type   string // as the server spelled it: "Bearer", "DPoP", "pop"
	Scopes Scopes // as granted; the requested ones when the server is silent (RFC 6749 §5.1)

	HomeAccountID string // "" for an application's own token

	CachedAt          time.Time // when the response arrived
	ExpiresOn         time.Time
	ExtendedExpiresOn time.Time // until when it may serve while the server fails; zero for none
	RefreshOn         time.Time // from when on it should be renewed; zero for unknown
}

// RefreshToken is a cached refresh token. Treat it as immutable.
type RefreshToken struct {
	Key           RecordKey
	Secret        Secret
	HomeAccountID string
	ClientID      string
	FamilyID      string // the family of clients that may redeem it; "" for none
	Scopes        Scopes
	LastModified  time.Time
	ExpiresOn     time.Time // zero for unknown
}

// IDToken is a cached ID token in its compact form. Treat it as immutable.
type IDToken struct {
	Key           RecordKey
	Secret        Secret
	HomeAccountID string
}

// AppMetadata is what is known of a client that shares tokens with its family.
type AppMetadata struct {
	Key      RecordKey
	ClientID string
	FamilyID string // "" when the client is in no family
}

// Record is one entry of a [TokenSet]: an [AccessToken], [RefreshToken],
// [IDToken], [Account] or [AppMetadata].
type Record interface {
	RecordKey() RecordKey
	retainUntil() time.Time
}

// RecordKey implements [Record].
func (t AccessToken) RecordKey() RecordKey { return t.Key }

// RecordKey implements [Record].
func (t RefreshToken) RecordKey() RecordKey { return t.Key }

// RecordKey implements [Record].
func (t IDToken) RecordKey() RecordKey { return t.Key }

// RecordKey implements [Record].
func (m AppMetadata) RecordKey() RecordKey { return m.Key }

// farFuture is "no known end": what a store with time-to-live keeps as long as it can.
var farFuture = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

func (t AccessToken) retainUntil() time.Time {
	if t.ExtendedExpiresOn.After(t.ExpiresOn) {
		return t.ExtendedExpiresOn
	}
	return t.ExpiresOn
}

func (t RefreshToken) retainUntil() time.Time {
	if t.ExpiresOn.IsZero() {
		return farFuture
	}
	return t.ExpiresOn
}

// ID tokens, accounts and metadata live as long as the tokens beside them.
func (t IDToken) retainUntil() time.Time     { return time.Time{} }
func (m AppMetadata) retainUntil() time.Time { return time.Time{} }
