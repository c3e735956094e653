package portstest

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// wantSet reports every field in which got is not what was stored.
func wantSet(t *testing.T, what string, got, want domain.TokenSet) {
	t.Helper()
	for _, d := range differences(got, want) {
		t.Errorf("%s: %s", what, d)
	}
}

// differences describes how got differs from want. It shows no secret.
func differences(got, want domain.TokenSet) []string {
	var found []string
	expected := make(map[domain.RecordKey]domain.Record, want.Len())
	for r := range want.Records() {
		expected[r.RecordKey()] = r
	}
	for r := range got.Records() {
		w, ok := expected[r.RecordKey()]
		if !ok {
			found = append(found, "holds a record too many: "+describe(r))
			continue
		}
		delete(expected, r.RecordKey())
		found = append(found, fieldDifferences(r, w)...)
	}
	for _, r := range expected {
		found = append(found, "has lost a record: "+describe(r))
	}
	slices.Sort(found)
	return found
}

func describe(r domain.Record) string {
	return fmt.Sprintf("%T of key %.300s", r, fmt.Sprintf("%+v", r.RecordKey()))
}

// fieldDifferences goes through the fields by reflection, so that one which is added
// to a record is compared from its first day.
func fieldDifferences(got, want domain.Record) []string {
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	if g.Type() != w.Type() {
		return []string{fmt.Sprintf("holds a %v where a %v was stored", g.Type(), w.Type())}
	}
	var found []string
	for i := range w.NumField() {
		if problem := fieldDifference(g.Field(i).Interface(), w.Field(i).Interface()); problem != "" {
			found = append(found, fmt.Sprintf("%v.%s %s", w.Type(), w.Type().Field(i).Name, problem))
		}
	}
	return found
}

func fieldDifference(got, want any) string {
	switch want := want.(type) {
	case time.Time:
		if got, ok := got.(time.Time); ok && !sameTime(got, want) {
			return fmt.Sprintf("is %v, want %v", got, want)
		}
	case domain.Secret:
		if got, ok := got.(domain.Secret); ok && !got.Equal(want) {
			return fmt.Sprintf("has another value, of %d bytes, want %d bytes", len(got.Reveal()), len(want.Reveal()))
		}
	default:
		if got != want {
			return fmt.Sprintf("is %.300s, want %.300s", fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want))
		}
	}
	return ""
}

// sameTime admits that a store cuts off what is below a second. Rounding up is not
// admitted, because a token would then be used after its end; and the zero time,
// which means unknown, stays the zero time.
func sameTime(got, want time.Time) bool {
	if want.IsZero() || got.IsZero() {
		return want.IsZero() && got.IsZero()
	}
	lost := want.Sub(got)
	return lost >= 0 && lost < time.Second
}
