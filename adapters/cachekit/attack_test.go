package cachekit_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// world is a store that an attacker can write, and what they may have copied from it.
type world struct {
	lines      [][]byte // of the user's set: header, access, refresh, ID token, account, metadata
	before     [][]byte // the same set one write earlier
	other      [][]byte // another user's set
	foreign    [][]byte // the same set, sealed with another key of the same id
	unknownKey [][]byte // the same set, sealed with a key of another id
	plain      [][]byte // the same set, not sealed
}

func lines(data []byte) [][]byte {
	return bytes.SplitAfter(data, []byte("\n"))[:bytes.Count(data, []byte("\n"))]
}

// edit changes a field of a line.
func edit(line []byte, field string, value any) []byte {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		panic(err)
	}
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	fields[field] = raw
	out, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return append(out, '\n')
}

func field(line []byte, name string) json.RawMessage {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(line, &fields); err != nil {
		panic(err)
	}
	return fields[name]
}

// flipped changes one bit in the middle of what is sealed in a line.
func flipped(line []byte, at float64) []byte {
	var sealed []byte
	if err := json.Unmarshal(field(line, "sealed"), &sealed); err != nil {
		panic(err)
	}
	sealed[int(at*float64(len(sealed)-1))] ^= 1
	return edit(line, "sealed", base64.StdEncoding.EncodeToString(sealed))
}

const (
	header = iota
	accessLine
	refreshLine
	idLine
	accountLine
	appLine
)

