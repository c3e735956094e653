package application_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
)

// mute is an HTTP cache whose server does not answer.
type mute struct{}

func (mute) Get(ctx context.Context, _ string) ([]byte, time.Time, error) {
	<-ctx.Done()
	return nil, time.Time{}, ctx.Err()
}

func (mute) Set(ctx context.Context, _ string, _ []byte, _ time.Time) error {
	<-ctx.Done()
	return ctx.Err()
}

func (mute) Delete(ctx context.Context, _ string) error {
	<-ctx.Done()
	return ctx.Err()
}

// TestAnHTTPCacheThatHangsCostsNoToken: it is there to spare requests.
func TestAnHTTPCacheThatHangsCostsNoToken(t *testing.T) {
	const issuer = "https://id.example"
	for _, row := range []struct {
		name   string
		change func(*application.ConfidentialClientConfig)
		region domain.RegionOutcome
	}{
		{"metadata and marks", func(c *application.ConfidentialClientConfig) { c.Authority, c.OIDCAuthority = "", issuer }, 0},
		{"in little time", func(c *application.ConfidentialClientConfig) { c.Timeout = 3 * time.Second }, 0},
		{"in little time for a region", func(c *application.ConfidentialClientConfig) {
			c.Timeout, c.AzureRegion = 5*time.Second, "westeurope"
		}, domain.RegionUsed},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				config := configOf(httpFunc(func(r *http.Request) (*http.Response, error) {
					if err := r.Context().Err(); err != nil {
						return nil, err
					}
					if r.Method == http.MethodGet {
						return answers(http.StatusOK, `{"issuer":"`+issuer+`","authorization_endpoint":"`+issuer+`/a","token_endpoint":"`+issuer+`/t","jwks_uri":"`+issuer+`/k"}`)(r)
					}
					return answers(http.StatusOK, granted)(r)
				}))
				config.Ports.HTTPCache = mute{}
				row.change(&config)
				client, err := application.NewConfidentialClient(config)
				if err != nil {
					t.Fatal(err)
				}
				got, err := client.AcquireTokenForClient(t.Context(), ask(graph))
				if err != nil || got.Metadata.Region.Outcome != row.region {
					t.Errorf("region %v, %v", got.Metadata.Region.Outcome, err)
				}
			})
		})
	}
}
