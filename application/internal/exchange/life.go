package exchange

import (
	"strconv"
	"strings"
	"time"
)

// minLife is how long a document is kept whatever the server says. Many forbid to
// store at all what they publish to everybody, and with each token request two more
// would go out.
const minLife = 5 * time.Minute

// Life returns how long a document may be kept, most at the most (RFC 9111 §4.2.1):
// less when the server says so, but never less than five minutes.
func (a Answer) Life(most time.Duration) time.Duration {
	life := most
	for _, value := range a.Header.Values("Cache-Control") {
		for directive := range strings.SplitSeq(value, ",") {
			name, argument, _ := strings.Cut(strings.TrimSpace(directive), "=")
			switch strings.ToLower(name) {
			case "no-store", "no-cache":
				life = 0
			case "max-age":
				life = min(life, a.remaining(strings.Trim(argument, `"`), most))
			}
		}
	}
	return max(life, minLife)
}

// remaining is max-age less the time that the document has spent in caches on the way
// (RFC 9111 §4.2.3).
func (a Answer) remaining(maxAge string, most time.Duration) time.Duration {
	seconds, err := strconv.ParseUint(maxAge, 10, 31)
	if err != nil {
		return most // nothing that makes sense, or longer than anything is kept
	}
	age, err := strconv.ParseUint(strings.TrimSpace(a.Header.Get("Age")), 10, 31)
	if err != nil {
		age = 0
	}
	return time.Duration(seconds)*time.Second - time.Duration(age)*time.Second
}
