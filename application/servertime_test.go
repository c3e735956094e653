package application_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

// appCertificate is one for all tests: making an RSA key takes its time.
var appCertificate = sync.OnceValue(func() keyporttest.Certificate { return keyporttest.NewCertificate("my-app") })

// astray is a client with a certificate whose machine's clock is off by some time.
type astray struct {
	inRegion
	clock *keyporttest.Clock // of the machine
}

func newAstray(t *testing.T, off time.Duration, change func(*application.ConfidentialClientConfig, *keyporttest.Authority)) astray {
	t.Helper()
	var clock *keyporttest.Clock
	r := newInRegion(t, func(c *application.ConfidentialClientConfig, a *keyporttest.Authority) {
		certificate := appCertificate()
		a.AddApp(keyporttest.App{ClientID: "my-app", Certificates: certificate.Chain[:1]})
		clock = keyporttest.NewClock(a.Clock().Now().Add(off))
		c.Credential = application.ClientSigner(certificate.Signer, application.SignerOptions{Certificates: certificate.Chain})
		c.AzureRegion, c.Ports.Clock = "", clock
		if change != nil {
			change(c, a)
		}
	})
	return astray{r, clock}
}

// advance lets time pass for everybody.
func (s astray) advance(d time.Duration) {
	s.clock.Advance(d)
	s.Clock().Advance(d)
}

// signedAt is how far the last assertion's times are from the server's clock.
func (s astray) signedAt(t *testing.T) (iat, nbf, exp time.Duration) {
	t.Helper()
	sent := s.Requests(keyporttest.EndpointToken)
	_, claims := sent[len(sent)-1].Assertion()
	from := func(name string) time.Duration {
		seconds, ok := claims[name].(float64)
		if !ok {
			t.Fatalf("the assertion has no %s", name)
		}
		return time.Unix(int64(seconds), 0).Sub(s.Clock().Now())
	}
	return from("iat"), from("nbf"), from("exp")
}

// TestAClockThatIsWrongCostsOneRequestOnce: the refusal tells the time.
func TestAClockThatIsWrongCostsOneRequestOnce(t *testing.T) {
	for _, off := range []time.Duration{-14 * time.Hour, -time.Hour, -16 * time.Minute, 6 * time.Minute, time.Hour, 14 * time.Hour} {
		t.Run(fmt.Sprint(off), func(t *testing.T) {
			s := newAstray(t, off, nil)
			got := s.token(1)
			sent := s.Requests(keyporttest.EndpointToken)
			if len(sent) != 2 {
				t.Fatalf("%d requests, want two", len(sent))
			}
			if a, b := sent[0].Header.Get("client-request-id"), sent[1].Header.Get("client-request-id"); a != b || a != got.Metadata.CorrelationID {
				t.Errorf("the correlation ids are %s and %s, and %s in the result", a, b, got.Metadata.CorrelationID)
			}
			if iat, nbf, exp := s.signedAt(t); iat != 0 || nbf != 0 || exp != 10*time.Minute {
				t.Errorf("by the server's clock the assertion has iat %v, nbf %v, exp %v", iat, nbf, exp)
			}
			if life := got.ExpiresOn.Sub(s.clock.Now()); life != 3599*time.Second {
				t.Errorf("by the machine's clock the token lives %v, want what the server said", life)
			}
			s.token(2)
			s.advance(30 * time.Minute) // the assertion has ended
			s.token(3)
			if n := len(s.Requests(keyporttest.EndpointToken)); n != 4 {
				t.Errorf("%d requests, want 4: what was learned is kept", n)
			}
		})
	}
}

// The region's host tells the time and fails then: the global one gets the new proof.
func TestAWrongClockAndARegionThatFails(t *testing.T) {
	s := newAstray(t, time.Hour, func(c *application.ConfidentialClientConfig, a *keyporttest.Authority) {
		c.AzureRegion = "westeurope"
		asked := 0
		a.Script(keyporttest.Rule{Host: regionHost, Status: 503, Match: func(*http.Request, url.Values) bool {
			asked++
			return asked > 1
		}})
	})
	s.token(1)
	if got := s.hosts(); got != regionHost+" "+regionHost+" "+globalHost {
		t.Errorf("asked %s", got)
	}
}

