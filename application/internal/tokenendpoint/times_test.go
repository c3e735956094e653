package tokenendpoint_test

import (
	"fmt"
	"math"
	"net/http"
	"testing"
	"time"
)

const year = 365 * 24 * time.Hour

// numbers are the ways to write a number of seconds, and whether they are one.
var numbers = []struct {
	value string
	want  time.Duration
	ok    bool
}{
	{`3600`, time.Hour, true},
	{`"3600"`, time.Hour, true},
	{`3600.0`, time.Hour, true},
	{`3600.7`, time.Hour, true},
	{`"3600.7"`, time.Hour, true},
	{`3600e0`, time.Hour, true},
	{`36e2`, time.Hour, true},
	{`36E+2`, time.Hour, true},
	{`"\u0033600"`, time.Hour, true},
	{`0`, 0, true},
	{`"0"`, 0, true},
	{`0.9`, 0, true},
	{`1`, time.Second, true},
	{`31536000`, year, true},
	{`31536001`, year, true},
	{`9223372036854775807`, year, true},
	{`99999999999999999999`, year, true},
	{`1e300`, year, true},

	{`1e400`, 0, false},
	{`-1`, 0, false},
	{`-0`, 0, false},
	{`1e-3`, 0, false},
	{`""`, 0, false},
	{`" 3600 "`, 0, false},
	{`"-3600"`, 0, false},
	{`"abc"`, 0, false},
	{`"NaN"`, 0, false},
	{`"Infinity"`, 0, false},
	{`"0x10"`, 0, false},
	{`"1_000"`, 0, false},
	{`"3,600"`, 0, false},
	{`"."`, 0, false},
	{`"e"`, 0, false},
	{`"1h"`, 0, false},
	{`true`, 0, false},
	{`false`, 0, false},
	{`{}`, 0, false},
	{`[]`, 0, false},
	{`[3600]`, 0, false},
}

func TestExpiresIn(t *testing.T) {
	for _, tt := range numbers {
		body := with("expires_in", tt.value)
		if !tt.ok {
			if bad := unusable(t, &server{body: body}); bad.Field != "expires_in" || bad.Problem != "is not a number of seconds" {
				t.Errorf("expires_in %s: error names %q, %q", tt.value, bad.Field, bad.Problem)
			}
			continue
		}
		if got := answered(t, body); got.ExpiresIn != tt.want || !got.HasExpiry {
			t.Errorf("expires_in %s gives %v (known: %t), want %v", tt.value, got.ExpiresIn, got.HasExpiry, tt.want)
		}
	}
}

func TestNoExpiryIsGuessed(t *testing.T) {
	for _, body := range []string{`{"access_token":"at"}`, with("expires_in", "null"), with("refresh_in", "60"), with("expires_on", `"soon"`)} {
		if got := answered(t, body); got.ExpiresIn != 0 || got.HasExpiry || got.RefreshIn != 0 {
			t.Errorf("%s gives %v (known: %t), renewal after %v, want nothing", body, got.ExpiresIn, got.HasExpiry, got.RefreshIn)
		}
	}
}

func TestOddTimesThatOnlyAdviseAreIgnored(t *testing.T) {
	for _, tt := range numbers {
		for name, member := range map[string]string{"ext_expires_in": "ext", "refresh_in": "refresh"} {
			got := answered(t, fmt.Sprintf(`{"access_token":"at","expires_in":7200,%q:%s}`, name, tt.value))
			want := time.Duration(0)
			if tt.ok && (member == "ext") == (tt.want >= 2*time.Hour) {
				want = tt.want
			}
			value := got.ExtExpiresIn
			if member == "refresh" {
				value = got.RefreshIn
			}
			if value != want || got.ExpiresIn != 2*time.Hour {
				t.Errorf("%s %s gives %v and expiry after %v, want %v and 2h", name, tt.value, value, got.ExpiresIn, want)
			}
		}
	}
}

