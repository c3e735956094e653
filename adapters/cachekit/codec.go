package cachekit

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// CodecOptions says how sets become bytes. Either Sealer or InsecurePlaintext is required.
type CodecOptions struct {
	// Sealer seals each record: a [KeyRing], or one of yours.
	Sealer ports.Sealer

	// InsecurePlaintext stores tokens as they are: who can read the store has them all.
	InsecurePlaintext bool

	// InsecureAcceptPlaintextUntil lets a store that was plain text be read until then,
	// beside sealed data; what is written is sealed. Until then, who can write the
	// store can make a program use tokens of theirs, so let it be some days. When zero,
	// plain text is not used.
	InsecureAcceptPlaintextUntil time.Time

	// NameKey makes the names of sets say nothing to those who know whom to look for. Any
	// secret text of at least 16 bytes; it is never changed, because nothing is found under another one.
	// When empty, a name is a plain digest of the partition, and who knows a user's id can
	// tell whether the store has tokens of theirs.
	NameKey domain.Secret

	// Clock tells the time; when nil, the machine's.
	Clock ports.Clock
}

// Codec turns documents into bytes and back. It is safe for concurrent use.
type Codec struct {
	o   CodecOptions
	now func() time.Time
}

// NewCodec returns a codec. It fails with a [*domain.ConfigError].
func NewCodec(o CodecOptions) (*Codec, error) {
	switch {
	case o.Sealer == nil && !o.InsecurePlaintext:
		return nil, &domain.ConfigError{
			Field: "Sealer", Problem: "is nil",
			Remedy: "pass a KeyRing, or set InsecurePlaintext where tokens may be read by all who read the store",
		}
	case o.Sealer != nil && o.InsecurePlaintext:
		return nil, &domain.ConfigError{
			Field: "InsecurePlaintext", Problem: "is set beside a Sealer",
			Remedy: "leave it out; to move from plain text to sealed, set InsecureAcceptPlaintextUntil",
		}
	case o.Sealer == nil && !o.InsecureAcceptPlaintextUntil.IsZero():
		return nil, &domain.ConfigError{
			Field: "InsecureAcceptPlaintextUntil", Problem: "is set without a Sealer", Remedy: "pass the Sealer that seals from now on",
		}
	case !o.NameKey.IsZero() && len(o.NameKey.Reveal()) < 16:
		return nil, &domain.ConfigError{
			Field: "NameKey", Problem: "has fewer than 16 bytes", Remedy: `make one with "openssl rand -base64 32"`,
		}
	}
	c := &Codec{o: o, now: time.Now}
	if o.Clock != nil {
		c.now = o.Clock.Now
	}
	return c, nil
}

// Name returns the name under which a store keeps a partition: its kind, a dot and 64
// hexadecimal digits. It names no person.
func (c *Codec) Name(p domain.PartitionKey) string {
	var sum []byte
	if key := c.o.NameKey.Reveal(); key == "" {
		digest := sha256.Sum256([]byte(p.Text()))
		sum = digest[:]
	} else {
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(p.Text()))
		sum = mac.Sum(nil)
	}
	return p.Kind().String() + "." + hex.EncodeToString(sum)
}

// Encode returns a document as bytes, and as it will be read: under a version that is higher than
// before and at least the given one. Every record is sealed anew, with the active key.
func (c *Codec) Encode(ctx context.Context, d *Document, atLeast uint64) (data []byte, next *Document, err error) {
	version := max(d.version+1, atLeast, uint64(max(0, c.now().UnixMilli())))
	next = &Document{partition: d.partition, version: version, lineage: d.lineage, set: d.set, entries: d.entries}
	if next.lineage == "" {
		next.lineage = newLineage()
	}
	body, err := json.Marshal(headerBody{d.partition.Text(), next.lineage, len(d.entries)})
	if err != nil {
		return nil, nil, err
	}
	header := wireHeader{Format: documentFormat, Layout: documentLayout, Version: version}
	if header.wireBody, err = c.close(ctx, body, headerBinding(c.Name(d.partition), version)); err != nil {
		return nil, nil, err
	}
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	if err := lines.Encode(header); err != nil {
		return nil, nil, err
	}
	for _, e := range d.entries {
		b := Binding{Partition: d.partition, Kind: e.kind, Name: e.name, Expires: e.expires, Version: version}
		line := wireLine{Kind: e.kind, Name: e.name, Expires: secondsOf(e.expires)}
		if line.wireBody, err = c.close(ctx, e.payload, b.associated()); err != nil {
			return nil, nil, err
		}
		if err := lines.Encode(line); err != nil {
			return nil, nil, err
		}
	}
	return out.Bytes(), next, nil
}

// headerBinding binds a header to the place of its set.
func headerBinding(name string, version uint64) []byte {
	return binary.BigEndian.AppendUint64(joined("keyport token set 1", name), version)
}

