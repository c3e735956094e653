package domain

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/url"
	"strings"
)

// PartitionKind says whose tokens a partition holds.
type PartitionKind uint8

// The kinds of partition.
const (
	UserPartition      PartitionKind = iota + 1 // one user of one client
	FamilyPartition                             // one user of a family of clients
	AppPartition                                // one client's own tokens for one resource
	AssertionPartition                          // tokens on behalf of the bearer of one assertion or session key
	MachinePartition                            // one managed identity's tokens for one resource
)

var partitionNames = [...]string{"", "user", "family", "app", "assertion", "machine"}

// String returns the kind's name.
func (k PartitionKind) String() string {
	if int(k) >= len(partitionNames) || k == 0 {
		return "unknown"
	}
	return partitionNames[k]
}

// PartitionKey names a token set in a cache. Keys compare with == and are made
// here only: compute one per request and carry it. It identifies a person, so it
// prints redacted; stores use [PartitionKey.Text].
type PartitionKey struct {
	kind     PartitionKind
	client   string // client id, family id or managed identity id
	owner    string // home account id, tenant, or assertion hash
	resource string // application and machine only
}

// UserKey returns the partition of one user (home account id) of one client.
func UserKey(clientID, homeAccountID string) PartitionKey {
	return PartitionKey{kind: UserPartition, client: clientID, owner: homeAccountID}
}

// FamilyKey returns the partition of one user that a family of clients shares.
func FamilyKey(familyID, homeAccountID string) PartitionKey {
	return PartitionKey{kind: FamilyPartition, client: familyID, owner: homeAccountID}
}

// AppKey returns the partition of a client's own tokens in one tenant for one
// resource ([Scopes.Resource]). Sets stay tiny at any number of either.
func AppKey(clientID, tenant, resource string) PartitionKey {
	return PartitionKey{kind: AppPartition, client: clientID, owner: tenant, resource: resource}
}

// AssertionKey returns the partition of the tokens got on behalf of the bearer of
// an assertion. Only the assertion's SHA-256 is kept.
func AssertionKey(clientID string, assertion Secret) PartitionKey {
	sum := sha256.Sum256([]byte(assertion.Reveal()))
	return PartitionKey{kind: AssertionPartition, client: clientID, owner: base64.RawURLEncoding.EncodeToString(sum[:])}
}

// SessionKey returns the partition of a long-running on-behalf-of session. It
// never meets a partition of [AssertionKey].
func SessionKey(clientID, session string) PartitionKey {
	return PartitionKey{kind: AssertionPartition, client: clientID, owner: "session", resource: session}
}

// MachineKey returns the partition of a managed identity's tokens for one resource.
func MachineKey(identityID, resource string) PartitionKey {
	return PartitionKey{kind: MachinePartition, client: identityID, resource: resource}
}

// Kind returns whose tokens the partition holds.
func (k PartitionKey) Kind() PartitionKind { return k.kind }

// ClientID returns the client id, family id or managed identity id.
func (k PartitionKey) ClientID() string { return k.client }

// Owner returns the home account id of a user or family partition, the tenant of
// an application's, the hash or "session" of an assertion's, "" of a machine's.
func (k PartitionKey) Owner() string { return k.owner }

// Resource returns the resource of an application's or machine's partition, the
// session key of a session's, and "" otherwise.
func (k PartitionKey) Resource() string { return k.resource }

// IsZero reports whether k is the zero key.
func (k PartitionKey) IsZero() bool { return k.kind == 0 }

// Text returns the key for a store: kind, client, owner and resource, each
// query-escaped, joined by "|". Different keys have different texts. It holds
// personal data: the home account id.
func (k PartitionKey) Text() string {
	return strings.Join([]string{
		k.kind.String(), url.QueryEscape(k.client), url.QueryEscape(k.owner), url.QueryEscape(k.resource),
	}, "|")
}

// RedemptionLock returns the name of the lock under which the partition's refresh token
// is redeemed: a digest, because the key names a person.
func (k PartitionKey) RedemptionLock() string {
	sum := sha256.Sum256([]byte(k.Text()))
	return "redeem." + base64.RawURLEncoding.EncodeToString(sum[:])
}

// ParsePartitionKey reads what [PartitionKey.Text] wrote.
func ParsePartitionKey(text string) (PartitionKey, error) {
	parts := strings.Split(text, "|")
	if len(parts) != 4 {
		return PartitionKey{}, fmt.Errorf("partition key has %d parts, not 4", len(parts))
	}
	var k PartitionKey
	for i, name := range partitionNames {
		if i > 0 && name == parts[0] {
			k.kind = PartitionKind(i)
		}
	}
	if k.kind == 0 {
		return PartitionKey{}, fmt.Errorf("partition key of an unknown kind")
	}
	for i, field := range []*string{&k.client, &k.owner, &k.resource} {
		text, err := url.QueryUnescape(parts[i+1])
		if err != nil || url.QueryEscape(text) != parts[i+1] {
			return PartitionKey{}, fmt.Errorf("partition key part %d is not query-escaped", i+1)
		}
		*field = text
	}
	return k, nil
}

// Format implements [fmt.Formatter] without personal data.
func (k PartitionKey) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, k.kind.String()+" partition of "+k.client)
}

// MarshalText implements [encoding.TextMarshaler] in the redacted form, for logs.
func (k PartitionKey) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%v", k), nil }

// PartitionFilter admits partitions by kind and client. A zero field admits all.
type PartitionFilter struct {
	Kind     PartitionKind // 0: every kind
	ClientID string        // "": every client, family or machine
	Owner    string        // "": every user, tenant or assertion
}

// Admits reports whether the filter lets k through.
func (f PartitionFilter) Admits(k PartitionKey) bool {
	return (f.Kind == 0 || f.Kind == k.kind) &&
		(f.ClientID == "" || f.ClientID == k.client) &&
		(f.Owner == "" || f.Owner == k.owner)
}
