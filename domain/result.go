package domain

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// TokenSource says where a token came from.
type TokenSource uint8

// The sources of tokens.
const (
	SourceCache            TokenSource = iota + 1 // the token cache
	SourceIdentityProvider                        // a token response
	SourceOfBroker                                // a broker
)

// String returns the name that MSAL uses: "cache", "identity_provider" or "broker".
func (s TokenSource) String() string {
	return [...]string{"", "cache", "identity_provider", "broker"}[min(s, SourceOfBroker)]
}

// Result is a token and what is known about it.
type Result struct {
	AccessToken Secret
	TokenType   string    // "Bearer" unless another scheme was asked for
	Scopes      Scopes    // as granted
	ExpiresOn   time.Time // the zero time when the server did not say
	RefreshOn   time.Time // when the library will renew it in the background; zero for unknown

	Account Account // the user; zero for an application's own token
	IDToken Secret  // zero when there is none

	Metadata ResultMetadata

	// ExtraFields are the members of the token response that the library does not
	// know, in JSON; nil for tokens from the cache. They may hold personal data.
	ExtraFields map[string]json.RawMessage `json:"-"`

	partition PartitionKey
	record    *RecordKey
}

// ResultMetadata says how a result came about.
type ResultMetadata struct {
	Source        TokenSource
	RefreshReason RefreshReason
	// CorrelationID is the client-request-id that was sent; "" for tokens from the cache.
	CorrelationID string
	// TraceID is the server's own name for the request (x-ms-request-id), for support; ""
	// for tokens from the cache and where the server gives none.
	TraceID string
	// TokenEndpoint is the URL that answered; "" for tokens from the cache.
	TokenEndpoint string
	// Region says whether a region's own host answered.
	Region RegionDetails
	// Shared says that another caller's request brought the token.
	Shared bool
	// CacheError says that the token could not be stored. The token is good all the
	// same, but the next call will have to ask for another.
	CacheError error
}

// AuthorizationHeader returns the value of the Authorization header (RFC 6750 §2.1).
// It holds the token in the clear.
func (r Result) AuthorizationHeader() string {
	scheme := r.TokenType
	if scheme == "" {
		scheme = TokenTypeBearer
	}
	return scheme + " " + r.AccessToken.Reveal()
}

// Format implements [fmt.Formatter] without the fields that may hold personal data:
// where the token is filed, which fmt would read past [PartitionKey.Format], and
// ExtraFields.
func (r Result) Format(f fmt.State, verb rune) {
	type plain Result
	r.partition, r.record, r.ExtraFields = PartitionKey{}, nil, nil
	_, _ = fmt.Fprintf(f, fmt.FormatString(f, verb), plain(r))
}

// IDTokenClaims returns what the ID token says of the user; zero claims when there is
// no ID token. It was verified before the library handed it out.
func (r Result) IDTokenClaims() (IDTokenClaims, error) {
	if r.IDToken.IsZero() {
		return IDTokenClaims{}, nil
	}
	parts := strings.Split(r.IDToken.Reveal(), ".")
	if len(parts) != jwtParts {
		return IDTokenClaims{}, errClaims
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return IDTokenClaims{}, errClaims
	}
	return ParseIDTokenClaims(payload)
}

// jwtParts are header, payload and signature (RFC 7515 §7.1).
const jwtParts = 3

// ResultOf returns the result that a cached token gives. It remembers where the
// token is filed, so that it can be invalidated.
func ResultOf(t *AccessToken, partition PartitionKey, source TokenSource, reason RefreshReason) Result {
	return Result{
		AccessToken: t.Secret,
		TokenType:   t.Type,
		Scopes:      t.Scopes,
		ExpiresOn:   t.ExpiresOn,
		RefreshOn:   t.RefreshOn,
		Metadata:    ResultMetadata{Source: source, RefreshReason: reason},
		partition:   partition,
		record:      &t.Key,
	}
}

// Filed returns where the token is cached. The key is zero for a result that was
// not made by a client.
func (r Result) Filed() (PartitionKey, RecordKey) {
	if r.record == nil {
		return r.partition, RecordKey{}
	}
	return r.partition, *r.record
}
