package portstest

import (
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/domain"
)

// TestFullRecordsHaveNoEmptyField: a field that is added to a record, or to the key of
// an access token, is part of the suites from then on.
func TestFullRecordsHaveNoEmptyField(t *testing.T) {
	var kinds []string
	for _, r := range full() {
		v := reflect.ValueOf(r)
		kinds = append(kinds, v.Type().Name())
		wantNoEmptyField(t, v)
		if r.RecordKey().Kind == domain.AccessTokenRecord {
			wantNoEmptyField(t, reflect.ValueOf(r.RecordKey()))
		}
		if d := fieldDifferences(r, r); len(d) > 0 {
			t.Errorf("a record differs from itself: %v", d)
		}
	}
	want := []string{"AccessToken", "RefreshToken", "IDToken", "Account", "AppMetadata"}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("kinds of record (-want +got):\n%s", diff)
	}
}

func wantNoEmptyField(t *testing.T, v reflect.Value) {
	t.Helper()
	for i := range v.NumField() {
		if v.Field(i).IsZero() {
			t.Errorf("%v.%s is empty", v.Type(), v.Type().Field(i).Name)
		}
	}
}

// TestEveryFieldOfTheRecordKeyVaries: of the full record and its variants, each part
// of the key has two values at least, apart from what is the partition's.
func TestEveryFieldOfTheRecordKeyVaries(t *testing.T) {
	values := map[string]map[any]bool{}
	for _, r := range append(append(full(), variants()...), bare()...) {
		if r.RecordKey().Kind != domain.AccessTokenRecord {
			continue
		}
		v := reflect.ValueOf(r.RecordKey())
		for i := range v.NumField() {
			name := v.Type().Field(i).Name
			if values[name] == nil {
				values[name] = map[any]bool{}
			}
			values[name][v.Field(i).Interface()] = true
		}
	}
	for name, seen := range values {
		if len(seen) < 2 && name != "Kind" && name != "ClientID" {
			t.Errorf("RecordKey.%s has one value only", name)
		}
	}
}

// TestRecordsFitTheirPartition: stores may derive the partition from the records.
func TestRecordsFitTheirPartition(t *testing.T) {
	for _, key := range lookAlikes() {
		for r := range setFor(key, "token").Records() {
			if got := r.RecordKey().ClientID; got != key.ClientID() {
				t.Errorf("%s: a record of client %q", key.Text(), got)
			}
			switch r := r.(type) {
			case domain.AccessToken:
				if key.Kind() == domain.UserPartition && r.HomeAccountID != key.Owner() {
					t.Errorf("%s: a token of user %q", key.Text(), r.HomeAccountID)
				}
				if key.Kind() == domain.AppPartition && r.Key.Tenant != key.Owner() {
					t.Errorf("%s: a token of tenant %q", key.Text(), r.Key.Tenant)
				}
				if isForResource(key) && r.Scopes.Resource() != key.Resource() {
					t.Errorf("%s: a token for %q", key.Text(), r.Scopes.Resource())
				}
			case domain.RefreshToken:
				if r.HomeAccountID != key.Owner() || r.FamilyID != key.ClientID() {
					t.Errorf("%s: a token of family %q", key.Text(), r.FamilyID)
				}
			}
		}
	}
}

func isForResource(key domain.PartitionKey) bool {
	return key.Kind() == domain.AppPartition || key.Kind() == domain.MachinePartition
}

func TestKeysThatLookAlikeDiffer(t *testing.T) {
	keys := lookAlikes()
	kinds := map[domain.PartitionKind]bool{}
	for i, key := range keys {
		kinds[key.Kind()] = true
		if j := slices.Index(keys, key); j != i {
			t.Errorf("keys %d and %d are the same: %s", j, i, key.Text())
		}
	}
	if got := len(slices.Collect(maps.Keys(kinds))); got != 5 {
		t.Errorf("keys of %d kinds, want 5", got)
	}
}

func TestSameTime(t *testing.T) {
	at := time.Date(2030, 1, 1, 0, 0, 0, 600_000_000, time.UTC)
	for _, c := range []struct {
		name      string
		got, want time.Time
		same      bool
	}{
		{"equal", at, at, true},
		{"in another zone", at.In(time.FixedZone("", 3600)), at, true},
		{"cut to the second", at.Truncate(time.Second), at, true},
		{"rounded up", at.Round(time.Second), at, false},
		{"cut to the minute", time.Date(2029, 12, 31, 23, 59, 59, 0, time.UTC), at, false},
		{"zero", time.Time{}, time.Time{}, true},
		{"zero in place of a time", time.Time{}, at, false},
		{"1970 in place of zero", time.Unix(0, 0), time.Time{}, false},
	} {
		if got := sameTime(c.got, c.want); got != c.same {
			t.Errorf("%s: %v, want %v", c.name, got, c.same)
		}
	}
}
