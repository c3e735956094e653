package cachekit

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// Document is the content of a partition as it is stored: the records that this version
// understands, and those that only a newer one does, which are kept. It does not change:
// [Document.With] returns another. It holds tokens and prints without them.
type Document struct {
	partition domain.PartitionKey
	version   uint64
	lineage   string // names the set from its creation to its deletion; "" before it is stored
	set       domain.TokenSet
	entries   []entry
	problems  []Problem
	plain     bool  // it was read from plain text
	blocked   error // why it must not be overwritten; nil when it may
}

// entry is one record of a document.
type entry struct {
	kind, name string
	expires    time.Time
	payload    []byte        // the record as JSON
	record     domain.Record // nil when only a newer version understands it
}

// NewDocument returns the document of a partition of which nothing is stored.
func NewDocument(p domain.PartitionKey) *Document { return &Document{partition: p} }

// Partition returns whose records they are.
func (d *Document) Partition() domain.PartitionKey { return d.partition }

// TokenSet returns the records that can be used.
func (d *Document) TokenSet() domain.TokenSet { return d.set }

// Version returns the number of the write that stored the document; it grows. 0 is none.
func (d *Document) Version() uint64 { return d.version }

// Problems tells what was found and is not used.
func (d *Document) Problems() []Problem { return slices.Clone(d.problems) }

// RetainUntil returns the time up to which the document is of use; zero for no known end.
func (d *Document) RetainUntil() time.Time {
	latest := d.set.RetainUntil()
	for _, e := range d.entries {
		if e.record == nil && e.expires.After(latest) {
			latest = e.expires
		}
	}
	if latest.Year() >= 9999 {
		return time.Time{}
	}
	return latest
}

// With returns the document with set in place of the records that can be used. What only
// newer versions understand stays, unless set is empty. It fails when the
// document must not be overwritten, because a part of it can be opened with another
// key or another version only, and for records that cannot be encoded.
func (d *Document) With(set domain.TokenSet) (*Document, error) {
	if d.blocked != nil {
		return nil, d.blocked
	}
	next := &Document{partition: d.partition, version: d.version, lineage: d.lineage, set: set}
	if set.IsZero() {
		return next, nil
	}
	known := make(map[domain.RecordKey]entry, len(d.entries))
	for _, e := range d.entries {
		if e.record == nil {
			next.entries = append(next.entries, e)
			continue
		}
		known[e.record.RecordKey()] = e
	}
	for r := range set.Records() {
		e, err := d.entryFor(r, known)
		if err != nil {
			return nil, err
		}
		next.entries = append(next.entries, e)
	}
	return next, nil
}

// entryFor keeps the bytes of what has not changed.
func (d *Document) entryFor(r domain.Record, known map[domain.RecordKey]entry) (entry, error) {
	old, ok := known[r.RecordKey()]
	if ok && domain.NewTokenSet(r).Equal(domain.NewTokenSet(old.record)) {
		return old, nil
	}
	payload, err := EncodeRecord(r)
	if err != nil {
		return entry{}, err
	}
	if ok {
		payload = withFieldsOf(payload, old.payload, r.RecordKey().Kind)
	}
	b := BindingOf(d.partition, r, 0)
	return entry{kind: b.Kind, name: b.Name, expires: b.Expires, payload: payload, record: r}, nil
}

// has reports whether a record of that name is there.
func (d *Document) has(e entry) bool {
	return slices.ContainsFunc(d.entries, func(o entry) bool { return o.kind == e.kind && o.name == e.name })
}

// Format implements [fmt.Formatter] without any token.
func (d *Document) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "document of %d records", len(d.entries))
}

// The lines of a stored document. The first is the header, each other one a record.
type (
	wireHeader struct {
		Format  string `json:"keyport"` // always "token set"
		Layout  int    `json:"v"`       // of the lines; raised when an older reader would misunderstand them
		Version uint64 `json:"version"`
		wireBody
	}
	wireLine struct {
		Kind    string `json:"kind"`
		Name    string `json:"name"`
		Expires *int64 `json:"expires,omitempty"`
		wireBody
	}
	// wireBody is sealed, or in clear with a digest against damage.
	wireBody struct {
		Sealed []byte          `json:"sealed,omitempty"`
		Plain  json.RawMessage `json:"plain,omitempty"`
		Check  string          `json:"check,omitempty"`
	}
	// headerBody is the header's body.
	headerBody struct {
		Partition string `json:"partition"`
		Lineage   string `json:"lineage"`
		Records   int    `json:"records"`
	}
)

const (
	documentFormat = "token set"
	documentLayout = 1
)