func TestASmallSkewIsLearnedFromAnyAnswer(t *testing.T) {
	for _, row := range []struct{ off, want time.Duration }{
		{20 * time.Second, 20 * time.Second}, // no skew: it could be the network
		{2 * time.Minute, 0},
		{-2 * time.Minute, 0},
	} {
		t.Run(fmt.Sprint(row.off), func(t *testing.T) {
			s := newAstray(t, row.off, nil)
			_, _ = s.client.AcquireTokenForClient(t.Context(), application.ClientCredentialsRequest{Scopes: []string{"api://unknown/.default"}})
			s.advance(9 * time.Minute) // a new assertion is due
			s.token(1)
			if iat, _, _ := s.signedAt(t); iat != row.want {
				t.Errorf("signed at %v by the server's clock, want %v", iat, row.want)
			}
			if n := len(s.Requests(keyporttest.EndpointToken)); n != 2 {
				t.Errorf("%d requests, want two", n)
			}
		})
	}
}

func TestAClockThatIsSetRightIsBelievedAgain(t *testing.T) {
	s := newAstray(t, -time.Hour, nil)
	s.token(1)
	s.clock.Advance(time.Hour) // somebody sets the machine's clock
	s.token(2)                 // signed for an hour later, or with the assertion there is
	s.token(3)
	if iat, _, _ := s.signedAt(t); iat != 0 {
		t.Errorf("signed at %v by the server's clock", iat)
	}
}

// TestWhatIsNotSentAgain: refusals that another time would not change.
func TestWhatIsNotSentAgain(t *testing.T) {
	const mistimed = `{"error":"invalid_client","error_codes":[700024]}`
	date := func(off time.Duration) http.Header {
		return http.Header{"Date": {time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC).Add(off).Format(http.TimeFormat)}}
	}
	for _, row := range []struct {
		name     string
		change   func(*application.ConfidentialClientConfig, *keyporttest.Authority)
		answer   keyporttest.Rule
		requests int
	}{
		{"an hour off", nil, keyporttest.Rule{Body: mistimed, Header: date(time.Hour)}, 2},
		{"no skew", nil, keyporttest.Rule{Body: mistimed, Header: date(0)}, 1},
		{"no time in the answer", nil, keyporttest.Rule{Body: mistimed, Header: http.Header{"Date": {"noon"}}}, 1},
		{"ten years ahead", nil, keyporttest.Rule{Body: mistimed, Header: date(87600 * time.Hour)}, 1},
		{"ten years behind", nil, keyporttest.Rule{Body: mistimed, Header: date(-87600 * time.Hour)}, 1},
		{"a wrong certificate", nil, keyporttest.Rule{Body: `{"error":"invalid_client","error_codes":[700027]}`, Header: date(time.Hour)}, 1},
		{"another error", nil, keyporttest.Rule{Body: `{"error":"invalid_scope"}`, Header: date(time.Hour)}, 1},
		{"a server without numbers", nil, keyporttest.Rule{Body: `{"error":"invalid_client"}`, Header: date(time.Hour)}, 2},
		{"a secret", func(c *application.ConfidentialClientConfig, _ *keyporttest.Authority) {
			c.Credential = application.ClientSecret("my-secret")
		}, keyporttest.Rule{Body: `{"error":"invalid_client"}`, Header: date(time.Hour)}, 1},
		{"somebody else's assertion", func(c *application.ConfidentialClientConfig, _ *keyporttest.Authority) {
			c.Credential = application.ClientAssertionFunc(func(context.Context, application.AssertionRequest) (string, error) { return "e30.e30.e30", nil })
		}, keyporttest.Rule{Body: mistimed, Header: date(time.Hour)}, 1},
		{"a provider of credentials", func(c *application.ConfidentialClientConfig, _ *keyporttest.Authority) {
			signer := c.Credential
			c.Credential = application.CredentialFunc(func(context.Context, application.CredentialRequest) (application.Credential, error) {
				return signer, nil
			})
		}, keyporttest.Rule{Body: mistimed, Header: date(time.Hour)}, 2},
		{"a secret that signs", func(c *application.ConfidentialClientConfig, _ *keyporttest.Authority) {
			c.Authority, c.OIDCAuthority = "", keyporttest.OIDCIssuer
			c.Credential, c.ClientAuthMethod = application.ClientSecret("a-secret-of-at-least-32-bytes-here"), application.ClientSecretJWT
		}, keyporttest.Rule{Body: `{"error":"invalid_client"}`, Header: date(time.Hour)}, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newAstray(t, 0, row.change)
			row.answer.Endpoint, row.answer.Status = keyporttest.EndpointToken, http.StatusUnauthorized
			s.Script(row.answer)
			_, err := s.tryToken(1)
			var refused *domain.OAuthError
			if !errors.As(err, &refused) {
				t.Fatalf("got %v", err)
			}
			if n := len(s.Requests(keyporttest.EndpointToken)); n != row.requests {
				t.Errorf("%d requests, want %d", n, row.requests)
			}
		})
	}
}

