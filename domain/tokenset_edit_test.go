package domain_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/domain"
)

func TestWithout(t *testing.T) {
	set := fullSet()
	before := snapshot(set)
	for i, record := range before {
		rest := append(append([]domain.Record(nil), before[:i]...), before[i+1:]...)
		wantRecords(t, set.Without(record.RecordKey()), rest...)
	}
	wantRecords(t, set.Without(before[0].RecordKey(), before[3].RecordKey(), keyOf("none")), before[1], before[2], before[4])
	if got := set.Without(); got != set {
		t.Error("without nothing is another set")
	}
	if got := set.Without(keyOf("none")); got != set {
		t.Error("without what it has not is another set")
	}
	wantSnapshot(t, set, before)
}

func TestWithoutToken(t *testing.T) {
	one, two := accessToken("refused", "a", time.Hour), accessToken("kept", "b", time.Hour)
	set := domain.NewTokenSet(one, two, refreshToken("spent"), idToken("refused"))
	before := snapshot(set)
	wantRecords(t, set.WithoutToken(domain.NewSecret("refused")), two, refreshToken("spent"), idToken("refused"))
	wantRecords(t, set.WithoutToken(domain.NewSecret("spent")), one, two, idToken("refused"))
	if got := set.WithoutToken(domain.NewSecret("another")); got != set {
		t.Error("without another token it is another set")
	}
	wantSnapshot(t, set, before)
}

// The copies that a set hands out are the caller's.
func TestTokenSetHandsOutCopies(t *testing.T) {
	set := fullSet()
	before := snapshot(set)
	set.RefreshTokens()[0] = refreshToken("other")
	set.Accounts()[0] = account("other")
	wantSnapshot(t, set, before)
	if got := set.RefreshTokens(); len(got) != 1 || got[0].Secret.Reveal() != "rt" {
		t.Errorf("got refresh tokens %v", got)
	}
	if got := set.Accounts(); len(got) != 1 || got[0].Username != "name" {
		t.Errorf("got %d accounts", len(got))
	}
}

func TestRecordsStops(t *testing.T) {
	set := fullSet()
	for stop := range set.Len() {
		seen := 0
		for range set.Records() {
			if seen++; seen > stop {
				break
			}
		}
		if seen != stop+1 {
			t.Errorf("got %d records, want to stop after %d", seen, stop+1)
		}
	}
}

func TestRetainUntil(t *testing.T) {
	unknownEnd := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	extended := accessToken("at", "a", time.Hour)
	extended.ExtendedExpiresOn = noon.Add(3 * time.Hour)
	cut := accessToken("at", "a", time.Hour)
	cut.ExtendedExpiresOn = noon.Add(time.Minute)
	expiring := refreshToken("rt")
	expiring.ExpiresOn = noon.Add(24 * time.Hour)
	for _, row := range []struct {
		name string
		set  []domain.Record
		want time.Time
	}{
		{"nothing", nil, time.Time{}},
		{"no token", []domain.Record{account("name"), appMetadata("1"), idToken("id")}, time.Time{}},
		{"an access token", []domain.Record{accessToken("at", "a", time.Hour)}, noon.Add(time.Hour)},
		{"two access tokens", []domain.Record{accessToken("at", "a", 2*time.Hour), accessToken("at", "b", time.Hour)}, noon.Add(2 * time.Hour)},
		{"one that may serve longer", []domain.Record{extended}, noon.Add(3 * time.Hour)},
		{"one that may not serve shorter", []domain.Record{cut}, noon.Add(time.Hour)},
		{"a refresh token", []domain.Record{accessToken("at", "a", time.Hour), refreshToken("rt")}, unknownEnd},
		{"a refresh token with an end", []domain.Record{accessToken("at", "a", time.Hour), expiring}, noon.Add(24 * time.Hour)},
	} {
		if got := domain.NewTokenSet(row.set...).RetainUntil(); !got.Equal(row.want) {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}

func TestDiff(t *testing.T) {
	old := fullSet()
	renewed := accessToken("at2", "a b", 2*time.Hour)
	added := accessToken("at3", "c", time.Hour)
	now := domain.NewTokenSet(renewed, added, refreshToken("rt"), idToken("id2"), appMetadata("1"))

	put, deleted := now.Diff(old)
	if diff := cmp.Diff([]domain.Record{renewed, added, idToken("id2")}, put, bySpelling); diff != "" {
		t.Errorf("to put (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]domain.RecordKey{account("name").RecordKey()}, deleted); diff != "" {
		t.Errorf("to delete (-want +got):\n%s", diff)
	}

	put, deleted = domain.TokenSet{}.Diff(old)
	if diff := cmp.Diff(allKeys(old), deleted); diff != "" || put != nil {
		t.Errorf("to nothing: put %v, deleted (-want +got):\n%s", put, diff)
	}
	put, deleted = old.Diff(domain.TokenSet{})
	if diff := cmp.Diff(snapshot(old), put, bySpelling); diff != "" || deleted != nil {
		t.Errorf("from nothing: deleted %v, put (-want +got):\n%s", deleted, diff)
	}
	if put, deleted = old.Diff(fullSet()); put != nil || deleted != nil {
		t.Errorf("between equal sets: put %v, deleted %v", put, deleted)
	}
}

func TestTokenSetEqual(t *testing.T) {
	a := domain.NewTokenSet(accessToken("1", "a", time.Hour), accessToken("2", "b", time.Hour), account("name"))
	b := domain.NewTokenSet(account("name"), accessToken("2", "b", time.Hour), accessToken("1", "a", time.Hour))
	if !a.Equal(b) || !b.Equal(a) || !(domain.TokenSet{}).Equal(domain.TokenSet{}) {
		t.Error("order makes a difference")
	}
	for name, other := range map[string]domain.TokenSet{
		"a record more":  domain.NewTokenSet(append(snapshot(a), refreshToken("rt"))...),
		"another key":    domain.NewTokenSet(accessToken("1", "c", time.Hour), accessToken("2", "b", time.Hour), account("name")),
		"a record less":  a.Without(keyOf("a")),
		"another secret": domain.NewTokenSet(append(snapshot(a), accessToken("3", "a", time.Hour))...),
		"nothing":        {},
	} {
		if a.Equal(other) || other.Equal(a) {
			t.Errorf("%s makes no difference", name)
		}
	}
}
