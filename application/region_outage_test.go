package application_test

import (
	"context"
	"crypto"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// down has the region's host fail, from now on.
func (r inRegion) down(how keyporttest.Rule) {
	how.Host = regionHost
	r.Script(how)
}

// TestARegionThatFailsCostsOneRequest is the table of what counts as a failure of the
// region, and what is an answer.
func TestARegionThatFailsCostsOneRequest(t *testing.T) {
	for _, row := range []struct {
		name  string
		how   keyporttest.Rule
		falls bool
	}{
		{"no connection", keyporttest.Rule{Err: errors.New("connection refused")}, true},
		{"no such name", keyporttest.Rule{Err: errors.New("no such host")}, true},
		{"500, a page", keyporttest.Rule{Status: 500, Body: "<html>"}, true},
		{"502, empty", keyporttest.Rule{Status: 502}, true},
		{"503, an error", keyporttest.Rule{Status: 503, Body: `{"error":"temporarily_unavailable"}`}, true},
		{"504, an error", keyporttest.Rule{Status: 504, Body: `{"error":"server_error"}`}, true},
		{"a torn answer", keyporttest.Rule{Status: 200, Body: `{"access_token":"`, Length: 100}, true},
		{"429: the other host must not bear it", keyporttest.Rule{Status: 429, Body: `{"error":"too_many_requests"}`}, false},
		{"400: a refusal", keyporttest.Rule{Status: 400, Body: `{"error":"invalid_scope"}`}, false},
		{"401: a refusal", keyporttest.Rule{Status: 401, Body: `{"error":"invalid_client"}`}, false},
		{"200 without a token", keyporttest.Rule{Status: 200, Body: `{}`}, false},
		{"a redirect", keyporttest.Rule{Status: 307, Body: "x", Header: http.Header{"Location": {"https://" + globalHost + "/"}}}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newInRegion(t, nil)
			r.down(row.how)
			got, err := r.tryToken(1)
			if !row.falls {
				if err == nil || r.hosts() != regionHost {
					t.Errorf("got %v", err)
				}
				_, _ = r.tryToken(2)
				if r.hosts() != regionHost {
					t.Error("an answer of the region counts as its failure")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			d := got.Metadata.Region
			if d.Region != "westeurope" || d.Source != domain.RegionFromConfig || d.Outcome != domain.RegionFellBack || !errors.Is(d.Err, domain.ErrUnavailable) {
				t.Errorf("region %+v", d)
			}
			if want := "https://" + globalHost + "/" + keyporttest.TenantDomain + "/oauth2/v2.0/token"; got.Metadata.TokenEndpoint != want {
				t.Errorf("token endpoint %s, want %s", got.Metadata.TokenEndpoint, want)
			}
			sent := r.Requests()
			if r.hosts() != regionHost+" "+globalHost {
				t.Errorf("asked %v", sent)
			}
			ids, told := sent[1].Header.Get("client-request-id"), sent[1].Header.Get("x-client-current-telemetry")
			if ids != sent[0].Header.Get("client-request-id") || told != "5|730,2,,,5|" {
				t.Errorf("the second request has id %s and telemetry %q", ids, told)
			}
			if d := r.token(2).Metadata.Region; d.Outcome != domain.RegionFellBack || !errors.Is(d.Err, domain.ErrUnavailable) || r.hosts() != globalHost {
				t.Errorf("the failure is not remembered: %+v", d)
			}
		})
	}
}

func TestAFailedRegionIsLeftAloneForFiveMinutes(t *testing.T) {
	r := newInRegion(t, nil)
	r.down(keyporttest.Rule{Status: 503, Times: 2})
	r.token(1)
	r.hosts()
	r.Clock().Advance(5*time.Minute - time.Second)
	if r.token(2); r.hosts() != globalHost {
		t.Error("asked within five minutes")
	}
	r.Clock().Advance(time.Second)
	if r.token(3); r.hosts() != regionHost+" "+globalHost {
		t.Error("not asked after five minutes")
	}
	if r.token(4); r.hosts() != globalHost {
		t.Error("the second failure is not remembered")
	}
	r.Clock().Advance(5 * time.Minute)
	if got := r.token(5); got.Metadata.Region.Outcome != domain.RegionUsed || got.Metadata.Region.Err != nil || r.hosts() != regionHost {
		t.Errorf("the region is well again, and %+v", got.Metadata.Region)
	}
	if r.token(6); r.hosts() != regionHost {
		t.Error("that it is well is not remembered")
	}
}

func TestOneCallerTriesARegionThatFailed(t *testing.T) {
	r := newInRegion(t, nil)
	r.down(keyporttest.Rule{Status: 503, Times: 1})
	r.token(1)
	r.Clock().Advance(5 * time.Minute)
	r.hosts()
	hold := r.holdRegion()
	tried := make(chan domain.Result)
	go func() {
		got, _ := r.tryToken(2)
		tried <- got
	}()
	<-hold.arrived
	if r.token(3); r.hosts() != regionHost+" "+globalHost {
		t.Error("a second caller waited for the region too")
	}
	close(hold.release)
	if got := <-tried; got.Metadata.Region.Outcome != domain.RegionUsed {
		t.Errorf("who tried got %+v", got.Metadata.Region)
	}
	if r.token(4); r.hosts() != regionHost {
		t.Error("that the region is well again is not for all")
	}
}

// regionHold keeps the next request to the region waiting.
type regionHold struct{ arrived, release chan struct{} }

func (r inRegion) holdRegion() regionHold {
	h := regionHold{make(chan struct{}), make(chan struct{})}
	var once atomic.Bool
	r.Script(keyporttest.Rule{Host: regionHost, Match: func(*http.Request, url.Values) bool {
		if once.CompareAndSwap(false, true) {
			close(h.arrived)
			<-h.release
		}
		return false
	}})
	return h
}

// hanging never answers a host, and hands on all other requests.
type hanging struct {
	host string
	next *http.Client
}

func (h hanging) Do(r *http.Request) (*http.Response, error) {
	if r.URL.Host == h.host {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	return h.next.Do(r)
}

func TestARegionThatHangsLeavesTimeForTheGlobalHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newInRegion(t, func(c *application.ConfidentialClientConfig, a *keyporttest.Authority) {
			c.Ports.HTTPClient = hanging{regionHost, a.Client()}
		})
		began := time.Now() // in the bubble
		if got := r.token(1).Metadata.Region; got.Outcome != domain.RegionFellBack {
			t.Errorf("got %+v", got)
		}
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("took %v, want a third of the time that there is", took)
		}
	})
}

