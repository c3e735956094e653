package httpclient

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"
)

// retryAfter returns how long the server asks to wait (RFC 9110 §10.2.3). Of several
// fields the longest counts. What cannot be
// read counts as absent.
func retryAfter(fields []string, now time.Time) (wait time.Duration, ok bool) {
	for _, field := range fields {
		if asked, told := readRetryAfter(field, now); told {
			wait, ok = max(wait, asked), true
		}
	}
	return wait, ok
}

// readRetryAfter reads seconds, or a date in one of the three forms of RFC 9110 §5.6.7.
// A date that has passed is zero.
func readRetryAfter(field string, now time.Time) (wait time.Duration, ok bool) {
	seconds, err := strconv.ParseUint(field, 10, 64) // no sign
	switch {
	case err == nil:
		return time.Duration(min(seconds, math.MaxInt64/uint64(time.Second))) * time.Second, true
	case errors.Is(err, strconv.ErrRange):
		return math.MaxInt64, true
	}
	at, err := http.ParseTime(field)
	if err != nil {
		return 0, false
	}
	return max(at.Sub(now), 0), true
}
