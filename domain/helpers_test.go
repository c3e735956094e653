package domain_test

import (
	"errors"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/seed57855a68/keyport/domain"
)

// noon is when the tests of this package take place.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const (
	tenantGUID = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	otherGUID  = "0f0e0d0c-1111-2222-3333-444455556666"
	canary     = "hunter2-canary" // stands for whatever must not be seen
)

// bySpelling compares scopes, which have nothing that go-cmp may look at.
var bySpelling = cmp.Comparer(func(a, b domain.Scopes) bool { return a == b })

func authority(t rapid.TB, text string) domain.Authority {
	t.Helper()
	a, err := domain.ParseAuthority(text)
	if err != nil {
		t.Fatalf("ParseAuthority(%q): %v", text, err)
	}
	return a
}

func oidcAuthority(t rapid.TB, text string) domain.Authority {
	t.Helper()
	a, err := domain.ParseOIDCAuthority(text)
	if err != nil {
		t.Fatalf("ParseOIDCAuthority(%q): %v", text, err)
	}
	return a
}

func scopes(t rapid.TB, tokens ...string) domain.Scopes {
	t.Helper()
	s, err := domain.ParseScopes(tokens)
	if err != nil {
		t.Fatalf("ParseScopes(%q): %v", tokens, err)
	}
	return s
}

// wantConfigError checks that err names the field, the problem and a remedy, and
// that it quotes no secret.
func wantConfigError(t rapid.TB, err error, field, problem string) {
	t.Helper()
	var config *domain.ConfigError
	if !errors.As(err, &config) {
		t.Fatalf("got error %v, want a *ConfigError", err)
	}
	if config.Field != field || !strings.Contains(config.Problem, problem) {
		t.Errorf("got field %q, problem %q; want %q, %q", config.Field, config.Problem, field, problem)
	}
	if config.Remedy == "" {
		t.Errorf("the error has no remedy: %v", err)
	}
	if strings.Contains(err.Error(), canary) {
		t.Errorf("the error quotes its input: %v", err)
	}
}
