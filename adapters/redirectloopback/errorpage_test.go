package redirectloopback_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/adapters/redirectloopback"
	"github.com/seed57855a68/keyport/domain"
)

const errorPage = "../../docs/when-a-sign-in-fails.md"

// documented returns the block under a heading of the page about errors.
func documented(t *testing.T, heading string) string {
	t.Helper()
	page, err := os.ReadFile(errorPage)
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n### "+heading+"\n")
	_, block, _ := strings.Cut(section, "\n```\n")
	text, _, _ := strings.Cut(block, "\n```\n")
	return text
}

// TestTheErrorPage holds the page to what callers get, where a machine must be short of
// something. The rest of the page is tried by the tests of the root package.
func TestTheErrorPage(t *testing.T) {
	for _, row := range []struct {
		situation, uri string
		cause          error
	}{
		{"The port is taken", "http://localhost:8400", redirectloopback.Taken[0]},
		{"The port may not be opened", "http://localhost:80", redirectloopback.Denied[0]},
		{"No port is free", "http://localhost", redirectloopback.Taken[0]},
		{"The machine lacks the address", "http://[::1]", redirectloopback.Absent[0]},
	} {
		t.Run(row.situation, func(t *testing.T) {
			d := &doors{fail: func(string, string) error { return row.cause }}
			_, err := redirectloopback.NewOn(redirectloopback.Options{}, d.listen).Listen(t.Context(), row.uri)
			var config *domain.ConfigError
			if !errors.As(err, &config) {
				t.Fatalf("got %v", err)
			}
			got := strings.NewReplacer(config.Err.Error(), "…", "port 8400", "port …", "port 80", "port …").Replace(err.Error())
			if diff := cmp.Diff(documented(t, row.situation), got); diff != "" {
				t.Errorf("the error is not the one of the page (-page +error):\n%s", diff)
			}
		})
	}
}
