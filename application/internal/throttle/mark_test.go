package throttle_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/application/internal/throttle"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

// spy sees what goes into a cache, and may fail or hang.
type spy struct {
	ports.HTTPCache
	fails, hangs bool

	mu   sync.Mutex // guards seen
	seen map[string]string
	ends time.Time // of the last one
}

func newSpy() *spy {
	return &spy{HTTPCache: cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{}), seen: map[string]string{}}
}

func (s *spy) trouble(ctx context.Context) error {
	if s.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if s.fails {
		return errors.New("disk full")
	}
	return nil
}

func (s *spy) Get(ctx context.Context, key string) ([]byte, time.Time, error) {
	if err := s.trouble(ctx); err != nil {
		return nil, time.Time{}, err
	}
	return s.HTTPCache.Get(ctx, key)
}

func (s *spy) Set(ctx context.Context, key string, value []byte, expires time.Time) error {
	if err := s.trouble(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	s.seen[key], s.ends = string(value), expires
	s.mu.Unlock()
	return s.HTTPCache.Set(ctx, key, value, expires)
}

func (s *spy) Delete(ctx context.Context, key string) error {
	if err := s.trouble(ctx); err != nil {
		return err
	}
	return s.HTTPCache.Delete(ctx, key)
}

// TestAMarkHoldsNoTextOfTheServers nor of the caller's: any of them may name a person.
func TestAMarkHoldsNoTextOfTheServers(t *testing.T) {
	const name = "ada@contoso.example"
	cache := newSpy()
	d := newDesk(t, cache)
	for i, answer := range []error{
		&domain.OAuthError{
			Code: "invalid_grant", StatusCode: 400, SubError: "for " + name, Description: domain.NewSecret(name), URI: "https://e.example/" + name,
			CorrelationID: name, TraceID: name, Timestamp: name, Operation: name,
		},
		&domain.ResponseError{Operation: name, Host: name, Status: 400, Field: name, Problem: name, Remedy: name, Err: errors.New(name), CorrelationID: name},
	} {
		d.send(request(string(rune('a'+i))), answer)
	}
	if len(cache.seen) != 2 {
		t.Fatalf("%d marks, want 2", len(cache.seen))
	}
	for key, value := range cache.seen {
		if strings.Contains(key+value, "ada") || strings.Contains(key+value, "contoso") {
			t.Errorf("the cache has %s: %s", key, value)
		}
	}
}

func TestAnswersThatCannotBeToldWithoutTheirTextsAreNotKept(t *testing.T) {
	for name, answer := range map[string]*domain.OAuthError{
		"a code that is none":       {Code: "sorry:ada@contoso.example", StatusCode: 400},
		"claims that are no JSON":   {Code: "invalid_grant", StatusCode: 400, Claims: "ask ada"},
		"claims that have no end":   {Code: "invalid_grant", StatusCode: 400, Claims: `{"a":"` + strings.Repeat("a", 9000) + `"}`},
		"a pause of such an answer": {Code: "ä", StatusCode: 429},
	} {
		cache := newSpy()
		d := newDesk(t, cache)
		d.send(request("one"), answer)
		if len(cache.seen) != 0 || d.wait(request("one")) != 0 {
			t.Errorf("%s: kept", name)
		}
	}
}

func TestMarksThatCannotBeReadCountAsAbsent(t *testing.T) {
	good := func(d *desk) (key, value string) {
		d.send(request("one"), refused(429, "temporarily_unavailable"))
		for key, value = range d.cache.(*spy).seen {
		}
		return key, value
	}
	for name, damage := range map[string]func(string) string{
		"nothing":              func(string) string { return "" },
		"half of it":           func(v string) string { return v[:len(v)/2] },
		"another version":      func(v string) string { return strings.Replace(v, `"v":1`, `"v":2`, 1) },
		"a pause for years":    func(v string) string { return strings.Replace(v, `"until":"2026`, `"until":"2036`, 1) },
		"an end before":        func(v string) string { return strings.Replace(v, `"until":"2026`, `"until":"2016`, 1) },
		"a list":               func(v string) string { return "[" + v + "]" },
		"a number for a time":  func(v string) string { return strings.Replace(v, `"2026-11-24T12:00:00Z"`, "7", 1) },
		"failures below zero":  func(v string) string { return strings.Replace(v, `"v":1`, `"v":1,"failures":-1`, 1) },
		"more than a mark has": func(v string) string { return v + strings.Repeat(" ", 20_000) },
	} {
		d := newDesk(t, newSpy())
		key, value := good(d)
		if d.wait(request("one")) != time.Minute {
			t.Fatal("the mark was no good before")
		}
		damaged := damage(value)
		if damaged == value {
			t.Fatalf("%s: nothing was damaged in %s", name, value)
		}
		if err := d.cache.Set(t.Context(), key, []byte(damaged), noon.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if d.wait(request("one")) != 0 {
			t.Errorf("%s: the mark counts", name)
		}
		d.send(request("one"), refused(429, "temporarily_unavailable"))
		if d.wait(request("one")) != time.Minute {
			t.Errorf("%s: the next mark does not take its place", name)
		}
	}
}

// TestMarksEndInTheStoreToo: with their pause, and a failure when it no longer counts.
func TestMarksEndInTheStoreToo(t *testing.T) {
	for _, tt := range []struct {
		answer error
		ends   time.Duration
	}{
		{refused(429, "temporarily_unavailable"), time.Minute},
		{refused(400, "invalid_grant"), 2 * time.Minute},
		{&domain.ResponseError{Status: 503}, 10 * time.Minute},
	} {
		cache := newSpy()
		newDesk(t, cache).send(request("one"), tt.answer)
		if got := cache.ends.Sub(noon); got != tt.ends {
			t.Errorf("%v: the mark ends after %v, want %v", tt.answer, got, tt.ends)
		}
	}
}

func TestACacheThatFailsIsReportedAndCostsNothingElse(t *testing.T) {
	cache := newSpy()
	d := newDesk(t, cache)
	d.send(request("one"), refused(429, "temporarily_unavailable"))
	cache.fails = true
	d.send(request("one"), refused(429, "temporarily_unavailable"))
	want := strings.Repeat("read a throttling mark: disk full, ", 3) + "store a throttling mark: disk full"
	if got := strings.Join(d.reports, ", "); got != want {
		t.Errorf("reported %s", got)
	}
}

func TestACacheThatHangsCostsSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cache := newSpy()
		cache.hangs = true
		d := newDesk(t, cache)
		begin := time.Now()
		d.send(request("one"), refused(429, "temporarily_unavailable"))
		if took := time.Since(begin); took != 8*time.Second {
			t.Errorf("took %v for three looks and a mark, want two seconds for each", took)
		}
	})
}

// TestAMarkIsKeptWhenTheCallerHasGone: the server has spoken.
func TestAMarkIsKeptWhenTheCallerHasGone(t *testing.T) {
	d := newDesk(t, &honest{newSpy()})
	ctx, cancel := context.WithCancel(t.Context())
	pass, err := d.guard.Enter(ctx, request("one"))
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	pass.Done(ctx, refused(429, "temporarily_unavailable"))
	if d.wait(request("one")) != time.Minute {
		t.Error("the pause is lost")
	}
}

// honest looks at contexts, as stores on a network do.
type honest struct{ *spy }

func (h *honest) Set(ctx context.Context, key string, value []byte, expires time.Time) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return h.spy.Set(ctx, key, value, expires)
}

func TestKeysOfDifferentPartsAreDifferent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.StringMatching(`[ab]{0,3}`), 0, 4)
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		same := len(a) == len(b)
		for i := range a {
			same = same && a[i] == b[i]
		}
		if (throttle.Key(a...) == throttle.Key(b...)) != same {
			t.Fatalf("%q and %q", a, b)
		}
	})
}
