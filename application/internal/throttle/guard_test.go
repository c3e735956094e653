package throttle_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/application/internal/throttle"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
)

// desk is a guard with everything around it.
type desk struct {
	t       *testing.T
	guard   *throttle.Guard
	clock   *keyporttest.Clock
	cache   ports.HTTPCache
	reports []string
}

func newDesk(t *testing.T, cache ports.HTTPCache) *desk {
	if cache == nil {
		cache = cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{})
	}
	d := &desk{t: t, cache: cache, clock: keyporttest.NewClock(noon)}
	d.guard = throttle.New(cache, d.clock, func(operation string, err error) { d.reports = append(d.reports, operation+": "+err.Error()) })
	return d
}

// request is one of a user's; others of the user have another refusal.
func request(refusal string) throttle.Request {
	return throttle.Request{Operation: "token endpoint", Host: "login.example", Pause: throttle.Key("ada"), Refusal: throttle.Key(refusal)}
}

// send lets a request through that the server answers with an error, nil for none.
func (d *desk) send(r throttle.Request, answer error) {
	d.t.Helper()
	pass, err := d.guard.Enter(d.t.Context(), r)
	if err != nil {
		d.t.Fatalf("not let through: %v", err)
	}
	pass.Done(d.t.Context(), answer)
}

// wait is how long a request is kept back.
func (d *desk) wait(r throttle.Request) time.Duration {
	d.t.Helper()
	_, err := d.guard.Enter(d.t.Context(), r)
	if err == nil {
		return 0
	}
	var throttled *domain.ThrottledError
	if !errors.As(err, &throttled) || !errors.Is(err, domain.ErrThrottled) {
		d.t.Fatalf("got %v, want a ThrottledError", err)
	}
	return throttled.Until.Sub(d.clock.Now())
}

func refused(status int, code string) *domain.OAuthError {
	return &domain.OAuthError{Code: code, StatusCode: status}
}