// attacks are what one does who can write the store and has no key. Of a set of which a
// part is attacked, the other records serve on.
var attacks = []struct {
	name   string
	attack func(w world) [][]byte
	lost   []int // lines that are not used; nil for the whole set
	err    error // what is told of
	kept   bool  // whether Update leaves the store as it is
}{
	{"flips a bit of a token", func(w world) [][]byte { w.lines[accessLine] = flipped(w.lines[accessLine], 0.7); return w.lines }, []int{accessLine}, domain.ErrSealBroken, false},
	{"flips a bit of a tag", func(w world) [][]byte { w.lines[refreshLine] = flipped(w.lines[refreshLine], 1); return w.lines }, []int{refreshLine}, domain.ErrSealBroken, false},
	{"flips a bit of a salt", func(w world) [][]byte { w.lines[idLine] = flipped(w.lines[idLine], 0.1); return w.lines }, []int{idLine}, domain.ErrSealBroken, false},
	{"swaps what is sealed in two records", func(w world) [][]byte {
		a, r := w.lines[accessLine], w.lines[refreshLine]
		w.lines[accessLine], w.lines[refreshLine] = edit(a, "sealed", field(r, "sealed")), edit(r, "sealed", field(a, "sealed"))
		return w.lines
	}, []int{accessLine, refreshLine}, domain.ErrSealBroken, false},
	{"takes an ID token for an access token", func(w world) [][]byte {
		w.lines[idLine] = edit(w.lines[idLine], "kind", "access_token")
		return w.lines
	}, []int{idLine}, domain.ErrSealBroken, false},
	{"renames a record", func(w world) [][]byte {
		w.lines[accessLine] = edit(w.lines[accessLine], "name", field(w.lines[refreshLine], "name"))
		return w.lines
	}, []int{accessLine}, domain.ErrSealBroken, false},
	{"lengthens a life", func(w world) [][]byte {
		w.lines[accessLine] = edit(w.lines[accessLine], "expires", noon.AddDate(10, 0, 0).Unix())
		return w.lines
	}, []int{accessLine}, domain.ErrSealBroken, false},
	{"takes away an end", func(w world) [][]byte {
		w.lines[accessLine] = edit(w.lines[accessLine], "expires", nil)
		return w.lines
	}, []int{accessLine}, domain.ErrSealBroken, false},
	{"puts an older record back", func(w world) [][]byte { w.lines[refreshLine] = w.before[refreshLine]; return w.lines }, []int{refreshLine}, domain.ErrSealBroken, false},
	{"puts another user's record in", func(w world) [][]byte { w.lines[accessLine] = w.other[accessLine]; return w.lines }, []int{accessLine}, domain.ErrSealBroken, false},
	{"puts a record of another key in", func(w world) [][]byte { w.lines[accessLine] = w.foreign[accessLine]; return w.lines }, []int{accessLine}, domain.ErrSealBroken, false},
	{"puts a plain record in", func(w world) [][]byte { w.lines[accessLine] = w.plain[accessLine]; return w.lines }, []int{accessLine}, domain.ErrSealBroken, false},
	{"puts a record of an unknown key in", func(w world) [][]byte { w.lines[accessLine] = w.unknownKey[accessLine]; return w.lines }, []int{accessLine}, cachekit.ErrUnknownKey, true},
	{"takes a record out", func(w world) [][]byte { return slices.Delete(w.lines, idLine, idLine+1) }, []int{idLine}, cachekit.ErrDamaged, false},
	{"doubles a record in place of another", func(w world) [][]byte { w.lines[idLine] = w.lines[accessLine]; return w.lines }, []int{idLine}, cachekit.ErrDamaged, false},
	{"cuts off in a line", func(w world) [][]byte { w.lines[appLine] = w.lines[appLine][:50]; return w.lines }, []int{appLine}, cachekit.ErrDamaged, false},
	{"cuts off at a line", func(w world) [][]byte { return w.lines[:appLine] }, []int{appLine}, cachekit.ErrDamaged, false},
	{"writes nonsense", func(w world) [][]byte { w.lines[accountLine] = []byte("nonsense\n"); return w.lines }, []int{accountLine}, cachekit.ErrDamaged, false},

	{"puts the older set back", func(w world) [][]byte { return w.before }, nil, cachekit.ErrRolledBack, false},
	{"gives the older set the newer version", func(w world) [][]byte {
		w.before[header] = edit(w.before[header], "version", field(w.lines[header], "version"))
		return w.before
	}, nil, domain.ErrSealBroken, false},
	{"raises the version", func(w world) [][]byte {
		w.lines[header] = edit(w.lines[header], "version", uint64(1)<<62)
		return w.lines
	}, nil, domain.ErrSealBroken, false},
	{"gives the user another's set", func(w world) [][]byte { return w.other }, nil, domain.ErrSealBroken, false},
	{"gives the user another's header", func(w world) [][]byte { w.lines[header] = w.other[header]; return w.lines }, nil, domain.ErrSealBroken, false},
	{"seals the set with another key", func(w world) [][]byte { return w.foreign }, nil, domain.ErrSealBroken, false},
	{"seals the set with an unknown key", func(w world) [][]byte { return w.unknownKey }, nil, cachekit.ErrUnknownKey, true},
	{"plants a plain set", func(w world) [][]byte { return w.plain }, nil, cachekit.ErrPlaintext, false},
	{"takes the header out", func(w world) [][]byte { return w.lines[1:] }, nil, cachekit.ErrDamaged, false},
	{"empties the value", func(world) [][]byte { return [][]byte{} }, nil, cachekit.ErrDamaged, false},
	{"writes a header of a newer layout", func(w world) [][]byte { w.lines[header] = edit(w.lines[header], "v", 2); return w.lines }, nil, cachekit.ErrNewer, true},
	{"writes a header of layout 0", func(w world) [][]byte { w.lines[header] = edit(w.lines[header], "v", 0); return w.lines }, nil, cachekit.ErrDamaged, false},
	{"writes a header of another format", func(w world) [][]byte { w.lines[header] = edit(w.lines[header], "keyport", "else"); return w.lines }, nil, cachekit.ErrDamaged, false},
}

// told collects what OnProblem is told.
type told struct{ problems []cachekit.Problem }

func (p *told) add(_ context.Context, problem cachekit.Problem) {
	p.problems = append(p.problems, problem)
}

