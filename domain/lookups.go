package domain

// RefreshToken returns the refresh token under key.
func (s TokenSet) RefreshToken(key RecordKey) (RefreshToken, bool) {
	return recordUnder(s.userRecords().refresh, key)
}

// HasRefreshToken reports whether the set holds any.
func (s TokenSet) HasRefreshToken() bool { return len(s.userRecords().refresh) > 0 }

// IDToken returns the ID token under key. Every hit of a user's token asks for it.
func (s TokenSet) IDToken(key RecordKey) (IDToken, bool) {
	if s.r == nil || s.r.user == nil {
		return IDToken{}, false
	}
	for i := range s.r.user.ids {
		if t := &s.r.user.ids[i]; t.Key == key {
			return *t, true
		}
	}
	return IDToken{}, false
}

// AppMetadata returns what is known of the client under key.
func (s TokenSet) AppMetadata(key RecordKey) (AppMetadata, bool) {
	return recordUnder(s.userRecords().apps, key)
}

func recordUnder[R Record](list []R, key RecordKey) (record R, found bool) {
	for _, r := range list {
		if r.RecordKey() == key {
			return r, true
		}
	}
	return record, false
}
