package domain_test

import (
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// cameLater is the record as it came some time later.
func cameLater(r domain.Record, d time.Duration) domain.Record {
	switch r := r.(type) {
	case domain.AccessToken:
		r.CachedAt = r.CachedAt.Add(d)
		return r
	case domain.RefreshToken:
		r.LastModified = r.LastModified.Add(d)
		return r
	}
	return r
}

func TestMerged(t *testing.T) {
	mineAccess, mineRefresh := accessToken("mine", "a b", time.Hour), refreshToken("mine")
	theirAccess, theirRefresh := accessToken("theirs", "a b", time.Hour), refreshToken("theirs")
	mineID, theirID := idToken("mine"), idToken("theirs")
	other := accessToken("other", "c", time.Hour)
	for name, c := range map[string]struct{ mine, theirs, want []domain.Record }{
		"nothing":                    {},
		"into nothing":               {nil, []domain.Record{theirAccess, theirID}, []domain.Record{theirAccess, theirID}},
		"nothing into what is":       {[]domain.Record{mineAccess, mineID}, nil, []domain.Record{mineAccess, mineID}},
		"what is there besides":      {[]domain.Record{mineAccess}, []domain.Record{other, account("name")}, []domain.Record{mineAccess, other, account("name")}},
		"an older access token":      {[]domain.Record{cameLater(mineAccess, 1)}, []domain.Record{theirAccess}, []domain.Record{cameLater(mineAccess, 1)}},
		"a later access token":       {[]domain.Record{mineAccess}, []domain.Record{cameLater(theirAccess, 1)}, []domain.Record{cameLater(theirAccess, 1)}},
		"an older refresh token":     {[]domain.Record{cameLater(mineRefresh, 1)}, []domain.Record{theirRefresh}, []domain.Record{cameLater(mineRefresh, 1)}},
		"a later refresh token":      {[]domain.Record{mineRefresh}, []domain.Record{cameLater(theirRefresh, 1)}, []domain.Record{cameLater(theirRefresh, 1)}},
		"tokens of the same time":    {[]domain.Record{mineAccess, mineRefresh, mineID}, []domain.Record{theirAccess, theirRefresh, theirID}, []domain.Record{mineAccess, mineRefresh, mineID}},
		"an ID token without others": {[]domain.Record{mineID, account("mine")}, []domain.Record{theirID, account("theirs")}, []domain.Record{mineID, account("mine")}},
		"a later sign-in": {
			[]domain.Record{mineAccess, mineID, account("mine")},
			[]domain.Record{cameLater(theirRefresh, time.Minute), theirID, account("theirs")},
			[]domain.Record{mineAccess, cameLater(theirRefresh, time.Minute), theirID, account("theirs")},
		},
		"an earlier sign-in with a token that is missing": {
			[]domain.Record{cameLater(mineRefresh, time.Minute), mineID, account("mine")},
			[]domain.Record{theirAccess, theirRefresh, theirID, account("theirs")},
			[]domain.Record{cameLater(mineRefresh, time.Minute), theirAccess, mineID, account("mine")},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, o := domain.NewTokenSet(c.mine...), domain.NewTokenSet(c.theirs...)
			got := s.Merged(o)
			wantRecords(t, got, c.want...)
			if !got.Merged(o).Equal(got) || !got.Merged(s).Equal(got) {
				t.Error("merging again changes it")
			}
			wantRecords(t, s, c.mine...)
			wantRecords(t, o, c.theirs...)
		})
	}
}
