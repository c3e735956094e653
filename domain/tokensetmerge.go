package domain

import "time"

// Merged returns the set with what other holds besides. Of a token that both have, the one that came later
// stays. What has no time, as accounts and ID tokens, comes from the set that has the latest token; when
// that cannot be told, all stays as it is in s. It is for copies between stores: what
// was deleted from s comes back when other still has it.
func (s TokenSet) Merged(other TokenSet) TokenSet {
	mine := make(map[RecordKey]Record, s.Len())
	for r := range s.Records() {
		mine[r.RecordKey()] = r
	}
	timeless := other.cameAt().After(s.cameAt())
	all := make([]Record, 0, s.Len()+other.Len())
	for r := range s.Records() {
		all = append(all, r)
	}
	for r := range other.Records() {
		m, both := mine[r.RecordKey()]
		theirs, timed := cameAt(r)
		switch {
		case !both, !timed && timeless:
			all = append(all, r)
		case timed:
			if at, _ := cameAt(m); theirs.After(at) {
				all = append(all, r)
			}
		}
	}
	return NewTokenSet(all...)
}

// cameAt is when the latest token came; zero when there is none.
func (s TokenSet) cameAt() (latest time.Time) {
	for r := range s.Records() {
		if at, _ := cameAt(r); at.After(latest) {
			latest = at
		}
	}
	return latest
}

// cameAt is when a record came from the server; not timed when it does not say.
func cameAt(r Record) (at time.Time, timed bool) {
	switch r := r.(type) {
	case AccessToken:
		return r.CachedAt, true
	case RefreshToken:
		return r.LastModified, true
	}
	return time.Time{}, false
}
