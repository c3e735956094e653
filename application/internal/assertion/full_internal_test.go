package assertion

import (
	"strconv"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

func TestAFullCacheLetsGoOfWhatCannotServe(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	var c Cache
	put := func(i int, until time.Time) {
		c.keep(cacheKey{audience: strconv.Itoa(i)}, signed{domain.NewSecret("x"), now, until}, now)
	}
	for i := range maxCached - 1 {
		put(i, now) // over at this moment
	}
	put(maxCached, now.Add(1))
	if len(c.byKey) != maxCached {
		t.Fatalf("%d entries, want %d: nothing is dropped before there is a need", len(c.byKey), maxCached)
	}
	put(maxCached+1, now.Add(time.Minute))
	if len(c.byKey) != 2 {
		t.Errorf("%d entries, want the two that may serve", len(c.byKey))
	}
	for i := range 3 * maxCached {
		if put(i, now.Add(time.Minute)); len(c.byKey) > maxCached {
			t.Fatalf("%d entries, want no more than %d", len(c.byKey), maxCached)
		}
		if _, ok := c.lookUp(cacheKey{audience: strconv.Itoa(i)}, now); !ok {
			t.Fatalf("entry %d is not there", i)
		}
	}
}
