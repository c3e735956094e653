package httpclient_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/adapters/httpclient"
)

func TestAnswersAreRetriedByMethodAndStatus(t *testing.T) {
	statuses := []int{200, 204, 400, 401, 403, 404, 408, 410, 413, 429, 500, 501, 502, 503, 504}
	for _, tt := range []struct {
		name, method, retryAfter string
		want                     []int // the statuses that are retried
	}{
		{"GET", http.MethodGet, "", []int{408, 429, 500, 502, 503, 504}},
		{"HEAD", http.MethodHead, "", []int{408, 429, 500, 502, 503, 504}},
		{"GET with Retry-After", http.MethodGet, "1", []int{408, 429, 500, 502, 503, 504}},
		{"GET with a long Retry-After", http.MethodGet, "6", nil},
		{"POST", http.MethodPost, "", nil},
		{"POST with Retry-After", http.MethodPost, "1", []int{429, 503}},
		{"POST with Retry-After zero", http.MethodPost, "0", []int{429, 503}},
		{"POST with a Retry-After that is no time", http.MethodPost, "soon", nil},
		{"POST with a long Retry-After", http.MethodPost, "6", nil},
		{"DELETE with Retry-After", http.MethodDelete, "1", []int{429, 503}},
	} {
		var got []int
		for _, status := range statuses {
			requests := 0
			c := newClient(t, httpclient.Options{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				requests++
				return respond(r, status, "Retry-After", tt.retryAfter), nil
			})})
			a := mustDo(t, c, newRequest(t, tt.method, "https://idp.example/", "x"))
			if diff := cmp.Diff(answer{status, "body"}, a); diff != "" {
				t.Errorf("%s: the last answer is not handed through (-want +got):\n%s", tt.name, diff)
			}
			if requests == 2 {
				got = append(got, status)
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestRetryAfterIsObeyed(t *testing.T) {
	at := newClock().now.Add(3 * time.Second)
	const none = -1 // no wait: the answer is returned
	for _, tt := range []struct {
		header string
		want   time.Duration
	}{
		{"2", 2 * time.Second},
		{"5", 5 * time.Second},
		{"0", 0},
		{"-1", none},
		{at.Format(http.TimeFormat), 3 * time.Second},
		{at.Format("Monday, 02-Jan-06 15:04:05 GMT"), 3 * time.Second},
		{at.Format(time.ANSIC), 3 * time.Second},
		{"Fri, 31 Dec 1999 23:59:59 GMT", 0},
		{"6", none},
		{at.Add(time.Hour).Format(http.TimeFormat), none},
		{"1000000000000", none},
		{strings.Repeat("9", 40), none},
		{"-" + strings.Repeat("9", 40), none},
		{"1.5", none},
		{"1e3", none},
		{"soon", none},
		{"", none},
	} {
		clock := newClock()
		c := newClient(t, httpclient.Options{
			Clock: clock, RetryWaitMin: 1, // nanosecond: what jitter can add at most
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				return respond(r, http.StatusServiceUnavailable, "Retry-After", tt.header), nil
			}),
		})
		mustDo(t, c, newRequest(t, http.MethodPost, "https://idp.example/", "x"))
		switch {
		case tt.want == none && len(clock.slept) != 0:
			t.Errorf("Retry-After %q: waited %v, want no wait", tt.header, clock.slept)
		case tt.want != none && (len(clock.slept) != 1 || clock.slept[0]-tt.want > 1 || clock.slept[0] < tt.want):
			t.Errorf("Retry-After %q: waited %v, want %v", tt.header, clock.slept, tt.want)
		}
	}
}

func TestLimitOfRetryAfterCanBeSet(t *testing.T) {
	for limit, want := range map[time.Duration]int{time.Minute: 1, 0: 0, -1: 0} {
		clock := newClock()
		c := newClient(t, httpclient.Options{
			Clock: clock, MaxRetryAfter: limit, Timeout: time.Hour,
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				return respond(r, http.StatusTooManyRequests, "Retry-After", "30"), nil
			}),
		})
		mustDo(t, c, newRequest(t, http.MethodGet, "https://idp.example/", ""))
		if len(clock.slept) != want {
			t.Errorf("limit %v: waited %v, want %d waits", limit, clock.slept, want)
		}
	}
}

func TestNumberOfRetries(t *testing.T) {
	for retries, want := range map[int]int{0: 2, -1: 1, 1: 2, 4: 5} {
		requests := 0
		c := newClient(t, httpclient.Options{
			MaxRetries: retries,
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				requests++
				return respond(r, http.StatusBadGateway), nil
			}),
		})
		mustDo(t, c, newRequest(t, http.MethodGet, "https://idp.example/", ""))
		if requests != want {
			t.Errorf("MaxRetries %d: got %d requests, want %d", retries, requests, want)
		}
	}
}

