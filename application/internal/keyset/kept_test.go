package keyset_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/application/internal/keyset"
	"github.com/seed57855a68/keyport/domain"
)

func TestAServerThatWantsAPauseIsNotAskedForKeys(t *testing.T) {
	p, k, clock := &publisher{down: true, says: http.Header{"Retry-After": {"90"}}}, newKey(t, "k1"), newClock()
	p.publish(t, k.JSONWebKey)
	r := newResolver(p, clock)
	for range 3 {
		if err := r.Prepare(t.Context(), address); !errors.Is(err, domain.ErrUnavailable) {
			t.Errorf("got %v", err)
		}
	}
	var throttled *domain.ThrottledError
	err := r.Prepare(t.Context(), address)
	if !errors.As(err, &throttled) || !throttled.Until.Equal(clock.Now().Add(90*time.Second)) || p.asked != 1 {
		t.Errorf("got %v after asking %d times", err, p.asked)
	}
	p.down = false
	clock.Advance(90 * time.Second)
	if err := r.Prepare(t.Context(), address); err != nil || p.asked != 2 {
		t.Errorf("after the pause: %v, asked %d times", err, p.asked)
	}
}

func TestDuringAPauseOldKeysServe(t *testing.T) {
	p, k, clock := &publisher{}, newKey(t, "k1"), newClock()
	p.publish(t, k.JSONWebKey)
	r := newResolver(p, clock)
	for _, down := range []bool{false, true, true, true, true, true} {
		p.down = down
		if err := r.Prepare(t.Context(), address); err != nil {
			t.Fatal(err)
		}
		if !down {
			clock.Advance(25 * time.Hour)
		}
	}
	if p.asked != 3 { // one bad answer is forgiven
		t.Errorf("asked %d times, want 3", p.asked)
	}
}

func TestTheServerMayShortenTheLifeOfItsKeys(t *testing.T) {
	p, k, clock := &publisher{says: http.Header{"Cache-Control": {"max-age=3600"}}}, newKey(t, "k1"), newClock()
	p.publish(t, k.JSONWebKey)
	r := newResolver(p, clock)
	for _, step := range []struct {
		pass time.Duration
		want int
	}{{0, 1}, {time.Hour - 1, 1}, {1, 2}} {
		clock.Advance(step.pass)
		if err := r.Prepare(t.Context(), address); err != nil || p.asked != step.want {
			t.Errorf("after %v more: asked %d times, %v; want %d", step.pass, p.asked, err, step.want)
		}
	}
}

// TestKeysDoNotLiveOnWhenAClockWasWrong: a key that was stored in a year that has not
// come yet would be trusted until then, withdrawn or not.
func TestKeysDoNotLiveOnWhenAClockWasWrong(t *testing.T) {
	p, k, ahead := &publisher{}, newKey(t, "k1"), newClock()
	p.publish(t, k.JSONWebKey)
	ahead.Advance(365 * 24 * time.Hour)
	cache := cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{})
	nothing := func(string, error) {}
	if err := keyset.New(exchange.New(p), cache, ahead, time.Minute, nothing).Prepare(t.Context(), address); err != nil {
		t.Fatal(err)
	}
	r := keyset.New(exchange.New(p), cache, newClock(), time.Minute, nothing)
	p.down = true
	if err := r.Prepare(t.Context(), address); err != nil || p.asked != 2 {
		t.Errorf("%v, asked %d times; want the old keys while the server fails", err, p.asked)
	}
	p.down = false
	for range 2 {
		if err := r.Prepare(t.Context(), address); err != nil || p.asked != 3 {
			t.Errorf("%v, asked %d times; want the new keys", err, p.asked)
		}
	}
}