func TestACallerWhoGivesUpSaysNothingOfTheRegion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hanging{host: regionHost}
		r := newInRegion(t, func(c *application.ConfidentialClientConfig, a *keyporttest.Authority) {
			h.next, c.Ports.HTTPClient = a.Client(), h
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := r.client.AcquireTokenForClient(ctx, application.ClientCredentialsRequest{Scopes: []string{graph}})
		if !errors.Is(err, context.DeadlineExceeded) || r.hosts() != "" {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		h.host = ""
		if r.token(1); r.hosts() != regionHost {
			t.Error("the region counts as failed")
		}
	})
}

// The time of the whole acquisition is up, most of which went elsewhere.
func TestARequestThatIsHeldBackSaysNothingOfTheRegion(t *testing.T) {
	r := newInRegion(t, nil)
	throttled := keyporttest.Rule{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"1200"}}}
	throttled.Match = func(q *http.Request, form url.Values) bool {
		return q.URL.Host == regionHost && strings.Contains(form.Get("scope"), "resource-1")
	}
	r.Script(throttled)
	if _, err := r.tryToken(1); !errors.Is(err, domain.ErrThrottled) {
		t.Fatalf("the first request: %v", err)
	}
	r.down(keyporttest.Rule{Status: http.StatusServiceUnavailable})
	r.token(2)
	r.Clock().Advance(6 * time.Minute)
	if _, err := r.tryToken(1); !errors.Is(err, domain.ErrThrottled) { // it is the one that would find out
		t.Fatalf("the request that is held back: %v", err)
	}
	r.hosts()
	if r.token(3); r.hosts() != globalHost {
		t.Error("the region that failed is asked as if it had answered")
	}
}

