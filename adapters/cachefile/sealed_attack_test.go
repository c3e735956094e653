package cachefile_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/adapters/cachekit"
	"github.com/seed57855a68/keyport/domain"
)

var theirs = domain.UserKey("client", "other.home")

// attackedFolder is one that an attacker can write, and what they may have copied from it.
type attackedFolder struct {
	folder string
	mine   string // the path of the user's file
	theirs string // the path of another user's file
	older  []byte // the user's file one write earlier
	data   []byte // the user's file
}

// attackable makes a folder with two users' files, and returns a cache that has seen both.
func attackable(t *testing.T) (w attackedFolder, c *cachefile.SealedTokenCache, p *told) {
	t.Helper()
	w.folder, p = sealedIn(t), &told{}
	c = openSealed(t, w.folder, telling(p))
	w.mine, w.older = stores(t, c, w.folder, "older")
	_, w.data = stores(t, c, w.folder, "mine")
	if err := c.Update(t.Context(), theirs, ofOther(adding("theirs"))); err != nil {
		t.Fatal(err)
	}
	for _, path := range sealedFiles(t, w.folder) {
		if path != w.mine {
			w.theirs = path
		}
	}
	return w, c, p
}

// stores puts one token of userKey's into a cache, and returns its file when it is the only one.
func stores(t *testing.T, c *cachefile.SealedTokenCache, folder, name string) (path string, data []byte) {
	t.Helper()
	err := c.Update(t.Context(), userKey, replacing(name))
	if err != nil {
		t.Fatal(err)
	}
	files := sealedFiles(t, folder)
	if len(files) != 1 {
		t.Fatalf("%d files, want 1", len(files))
	}
	data, err = os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return files[0], data
}

