package domain_test

import (
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

func TestFreshnessAt(t *testing.T) {
	const ns, life = time.Nanosecond, time.Hour
	hour := domain.AccessToken{CachedAt: noon, ExpiresOn: noon.Add(life), RefreshOn: noon.Add(30 * time.Minute)}
	short := domain.AccessToken{CachedAt: noon, ExpiresOn: noon.Add(8 * time.Minute)} // a margin of two minutes
	plain := domain.AccessToken{CachedAt: noon, ExpiresOn: noon.Add(life)}
	imported := domain.AccessToken{ExpiresOn: noon.Add(4 * time.Minute)} // nobody knows since when
	late := domain.AccessToken{CachedAt: noon, ExpiresOn: noon.Add(life), RefreshOn: noon.Add(2 * life)}
	stillborn := domain.AccessToken{CachedAt: noon, ExpiresOn: noon}
	backwards := domain.AccessToken{CachedAt: noon, ExpiresOn: noon.Add(-life)}
	for _, row := range []struct {
		name  string
		token domain.AccessToken
		after time.Duration
		want  domain.Freshness
	}{
		{"new", hour, 0, domain.Fresh},
		{"before its refresh time", hour, 30*time.Minute - ns, domain.Fresh},
		{"at its refresh time", hour, 30 * time.Minute, domain.Stale},
		{"before the margin", hour, 55*time.Minute - ns, domain.Stale},
		{"at the margin", hour, 55 * time.Minute, domain.Due},
		{"in its last moment", hour, life - ns, domain.Due},
		{"at its end", hour, life, domain.Expired},
		{"after its end", hour, life + ns, domain.Expired},
		{"without a refresh time", plain, 55*time.Minute - ns, domain.Fresh},
		{"without a refresh time, at the margin", plain, 55 * time.Minute, domain.Due},
		{"short-lived, before a quarter is left", short, 6*time.Minute - ns, domain.Fresh},
		{"short-lived, with a quarter left", short, 6 * time.Minute, domain.Due},
		{"short-lived, at its end", short, 8 * time.Minute, domain.Expired},
		{"of unknown age, inside five minutes", imported, 0, domain.Due},
		{"of unknown age, at five minutes", imported, -time.Minute, domain.Due},
		{"of unknown age, outside", imported, -time.Minute - ns, domain.Fresh},
		{"with a refresh time after its end", late, 55*time.Minute - ns, domain.Fresh},
		{"that never lived", stillborn, 0, domain.Expired},
		{"that ended before it was cached", backwards, 0, domain.Expired},
		{"from another machine's clock", hour, -5 * time.Minute, domain.Fresh},
		{"from a clock that was set back", hour, -5*time.Minute - ns, domain.Expired},
		{"from ten years ahead", hour, -10 * 365 * 24 * time.Hour, domain.Expired},
	} {
		if got := row.token.FreshnessAt(noon.Add(row.after)); got != row.want {
			t.Errorf("a token %s is %s, want %s", row.name, got, row.want)
		}
	}
}

func TestMargin(t *testing.T) {
	for life, want := range map[time.Duration]time.Duration{
		24 * time.Hour: 5 * time.Minute, 20 * time.Minute: 5 * time.Minute, 20*time.Minute - 4: 5*time.Minute - 1, 4 * time.Second: time.Second, 0: 0,
	} {
		token := domain.AccessToken{CachedAt: noon, ExpiresOn: noon.Add(life)}
		if got := token.Margin(); got != want {
			t.Errorf("life %s: got margin %s, want %s", life, got, want)
		}
	}
	if got := (&domain.AccessToken{ExpiresOn: noon}).Margin(); got != 5*time.Minute {
		t.Errorf("unknown life: got margin %s", got)
	}
}

func TestFreshnessString(t *testing.T) {
	for f, want := range map[domain.Freshness]string{
		domain.Absent: "absent", domain.Expired: "expired", domain.Due: "due", domain.Stale: "stale", domain.Fresh: "fresh", 99: "fresh",
	} {
		if f.String() != want {
			t.Errorf("state %d is %q, want %q", f, f, want)
		}
	}
}
