package keyport_test

import (
	"errors"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

const outage = 10 * time.Minute

// outages are ways in which a server can be of no use. At one call in each second,
// bound is how many requests may reach it in ten minutes, and interval how long after
// its end the first one may come.
var outages = []struct {
	name     string
	rule     keyporttest.Rule
	bound    int
	interval time.Duration
}{
	{"503", keyporttest.Rule{Status: http.StatusServiceUnavailable}, 15, time.Minute},
	{"500 with JSON", keyporttest.Rule{Status: http.StatusInternalServerError, Body: `{"error":"server_error"}`}, 15, time.Minute},
	{"503 with Retry-After", keyporttest.Rule{Status: http.StatusServiceUnavailable, Header: http.Header{"Retry-After": {"30"}}}, 20, 30 * time.Second},
	{"429", keyporttest.Rule{Status: http.StatusTooManyRequests, Body: `{"error":"temporarily_unavailable"}`}, 10, time.Minute},
	{"429 with Retry-After", keyporttest.Rule{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"120"}}}, 5, 2 * time.Minute},
}

// service is a program that asks for a token in every second.
type service struct {
	t         *testing.T
	authority *keyporttest.Authority
	app       *keyport.ConfidentialClient
	down      atomic.Bool
}

func newService(t *testing.T, rule keyporttest.Rule) *service {
	s := &service{t: t, authority: keyporttest.New(keyporttest.Options{})}
	s.authority.SetTokenLifetime(time.Hour, 45*time.Minute)
	secret := keyporttest.PlantSecret("client secret")
	s.authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{secret}})
	rule.Endpoint = keyporttest.EndpointToken
	rule.Match = func(*http.Request, url.Values) bool { return s.down.Load() }
	s.authority.Script(rule)
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: "my-app", Authority: keyporttest.AuthorityURL, Credential: keyport.ClientSecret(secret),
		Ports: keyport.Ports{HTTPClient: s.authority.Client(), Clock: s.authority.Clock()},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.app = app
	return s
}

// acquire asks once, lets what goes on behind end, and then a second pass.
func (s *service) acquire() (string, error) {
	got, err := s.app.AcquireTokenForClient(s.t.Context(), keyport.ClientCredentialsRequest{Scopes: []string{"https://graph.microsoft.com/.default"}})
	synctest.Wait()
	s.authority.Clock().Advance(time.Second)
	return got.AccessToken.Reveal(), err
}

func (s *service) sent() int { return len(s.authority.Requests(keyporttest.EndpointToken)) }

// tokenStates are what a token is in during an outage that begins when it has that age. It is
// stale after 45 minutes, and tried again 5 to 10 minutes after a failure; after 55
// minutes it is due, and tried again 30 seconds after one.
var tokenStates = []struct {
	name   string
	begins time.Duration
	bound  int // of requests, whatever the server says
}{
	{"fresh", 10 * time.Minute, 0},
	{"becomes stale", 44 * time.Minute, 2},
	{"in its last minutes", 47 * time.Minute, 2 + 5},
}

// TestAServiceWithAValidTokenDoesNotNoticeAnOutage of ten minutes: whether its token
// becomes stale meanwhile, or is in its last minutes. Afterwards it gets a new one
// before the old one ends.
func TestAServiceWithAValidTokenDoesNotNoticeAnOutage(t *testing.T) {
	for _, o := range outages {
		for _, state := range tokenStates {
			t.Run(o.name+"/"+state.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s := newService(t, o.rule)
					first, err := s.acquire()
					if err != nil {
						t.Fatal(err)
					}
					s.authority.Clock().Advance(state.begins)
					before := s.sent()
					s.down.Store(true)
					for range outage / time.Second {
						if got, err := s.acquire(); err != nil || got != first {
							t.Fatalf("the service noticed: %v", err)
						}
					}
					if n := s.sent() - before; n > min(o.bound, state.bound) || (n == 0) != (state.bound == 0) {
						t.Errorf("%d requests during the outage, want %d at most", n, min(o.bound, state.bound))
					}
					s.down.Store(false)
					last := first
					for range time.Hour / time.Second {
						got, err := s.acquire()
						if err != nil {
							t.Fatalf("the service noticed after the outage: %v", err)
						}
						last = got
					}
					if last == first {
						t.Error("the token was not renewed")
					}
				})
			})
		}
	}
}

// TestAServiceWithoutATokenWaitsWithItsServer: it hears what is wrong and until when,
// the server has its peace, and one interval after the outage all is well.
func TestAServiceWithoutATokenWaitsWithItsServer(t *testing.T) {
	for _, o := range outages {
		t.Run(o.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newService(t, o.rule)
				s.down.Store(true)
				throttled := 0
				for range outage / time.Second {
					_, err := s.acquire()
					var kept *keyport.ThrottledError
					switch {
					case errors.As(err, &kept):
						throttled++
						if left := kept.Until.Sub(s.authority.Clock().Now()); left < -time.Second || left > o.interval {
							t.Fatalf("until %v from now", left)
						}
					case !errors.Is(err, keyport.ErrUnavailable) && !errors.Is(err, keyport.ErrThrottled):
						t.Fatalf("got %v", err)
					}
				}
				if n := s.sent(); n > o.bound || n < 5 || n+throttled != int(outage/time.Second) {
					t.Errorf("%d requests and %d kept back, want %d at most", n, throttled, o.bound)
				}
				s.down.Store(false)
				for waited := time.Duration(0); ; waited += time.Second {
					if waited > o.interval {
						t.Fatalf("not well %v after the outage", waited)
					}
					if _, err := s.acquire(); err == nil {
						break
					}
				}
			})
		})
	}
}