func TestAnOpenIDProviderIsToldTheTimeByItsOwnClock(t *testing.T) {
	s := newAstray(t, time.Hour, func(c *application.ConfidentialClientConfig, a *keyporttest.Authority) {
		secret := "a-secret-of-at-least-32-bytes-here"
		a.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{secret}})
		c.Authority, c.OIDCAuthority = "", keyporttest.OIDCIssuer
		c.Credential, c.ClientAuthMethod = application.ClientSecret(secret), application.ClientSecretJWT
	})
	s.token(1)
	s.token(2)
	if n := len(s.Requests(keyporttest.EndpointToken)); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
	if iat, _, _ := s.signedAt(t); iat != 0 {
		t.Errorf("signed at %v by the server's clock", iat)
	}
}

// A token that has ended by the machine's clock is not served because a server's clock
// is behind, and one that has not is.
func TestTheServersClockDoesNotChangeTheLifeOfTokens(t *testing.T) {
	for _, off := range []time.Duration{-time.Hour, time.Hour} {
		s := newAstray(t, off, nil)
		s.token(1)
		s.clock.Advance(50 * time.Minute)
		if got := s.token(1); got.Metadata.Source != domain.SourceCache {
			t.Errorf("%v: after 50 minutes the token is gone", off)
		}
		s.clock.Advance(10 * time.Minute)
		if got := s.token(1); got.Metadata.Source != domain.SourceIdentityProvider {
			t.Errorf("%v: after an hour the old token is served", off)
		}
	}
}

// TestIDsForSupport: the client's and the server's name of the request are on results
// and on errors of every type.
func TestIDsForSupport(t *testing.T) {
	const trace = "8f5e1f3a-0000-4d2b-9a7e-000000000001"
	named := http.Header{"X-Ms-Request-Id": {trace}}
	for _, row := range []struct {
		name   string
		answer keyporttest.Rule
		trace  string
	}{
		{"a token", keyporttest.Rule{Header: named}, trace},
		{"a refusal", keyporttest.Rule{Status: 400, Body: `{"error":"invalid_scope"}`, Header: named}, trace},
		{"a refusal with an id of its own", keyporttest.Rule{Status: 400, Body: `{"error":"invalid_scope","trace_id":"of the body"}`, Header: named}, "of the body"},
		{"a page", keyporttest.Rule{Status: 502, Body: "<html>", Header: named}, trace},
		{"an id that would break a log", keyporttest.Rule{Status: 502, Header: http.Header{"X-Ms-Request-Id": {"a\tb"}}}, "a?b"},
		{"too large", keyporttest.Rule{Status: 200, Body: string(make([]byte, 2<<20))}, ""},
		{"no answer", keyporttest.Rule{Err: errors.New("reset")}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newInRegion(t, func(c *application.ConfidentialClientConfig, _ *keyporttest.Authority) { c.AzureRegion = "" })
			r.Script(row.answer)
			got, err := r.tryToken(1)
			sent := r.Requests()[0].Header.Get("client-request-id")
			var refused *domain.OAuthError
			var unusable *domain.ResponseError
			var unanswered *domain.TransportError
			var id, trace string
			switch {
			case err == nil:
				id, trace = got.Metadata.CorrelationID, got.Metadata.TraceID
			case errors.As(err, &refused):
				id, trace = refused.CorrelationID, refused.TraceID
			case errors.As(err, &unusable):
				id, trace = unusable.CorrelationID, unusable.TraceID
			case errors.As(err, &unanswered):
				id = unanswered.CorrelationID
			default:
				t.Fatalf("got %v", err)
			}
			if id != sent || sent == "" || trace != row.trace {
				t.Errorf("ids %q and %q, want %q and %q", id, trace, sent, row.trace)
			}
		})
	}
}
