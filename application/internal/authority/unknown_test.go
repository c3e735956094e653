package authority_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/application/internal/authority"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

func TestAnUnknownAuthorityIsNotAskedAboutForFiveMinutes(t *testing.T) {
	for _, row := range []struct {
		name string
		rule keyporttest.Rule
		kept bool
	}{
		{"404", keyporttest.Rule{Status: 404}, true},
		{"400, as Entra ID says it", keyporttest.Rule{Status: 400, Body: `{"error":"invalid_tenant"}`}, true},
		{"410", keyporttest.Rule{Status: 410}, true},
		{"403 of a firewall", keyporttest.Rule{Status: 403}, false},
		{"408", keyporttest.Rule{Status: 408}, false},
		{"421 of a gateway", keyporttest.Rule{Status: 421}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			cache := newSpy()
			s := newSetupWith(authority.Options{}, cache, nil)
			row.rule.Endpoint, row.rule.Times = metadata, 1
			s.server.Script(row.rule)
			a := parseOIDC(t, keyporttest.OIDCIssuer)
			first := mustFail[*domain.ConfigError](t, s, a)
			if !row.kept {
				s.mustResolve(t, a)
				s.checkAsked(t, metadata, metadata)
				return
			}
			s.clock.Advance(5*time.Minute - 1)
			if diff := cmp.Diff(first, mustFail[*domain.ConfigError](t, s, a)); diff != "" {
				t.Errorf("the error from the cache (-want +got):\n%s", diff)
			}
			s.mustResolve(t, parseOIDC(t, keyporttest.OIDCIssuerPath)) // others are
			s.clock.Advance(1)
			s.mustResolve(t, a)
			s.checkAsked(t, metadata, metadata, metadata)
		})
	}
}

func TestAHostIsVouchedForByTheConfigurationWhateverWasSaidOfIt(t *testing.T) {
	cache := newSpy()
	a := parse(t, entraOnItsOwnHost)
	mustFail[*domain.ConfigError](t, newSetupWith(authority.Options{}, cache, nil), a)
	s := newSetupWith(authority.Options{Trusted: []string{"login.contoso.example"}}, cache, nil)
	s.mustResolve(t, a)
}

func TestAServerThatWantsAPauseIsNotAskedForItsDocument(t *testing.T) {
	s := newSetup(authority.Options{})
	s.server.Script(keyporttest.Rule{Endpoint: metadata, Times: 1, Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"90"}}})
	a := parseOIDC(t, keyporttest.OIDCIssuer)
	if bad := mustFail[*domain.ResponseError](t, s, a); bad.RetryAfter != 90*time.Second {
		t.Errorf("the server asks to wait %v", bad.RetryAfter)
	}
	s.clock.Advance(90*time.Second - 1)
	throttled := mustFail[*domain.ThrottledError](t, s, a)
	if !throttled.Until.Equal(s.clock.Now().Add(1)) {
		t.Errorf("throttled until %v at %v", throttled.Until, s.clock.Now())
	}
	s.clock.Advance(1)
	s.mustResolve(t, a)
	s.checkAsked(t, metadata, metadata)
}

func TestDuringAPauseTheOldDocumentServes(t *testing.T) {
	s := newSetup(authority.Options{})
	a := parseOIDC(t, keyporttest.OIDCIssuer)
	s.mustResolve(t, a)
	s.clock.Advance(25 * time.Hour)
	s.server.Script(keyporttest.Rule{Endpoint: metadata, Status: http.StatusTooManyRequests})
	for range 5 {
		s.mustResolve(t, a)
	}
	s.checkAsked(t, metadata, metadata)
}

func TestTheServerMayShortenTheLifeOfItsDocument(t *testing.T) {
	s := newSetup(authority.Options{})
	s.server.Script(keyporttest.Rule{Endpoint: metadata, Header: http.Header{"Cache-Control": {"max-age=3600"}}})
	a := parseOIDC(t, keyporttest.OIDCIssuer)
	s.mustResolve(t, a)
	s.clock.Advance(time.Hour - 1)
	s.mustResolve(t, a)
	s.clock.Advance(1)
	s.mustResolve(t, a)
	s.checkAsked(t, metadata, metadata)
}

// TestNothingLivesOnWhenAClockWasWrong: what was stored in a year that has not come
// yet is asked for again, and still serves while the server fails.
func TestNothingLivesOnWhenAClockWasWrong(t *testing.T) {
	cache := newSpy()
	ahead := newSetupWith(authority.Options{}, cache, nil)
	ahead.clock.Advance(365 * 24 * time.Hour)
	a := parseOIDC(t, keyporttest.OIDCIssuer)
	ahead.mustResolve(t, a)

	s := newSetupWith(authority.Options{}, cache, nil)
	s.server.Script(keyporttest.Rule{Endpoint: metadata, Status: http.StatusServiceUnavailable, Times: 1})
	s.mustResolve(t, a)
	s.mustResolve(t, a)
	s.mustResolve(t, a)
	s.checkAsked(t, metadata, metadata)
}
