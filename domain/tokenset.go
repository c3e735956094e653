package domain

import (
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"time"
)

// TokenSet is everything that is cached in one partition. It is immutable: With
// and Without return new sets, so one that was loaded may be read by any number of
// goroutines. The zero value is the empty set.
type TokenSet struct{ r *records }

// records is the content of a set. An application's own partition holds one
// access token and nothing else, so what only users have is behind a pointer.
type records struct {
	access []AccessToken
	index  map[RecordKey]int // of access; nil while a scan is quicker
	user   *userRecords
}

type userRecords struct {
	ids      []IDToken
	refresh  []RefreshToken
	accounts []Account
	apps     []AppMetadata
}

const (
	// indexFrom is the number of access tokens from which a map beats a scan.
	indexFrom = 12
	// maxAccessTokens bounds a set. The tokens that end first make room.
	maxAccessTokens = 1000
)

// NewTokenSet returns the set of the given records; of two with the same key the
// later wins. Cache adapters make sets of what they read with it.
func NewTokenSet(rs ...Record) TokenSet {
	var access []AccessToken
	var u userRecords
	for _, record := range latest(rs) {
		switch record := record.(type) {
		case AccessToken:
			access = append(access, record)
		case RefreshToken:
			u.refresh = append(u.refresh, record)
		case IDToken:
			u.ids = append(u.ids, record)
		case Account:
			u.accounts = append(u.accounts, record)
		case AppMetadata:
			u.apps = append(u.apps, record)
		default: // a pointer to one, which the compiler lets through
			panic(fmt.Sprintf("domain.NewTokenSet: a %T is no record", record))
		}
	}
	return newSet(access, u)
}

// latest returns the records, of each key the last one, in their order.
func latest(rs []Record) []Record {
	last := make(map[RecordKey]int, len(rs))
	for i, r := range rs {
		last[r.RecordKey()] = i
	}
	if len(last) == len(rs) {
		return rs
	}
	var out []Record
	for i, r := range rs {
		if last[r.RecordKey()] == i {
			out = append(out, r)
		}
	}
	return out
}

func newSet(access []AccessToken, u userRecords) TokenSet {
	hasUser := len(u.refresh)+len(u.ids)+len(u.accounts)+len(u.apps) > 0
	if len(access) == 0 && !hasUser {
		return TokenSet{}
	}
	r := newRecords(access, u, hasUser)
	if len(access) >= indexFrom {
		r.index = make(map[RecordKey]int, len(access))
		for i := range access {
			r.index[access[i].Key] = i
		}
	}
	return TokenSet{r: r}
}

// newRecords keeps what a hit reads in one stretch of memory where a set is of the
// usual kind: an application's one token, or a user's one access token and ID token.
func newRecords(access []AccessToken, u userRecords, hasUser bool) *records {
	switch {
	case len(access) == 1 && !hasUser:
		r := &struct {
			records
			token [1]AccessToken
		}{token: [1]AccessToken{access[0]}}
		r.access = r.token[:]
		return &r.records
	case len(access) == 1 && len(u.ids) == 1:
		r := &struct {
			records
			token [1]AccessToken
			user  userRecords
			id    [1]IDToken
		}{token: [1]AccessToken{access[0]}, user: u, id: [1]IDToken{u.ids[0]}}
		r.access, r.records.user, r.user.ids = r.token[:], &r.user, r.id[:]
		return &r.records
	case hasUser:
		return &records{access: access, user: &u}
	}
	return &records{access: access}
}

// put replaces the record with the same key or appends. It owns list.
func put[R Record](list []R, record R) []R {
	for i := range list {
		if list[i].RecordKey() == record.RecordKey() {
			list[i] = record
			return list
		}
	}
	return append(list, record)
}

// IsZero reports whether the set is empty.
func (s TokenSet) IsZero() bool { return s.r == nil }

// Records yields every record: access tokens, refresh tokens, ID tokens,
// accounts, client metadata.
func (s TokenSet) Records() iter.Seq[Record] {
	return func(yield func(Record) bool) {
		if s.r == nil {
			return
		}
		u := s.userRecords()
		_ = yieldAll(s.r.access, yield) && yieldAll(u.refresh, yield) && yieldAll(u.ids, yield) &&
			yieldAll(u.accounts, yield) && yieldAll(u.apps, yield)
	}
}

