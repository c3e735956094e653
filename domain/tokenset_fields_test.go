package domain_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// changed returns a copy of record with another value in one field.
func changed(t *testing.T, record domain.Record, field string) domain.Record {
	t.Helper()
	v := reflect.New(reflect.TypeOf(record)).Elem()
	v.Set(reflect.ValueOf(record))
	f := v.FieldByName(field)
	switch old := f.Interface().(type) {
	case domain.Secret:
		f.Set(reflect.ValueOf(domain.NewSecret(old.Reveal() + "x")))
	case domain.Scopes:
		f.Set(reflect.ValueOf(domain.ScopesFromResponse("other")))
	case time.Time:
		f.Set(reflect.ValueOf(old.Add(time.Second)))
	case domain.RecordKey:
		old.ClientID += "x"
		f.Set(reflect.ValueOf(old))
	default:
		f.SetString(f.String() + "x")
	}
	return v.Interface().(domain.Record)
}

// A store that applies differences loses whatever Diff does not look at, so each
// field of each record counts, and a new one must.
func TestDiffSeesEachField(t *testing.T) {
	for _, record := range snapshot(fullSet()) {
		for i := range reflect.TypeOf(record).NumField() {
			field := reflect.TypeOf(record).Field(i).Name
			if changed(t, record, field).RecordKey() != record.RecordKey() {
				continue // it is another record
			}
			before, after := domain.NewTokenSet(record), domain.NewTokenSet(changed(t, record, field))
			put, deleted := after.Diff(before)
			if len(put) != 1 || len(deleted) != 0 {
				t.Errorf("%T: another %s gives %d records to put, %d to delete; want 1, 0", record, field, len(put), len(deleted))
			}
		}
	}
}

// Equal times are equal in any zone, as they come back from a store.
func TestDiffComparesInstants(t *testing.T) {
	there := time.FixedZone("there", 3600)
	token, refresh := accessToken("at", "a", time.Hour), refreshToken("rt")
	before := domain.NewTokenSet(token, refresh)
	token.ExpiresOn, token.CachedAt = token.ExpiresOn.In(there), token.CachedAt.In(there)
	refresh.LastModified = refresh.LastModified.In(there)
	if put, _ := domain.NewTokenSet(token, refresh).Diff(before); put != nil {
		t.Errorf("got %d records to put", len(put))
	}
}

// Records of different kinds do not meet, even under one key.
func TestDiffTellsKindsApart(t *testing.T) {
	var key domain.RecordKey
	records := []domain.Record{domain.AccessToken{Key: key}, domain.RefreshToken{Key: key}, domain.IDToken{Key: key}, domain.AppMetadata{Key: key}}
	for i, a := range records {
		for j, b := range records {
			put, _ := domain.NewTokenSet(a).Diff(domain.NewTokenSet(b))
			if (put == nil) != (i == j) {
				t.Errorf("from %T to %T: got %v to put", b, a, put)
			}
		}
	}
}