func (p *told) has(err error) bool {
	return slices.ContainsFunc(p.problems, func(q cachekit.Problem) bool { return errors.Is(q.Err, err) })
}

func storeSet(t testing.TB, c *cachekit.TokenCache, k domain.PartitionKey, set domain.TokenSet) {
	t.Helper()
	if err := c.Update(t.Context(), k, to(set)); err != nil {
		t.Fatal(err)
	}
}

// attacked returns a store with two users' sets, what an attacker may have, and a cache that has seen both.
func attacked(t *testing.T) (store *blobs, c *cachekit.TokenCache, p *told, name string, w world) {
	t.Helper()
	p = &told{}
	o := sealedWith(t)
	o.OnProblem = p.add
	store = newBlobs()
	c = open(t, store, o)
	storeSet(t, c, user, signedIn("first"))
	name, value := store.only(t)
	w.before = lines(value)
	storeSet(t, c, user, signedIn("adele"))
	w.lines = lines(bytes.Clone(store.values[name]))
	storeSet(t, c, otherUser, signedIn("zoe"))
	for n, value := range store.values {
		if n != name {
			w.other = lines(bytes.Clone(value))
		}
	}
	for _, made := range []struct {
		lines *[][]byte
		o     cachekit.TokenCacheOptions
	}{
		{&w.foreign, cachekit.TokenCacheOptions{CodecOptions: cachekit.CodecOptions{Sealer: ring(t, key("k1", "x"))}}},
		{&w.unknownKey, cachekit.TokenCacheOptions{CodecOptions: cachekit.CodecOptions{Sealer: ring(t, key("k9", "x"))}}},
		{&w.plain, plain()},
	} {
		elsewhere := newBlobs()
		storeSet(t, open(t, elsewhere, made.o), user, signedIn("mallory"))
		_, value := elsewhere.only(t)
		*made.lines = lines(value)
	}
	return store, c, p, name, w
}

// TestLinesThatWereAdded hide no record, wherever they are, and there is an end to them: who can write the store could fill the
// memory with the problems of millions.
func TestLinesThatWereAdded(t *testing.T) {
	store, c, p, name, w := attacked(t)
	for what, more := range map[string][]byte{
		"empty lines": bytes.Repeat([]byte("\n"), 50), "a record again": w.lines[accessLine], "an older record": w.before[accessLine],
		"a record of an unknown key": w.unknownKey[accessLine], "a million lines": bytes.Repeat([]byte("\n"), 1_000_000),
	} {
		for place := 1; place <= len(w.lines); place++ {
			endless := len(more) == 1_000_000
			if endless && place < len(w.lines) { // they hide what is behind them
				continue
			}
			p.problems = nil
			store.put(name, bytes.Join(slices.Insert(slices.Clone(w.lines), place, more), nil))
			set, err := c.Load(t.Context(), user)
			if err != nil || !set.Equal(signedIn("adele")) || len(p.problems) == 0 || len(p.problems) > 100 {
				t.Errorf("%s at line %d: %v, %v, told of %d problems", what, place, set, err, len(p.problems))
			}
			if endless && !p.has(cachekit.ErrDamaged) {
				t.Errorf("%s: told of %v", what, p.problems)
			}
		}
	}
	storeSet(t, c, user, signedIn("again")) // heals
	if set, err := c.Load(t.Context(), user); err != nil || !set.Equal(signedIn("again")) {
		t.Errorf("after a write: %v, %v", set, err)
	}
}

var otherUser = domain.UserKey(clientID, "zoe.contoso")