func yieldAll[R Record](list []R, yield func(Record) bool) bool {
	for _, r := range list {
		if !yield(r) {
			return false
		}
	}
	return true
}

// Len returns the number of records.
func (s TokenSet) Len() int {
	if s.r == nil {
		return 0
	}
	u := s.userRecords()
	return len(s.r.access) + len(u.refresh) + len(u.ids) + len(u.accounts) + len(u.apps)
}

func (s TokenSet) accessTokens() []AccessToken {
	if s.r == nil {
		return nil
	}
	return s.r.access
}

func (s TokenSet) userRecords() userRecords {
	if s.r == nil || s.r.user == nil {
		return userRecords{}
	}
	return *s.r.user
}

// RefreshTokens returns the refresh tokens, in no particular order.
func (s TokenSet) RefreshTokens() []RefreshToken { return slices.Clone(s.userRecords().refresh) }

// Accounts returns the user as each tenant knows them.
func (s TokenSet) Accounts() []Account { return slices.Clone(s.userRecords().accounts) }

// Select returns the access token that serves a request and how fresh it is at
// now: the one under key while it is stale or fresh, or else, of that one and those
// that were granted at least key's scopes and agree in everything else, the freshest
// that ends last. Without scopes in key, where the server chooses them, only the one
// under key serves. It returns nil and [Absent] when there is none. The token is
// shared: do not modify it.
func (s TokenSet) Select(key RecordKey, now time.Time) (*AccessToken, Freshness) {
	if s.r == nil {
		return nil, Absent
	}
	best, state := s.exact(&key), Absent
	if best != nil {
		state = best.FreshnessAt(now)
	}
	if state >= Stale || key.Scopes == "" || key.Scopes == ScopeOpenID { // every sign-in grants "openid"
		return best, state
	}
	wanted := Scopes{text: key.Scopes, key: key.Scopes}
	for i := range s.r.access {
		t := &s.r.access[i]
		other := key
		other.Scopes = t.Key.Scopes
		if t.Key != other || !t.Scopes.Contains(wanted) {
			continue
		}
		f := t.FreshnessAt(now)
		if f > state || (f == state && best != nil && t.ExpiresOn.After(best.ExpiresOn)) {
			best, state = t, f
		}
	}
	return best, state
}

func (s TokenSet) exact(key *RecordKey) *AccessToken {
	if s.r.index != nil {
		if i, ok := s.r.index[*key]; ok {
			return &s.r.access[i]
		}
		return nil
	}
	for i := range s.r.access {
		if s.r.access[i].Key == *key {
			return &s.r.access[i]
		}
	}
	return nil
}

// RetainUntil returns the time up to which the set is of use: the end of its
// longest-lived token, a day in the year 9999 when that is not known, and the zero
// time for a set without tokens.
func (s TokenSet) RetainUntil() time.Time {
	var latest time.Time
	for r := range s.Records() {
		if t := r.retainUntil(); t.After(latest) {
			latest = t
		}
	}
	return latest
}

// Without returns the set without the records of the given keys.
func (s TokenSet) Without(keys ...RecordKey) TokenSet {
	gone := make(map[RecordKey]bool, len(keys))
	for _, key := range keys {
		gone[key] = true
	}
	return s.filter(func(r Record) bool { return !gone[r.RecordKey()] })
}

// WithoutToken returns the set without the access or refresh token of that value,
// which a resource or the server has refused.
func (s TokenSet) WithoutToken(refused Secret) TokenSet {
	return s.filter(func(r Record) bool {
		switch t := r.(type) {
		case AccessToken:
			return !t.Secret.Equal(refused)
		case RefreshToken:
			return !t.Secret.Equal(refused)
		}
		return true
	})
}

// filter keeps what the predicate admits; the same set when that is everything.
func (s TokenSet) filter(keep func(Record) bool) TokenSet {
	var kept []Record
	for r := range s.Records() {
		if keep(r) {
			kept = append(kept, r)
		}
	}
	if len(kept) == s.Len() {
		return s
	}
	return NewTokenSet(kept...)
}

// Format implements [fmt.Formatter] without any token.
func (s TokenSet) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "token set of "+strconv.Itoa(s.Len())+" records")
}
