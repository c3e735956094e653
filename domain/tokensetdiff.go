package domain

// Diff returns what turns old into s: records to put, and keys to delete. Stores
// that keep a field for each record apply it instead of writing whole sets.
func (s TokenSet) Diff(old TokenSet) (put []Record, deleted []RecordKey) {
	before := make(map[RecordKey]Record, old.Len())
	for r := range old.Records() {
		before[r.RecordKey()] = r
	}
	for r := range s.Records() {
		if b, ok := before[r.RecordKey()]; !ok || !sameRecord(r, b) {
			put = append(put, r)
		}
		delete(before, r.RecordKey())
	}
	for r := range old.Records() { // in old's order, not the map's
		if _, ok := before[r.RecordKey()]; ok {
			deleted = append(deleted, r.RecordKey())
		}
	}
	return put, deleted
}

// sameRecord compares two records of one key by content.
func sameRecord(a, b Record) bool {
	switch a := a.(type) {
	case AccessToken:
		b, ok := b.(AccessToken)
		return ok && a.same(b)
	case RefreshToken:
		b, ok := b.(RefreshToken)
		return ok && a.same(b)
	case IDToken:
		b, ok := b.(IDToken)
		return ok && a.Secret.Equal(b.Secret) && a.HomeAccountID == b.HomeAccountID
	}
	return a == b // Account and AppMetadata hold plain strings
}

func (t AccessToken) same(o AccessToken) bool {
	return t.Secret.Equal(o.Secret) && t.ExpiresOn.Equal(o.ExpiresOn) && t.RefreshOn.Equal(o.RefreshOn) &&
		t.ExtendedExpiresOn.Equal(o.ExtendedExpiresOn) && t.CachedAt.Equal(o.CachedAt) &&
		t.Type == o.Type && t.Scopes == o.Scopes && t.HomeAccountID == o.HomeAccountID
}

func (t RefreshToken) same(o RefreshToken) bool {
	return t.Secret.Equal(o.Secret) && t.LastModified.Equal(o.LastModified) && t.ExpiresOn.Equal(o.ExpiresOn) &&
		t.FamilyID == o.FamilyID && t.ClientID == o.ClientID && t.Scopes == o.Scopes && t.HomeAccountID == o.HomeAccountID
}

// Equal reports whether both sets hold the same records, in any order.
func (s TokenSet) Equal(other TokenSet) bool {
	put, deleted := s.Diff(other)
	return len(put)+len(deleted) == 0
}
