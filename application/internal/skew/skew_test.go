package skew_test

import (
	"testing"
	"time"

	"github.com/seed57855a68/keyport/application/internal/skew"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// answer is one answer of a server, in times after noon.
type answer struct{ date, sent, received time.Duration }

func TestLearn(t *testing.T) {
	for _, row := range []struct {
		name    string
		answers []answer
		want    time.Duration
	}{
		{"none so far", nil, 0},
		{"the same clock", []answer{{0, 0, time.Second}}, 0},
		{"30 s ahead is no skew", []answer{{30 * time.Second, 0, 0}}, 0},
		{"31 s ahead", []answer{{31 * time.Second, 0, 0}}, 31 * time.Second},
		{"within the Date's second", []answer{{0, 900 * time.Millisecond, 950 * time.Millisecond}}, 0},
		{"30 s behind is no skew", []answer{{-30 * time.Second, 0, 0}}, 0},
		{"31 s behind", []answer{{-31 * time.Second, 0, 0}}, -31 * time.Second},
		{"an hour ahead", []answer{{time.Hour, 0, time.Second}}, time.Hour - time.Second},
		{"an hour behind", []answer{{-time.Hour, 0, time.Second}}, -time.Hour},
		{"a request that took two minutes", []answer{{time.Minute, 0, 2 * time.Minute}}, 0},
		{"a machine that slept meanwhile", []answer{{time.Second, 0, 8 * time.Hour}}, 0},
		{"a day ahead", []answer{{24 * time.Hour, 0, 0}}, 24 * time.Hour},
		{"more than a day ahead", []answer{{24*time.Hour + time.Second, 0, 0}}, 0},
		{"ten years behind", []answer{{-87600 * time.Hour, 0, 0}}, 0},
		{"longer than a duration", []answer{{290 * 8760 * time.Hour, -2 * 8760 * time.Hour, -8760 * time.Hour}}, 0},
		{"a little more is the same", []answer{{time.Hour, 0, 0}, {time.Hour + 20*time.Second, 0, 0}}, time.Hour},
		{"much more is not", []answer{{time.Hour, 0, 0}, {time.Hour + time.Minute, 0, 0}}, time.Hour + time.Minute},
		{"the clock was set", []answer{{time.Hour, 0, 0}, {time.Second, 0, 0}}, 0},
		{"the clock was set, nearly", []answer{{40 * time.Second, 0, 0}, {20 * time.Second, 0, 0}}, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			var s skew.Skew
			for _, a := range row.answers {
				s.Learn(noon.Add(a.date), noon.Add(a.sent), noon.Add(a.received))
			}
			if got := s.Offset(); got != row.want {
				t.Errorf("got %v, want %v", got, row.want)
			}
		})
	}
}
