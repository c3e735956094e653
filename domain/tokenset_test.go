package domain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

func TestSelect(t *testing.T) {
	narrow := accessToken("narrow", "a", time.Hour)
	wide := accessToken("wide", "a b", 2*time.Hour)
	wider := accessToken("wider", "a b c", 3*time.Hour)
	short := func(name, scopes string, life time.Duration) domain.AccessToken {
		return accessToken(name, scopes, life)
	}
	stale := func(t domain.AccessToken) domain.AccessToken {
		t.RefreshOn = noon
		return t
	}
	reduced := accessToken("reduced", "a b", time.Hour)
	reduced.Scopes = domain.ScopesFromResponse("a") // the server granted less
	spelled := accessToken("spelled", "api/a api/b", time.Hour)
	spelled.Scopes = domain.ScopesFromResponse("API/B API/A")
	for _, row := range []struct {
		name   string
		set    []domain.Record
		scopes string
		want   string // the token's name
		state  domain.Freshness
	}{
		{"nothing", nil, "a", "", domain.Absent},
		{"no access token", []domain.Record{refreshToken("rt"), account("a")}, "a", "", domain.Absent},
		{"the exact one", []domain.Record{wide, narrow, wider}, "a", "narrow", domain.Fresh},
		{"the exact one, stale", []domain.Record{wide, stale(narrow), wider}, "a", "narrow", domain.Stale},
		{"a wider one", []domain.Record{wide}, "a", "wide", domain.Fresh},
		{"of wider ones the last to end", []domain.Record{wide, wider}, "b", "wider", domain.Fresh},
		{"of wider ones the last to end, in other order", []domain.Record{wider, wide}, "b", "wider", domain.Fresh},
		{"of wider ones the freshest", []domain.Record{stale(wider), wide}, "b", "wide", domain.Fresh},
		{"only narrower ones", []domain.Record{narrow, wide}, "a c", "", domain.Absent},
		{"a wider one for an expired one", []domain.Record{short("narrow", "a", 0), wide}, "a", "wide", domain.Fresh},
		{"a wider one for one that is due", []domain.Record{short("narrow", "a", time.Minute), stale(wide)}, "a", "wide", domain.Stale},
		{"the exact one of two that are due", []domain.Record{short("wide", "a b", time.Minute), short("narrow", "a", time.Minute)}, "a", "narrow", domain.Due},
		{"the longer one of two that are due", []domain.Record{short("wide", "a b", 2*time.Minute), short("narrow", "a", time.Minute)}, "a", "wide", domain.Due},
		{"one that is due before an expired one", []domain.Record{short("narrow", "a", -time.Minute), short("wide", "a b", time.Minute)}, "a", "wide", domain.Due},
		{"the last expired one", []domain.Record{short("narrow", "a", -time.Minute), short("wide", "a b", -time.Second)}, "a", "wide", domain.Expired},
		{"what was granted counts for others", []domain.Record{reduced}, "b", "", domain.Absent},
		{"what was granted serves others", []domain.Record{reduced}, "a", "reduced", domain.Fresh},
		{"what was asked for counts for the same request", []domain.Record{reduced}, "a b", "reduced", domain.Fresh},
		{"letter case of what was granted", []domain.Record{spelled}, "api/b", "spelled", domain.Fresh},
		{"no scopes, with some cached", []domain.Record{narrow, wide}, "", "", domain.Absent},
		{"no scopes", []domain.Record{narrow, short("default", "", time.Hour)}, "", "default", domain.Fresh},
		{"no scopes, expired, with others", []domain.Record{short("default", "", 0), narrow}, "", "default", domain.Expired},
	} {
		got, state := domain.NewTokenSet(row.set...).Select(keyOf(row.scopes), noon)
		name := ""
		if got != nil {
			name = got.Secret.Reveal()
		}
		if name != row.want || state != row.state {
			t.Errorf("%s: got %q, %s; want %q, %s", row.name, name, state, row.want, row.state)
		}
	}
}

// Whatever makes two tokens different keeps one from serving for the other.
func TestSelectTakesNoOther(t *testing.T) {
	for name, change := range map[string]func(*domain.RecordKey){
		"kind":        func(k *domain.RecordKey) { k.Kind = domain.IDTokenRecord },
		"environment": func(k *domain.RecordKey) { k.Environment = "login.microsoftonline.us" },
		"tenant":      func(k *domain.RecordKey) { k.Tenant = otherGUID },
		"client":      func(k *domain.RecordKey) { k.ClientID = "other" },
		"token type":  func(k *domain.RecordKey) { k.TokenType = "pop" },
		"binding key": func(k *domain.RecordKey) { k.KeyID = "thumbprint" },
		"user flow":   func(k *domain.RecordKey) { k.Policy = "b2c_1_x" },
		"extra":       func(k *domain.RecordKey) { k.Extra = "digest" },
	} {
		for _, size := range []int{1, 20} { // looked up by scan and by index
			set := domain.NewTokenSet(manyTokens(size)...)
			for _, asked := range []string{"a scope0", "scope0"} {
				key := keyOf(asked)
				if got, _ := set.Select(key, noon); got == nil {
					t.Fatalf("%d tokens: none for %q", size, asked)
				}
				change(&key)
				if got, state := set.Select(key, noon); got != nil || state != domain.Absent {
					t.Errorf("%d tokens: another %s gets %v, %s", size, name, got.Key, state)
				}
			}
		}
	}
}

// manyTokens returns n tokens with keys of their own, which end one after the other.
func manyTokens(n int) []domain.Record {
	records := make([]domain.Record, n)
	for i := range records {
		records[i] = accessToken(fmt.Sprint(i), fmt.Sprintf("a scope%d", i), time.Hour+time.Duration(i)*time.Second)
	}
	return records
}

func TestTokenSetZero(t *testing.T) {
	for _, s := range []domain.TokenSet{{}, domain.NewTokenSet(), fullSet().Without(allKeys(fullSet())...)} {
		if !s.IsZero() || s.Len() != 0 || snapshot(s) != nil || s.RefreshTokens() != nil || s.Accounts() != nil || !s.RetainUntil().IsZero() {
			t.Errorf("%v is not empty", s)
		}
		if s != (domain.TokenSet{}) {
			t.Error("an empty set is not the zero value")
		}
	}
	if s := fullSet(); s.IsZero() || s.Len() != 5 {
		t.Errorf("%v is empty", s)
	}
}

func allKeys(s domain.TokenSet) []domain.RecordKey {
	var keys []domain.RecordKey
	for r := range s.Records() {
		keys = append(keys, r.RecordKey())
	}
	return keys
}

func TestNewTokenSetKeepsTheLater(t *testing.T) {
	got := domain.NewTokenSet(
		accessToken("old", "a", time.Hour), refreshToken("old"), idToken("old"), account("old"), appMetadata("1"),
		accessToken("new", "a", time.Minute), refreshToken("new"), idToken("new"), account("new"), appMetadata("2"),
	)
	wantRecords(t, got, accessToken("new", "a", time.Minute), refreshToken("new"), idToken("new"), account("new"), appMetadata("2"))
}

func TestTokenSetPrintsNoToken(t *testing.T) {
	set := domain.NewTokenSet(accessToken(canary, "a", time.Hour), refreshToken(canary), account(canary))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if got := fmt.Sprintf(verb, set); got != "token set of 3 records" {
			t.Errorf("%s: got %q", verb, got)
		}
	}
}
