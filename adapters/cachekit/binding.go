package cachekit

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// Binding says what a sealed record is and where it belongs. It is not in what is sealed:
// a store keeps it beside, in clear, or knows it. A record opens only under the binding with which
// it was sealed, so it cannot serve another user, pass for another record, live longer,
// or come back after it was replaced, as far as the reader knows the version.
type Binding struct {
	Partition domain.PartitionKey
	Kind      string    // of the record: "access_token"
	Name      string    // of the record in its partition, by [RecordName]
	Expires   time.Time // until when it is of use, in seconds; zero for unknown
	Version   uint64    // grows with each write
}

// BindingOf returns the binding of a record.
func BindingOf(p domain.PartitionKey, r domain.Record, version uint64) Binding {
	return Binding{
		Partition: p, Kind: nameOfKind(r.RecordKey().Kind), Name: RecordName(p, r.RecordKey()),
		Expires: domain.NewTokenSet(r).RetainUntil(), Version: version,
	}
}

// RecordName returns a name for a record in a partition that says nothing about either:
// 43 letters, digits, "-" and "_".
func RecordName(p domain.PartitionKey, k domain.RecordKey) string {
	sum := sha256.Sum256(joined("keyport record name 1", p.Text(), nameOfKind(k.Kind),
		k.Environment, k.Tenant, k.ClientID, k.Scopes, k.TokenType, k.KeyID, k.Policy, k.Extra))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// associated returns the binding as bytes; different bindings have different ones.
func (b Binding) associated() []byte {
	data := joined("keyport record 1", b.Partition.Text(), b.Kind, b.Name)
	data = binary.BigEndian.AppendUint64(data, uint64(b.Expires.Unix())) //nolint:gosec // its bits
	return binary.BigEndian.AppendUint64(data, b.Version)
}

// joined writes texts one after another, each after its length.
func joined(texts ...string) []byte {
	size := 0
	for _, text := range texts {
		size += 4 + len(text)
	}
	data := make([]byte, 0, size)
	for _, text := range texts {
		data = binary.BigEndian.AppendUint32(data, uint32(len(text))) //nolint:gosec // nothing here has 4 GiB
		data = append(data, text...)
	}
	return data
}

// SealRecord encodes and seals a record: for stores with a field for each record. (A store
// of whole sets uses [FromBlobStore].) Keep the parts of the binding that [OpenRecord] wants.
func SealRecord(ctx context.Context, s ports.Sealer, r domain.Record, b Binding) ([]byte, error) {
	payload, err := EncodeRecord(r)
	if err != nil {
		return nil, err
	}
	return s.Seal(ctx, payload, b.associated())
}

// OpenRecord opens and decodes what [SealRecord] returned for the same binding. It fails
// with [domain.ErrSealBroken], with [ErrPlaintext] for a record that was never sealed, with
// what [DecodeRecord] fails with, or with the sealer's error.
func OpenRecord(ctx context.Context, s ports.Sealer, sealed []byte, b Binding) (domain.Record, error) {
	payload, err := s.Open(ctx, sealed, b.associated())
	if errors.Is(err, domain.ErrSealBroken) {
		if _, plain := DecodeRecord(sealed); !errors.Is(plain, ErrDamaged) {
			return nil, ErrPlaintext
		}
	}
	if err != nil {
		return nil, err
	}
	return decodeNamed(payload, b)
}

// decodeNamed decodes a record and checks that it is the one whose name it has.
func decodeNamed(payload []byte, b Binding) (domain.Record, error) {
	r, err := DecodeRecord(payload)
	if err != nil {
		return nil, err
	}
	if of := BindingOf(b.Partition, r, b.Version); of.Name != b.Name || of.Kind != b.Kind {
		return nil, ErrDamaged
	}
	return r, nil
}

// isName guards lists: what others keep in the same store is not read.
func isName(name string) bool {
	kind, digest, _ := strings.Cut(name, ".")
	_, known := kindOfPartition[kind]
	return known && len(digest) == 2*sha256.Size && strings.Trim(digest, "0123456789abcdef") == ""
}

var kindOfPartition = func() map[string]domain.PartitionKind {
	kinds := map[string]domain.PartitionKind{}
	for _, kind := range []domain.PartitionKind{
		domain.UserPartition, domain.FamilyPartition, domain.AppPartition, domain.AssertionPartition, domain.MachinePartition,
	} {
		kinds[kind.String()] = kind
	}
	return kinds
}()
