package domain_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

func TestTokenPlanString(t *testing.T) {
	token := domain.PlannedToken{
		State: domain.Due, Scopes: domain.ScopesFromResponse("a b"), Tenant: "contoso", ExpiresOn: noon, Misses: []string{"other scopes", "due: ends too soon"},
	}
	for _, row := range []struct {
		name string
		plan domain.TokenPlan
		want string
	}{
		{"nothing", domain.TokenPlan{Operation: "acquire"}, "acquire: is not known\n"},
		{
			"fails", domain.TokenPlan{Operation: "acquire", Outcome: domain.PlanFails, Err: fmt.Errorf("%w: %s", domain.ErrTokenNotCached, canary)},
			"acquire: fails before anything is sent\n  error: nothing in the cache serves the request, and nothing was sent\n",
		},
		{
			"fails on an argument", domain.TokenPlan{Operation: "acquire", Outcome: domain.PlanFails, Err: &domain.ConfigError{Field: "Scopes", Problem: "is empty"}},
			"acquire: fails before anything is sent\n  error: invalid Scopes: is empty\n",
		},
		{
			"fails elsewhere", domain.TokenPlan{Operation: "acquire", Outcome: domain.PlanFails, Err: errors.New(canary)},
			"acquire: fails before anything is sent\n  error: see Err\n",
		},
		{
			"asks", domain.TokenPlan{
				Operation: "acquire", Outcome: domain.PlanAsks, Reason: domain.ReasonExpired, Partition: domain.UserKey("my-app", canary), Tokens: []domain.PlannedToken{token},
				CacheError: errors.New(canary), Flight: "f1", Underway: true,
				Requests: []domain.PlannedRequest{
					{Operation: "metadata", Method: "GET", URL: "https://login.example/doc"},
					{Operation: "token endpoint", Method: "POST", Redeems: "the client's", Authentication: "client_secret_post", Parameters: []domain.PlannedParameter{{"scope", "a"}, {"x", domain.Redacted}}},
				},
			},
			`acquire: asks for a token (expired)
  looks in: user partition of my-app, which holds 1 access token
  the cache could not be read
  misses: a b, tenant contoso, ends 2026-11-24T12:00:00Z, due — other scopes, due: ends too soon
  sends: GET https://login.example/doc
  sends: POST the token endpoint that the metadata name, redeeming the client's refresh token, client authentication: client_secret_post
    scope=a
    x=[redacted]
  shares its answer with all of flight f1, which is under way: nothing more is sent
`,
		},
	} {
		if got := row.plan.String(); got != row.want {
			t.Errorf("%s: got\n%s\nwant\n%s", row.name, got, row.want)
		}
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			if got := fmt.Sprintf(verb, row.plan); got != row.want || strings.Contains(got, canary) {
				t.Errorf("%s under %s: %s", row.name, verb, got)
			}
		}
	}
	many := domain.TokenPlan{Partition: domain.AppKey("c", "t", "r")}
	for range 20 {
		many.Tokens = append(many.Tokens, token)
	}
	if got := many.String(); strings.Count(got, "misses: ") != 8 || !strings.Contains(got, "and 12 more\n") || !strings.Contains(got, "20 access tokens") {
		t.Errorf("twenty tokens print as\n%s", got)
	}
	if got := (domain.TokenPlan{Partition: domain.AppKey("c", "t", "r")}).String(); !strings.Contains(got, "no access token\n") {
		t.Errorf("no token prints as\n%s", got)
	}
	token.Serves, token.Misses, token.State = true, nil, domain.Fresh
	if got, want := token.String(), "serves: a b, tenant contoso, ends 2026-11-24T12:00:00Z, fresh"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDiagnosisNames(t *testing.T) {
	for _, row := range []struct{ got, want string }{
		{domain.ProblemUnknown.String(), "unknown"}, {domain.ProblemNotCached.String(), "not cached"}, {domain.ProblemClosed.String(), "closed"}, {domain.Problem(200).String(), "unknown"},
		{domain.RetryNever.String(), "never"}, {domain.RetryAfterChange.String(), "after a change of the configuration"}, {domain.Retry(200).String(), "unknown"},
		{domain.ActorUser.String(), "the user"}, {domain.ActorServer.String(), "the operator of the authorization server"}, {domain.Actor(200).String(), "nobody known"},
		{domain.Diagnosis{}.String(), ""}, {domain.Diagnosis{Meaning: "it rains"}.String(), "It rains."},
		{domain.Diagnosis{Meaning: "Über", RetryAfter: time.Minute}.String(), "Über."},
		{domain.PlanServesAndRenews.String(), "serves a cached token at once and renews it in the background"}, {domain.PlanOutcome(99).String(), "is not known"},
	} {
		if row.got != row.want {
			t.Errorf("got %q, want %q", row.got, row.want)
		}
	}
}
