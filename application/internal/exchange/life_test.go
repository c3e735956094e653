package exchange_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/application/internal/exchange"
)

func TestLifeOfADocument(t *testing.T) {
	const day, least = 24 * time.Hour, 5 * time.Minute
	for _, tt := range []struct {
		control []string
		age     string
		want    time.Duration
	}{
		{nil, "", day},
		{[]string{"max-age=86400, private"}, "", day},
		{[]string{"public, max-age=3600"}, "", time.Hour},
		{[]string{`MAX-AGE="3600"`}, "", time.Hour},
		{[]string{"max-age=3600"}, "600", 50 * time.Minute},
		{[]string{"max-age=3600"}, "soon", time.Hour},
		{[]string{"max-age=3600"}, "7200", least},
		{[]string{"max-age=1000000000000"}, "", day},
		{[]string{"max-age=1000000000000"}, "99999999999999", day},
		{[]string{"max-age=-1"}, "", day},
		{[]string{"max-age"}, "", day},
		{[]string{"max-age=0"}, "", least},
		{[]string{"max-age=7"}, "", least},
		{[]string{"no-store"}, "", least},
		{[]string{"no-cache"}, "", least},
		{[]string{"no-cache, must-revalidate, no-transform, no-store"}, "", least},
		{[]string{"max-age=3600", "max-age=1800"}, "", 30 * time.Minute},
		{[]string{"max-age=3600", "No-Store"}, "", least},
		{[]string{",,=,"}, "", day},
	} {
		h := http.Header{}
		if tt.control != nil {
			h["Cache-Control"] = tt.control
		}
		if tt.age != "" {
			h.Set("Age", tt.age)
		}
		if got := (exchange.Answer{Header: h}).Life(day); got != tt.want {
			t.Errorf("Cache-Control %q with Age %q lives %v, want %v", tt.control, tt.age, got, tt.want)
		}
	}
}