// TestWhatAnAnswerMeansForTheNextRequest: for the same one, and for others of the user.
func TestWhatAnAnswerMeansForTheNextRequest(t *testing.T) {
	asked := func(status int, code string, d time.Duration) *domain.OAuthError {
		e := refused(status, code)
		e.RetryAfter = d
		return e
	}
	numbered := refused(401, "invalid_client")
	numbered.ErrorCodes = []int{700024}
	for _, tt := range []struct {
		name         string
		answer       error
		same, others time.Duration
	}{
		{"a token", nil, 0, 0},
		{"429", refused(429, "temporarily_unavailable"), time.Minute, time.Minute},
		{"429 without JSON", &domain.ResponseError{Status: 429}, time.Minute, time.Minute},
		{"429 with Retry-After", asked(429, "temporarily_unavailable", 7*time.Second), 7 * time.Second, 7 * time.Second},
		{"429 with a long one", asked(429, "temporarily_unavailable", 24*time.Hour), time.Hour, time.Hour},
		{"503 with Retry-After", &domain.ResponseError{Status: 503, RetryAfter: 90 * time.Second}, 90 * time.Second, 90 * time.Second},
		{"400 with Retry-After", asked(400, "invalid_request", 30*time.Second), 30 * time.Second, 30 * time.Second},
		{"a user is needed, with Retry-After", asked(400, "invalid_grant", 30*time.Second), 2 * time.Minute, 0},
		{"a user is needed, with a long one", asked(400, "invalid_grant", 24*time.Hour), time.Hour, 0},
		{"403 with Retry-After", &domain.ResponseError{Status: 403, RetryAfter: 30 * time.Second}, 30 * time.Second, 30 * time.Second},
		{"the first 503", &domain.ResponseError{Status: 503}, 0, 0},
		{"the first 400 that is a failure of the server", refused(400, "temporarily_unavailable"), 0, 0},
		{"a good answer with Retry-After that cannot be used", &domain.ResponseError{Status: 200, RetryAfter: time.Minute}, 0, 0},
		{"a redirect with Retry-After", &domain.ResponseError{Status: 302, RetryAfter: time.Minute}, 0, 0},
		{"no answer", &domain.TransportError{Operation: "token endpoint", Err: errors.New("connection refused")}, 0, 0},
		{"the caller has gone", context.Canceled, 0, 0},
		{"invalid_grant", refused(400, "invalid_grant"), 2 * time.Minute, 0},
		{"interaction_required", refused(400, "interaction_required"), 2 * time.Minute, 0},
		{"login_required with 401", refused(401, "login_required"), 2 * time.Minute, 0},
		{"consent_required", refused(400, "consent_required"), 2 * time.Minute, 0},
		{"invalid_scope", refused(400, "invalid_scope"), time.Minute, 0},
		{"access_denied", refused(400, "access_denied"), time.Minute, 0},
		{"400 without JSON", &domain.ResponseError{Status: 400}, time.Minute, 0},
		{"invalid_client", refused(401, "invalid_client"), 5 * time.Second, 0},
		{"unauthorized_client", refused(400, "unauthorized_client"), 5 * time.Second, 0},
		{"an assertion outside its time", numbered, 0, 0},
		{"authorization_pending", refused(400, "authorization_pending"), 0, 0},
		{"slow_down", refused(400, "slow_down"), 0, 0},
		{"use_dpop_nonce", refused(400, "use_dpop_nonce"), 0, 0},
		{"invalid_dpop_proof", refused(400, "invalid_dpop_proof"), 0, 0},
		{"403", refused(403, "whatever"), 0, 0},
		{"404 without JSON", &domain.ResponseError{Status: 404}, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDesk(t, nil)
			d.send(request("one"), tt.answer)
			if same, others := d.wait(request("one")), d.wait(request("two")); same != tt.same || others != tt.others {
				t.Errorf("the same request waits %v, others %v; want %v, %v", same, others, tt.same, tt.others)
			}
			longest := max(tt.same, tt.others)
			d.clock.Advance(longest - 1)
			if longest > 0 && d.wait(request("one")) != 1 {
				t.Error("the pause ends early")
			}
			d.clock.Advance(1)
			if d.wait(request("one")) != 0 || d.wait(request("two")) != 0 {
				t.Error("the pause has no end")
			}
			stranger := request("three")
			stranger.Pause = throttle.Key("bob")
			if d.wait(stranger) != 0 {
				t.Error("somebody else waits")
			}
		})
	}
}

func TestPausesGrowWhileAServerFailsAndEndWithItsFirstGoodAnswer(t *testing.T) {
	d := newDesk(t, nil)
	down := &domain.ResponseError{Status: 502}
	for round := range 2 {
		for i, want := range []time.Duration{0, 5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, time.Minute, time.Minute} {
			d.send(request("one"), down)
			if got := d.wait(request("one")); got != want {
				t.Errorf("round %d, after failure %d: wait %v, want %v", round, i+1, got, want)
			}
			d.clock.Advance(want)
		}
		d.send(request("one"), nil)
	}
	d.send(request("one"), down)
	d.clock.Advance(10*time.Minute + 1)
	d.send(request("one"), down)
	if got := d.wait(request("one")); got != 0 {
		t.Errorf("a failure of long ago counts: wait %v", got)
	}
}

func TestAForcedRequestPassesRefusalsAndNotPauses(t *testing.T) {
	d := newDesk(t, nil)
	forced := request("one")
	forced.Forced = true
	d.send(request("one"), refused(400, "invalid_grant"))
	d.send(forced, refused(400, "invalid_grant"))
	if d.wait(request("one")) != 2*time.Minute {
		t.Error("the refusal of a forced request is not remembered")
	}
	d.send(forced, nil)
	if d.wait(request("one")) != 0 {
		t.Error("the refusal stands although the server has said yes since")
	}
	d.send(request("one"), refused(429, "temporarily_unavailable"))
	if d.wait(forced) != time.Minute {
		t.Error("a forced request passes a pause")
	}
}