func TestRefreshInAndExtExpiresInBesideExpiresIn(t *testing.T) {
	for _, tt := range []struct {
		expires, refresh, extended          int
		wantExpires, wantRefresh, wantExtra time.Duration
	}{
		{3600, 1800, 7200, time.Hour, 30 * time.Minute, 2 * time.Hour},
		{3600, 3599, 3601, time.Hour, 3599 * time.Second, 3601 * time.Second},
		{3600, 3600, 3600, time.Hour, 0, time.Hour},
		{3600, 3601, 3599, time.Hour, 0, 0},
		{0, 0, 0, 0, 0, 0},
		{0, 1, 1, 0, 0, time.Second},
		{math.MaxInt32, math.MaxInt32, math.MaxInt32, year, 0, year}, // all are cut to a year
	} {
		got := answered(t, fmt.Sprintf(`{"access_token":"at","expires_in":%d,"refresh_in":%d,"ext_expires_in":%d}`, tt.expires, tt.refresh, tt.extended))
		if got.ExpiresIn != tt.wantExpires || got.RefreshIn != tt.wantRefresh || got.ExtExpiresIn != tt.wantExtra {
			t.Errorf("%d, %d, %d give %v, %v, %v, want %v, %v, %v", tt.expires, tt.refresh, tt.extended,
				got.ExpiresIn, got.RefreshIn, got.ExtExpiresIn, tt.wantExpires, tt.wantRefresh, tt.wantExtra)
		}
	}
}

func TestExpiresOn(t *testing.T) {
	at := noon.Unix()
	for _, tt := range []struct {
		members string
		want    time.Duration
		known   bool
	}{
		{fmt.Sprintf(`"expires_on":%d`, at+60), time.Minute, true},
		{fmt.Sprintf(`"expires_on":"%d"`, at+60), time.Minute, true},
		{fmt.Sprintf(`"expires_on":"%d","expires_in":null`, at+60), time.Minute, true},
		{fmt.Sprintf(`"expires_on":%d,"expires_in":5`, at+60), 5 * time.Second, true}, // expires_in needs no common clock
		{fmt.Sprintf(`"expires_on":%d,"expires_in":0`, at+60), 0, true},
		{fmt.Sprintf(`"expires_on":%d`, at), 0, true},
		{fmt.Sprintf(`"expires_on":%d`, at-60), 0, true}, // past
		{`"expires_on":0`, 0, true},
		{`"expires_on":1e300`, year, true},
		{`"expires_on":"11/24/2026 12:00:00 PM +00:00"`, 0, false}, // what the oldest servers write
		{`"expires_on":true`, 0, false},
		{`"expires_on":1e400`, 0, false},
	} {
		got := answered(t, `{"access_token":"at",`+tt.members+`}`)
		if got.ExpiresIn != tt.want || got.HasExpiry != tt.known {
			t.Errorf("%s gives %v (known: %t), want %v (%t)", tt.members, got.ExpiresIn, got.HasExpiry, tt.want, tt.known)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	for _, tt := range []struct {
		value string
		want  time.Duration
	}{
		{"", 0},
		{"120", 2 * time.Minute},
		{"soon", 0},
		{"Tue, 24 Nov 2026 12:02:00 GMT", 2 * time.Minute},
	} {
		for _, answer := range []server{
			{status: http.StatusTooManyRequests, body: `{"error":"temporarily_unavailable"}`},
			{status: http.StatusServiceUnavailable, body: "<html>"},
		} {
			answer.header = http.Header{"Retry-After": {tt.value}}
			var got time.Duration
			if answer.status == http.StatusTooManyRequests {
				got = refused(t, &answer).RetryAfter
			} else {
				got = unusable(t, &answer).RetryAfter
			}
			if got != tt.want {
				t.Errorf("Retry-After %q with status %d is %v, want %v", tt.value, answer.status, got, tt.want)
			}
		}
	}
}