func TestAttacksOnTheStore(t *testing.T) {
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			store, c, p, name, w := attacked(t)
			all := slices.Collect(signedIn("adele").Records()) // in the order of the lines
			var whole []domain.Record
			for i, r := range all {
				if a.lost != nil && !slices.Contains(a.lost, i+1) {
					whole = append(whole, r)
				}
			}
			value := bytes.Join(a.attack(w), nil)
			if value == nil {
				value = []byte{}
			}
			store.put(name, value)

			set, err := c.Load(t.Context(), user)
			if !set.Equal(domain.NewTokenSet(whole...)) {
				t.Errorf("%d records are loaded, want the %d that are whole", set.Len(), len(whole))
			}
			switch {
			case a.lost == nil && !errors.Is(err, a.err):
				t.Errorf("Load returns %v, want %v", err, a.err)
			case a.lost != nil && (err != nil || !p.has(a.err)):
				t.Errorf("Load returns %v and tells of %v, want to be told %v", err, p.problems, a.err)
			}
			if other, err := c.Load(t.Context(), otherUser); err != nil || !other.Equal(signedIn("zoe")) {
				t.Errorf("another user's set: %v, %v", other, err)
			}
			afterAttack(t, store, c, p, name, a.err, a.kept)
		})
	}
}

// afterAttack checks that the next Update mends the set, or leaves it to who has the key.
func afterAttack(t *testing.T, store *blobs, c *cachekit.TokenCache, p *told, name string, want error, kept bool) {
	t.Helper()
	was := bytes.Clone(store.values[name])
	p.problems = nil
	err := c.Update(t.Context(), user, to(signedIn("again")))
	if kept {
		if !errors.Is(err, want) || !bytes.Equal(store.values[name], was) {
			t.Errorf("Update returns %v, want %v and no write", err, want)
		}
		return
	}
	if err != nil || !p.has(want) {
		t.Errorf("Update returns %v and tells of %v, want to be told %v", err, p.problems, want)
	}
	p.problems = nil
	if set, err := c.Load(t.Context(), user); err != nil || !set.Equal(signedIn("again")) || len(p.problems) > 0 {
		t.Errorf("after the Update: %v, %v, problems %v", set, err, p.problems)
	}
}

// TestEveryBitCounts flips each byte of a stored set: nobody is given what was not stored.
func TestEveryBitCounts(t *testing.T) {
	for file, o := range map[string]cachekit.TokenCacheOptions{"sealed.jsonl": sealedWith(t), "plain.jsonl": plain()} {
		data := golden(t, file)
		stored := map[domain.RecordKey]domain.Record{}
		for r := range signedIn("golden").Records() {
			stored[r.RecordKey()] = r
		}
		noticed := 0
		for i := range data {
			changed := bytes.Clone(data)
			changed[i] ^= 1 << (i % 8)
			p := &told{}
			o.OnProblem = p.add
			store := newBlobs()
			store.put(goldenName, changed)
			set, err := open(t, store, o).Load(t.Context(), user)
			for r := range set.Records() {
				if want := stored[r.RecordKey()]; want == nil || !domain.NewTokenSet(r).Equal(domain.NewTokenSet(want)) {
					t.Fatalf("%s: byte %d changed: a record is loaded that was never stored", file, i)
				}
			}
			if err != nil || len(p.problems) > 0 {
				noticed++
			} else if set.Len() != len(stored) {
				t.Fatalf("%s: byte %d changed: records are missing, and nobody is told", file, i)
			}
		}
		if noticed < len(data)*9/10 {
			t.Errorf("%s: of %d changed bytes %d are noticed", file, len(data), noticed)
		}
	}
}

// TestStoresSeeNothing looks for names and tokens in what a sealed store holds.
func TestStoresSeeNothing(t *testing.T) {
	store := newBlobs()
	o := sealedWith(t)
	o.NameKey = domain.NewSecret("sixteen bytes or more")
	storeSet(t, open(t, store, o), user, signedIn("planted"))
	name, value := store.only(t)
	for _, hidden := range []string{"planted", "adele", "contoso", clientID, "orders", "login.microsoftonline.com"} {
		if strings.Contains(name, hidden) || bytes.Contains(value, []byte(hidden)) {
			t.Errorf("the store can read %q", hidden)
		}
	}
}