func TestRefusalsThatAreNotRemembered(t *testing.T) {
	unproven, nameless := request("one"), request("one")
	unproven.Proof = throttle.ProofUnknown
	nameless.Refusal = ""
	d := newDesk(t, nil)
	d.send(unproven, refused(401, "invalid_client"))
	d.send(nameless, refused(400, "invalid_grant"))
	if d.wait(unproven) != 0 || d.wait(nameless) != 0 {
		t.Error("the refusal is remembered")
	}
	d.send(unproven, refused(400, "invalid_grant"))
	if d.wait(unproven) != 2*time.Minute {
		t.Error("a refusal that is not about the credential is forgotten")
	}
}

func TestTheErrorIsThatOfTheAnswer(t *testing.T) {
	const id, trace = "0354d9fb-d107-4c08-87d2-d969daea1f8b", "2CA0F3A0-0000-4000-8000-000000000001"
	d := newDesk(t, nil)
	want := &domain.OAuthError{
		Code: "invalid_grant", SubError: "basic_action", ErrorCodes: []int{50076, 50079}, Claims: `{"access_token":{"polids":{"essential":true}}}`,
		CorrelationID: id, TraceID: trace, StatusCode: 400,
	}
	said := *want
	said.Description, said.URI, said.Operation, said.Timestamp = domain.NewSecret("ada@contoso.example must sign in"), "https://a/?u=ada", "acquire", "2026"
	d.send(request("one"), &said)
	_, err := d.guard.Enter(t.Context(), request("one"))
	var got *domain.OAuthError
	if !errors.As(err, &got) || !errors.Is(err, domain.ErrInteractionRequired) {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b domain.Secret) bool { return a.Equal(b) })); diff != "" {
		t.Errorf("cause (-want +got):\n%s", diff)
	}
	text := "requests are throttled until 2026-11-24T12:02:00Z: the server refused: invalid_grant AADSTS50076 AADSTS50079 (basic_action): " +
		"the user has to pass multi-factor authentication for this resource. Start an interactive sign-in for the same scopes " +
		"(correlation id " + id + ", trace id " + trace + ")"
	if err.Error() != text {
		t.Errorf("got  %s\nwant %s", err, text)
	}

	d.send(request("two"), &domain.ResponseError{
		Operation: "token endpoint", Host: "login.example", Status: 503, Problem: "is not JSON", CorrelationID: id, RetryAfter: time.Minute, Remedy: "look",
	})
	_, err = d.guard.Enter(t.Context(), request("two"))
	var unusable *domain.ResponseError
	if !errors.As(err, &unusable) || !errors.Is(err, domain.ErrUnavailable) {
		t.Fatalf("got %v", err)
	}
	if diff := cmp.Diff(&domain.ResponseError{
		Operation: "token endpoint", Host: "login.example", Status: 503, Problem: "could not be used", CorrelationID: id, RetryAfter: time.Minute,
	}, unusable); diff != "" {
		t.Errorf("cause (-want +got):\n%s", diff)
	}
}

func TestProcessesThatShareACacheShareTheirPauses(t *testing.T) {
	here := newDesk(t, nil)
	there := newDesk(t, here.cache)
	here.send(request("one"), refused(429, "temporarily_unavailable"))
	if got := there.wait(request("two")); got != time.Minute {
		t.Errorf("the other process waits %v", got)
	}
	there.clock.Advance(-30 * time.Second) // its clock is a little slow
	if there.wait(request("two")) == 0 {
		t.Error("a clock half a minute slow ends the pause")
	}
	there.clock.Advance(-time.Hour)
	if there.wait(request("two")) != 0 {
		t.Error("a mark from the future counts: after a clock was set back it would for as long")
	}
}
