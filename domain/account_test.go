package domain_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/domain"
)

func TestAccountRecordKey(t *testing.T) {
	want := domain.RecordKey{Kind: domain.AccountRecord, Environment: "login.microsoftonline.com", Tenant: tenantGUID}
	if got := account("name").RecordKey(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAccountPrintsNoPerson(t *testing.T) {
	person := domain.Account{HomeAccountID: canary, LocalAccountID: canary, Username: canary, Tenant: canary}
	if person.IsZero() || !(domain.Account{Username: "nobody"}).IsZero() {
		t.Error("the home account id does not tell whether there is a user")
	}
	for _, row := range []struct {
		account domain.Account
		want    string
	}{{person, "account [redacted]"}, {domain.Account{}, "no account"}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			if got := fmt.Sprintf(verb, row.account); got != row.want {
				t.Errorf("%s: got %q, want %q", verb, got, row.want)
			}
		}
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "account", row.account)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "account", &row.account)
		text, err := json.Marshal(row.account)
		if got := log.String() + string(text); err != nil || strings.Contains(got, canary) || strings.Count(got, row.want) != 3 {
			t.Errorf("got %s, %v", got, err)
		}
	}
}
