package application_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
)

// slowOnce is an HTTP cache whose first answer takes its time.
type slowOnce struct {
	ports.HTTPCache
	asked atomic.Int64
}

func (s *slowOnce) Get(ctx context.Context, key string) ([]byte, time.Time, error) {
	if s.asked.Add(1) == 1 {
		time.Sleep(time.Second)
	}
	return s.HTTPCache.Get(ctx, key)
}

// late is a clock that is an hour slow.
type late struct{ bubbleClock }

func (late) Now() time.Time { return time.Now().Add(-time.Hour) }

// TestAProofThatWasSignedBeforeTheTimeWasLearnedIsMadeAnew: another request had the answer
// that told the time while this one was between its signature and its sending.
func TestAProofThatWasSignedBeforeTheTimeWasLearnedIsMadeAnew(t *testing.T) {
	certificate := appCertificate()
	synctest.Test(t, func(t *testing.T) {
		config := configOf(httpFunc(func(r *http.Request) (*http.Response, error) {
			if err := r.ParseForm(); err != nil {
				return nil, err
			}
			status, body := http.StatusOK, granted
			if signed := issuedAt(t, r.PostForm.Get("client_assertion")); time.Since(signed).Abs() > 5*time.Minute {
				status, body = http.StatusUnauthorized, `{"error":"invalid_client","error_codes":[700024]}`
			}
			resp, err := answers(status, body)(r)
			resp.Header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
			return resp, err
		}))
		config.Credential = application.ClientSigner(certificate.Signer, application.SignerOptions{Certificates: certificate.Chain})
		config.Ports.Clock = late{}
		config.Ports.HTTPCache = &slowOnce{HTTPCache: config.Ports.HTTPCache}
		seen := &keyporttest.Observations{}
		config.Ports.Observer = seen
		client, err := application.NewConfidentialClient(config)
		if err != nil {
			t.Fatal(err)
		}
		slow := make(chan error)
		go func() {
			_, err := client.AcquireTokenForClient(t.Context(), ask(graph))
			slow <- err
		}()
		synctest.Wait()
		if _, err := client.AcquireTokenForClient(t.Context(), ask("api://another/.default")); err != nil {
			t.Error(err)
		}
		if err := <-slow; err != nil {
			t.Errorf("the one that was slow: %v", err)
		}
		for _, e := range seen.Acquisitions() {
			if e.Attempts != 2 {
				t.Errorf("%d token requests, want two of each", e.Attempts)
			}
		}
	})
}

// issuedAt is what an assertion says of when it was signed.
func issuedAt(t *testing.T, assertion string) time.Time {
	t.Helper()
	var claims struct{ Iat int64 }
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(assertion, ".")[1])
	if err == nil {
		err = json.Unmarshal(payload, &claims)
	}
	if err != nil {
		t.Error(err)
	}
	return time.Unix(claims.Iat, 0)
}
