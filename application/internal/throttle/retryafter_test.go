package throttle_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/application/internal/throttle"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const year = 365 * 24 * time.Hour

// retryAfterForms are all that servers may write.
var retryAfterForms = []struct {
	values []string
	date   string // the answer's Date
	want   time.Duration
}{
	{nil, "", 0},
	{[]string{""}, "", 0},
	{[]string{"1"}, "", time.Second},
	{[]string{"120"}, "", 2 * time.Minute},
	{[]string{" 120 "}, "", 2 * time.Minute},
	{[]string{"007"}, "", 7 * time.Second},
	{[]string{"0"}, "", time.Second},
	{[]string{"1.5"}, "", 2 * time.Second},
	{[]string{"0.1"}, "", time.Second},
	{[]string{"60.0"}, "", time.Minute},
	{[]string{"-5"}, "", 0},
	{[]string{"+5"}, "", 0},
	{[]string{"1e3"}, "", 0},
	{[]string{"0x10"}, "", 0},
	{[]string{"."}, "", 0},
	{[]string{"1.2.3"}, "", 0},
	{[]string{"1_000"}, "", 0},
	{[]string{"NaN"}, "", 0},
	{[]string{"Inf"}, "", 0},
	{[]string{"soon"}, "", 0},
	{[]string{"60, 60"}, "", 0},
	{[]string{"٦٠"}, "", 0},
	{[]string{"1000000000"}, "", year},
	{[]string{"99999999999999999999"}, "", year},
	{[]string{strings.Repeat("9", 400)}, "", year},
	{[]string{"Tue, 24 Nov 2026 12:02:00 GMT"}, "", 2 * time.Minute},
	{[]string{"Tuesday, 24-Nov-26 12:02:00 GMT"}, "", 2 * time.Minute}, // RFC 850
	{[]string{"Tue Nov 24 12:02:00 2026"}, "", 2 * time.Minute},        // ANSI C
	{[]string{"Tue, 24 Nov 2026 12:00:00 GMT"}, "", time.Second},
	{[]string{"Tue, 24 Nov 2026 11:59:00 GMT"}, "", time.Second},
	{[]string{"Thu, 01 Jan 1970 00:00:00 GMT"}, "", time.Second},
	{[]string{"Fri, 31 Dec 9999 23:59:59 GMT"}, "", year},
	{[]string{"2026-11-24T12:02:00Z"}, "", 0},
	// The server's clock is two hours ahead, or nobody knows.
	{[]string{"Tue, 24 Nov 2026 14:02:00 GMT"}, "Tue, 24 Nov 2026 14:00:00 GMT", 2 * time.Minute},
	{[]string{"Tue, 24 Nov 2026 12:02:00 GMT"}, "yesterday", 2 * time.Minute},
	{[]string{"120"}, "Tue, 24 Nov 2026 14:00:00 GMT", 2 * time.Minute},
	// Several headers: the longest.
	{[]string{"10", "120"}, "", 2 * time.Minute},
	{[]string{"120", "10"}, "", 2 * time.Minute},
	{[]string{"soon", "120"}, "", 2 * time.Minute},
	{[]string{"10", "Tue, 24 Nov 2026 12:02:00 GMT"}, "", 2 * time.Minute},
}

func TestRetryAfter(t *testing.T) {
	for _, tt := range retryAfterForms {
		h := http.Header{}
		if tt.values != nil {
			h["Retry-After"] = tt.values
		}
		if tt.date != "" {
			h.Set("Date", tt.date)
		}
		if got := throttle.RetryAfter(h, noon); got != tt.want {
			t.Errorf("Retry-After %q with Date %q is %v, want %v", tt.values, tt.date, got, tt.want)
		}
	}
}

// FuzzRetryAfter: whatever a server writes, the pause is whole seconds within bounds,
// silence stays silence, and a second header never shortens it.
func FuzzRetryAfter(f *testing.F) {
	for _, tt := range retryAfterForms {
		if len(tt.values) > 0 {
			f.Add(tt.values[0], tt.date, tt.values[len(tt.values)-1])
		}
	}
	f.Fuzz(func(t *testing.T, value, date, second string) {
		of := func(values ...string) time.Duration {
			h := http.Header{"Retry-After": values}
			h.Set("Date", date)
			return throttle.RetryAfter(h, noon)
		}
		one, both := of(value), of(value, second)
		if one != 0 && one < time.Second || one > year || one%time.Second != 0 {
			t.Errorf("%q is %v", value, one)
		}
		if both != max(one, of(second)) {
			t.Errorf("%q and %q are %v", value, second, both)
		}
		if strings.TrimSpace(value) == "" && one != 0 {
			t.Errorf("silence is %v", one)
		}
	})
}