// TestBindingsDiffer seals one record under bindings that differ in one part each.
func TestBindingsDiffer(t *testing.T) {
	r, s := refreshToken("refresh"), ring(t, key("k1", "a"))
	b := cachekit.BindingOf(user, r, 7)
	sealed, err := cachekit.SealRecord(t.Context(), s, r, b)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := cachekit.OpenRecord(t.Context(), s, sealed, b); err != nil || !domain.NewTokenSet(got).Equal(domain.NewTokenSet(r)) {
		t.Errorf("under its own binding: %v", err)
	}
	others := map[string]func(*cachekit.Binding){
		"partition": func(b *cachekit.Binding) { b.Partition = otherUser },
		"kind":      func(b *cachekit.Binding) { b.Kind = "access_token" },
		"name":      func(b *cachekit.Binding) { b.Name = cachekit.RecordName(user, account("").RecordKey()) },
		"expiry":    func(b *cachekit.Binding) { b.Expires = noon },
		"version":   func(b *cachekit.Binding) { b.Version = 8 },
	}
	for _, part := range slices.Sorted(maps.Keys(others)) {
		changed := b
		others[part](&changed)
		if got, err := cachekit.OpenRecord(t.Context(), s, sealed, changed); !errors.Is(err, domain.ErrSealBroken) || got != nil {
			t.Errorf("under another %s: %v, want ErrSealBroken", part, err)
		}
	}
	clear, err := cachekit.EncodeRecord(r)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := cachekit.OpenRecord(t.Context(), s, clear, b); !errors.Is(err, cachekit.ErrPlaintext) || got != nil {
		t.Errorf("a plain record: %v, want ErrPlaintext", err)
	}
	// One with the key who gives a record another's name, by mistake.
	wrong, err := cachekit.SealRecord(t.Context(), s, account("adele"), b)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := cachekit.OpenRecord(t.Context(), s, wrong, b); !errors.Is(err, cachekit.ErrDamaged) || got != nil {
		t.Errorf("a record under another's name: %v, want ErrDamaged", err)
	}
}

// TestPlainHeadersThatLie about the number of records, which nothing proves, do not fill the memory with problems.
func TestPlainHeadersThatLie(t *testing.T) {
	codec := newCodec(t, plain().CodecOptions)
	for _, claimed := range []int{math.MaxInt, math.MaxInt - 1, -64, math.MinInt} {
		data := append(claiming(t, claimed, plain(), user), bytes.Repeat([]byte("\n"), 1000)...)
		d, err := codec.Decode(t.Context(), codec.Name(user), data)
		if err != nil || len(d.Problems()) == 0 || len(d.Problems()) > 100 {
			t.Errorf("%d: %v", claimed, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("{}\n"))
	sealed := newCodec(f, cachekit.CodecOptions{Sealer: ring(f, key("fuzz", "f"))})
	o := plain().CodecOptions
	o.Clock = keyporttest.NewClock(noon)
	codec := newCodec(f, o)
	stored := domain.NewTokenSet(account("")) // short, because go test makes what it finds shorter
	for _, c := range []*cachekit.Codec{sealed, codec} {
		d, err := cachekit.NewDocument(user).With(stored)
		if err != nil {
			f.Fatal(err)
		}
		data, _, err := c.Encode(f.Context(), d, 0)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if d, err := sealed.Decode(t.Context(), goldenName, data); err == nil {
			if put, _ := d.TokenSet().Diff(stored); len(put) > 0 {
				t.Fatal("a record opens that was never sealed")
			}
		}
		d, err := codec.Decode(t.Context(), goldenName, data)
		if err != nil {
			return
		}
		next, err := d.With(d.TokenSet())
		if err != nil {
			return // a part of it is sealed
		}
		written, next, err := codec.Encode(t.Context(), next, 0)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := codec.Decode(t.Context(), goldenName, written)
		if err != nil || !again.TokenSet().Equal(d.TokenSet()) || again.Version() != next.Version() || again.Version() <= d.Version() {
			t.Fatalf("what was read comes back otherwise: %v", err)
		}
	})
}
