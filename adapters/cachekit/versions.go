package cachekit

import (
	"crypto/rand"
	"slices"
	"sync"
)

const (
	// maxVersions bounds what a cache remembers: some 10 MB, and 40 when each set was made anew eight times.
	maxVersions = 65_536
	// clockSkew is how far the clocks of two machines may be apart, in milliseconds as
	// versions count. A set that another machine made anew may be that much older.
	clockSkew = 5 * 60 * 1000
	// maxGone bounds how many former sets of one name are remembered.
	maxGone = 8
)

// newLineage names a set from its creation to its deletion.
func newLineage() string { return rand.Text() }

// seenVersion is the newest version of a set that a cache has seen.
type seenVersion struct {
	lineage string
	version uint64
	deleted bool
	gone    []string // the lineages before this one, the latest first; it is not changed
}

// is reports whether nothing else was seen.
func (s seenVersion) is(other seenVersion) bool {
	return s.lineage == other.lineage && s.version == other.version && s.deleted == other.deleted
}

// after adds to what is seen now which sets it came after: those never come back.
func (s seenVersion) after(former seenVersion) seenVersion {
	s.gone = former.gone
	if former.lineage != "" && former.lineage != s.lineage {
		s.gone = slices.Concat([]string{former.lineage}, former.gone[:min(len(former.gone), maxGone-1)])
	}
	return s
}

// allows reports whether a set may be read after what was seen: not an older version of it, not one that was
// deleted or replaced, and no other one that was written before, as far as clocks can tell.
func (s seenVersion) allows(lineage string, version uint64) bool {
	if lineage == s.lineage {
		return !s.deleted && version >= s.version
	}
	return !slices.Contains(s.gone, lineage) && version >= s.version-min(s.version, clockSkew)
}

// versions remembers what a cache has seen, so that what was put back is told. Callers
// that overlap must not take each other for an attacker: each brings what was seen
// when it began. The zero value is ready.
type versions struct {
	mu   sync.Mutex // guards seen
	seen map[string]seenVersion
}

func (v *versions) of(name string) seenVersion {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.seen[name]
}

// saw remembers what was read or written, unless somebody quicker has seen something else.
func (v *versions) saw(name string, before, now seenVersion) {
	v.mu.Lock()
	defer v.mu.Unlock()
	current, known := v.seen[name]
	switch current.lineage {
	case now.lineage:
		if current.version > now.version || current.deleted {
			return
		}
	case before.lineage: // also when that was found to be deleted since
	default: // another one, of which nobody can tell whether it came before
		return
	}
	if v.seen == nil {
		v.seen = make(map[string]seenVersion)
	}
	if !known && len(v.seen) >= maxVersions {
		for other := range v.seen { // any: it is as if the process had started later
			delete(v.seen, other)
			break
		}
	}
	v.seen[name] = now.after(current)
}

// sawNone remembers that what was seen before is gone.
func (v *versions) sawNone(name string, before seenVersion) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if current, known := v.seen[name]; known && current.is(before) {
		current.deleted = true
		v.seen[name] = current
	}
}
