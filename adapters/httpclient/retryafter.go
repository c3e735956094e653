package httpclient

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"
)

// retryAfter reads a Retry-After field (RFC 9110 §10.2.3): seconds, or a date in
// one of the three forms of RFC 9110 §5.6.7. What lies in the past is zero; what
// cannot be read counts as absent.
func retryAfter(field string, now time.Time) (wait time.Duration, ok bool) {
	seconds, err := strconv.ParseInt(field, 10, 64)
	switch {
	case err == nil:
		return time.Duration(min(max(seconds, 0), math.MaxInt64/int64(time.Second))) * time.Second, true
	case errors.Is(err, strconv.ErrRange) && field[0] == '-':
		return 0, true
	case errors.Is(err, strconv.ErrRange):
		return math.MaxInt64, true
	}
	at, err := http.ParseTime(field)
	if err != nil {
		return 0, false
	}
	return max(at.Sub(now), 0), true
}