// secretsOf are the values of a set's access tokens.
func secretsOf(s domain.TokenSet) string {
	var all []string
	for r := range s.Records() {
		if token, ok := r.(domain.AccessToken); ok {
			all = append(all, token.Secret.Reveal())
		}
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

// elsewhere returns the user's file as another cache with these options has it.
func elsewhere(t *testing.T, o cachekit.CodecOptions) []byte {
	t.Helper()
	codec, err := cachekit.NewCodec(o)
	if err != nil {
		t.Fatal(err)
	}
	set, err := adding("mallory")(domain.TokenSet{})
	if err != nil {
		t.Fatal(err)
	}
	d, err := cachekit.NewDocument(userKey).With(set)
	if err != nil {
		t.Fatal(err)
	}
	data, _, err := codec.Encode(t.Context(), d, uint64(time.Now().Add(time.Hour).UnixMilli()))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// fileAttack is what one does who can write the folder and has no key.
type fileAttack struct {
	do   func(t *testing.T, w attackedFolder) error
	err  error // what the user's set then gives
	kept bool  // whether Update leaves the file as it is
}

// planting puts a file in the place of the user's: another one, as a copy that is renamed.
func planting(data func(t *testing.T, w attackedFolder) []byte) func(*testing.T, attackedFolder) error {
	return func(t *testing.T, w attackedFolder) error {
		t.Helper()
		planted := filepath.Join(w.folder, "planted")
		return errors.Join(os.WriteFile(planted, data(t, w), 0o600), os.Rename(planted, w.mine))
	}
}

var fileAttacks = map[string]fileAttack{
	"swaps two users' files": {func(_ *testing.T, w attackedFolder) error {
		aside := filepath.Join(w.folder, "aside")
		return errors.Join(os.Rename(w.mine, aside), os.Rename(w.theirs, w.mine), os.Rename(aside, w.theirs))
	}, domain.ErrSealBroken, false},
	"gives the user another's file": {planting(func(t *testing.T, w attackedFolder) []byte {
		t.Helper()
		data, err := os.ReadFile(w.theirs)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}), domain.ErrSealBroken, false},
	"puts the older file back": {planting(func(_ *testing.T, w attackedFolder) []byte { return w.older }), cachekit.ErrRolledBack, false},
	"writes the older file in place": {func(_ *testing.T, w attackedFolder) error {
		return os.WriteFile(w.mine, w.older, 0o600)
	}, cachekit.ErrRolledBack, false},
	"seals with a key of the same name": {planting(func(t *testing.T, _ attackedFolder) []byte {
		t.Helper()
		return elsewhere(t, cachekit.CodecOptions{Sealer: ringOf(t, sealedKey("k1", "x"))})
	}), domain.ErrSealBroken, false},
	"seals with a key of another name": {planting(func(t *testing.T, _ attackedFolder) []byte {
		t.Helper()
		return elsewhere(t, cachekit.CodecOptions{Sealer: ringOf(t, sealedKey("k9", "x"))})
	}), cachekit.ErrUnknownKey, true},
	"plants plain text": {planting(func(t *testing.T, _ attackedFolder) []byte {
		t.Helper()
		return elsewhere(t, cachekit.CodecOptions{InsecurePlaintext: true})
	}), cachekit.ErrPlaintext, false},
	"plants a cache of another kind": {planting(func(*testing.T, attackedFolder) []byte {
		return []byte(`{"AccessToken":{"a":{"secret":"mallory"}}}`)
	}), cachekit.ErrDamaged, false},
	"empties the file":       {planting(func(*testing.T, attackedFolder) []byte { return nil }), cachekit.ErrDamaged, false},
	"cuts the file in place": {func(_ *testing.T, w attackedFolder) error { return os.Truncate(w.mine, 10) }, cachekit.ErrDamaged, false},
	"puts a folder there": {func(_ *testing.T, w attackedFolder) error {
		return errors.Join(os.Remove(w.mine), os.Mkdir(w.mine, 0o700))
	}, cachefile.ErrUnsafe, true},
}

// TestAttacksOnSealedFiles: what was tampered with is not used and told of, by Load, Verify and Update; the other
// user's file serves on; and the next write mends what may be mended.
func TestAttacksOnSealedFiles(t *testing.T) {
	for name, a := range fileAttacks {
		t.Run(name, func(t *testing.T) {
			w, c, p := attackable(t)
			if set, err := c.Load(t.Context(), userKey); err != nil || secretsOf(set) != "mine" {
				t.Fatalf("before the attack: %v", err)
			}
			if err := a.do(t, w); err != nil {
				t.Fatal(err)
			}
			set, err := c.Load(t.Context(), userKey)
			if !errors.Is(err, a.err) || !set.IsZero() {
				t.Errorf("Load: %v %v, want %v", set, err, a.err)
			}
			if set, err := c.Load(t.Context(), theirs); !strings.Contains(name, "two users") && (err != nil || secretsOf(set) != "theirs") {
				t.Errorf("another user's set: %v", err)
			}
			problems, err := c.Verify(t.Context())
			if !slices.ContainsFunc(problems, func(p cachekit.Problem) bool { return errors.Is(p.Err, a.err) }) {
				t.Errorf("Verify tells of %v, want %v", problems, a.err)
			}
			if a.kept != errors.Is(err, a.err) || !a.kept && err != nil {
				t.Errorf("Verify: %v", err)
			}
			a.updates(t, w, c, p)
		})
	}
}

// updates writes the user's set after an attack.
func (a fileAttack) updates(t *testing.T, w attackedFolder, c *cachefile.SealedTokenCache, p *told) {
	t.Helper()
	before, _ := os.ReadFile(w.mine)
	p.has(nil)
	err := c.Update(t.Context(), userKey, adding("again"))
	after, _ := os.ReadFile(w.mine)
	if a.kept {
		if !errors.Is(err, a.err) || !bytes.Equal(before, after) {
			t.Errorf("Update: %v, want %v and no write", err, a.err)
		}
		return
	}
	if err != nil || !p.has(a.err) {
		t.Errorf("Update: %v, want that %v is told of", err, a.err)
	}
	if set, err := openSealed(t, w.folder).Load(t.Context(), userKey); err != nil || secretsOf(set) != "again" {
		t.Errorf("after the Update: %v %v", set, err)
	}
}

// TestEveryByteOfASealedFile flips each and cuts off at each: nobody is given what was not stored, and
// when something is missing, somebody is told.
func TestEveryByteOfASealedFile(t *testing.T) {
	w, _, _ := attackable(t)
	noticed, tried := 0, 0
	for i := range w.data {
		flipped := bytes.Clone(w.data)
		flipped[i] ^= 1 << (i % 8)
		for _, data := range [][]byte{flipped, w.data[:i]} {
			if err := os.WriteFile(w.mine, data, 0o600); err != nil {
				t.Fatal(err)
			}
			p := &told{}
			c := openSealed(t, w.folder, telling(p))
			set, err := c.Load(t.Context(), userKey)
			tried++
			switch secrets := secretsOf(set); {
			case err != nil && secrets != "", secrets != "" && secrets != "mine":
				t.Fatalf("byte %d: %q is served, with %v", i, secrets, err)
			case err != nil || len(p.problems) > 0:
				noticed++
			case secrets != "mine":
				t.Fatalf("byte %d: the token is gone, and nobody is told", i)
			}
			if set, err := c.Load(t.Context(), theirs); err != nil || secretsOf(set) != "theirs" {
				t.Fatalf("byte %d: another user's set: %v", i, err)
			}
			if i%101 == 0 {
				err := c.Update(t.Context(), userKey, adding("again"))
				if set, _ := openSealed(t, w.folder).Load(t.Context(), userKey); !strings.Contains(secretsOf(set), "again") && !errors.Is(err, cachekit.ErrUnknownKey) && !errors.Is(err, cachekit.ErrNewer) {
					t.Errorf("byte %d: Update: %v", i, err)
				}
			}
		}
	}
	if noticed < tried*9/10 {
		t.Errorf("%d of %d changes are noticed", noticed, tried)
	}
}

// TestADeletedFileThatComesBack is not used by who saw that it was gone: the user had signed out.
func TestADeletedFileThatComesBack(t *testing.T) {
	w, c, _ := attackable(t)
	if err := c.Update(t.Context(), userKey, signingOut); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.mine, w.data, 0o600); err != nil {
		t.Fatal(err)
	}
	if set, err := c.Load(t.Context(), userKey); !errors.Is(err, cachekit.ErrRolledBack) || !set.IsZero() {
		t.Errorf("Load: %v %v", set, err)
	}
}

// TestAWriteThatFailsHalfWayIsSeen: the new file is there although Update fails, or the old one is gone, and the older one that is put
// back before anybody reads is not used.
func TestAWriteThatFailsHalfWayIsSeen(t *testing.T) {
	for name, change := range map[string]func(domain.TokenSet) (domain.TokenSet, error){
		"replaced": adding("new"), "deleted": signingOut,
	} {
		t.Run(name, func(t *testing.T) {
			w, c, _ := attackable(t)
			broken := errors.New("the disk fails")
			cachefile.WhenFoldersCannotBeSynced(t, broken)
			var typed *cachefile.Error
			if err := c.Update(t.Context(), userKey, change); !errors.Is(err, broken) || !errors.As(err, &typed) {
				t.Fatalf("Update: %v", err)
			}
			if err := os.WriteFile(w.mine, w.data, 0o600); err != nil {
				t.Fatal(err)
			}
			if set, err := c.Load(t.Context(), userKey); !errors.Is(err, cachekit.ErrRolledBack) || !set.IsZero() {
				t.Errorf("Load: %q %v", secretsOf(set), err)
			}
		})
	}
}

// TestTheKeyOfSealedFilesIsChanged: what the old one sealed is opened, and sealed with the new one at the next write.
func TestTheKeyOfSealedFilesIsChanged(t *testing.T) {
	folder := sealedIn(t)
	old, next := sealedKey("2025", "a"), sealedKey("2026", "b")
	for i, keys := range []*cachekit.KeyRing{ringOf(t, old), ringOf(t, next, old), ringOf(t, next)} {
		c := openSealed(t, folder, sealedBy(keys))
		if problems, err := c.Verify(t.Context()); err != nil || len(problems) > 0 {
			t.Errorf("Verify: %v %v", problems, err)
		}
		if err := c.Update(t.Context(), userKey, adding(strings.Repeat("x", 1+i))); err != nil {
			t.Fatal(err)
		}
	}
	if set, err := openSealed(t, folder, sealedBy(ringOf(t, next))).Load(t.Context(), userKey); err != nil || secretsOf(set) != "x xx xxx" {
		t.Errorf("Load: %v %v", set, err)
	}
}

// TestAMissingKeyOverwritesNothing: Verify, Load, Update and Keys fail with the remedy, and the file stays.
func TestAMissingKeyOverwritesNothing(t *testing.T) {
	w, _, _ := attackable(t)
	c := openSealed(t, w.folder, sealedBy(ringOf(t, sealedKey("k2", "b"))))
	problems, verifyErr := c.Verify(t.Context())
	_, loadErr := c.Load(t.Context(), userKey)
	var keysErr error
	for _, err := range c.Keys(t.Context(), domain.PartitionFilter{}) {
		keysErr = errors.Join(keysErr, err)
	}
	for what, err := range map[string]error{
		"Verify": verifyErr, "Load": loadErr, "Keys": keysErr, "Update": c.Update(t.Context(), userKey, adding("new")),
		"deleting": c.Update(t.Context(), userKey, signingOut),
	} {
		var typed *cachekit.Error
		if !errors.Is(err, cachekit.ErrUnknownKey) || !errors.As(err, &typed) || typed.Remedy == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if len(problems) != 2 {
		t.Errorf("Verify tells of %v, want both files", problems)
	}
	if data, err := os.ReadFile(w.mine); err != nil || !bytes.Equal(data, w.data) {
		t.Errorf("the file has changed: %v", err)
	}
}