func TestBackoffGrowsWithFullJitterAndNeverOverflows(t *testing.T) {
	const smallest, largest = 100 * time.Millisecond, 3 * time.Second
	clock := newClock()
	c := newClient(t, httpclient.Options{
		Clock: clock, MaxRetries: 1000, RetryWaitMin: smallest, RetryWaitMax: largest, Timeout: math.MaxInt64,
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			return respond(r, http.StatusInternalServerError), nil
		}),
	})
	mustDo(t, c, newRequest(t, http.MethodGet, "https://idp.example/", ""))
	if len(clock.slept) != 1000 {
		t.Fatalf("got %d waits, want 1000", len(clock.slept))
	}
	var below, above int
	for i, got := range clock.slept {
		limit := largest
		if i < 5 { // 100, 200, 400, 800, 1600 ms
			limit = smallest << i
		}
		if got < 0 || got > limit {
			t.Errorf("wait %d: got %v, want at most %v", i, got, limit)
		}
		if got < largest/2 {
			below++
		} else {
			above++
		}
	}
	// Each half gets 500 of 1000; 400 are off by six standard deviations.
	if below < 400 || above < 400 {
		t.Errorf("got %d short and %d long waits: not full jitter", below, above)
	}
}

func TestNoWaitBeyondTheDeadline(t *testing.T) {
	clock := newClock()
	c := newClient(t, httpclient.Options{
		Clock: clock,
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			return respond(r, http.StatusServiceUnavailable, "Retry-After", "4"), nil
		}),
	})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	got := mustDo(t, c, newRequest(t, http.MethodGet, "https://idp.example/", "").WithContext(ctx))
	if got.Status != http.StatusServiceUnavailable || len(clock.slept) != 0 {
		t.Errorf("got %+v after %v, want the answer at once", got, clock.slept)
	}
}

func TestCancellationEndsTheWait(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := newClient(t, httpclient.Options{
		Clock: realTime{onSleep: cancel}, RetryWaitMin: 20 * time.Second, RetryWaitMax: 20 * time.Second,
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			return respond(r, http.StatusServiceUnavailable, "Retry-After", "5"), nil
		}),
	})
	err := mustFail(t, c, newRequest(t, http.MethodGet, "https://idp.example/", "").WithContext(ctx))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestRealTimeWaits(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		ctx  context.Context
		d    time.Duration
		want error
	}{
		{t.Context(), 0, nil},
		{t.Context(), -1, nil},
		{t.Context(), time.Millisecond, nil},
		{ended, 0, context.Canceled},
		{ended, time.Hour, context.Canceled},
	} {
		if got := httpclient.RealTime.Sleep(tt.ctx, tt.d); !errors.Is(got, tt.want) {
			t.Errorf("Sleep(%v): got %v, want %v", tt.d, got, tt.want)
		}
	}
}

// realTime waits like the default clock and tells when it begins.
type realTime struct{ onSleep func() }

func (realTime) Now() time.Time { return time.Now() }

func (c realTime) Sleep(ctx context.Context, d time.Duration) error {
	c.onSleep()
	return httpclient.RealTime.Sleep(ctx, d)
}

func TestTheLongestOfSeveralRetryAfterCounts(t *testing.T) {
	for _, tt := range []struct {
		fields []string
		want   []time.Duration
	}{
		{[]string{"1", "3"}, []time.Duration{3 * time.Second}},
		{[]string{"3", "1"}, []time.Duration{3 * time.Second}},
		{[]string{"soon", "2"}, []time.Duration{2 * time.Second}},
		{[]string{"1", "120"}, nil}, // longer than a call waits
	} {
		clock := newClock()
		c := newClient(t, httpclient.Options{
			Clock: clock, RetryWaitMin: 1, // nanosecond: what jitter can add at most
			Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				answer := respond(r, http.StatusServiceUnavailable)
				answer.Header["Retry-After"] = tt.fields
				return answer, nil
			}),
		})
		mustDo(t, c, newRequest(t, http.MethodPost, "https://idp.example/", "x"))
		for i := range clock.slept {
			clock.slept[i] = clock.slept[i].Truncate(time.Second)
		}
		if diff := cmp.Diff(tt.want, clock.slept); diff != "" {
			t.Errorf("%q: waits (-want +got):\n%s", tt.fields, diff)
		}
	}
}

func TestADateIsReadByTheServersClock(t *testing.T) {
	clock := newClock()
	server := clock.now.Add(-7 * time.Hour)
	c := newClient(t, httpclient.Options{
		Clock: clock, RetryWaitMin: 1, // nanosecond: what jitter can add at most
		Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			return respond(r, http.StatusServiceUnavailable,
				"Date", server.Format(http.TimeFormat), "Retry-After", server.Add(2*time.Second).Format(http.TimeFormat)), nil
		}),
	})
	mustDo(t, c, newRequest(t, http.MethodPost, "https://idp.example/", "x"))
	if len(clock.slept) != 1 || clock.slept[0].Truncate(time.Second) != 2*time.Second {
		t.Errorf("waited %v, want 2s", clock.slept)
	}
}
