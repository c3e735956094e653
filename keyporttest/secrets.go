package keyporttest

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"slices"
	"sync"
)

// Kinds of secrets of which there are many, and each is used for a while only.
const (
	kindAccessToken = "access token"
	kindAssertion   = "client assertion"
)

func isPassing(kind string) bool {
	switch kind {
	case kindAccessToken, kindAssertion, kindIDToken, kindRefreshToken, kindCode, kindDeviceCode, kindCookie, "code verifier":
		return true
	}
	return false
}

const (
	// minSecret is the length in bytes from which a value is looked for in a whole
	// output: anything shorter is a part of words that have nothing to do with it.
	minSecret = 8
	// maxPassing is how many tokens and assertions are looked for: a test that runs for
	// hours gets millions.
	maxPassing = 50_000
)

// secrets are those of the whole process, so that a test that leaks another test's
// is found out too.
var secrets registry

// registry knows secrets by their value. Whoever looks for them pays for the
// preparation: learning one is cheap, because servers do it for each request.
type registry struct {
	limit int // of the passing ones; 0 for maxPassing

	mu    sync.Mutex // guards what follows
	kept  shelf
	young shelf // the latest passing ones, and
	old   shelf // those before
}

// shelf is a part of the registry that is searched, and forgotten, as one.
type shelf struct {
	kinds map[string]string // by value
	fresh []string          // values that are not in the index yet
	index index
}

func (s *shelf) put(kind, value string) {
	if _, known := s.kinds[value]; known {
		return
	}
	if s.kinds == nil {
		s.kinds = map[string]string{}
	}
	s.kinds[value] = kind
	s.fresh = append(s.fresh, value)
}

// find yields each place where text shows a secret of the shelf.
func (s *shelf) find(text []byte, found func(finding)) {
	for _, value := range s.fresh {
		s.index.add(value)
	}
	s.fresh = nil
	s.index.find(text, func(f finding) {
		f.kind = s.kinds[f.value]
		found(f)
	})
}

// learn registers a secret.
func (r *registry) learn(kind, value string) {
	if len(value) < minSecret {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !isPassing(kind) {
		r.kept.put(kind, value)
		return
	}
	if len(r.young.kinds) >= cmp.Or(r.limit, maxPassing) {
		r.young, r.old = shelf{}, r.young
	}
	r.young.put(kind, value)
}

// finding is a place where a text shows a secret.
type finding struct {
	kind       string
	value      string
	start, end int
}

// find returns the places where text shows a secret, in order.
func (r *registry) find(text []byte) []finding {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []finding
	for _, s := range []*shelf{&r.kept, &r.young, &r.old} {
		s.find(text, func(f finding) { out = append(out, f) })
	}
	slices.SortFunc(out, func(a, b finding) int { return a.start - b.start })
	return out
}

// PlantSecret returns a fresh value that nobody can guess, for a test to put where a
// secret goes: a password, a code, a connection string. [AssertClean] and
// [ScanOutput] look for it, and name it by its kind. It has letters, digits, '-' and
// '_' only, so that it may stand in any header, form or URL.
func PlantSecret(kind string) string {
	var random [32]byte
	_, _ = rand.Read(random[:])
	value := "planted-" + base64.RawURLEncoding.EncodeToString(random[:])
	secrets.learn(kind, value)
	return value
}

// Plant has [AssertClean] and [ScanOutput] look for values of the test's own: secrets
// that are constants of it, and names of people. Values shorter than eight bytes are not
// looked for.
func Plant(kind string, values ...string) {
	for _, value := range values {
		secrets.learn(kind, value)
	}
}
