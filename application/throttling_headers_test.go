package application_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
)

// TestARequestWithAnotherHeaderIsAnotherRequest: what a server refused with one, it may
// take with another. Of hooks, CacheKey says what makes a difference: a trace id does not.
func TestARequestWithAnotherHeaderIsAnotherRequest(t *testing.T) {
	header := func(value string) []domain.Parameter { return []domain.Parameter{{Name: "x-policy", Value: value}} }
	policy := func(ctx context.Context) string { p, _ := ctx.Value(traceKey{}).(string); return p }
	for _, row := range []struct {
		name  string
		hooks application.Hooks
		sent  int
	}{
		{"of the caller", application.Hooks{}, 2},
		{"of a hook with a key", application.Hooks{
			CacheKey: policy,
			BeforeRequest: func(ctx context.Context, _ application.TokenRequestInfo) (domain.Parameters, error) {
				return domain.Parameters{Header: header(policy(ctx))}, nil
			},
		}, 2},
		{"of a hook without", application.Hooks{
			BeforeRequest: func(ctx context.Context, _ application.TokenRequestInfo) (domain.Parameters, error) {
				return domain.Parameters{Header: header(policy(ctx))}, nil
			},
		}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := newMoody()
			client := m.client(t, func(c *application.ConfidentialClientConfig) { c.Hooks = row.hooks })
			m.says(http.StatusBadRequest, `{"error":"invalid_request"}`)
			for _, p := range []string{"strict", "lax", "strict", "lax"} {
				request := ask(graph)
				if row.hooks.BeforeRequest == nil {
					request.ExtraParameters.Header = header(p)
				}
				_, _ = client.AcquireTokenForClient(context.WithValue(t.Context(), traceKey{}, p), request)
			}
			if m.sent != row.sent {
				t.Errorf("%d requests, want %d", m.sent, row.sent)
			}
		})
	}
}