func TestTimeThatIsUpSaysNothingOfTheRegion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, vault := &hanging{host: regionHost}, 25*time.Second
		r := newInRegion(t, func(c *application.ConfidentialClientConfig, a *keyporttest.Authority) {
			h.next, c.Ports.HTTPClient = a.Client(), h
			c.Credential = application.CredentialFunc(func(context.Context, application.CredentialRequest) (application.Credential, error) {
				time.Sleep(vault)
				return application.ClientSecret("my-secret"), nil
			})
		})
		if _, err := r.tryToken(1); !errors.Is(err, domain.ErrUnavailable) || r.hosts() != "" {
			t.Errorf("got %v", err)
		}
		h.host, vault = "", 0
		if r.token(2); r.hosts() != regionHost {
			t.Error("the region counts as failed")
		}
	})
}

func TestWhenBothHostsFailTheGlobalOnesErrorIsTold(t *testing.T) {
	r := newInRegion(t, nil)
	r.down(keyporttest.Rule{Status: 503})
	r.Script(keyporttest.Rule{Host: globalHost, Err: errors.New("connection refused")})
	_, err := r.tryToken(1)
	var unanswered *domain.TransportError
	if !errors.As(err, &unanswered) || unanswered.Host != globalHost || unanswered.CorrelationID == "" || !strings.Contains(err.Error(), unanswered.CorrelationID) {
		t.Errorf("got %v", err)
	}
}

// What a callback fails with is no failure of the region, even when it reads like one.
func TestACredentialThatFailsIsNotTheRegionsFailure(t *testing.T) {
	asked := 0
	r := newInRegion(t, func(c *application.ConfidentialClientConfig, _ *keyporttest.Authority) {
		c.Credential = application.ClientAssertionFunc(func(context.Context, application.AssertionRequest) (string, error) {
			asked++
			return "", &domain.TransportError{Operation: "token endpoint", Host: regionHost, Err: errors.New("the vault is down")}
		})
	})
	for range 2 {
		if _, err := r.tryToken(1); err == nil {
			t.Fatal("no error")
		}
	}
	if asked != 2 || r.hosts() != "" {
		t.Errorf("asked %d times", asked)
	}
}

func TestBothHostsTakeOneAssertion(t *testing.T) {
	certificate := appCertificate()
	signer := &countingSigner{Signer: certificate.Signer}
	r := newInRegion(t, func(c *application.ConfidentialClientConfig, a *keyporttest.Authority) {
		a.AddApp(keyporttest.App{ClientID: "my-app", Certificates: certificate.Chain[:1]})
		c.Credential = application.ClientSigner(signer, application.SignerOptions{Certificates: certificate.Chain})
	})
	r.down(keyporttest.Rule{Status: 503, Times: 1})
	r.token(1)
	r.Clock().Advance(5 * time.Minute)
	r.token(2)
	if got := r.hosts(); got != regionHost+" "+globalHost+" "+regionHost || signer.signed != 1 {
		t.Errorf("asked %s with %d signatures, want one", got, signer.signed)
	}
}

type countingSigner struct {
	crypto.Signer
	signed int
}

func (s *countingSigner) Sign(rand io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	s.signed++
	return s.Signer.Sign(rand, digest, o)
}

func TestTheOperatorIsToldOfARegionThatFails(t *testing.T) {
	var log strings.Builder
	r := newInRegion(t, func(c *application.ConfidentialClientConfig, _ *keyporttest.Authority) {
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	r.down(keyporttest.Rule{Status: 503})
	r.token(1)
	if !strings.Contains(log.String(), regionHost) || !strings.Contains(log.String(), "the global one is asked") {
		t.Errorf("log: %s", log.String())
	}
}
