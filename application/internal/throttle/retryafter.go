package throttle

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// maxAsked is what a server may ask for; more is cut to it.
	maxAsked = 365 * 24 * time.Hour
	// minAsked is what "now" counts as, so that it can be told from silence.
	minAsked = time.Second
)

// RetryAfter returns how long the server asks to wait (RFC 9110 §10.2.3); zero when it
// does not say, or nothing that makes sense. Zero seconds, and a date that has passed,
// are one second. Of several headers the longest counts.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	if date, err := http.ParseTime(h.Get("Date")); err == nil {
		now = date // the server's own clock: this machine's may be wrong
	}
	var longest time.Duration
	for _, value := range h.Values("Retry-After") {
		longest = max(longest, asked(strings.TrimSpace(value), now))
	}
	return longest
}

// asked reads both forms of the header: seconds, of which a part is rounded up, and
// a date.
func asked(value string, now time.Time) time.Duration {
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), minAsked), maxAsked)
	}
	if value == "" || strings.Trim(value, "0123456789.") != "" { // no sign, no exponent, no NaN
		return 0
	}
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil && !math.IsInf(seconds, 1) {
		return 0
	}
	seconds = min(math.Ceil(seconds), maxAsked.Seconds())
	return max(time.Duration(seconds)*time.Second, minAsked)
}
