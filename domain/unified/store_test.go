package unified_test

import (
	"strconv"
	"testing"

	"github.com/seed57855a68/keyport/domain"
)

// TestAChangeDecodesEachRecordOnce: what a change allocates grows with the partition, and not with its square.
func TestAChangeDecodesEachRecordOnce(t *testing.T) {
	key := domain.UserKey(clientID, alice)
	allocations := func(n int) float64 {
		var rs []domain.Record
		for i := range n {
			rs = append(rs, access(clientID, alice, "scope"+strconv.Itoa(i), "at"))
		}
		c := store(t, parse(t, nil), key, rs...)
		return testing.AllocsPerRun(1, func() { store(t, c, key) })
	}
	if few, many := allocations(50), allocations(400); many > 16*few {
		t.Errorf("%v allocations to delete 50 tokens, and %v to delete 400", few, many)
	}
}
