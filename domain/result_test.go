package domain_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/seed57855a68/keyport/domain"
)

func TestResultOf(t *testing.T) {
	token := accessToken("at", "a b", time.Hour)
	token.RefreshOn = noon
	partition := domain.UserKey("client", "user.home")
	got := domain.ResultOf(&token, partition, domain.SourceCache, domain.ReasonExpired)
	want := domain.Result{
		AccessToken: domain.NewSecret("at"), TokenType: "Bearer", Scopes: scopes(t, "a", "b"), ExpiresOn: noon.Add(time.Hour), RefreshOn: noon,
		Metadata: domain.ResultMetadata{Source: domain.SourceCache, RefreshReason: domain.ReasonExpired},
	}
	if diff := cmp.Diff(want, got, bySpelling, cmpopts.IgnoreUnexported(domain.Result{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if p, k := got.Filed(); p != partition || k != token.Key {
		t.Errorf("filed under %s, %+v", p.Text(), k)
	}
	if p, k := (domain.Result{}).Filed(); !p.IsZero() || k != (domain.RecordKey{}) {
		t.Errorf("a result of no client is filed under %s, %+v", p.Text(), k)
	}
}

func TestAuthorizationHeader(t *testing.T) {
	for tokenType, want := range map[string]string{"": "Bearer at", "Bearer": "Bearer at", "bearer": "bearer at", "DPoP": "DPoP at"} {
		if got := (domain.Result{TokenType: tokenType, AccessToken: domain.NewSecret("at")}).AuthorizationHeader(); got != want {
			t.Errorf("%q: got %q, want %q", tokenType, got, want)
		}
	}
}

// A result is what programs print. The home account id of its partition sits in an
// unexported field, where fmt does not ask the key how to print it.
func TestResultPrintsNoPerson(t *testing.T) {
	token := accessToken(canary, "User.Read", time.Hour)
	for _, partition := range []domain.PartitionKey{domain.UserKey("client", canary), domain.SessionKey("client", canary)} {
		r := domain.ResultOf(&token, partition, domain.SourceCache, domain.ReasonNotApplicable)
		r.IDToken, r.Account = domain.NewSecret(canary), account(canary)
		r.ExtraFields = map[string]json.RawMessage{"extra": json.RawMessage(canary)}
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "result", r)
		text := log.String()
		for _, holder := range []any{r, &r, []domain.Result{r}, struct{ R domain.Result }{r}} {
			text += everyVerb(holder, methodVerbs)
		}
		if strings.Contains(text, canary) || strings.Contains(text, fmt.Sprintf("%x", canary)) || strings.Contains(text, fmt.Sprintf("%d", []byte(canary))) {
			t.Errorf("the result prints a token or a person: %.2000s", text)
		}
		if got := fmt.Sprintf("%+v", r); !strings.Contains(got, "AccessToken:[redacted] TokenType:Bearer") || !strings.Contains(got, "User.Read") {
			t.Errorf("what is no secret is missing: %s", got)
		}
		if r.ExtraFields == nil {
			t.Error("printing changed the result")
		}
		if p, k := r.Filed(); p != partition || k != token.Key {
			t.Error("printing changed where the token is filed")
		}
	}
}

func TestTokenSource(t *testing.T) {
	for s, want := range map[domain.TokenSource]string{
		0: "", domain.SourceCache: "cache", domain.SourceIdentityProvider: "identity_provider", domain.SourceOfBroker: "broker", 99: "broker",
	} {
		if s.String() != want {
			t.Errorf("source %d is %q, want %q", s, s, want)
		}
	}
}
