package application_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/mock/gomock"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/mocks"
)

const (
	tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	graph  = "https://graph.microsoft.com/.default"
)

// instruments are the mocked ports of one client; every crossing is counted.
type instruments struct {
	http  *mocks.MockHTTPClient
	cache *mocks.MockTokenCache
	docs  *mocks.MockHTTPCache
	clock *mocks.MockClock
}

func newClient(t *testing.T, change func(*application.ConfidentialClientConfig)) (*application.ConfidentialClient, instruments) {
	t.Helper()
	ctrl := gomock.NewController(t)
	m := instruments{mocks.NewMockHTTPClient(ctrl), mocks.NewMockTokenCache(ctrl), mocks.NewMockHTTPCache(ctrl), mocks.NewMockClock(ctrl)}
	m.clock.EXPECT().Now().Return(noon).AnyTimes()
	config := application.ConfidentialClientConfig{
		ClientID:   "11111111-2222-3333-4444-555555555555",
		Authority:  "https://login.microsoftonline.com/" + tenant,
		Credential: application.ClientSecret("a-secret"),
		Ports:      application.Ports{HTTPClient: m.http, TokenCache: m.cache, HTTPCache: m.docs, Clock: m.clock},
	}
	if change != nil {
		change(&config)
	}
	client, err := application.NewConfidentialClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return client, m
}

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// cached is a set with one token in the state that the ages give it.
func cached(issued time.Time, life, refreshIn time.Duration) domain.TokenSet {
	token := domain.AccessToken{
		Key: domain.RecordKey{
			Kind: domain.AccessTokenRecord, Environment: "login.microsoftonline.com", Tenant: tenant,
			ClientID: "11111111-2222-3333-4444-555555555555", Scopes: graph,
		},
		Secret: domain.NewSecret("old"), Type: "Bearer", Scopes: domain.ScopesFromResponse(graph),
		CachedAt: issued, ExpiresOn: issued.Add(life),
	}
	if refreshIn > 0 {
		token.RefreshOn = issued.Add(refreshIn)
	}
	return domain.NewTokenSet(token)
}

// answers is what the token endpoint says.
func answers(status int, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

const (
	granted  = `{"token_type":"Bearer","access_token":"new","expires_in":3600}`
	troubled = `{"error":"temporarily_unavailable"}`
)

// TestCrossingsOfTheCorridor asserts what each state of the cached token costs:
// loads, requests, updates, and two looks for a pause before each request; and what the caller gets.
func TestCrossingsOfTheCorridor(t *testing.T) {
	fresh := cached(noon.Add(-time.Minute), time.Hour, 0)
	stale := cached(noon.Add(-40*time.Minute), time.Hour, 30*time.Minute)
	due := cached(noon.Add(-57*time.Minute), time.Hour, 0)
	expired := cached(noon.Add(-2*time.Hour), time.Hour, 0)
	rows := []struct {
		name     string
		set      domain.TokenSet
		status   int
		body     string
		requests int
		updates  int
		want     string
		source   domain.TokenSource
	}{
		{"fresh", fresh, 0, "", 0, 0, "old", domain.SourceCache},
		{"stale", stale, 200, granted, 1, 1, "old", domain.SourceCache},
		{"stale, and the server fails", stale, 503, troubled, 1, 0, "old", domain.SourceCache},
		{"due", due, 200, granted, 1, 1, "new", domain.SourceIdentityProvider},
		{"due, and the server fails", due, 503, troubled, 1, 0, "old", domain.SourceCache},
		{"expired", expired, 200, granted, 1, 1, "new", domain.SourceIdentityProvider},
		{"cold", domain.TokenSet{}, 200, granted, 1, 1, "new", domain.SourceIdentityProvider},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client, m := newClient(t, nil)
				set := row.set
				m.cache.EXPECT().Load(gomock.Any(), gomock.Any()).Return(set, nil).Times(1)
				m.docs.EXPECT().Get(gomock.Any(), gomock.Any()).Return(nil, time.Time{}, nil).Times(3*row.requests - row.updates) // two marks, and after a failure whether a pause began meanwhile
				m.http.EXPECT().Do(gomock.Any()).DoAndReturn(answers(row.status, row.body)).Times(row.requests)
				m.docs.EXPECT().Set(gomock.Any(), gomock.Any(), gomock.Any(), gomock.Any()).Return(nil).Times(row.requests - row.updates)
				m.cache.EXPECT().Update(gomock.Any(), gomock.Any(), gomock.Any()).
					DoAndReturn(func(_ context.Context, _ domain.PartitionKey, change func(domain.TokenSet) (domain.TokenSet, error)) error {
						var err error
						set, err = change(set)
						return err
					}).Times(row.updates)

				got, err := client.AcquireTokenForClient(t.Context(), application.ClientCredentialsRequest{Scopes: []string{graph}})
				if err != nil {
					t.Fatal(err)
				}
				synctest.Wait() // for what goes on behind the caller's back
				if got.AccessToken.Reveal() != row.want || got.Metadata.Source != row.source {
					t.Errorf("got %q from %v, want %q from %v", got.AccessToken.Reveal(), got.Metadata.Source, row.want, row.source)
				}
				if row.updates == 1 && !holds(set, "new") {
					t.Error("the new token is not in the cache")
				}
			})
		})
	}
}

func holds(s domain.TokenSet, token string) bool {
	for r := range s.Records() {
		if a, ok := r.(domain.AccessToken); ok && a.Secret.Reveal() == token {
			return true
		}
	}
	return false
}
