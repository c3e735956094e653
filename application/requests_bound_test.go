package application_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/keyporttest"
)

// TestHowManyRequestsOneCallSendsAtMost: a hook that always wants another attempt, a region
// that fails, and clocks that all differ. It is told of each.
func TestHowManyRequestsOneCallSendsAtMost(t *testing.T) {
	certificate := appCertificate()
	synctest.Test(t, func(t *testing.T) {
		var hosts []string
		config := configOf(httpFunc(func(r *http.Request) (*http.Response, error) {
			hosts = append(hosts, r.URL.Host)
			if len(hosts) == 2 {
				return answers(http.StatusServiceUnavailable, troubled)(r)
			}
			resp, err := answers(http.StatusUnauthorized, `{"error":"invalid_client","error_codes":[700024]}`)(r)
			resp.Header.Set("Date", time.Now().Add(time.Duration(len(hosts))*time.Hour).UTC().Format(http.TimeFormat))
			return resp, err
		}))
		config.Credential = application.ClientSigner(certificate.Signer, application.SignerOptions{Certificates: certificate.Chain})
		config.AzureRegion = "westeurope"
		config.Hooks.OnFailure = func(context.Context, application.TokenRequestInfo, error) bool { return true }
		seen := &keyporttest.Observations{}
		config.Ports.Observer = seen
		client, err := application.NewConfidentialClient(config)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.AcquireTokenForClient(t.Context(), ask(graph)); err == nil {
			t.Error("no error")
		}
		want := strings.Repeat(regionHost+" ", 2) + strings.TrimSpace(strings.Repeat(globalHost+" ", 6))
		if got := strings.Join(hosts, " "); got != want {
			t.Errorf("asked\n%s\nwant\n%s", got, want)
		}
		if e := theLast(t, seen.Acquisitions()); fmt.Sprint(e.Attempts, e.Requests) != "8 8" {
			t.Errorf("told of %d token requests and %d of all, want 8", e.Attempts, e.Requests)
		}
	})
}