// close seals a body, or marks it against damage.
func (c *Codec) close(ctx context.Context, body, associated []byte) (w wireBody, err error) {
	if c.o.Sealer == nil {
		if body, err = json.Marshal(json.RawMessage(body)); err != nil { // as it will be written
			return w, err
		}
		return wireBody{Plain: body, Check: checkOf(body, associated)}, nil
	}
	w.Sealed, err = c.o.Sealer.Seal(ctx, body, associated)
	return w, err
}

// open undoes close. Plain text is accepted in plain stores, and in the time of migration.
func (c *Codec) open(ctx context.Context, w wireBody, associated []byte) (body []byte, err error) {
	switch {
	case w.Sealed != nil && c.o.Sealer == nil:
		return nil, ErrUnknownKey
	case w.Sealed != nil:
		return c.o.Sealer.Open(ctx, w.Sealed, associated)
	case c.o.Sealer != nil && !c.now().Before(c.o.InsecureAcceptPlaintextUntil):
		return nil, ErrPlaintext
	case w.Plain == nil || w.Check != checkOf(w.Plain, associated):
		return nil, ErrDamaged
	}
	return w.Plain, nil
}

// checkOf is a digest, so that a damaged byte does not turn a token into somebody else's.
// It does not protect from who can write the store.
func checkOf(body, associated []byte) string {
	sum := sha256.Sum256(append(joined(string(associated)), body...))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// maxForeign is how many lines are read beside those that were written: so many hide no record, wherever they were put,
// and there may be no end to them.
const maxForeign = 64

// shortestLine is what a record takes at least. Nothing proves the number of them that a plain header claims.
const shortestLine = 32

// Decode reads what was stored under name. It fails when nothing of it can be used; what is wrong
// with single records is among the document's problems. The error is one of this
// package, [domain.ErrSealBroken], the context's, or the sealer's.
func (c *Codec) Decode(ctx context.Context, name string, data []byte) (*Document, error) {
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	d, count, err := c.decodeHeader(ctx, name, first)
	if err != nil {
		return nil, err
	}
	line, last := 0, min(max(count, 0), len(rest)/shortestLine)+maxForeign
	for len(rest) > 0 {
		if line == last {
			d.problems = append(d.problems, Problem{Name: name, Err: ErrDamaged})
			break
		}
		var raw []byte
		raw, rest, _ = bytes.Cut(rest, []byte("\n"))
		line++
		if err := c.decodeLine(ctx, d, raw); err != nil {
			d.problems = append(d.problems, Problem{Name: name, Line: line, Err: err})
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	if line < count { // cut off, or taken out
		d.problems = append(d.problems, Problem{Name: name, Err: ErrDamaged})
	}
	if d.plain && c.o.Sealer != nil {
		d.problems = append(d.problems, Problem{Name: name, Err: ErrPlaintext})
	}
	var records []domain.Record
	for _, e := range d.entries {
		if e.record != nil {
			records = append(records, e.record)
		}
	}
	d.set = domain.NewTokenSet(records...)
	return d, nil
}

func (c *Codec) decodeHeader(ctx context.Context, name string, raw []byte) (d *Document, count int, err error) {
	var h wireHeader
	if json.Unmarshal(raw, &h) != nil || h.Format != documentFormat || h.Layout < 1 {
		return nil, 0, ErrDamaged
	}
	if h.Layout > documentLayout {
		return nil, 0, ErrNewer
	}
	body, err := c.open(ctx, h.wireBody, headerBinding(name, h.Version))
	if err != nil {
		return nil, 0, err
	}
	var content headerBody
	if json.Unmarshal(body, &content) != nil {
		return nil, 0, ErrDamaged
	}
	p, err := domain.ParsePartitionKey(content.Partition)
	if err != nil || c.Name(p) != name {
		return nil, 0, ErrDamaged
	}
	return &Document{partition: p, version: h.Version, lineage: content.Lineage, plain: h.Sealed == nil}, content.Records, nil
}

// decodeLine puts a record into the document, also one that only a newer version understands.
func (c *Codec) decodeLine(ctx context.Context, d *Document, raw []byte) error {
	var line wireLine
	if json.Unmarshal(raw, &line) != nil {
		return ErrDamaged
	}
	if line.Sealed == nil && !d.plain { // a plain record in a sealed set was put there
		return domain.ErrSealBroken
	}
	e := entry{kind: line.Kind, name: line.Name, expires: timeOf(line.Expires)}
	if d.has(e) { // put there in place of another
		return ErrDamaged
	}
	b := Binding{Partition: d.partition, Kind: e.kind, Name: e.name, Expires: e.expires, Version: d.version}
	payload, err := c.open(ctx, line.wireBody, b.associated())
	switch {
	case err != nil && !isLost(err): // the key is missing, or the service that has it
		d.blocked = err
		return err
	case err != nil:
		return err
	}
	e.payload = payload
	e.record, err = decodeNamed(payload, b)
	if err == nil || errors.Is(err, ErrNewer) {
		d.entries = append(d.entries, e)
	}
	return err
}
