package cachekit

import "sync"

const (
	// maxVersions bounds what a process remembers: some 10 MB.
	maxVersions = 65_536
	// clockSkew is how far the clocks of two machines may be apart, in milliseconds as
	// versions count. A set that was deleted and made anew by another machine may
	// be that much older.
	clockSkew = 5 * 60 * 1000
)

// versions remembers the newest version of each set that this process has seen, so that
// an older one that was put back is told. The zero value is ready.
type versions struct {
	mu   sync.Mutex // guards seen
	seen map[string]seenVersion
}

type seenVersion struct {
	version uint64
	deleted bool
}

// oldest returns the oldest version that may be read under name.
func (v *versions) oldest(name string) uint64 {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.seen[name]
	if s.deleted {
		return s.version - min(s.version, clockSkew)
	}
	return s.version
}

// saw remembers a version that was read or written.
func (v *versions) saw(name string, version uint64) {
	v.mu.Lock()
	defer v.mu.Unlock()
	old, known := v.seen[name]
	if known && version <= old.version { // a slower reader, or a set made anew on a machine whose clock is behind
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
	v.seen[name] = seenVersion{version: version}
}

// sawNone remembers that there was none.
func (v *versions) sawNone(name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s, known := v.seen[name]; known {
		s.deleted = true
		v.seen[name] = s
	}
}
