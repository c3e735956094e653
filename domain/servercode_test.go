package domain_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/domain"
)

// TestServerCodesAreComplete: a code is there once, and says everything in the form that
// sentences are made of.
func TestServerCodesAreComplete(t *testing.T) {
	word := regexp.MustCompile(`^([a-z][a-z_]+|AADSTS[1-9][0-9]{4,8}|AADB2C9[0-9]{4}|MSIS[0-9]{4})$`)
	seen := map[string]bool{}
	for c := range domain.ServerCodes() {
		switch {
		case seen[c.Code]:
			t.Errorf("%s is there twice", c.Code)
		case !word.MatchString(c.Code):
			t.Errorf("%q has the form of no server's code", c.Code)
		case c.Problem == domain.ProblemUnknown || c.Retry == domain.RetryUnknown || c.Actor == domain.ActorUnknown:
			t.Errorf("%s does not say what kind of problem it is, who must act, and whether to retry", c.Code)
		case c.Meaning == "" || strings.HasSuffix(c.Meaning, ".") || strings.Contains(c.Meaning, ". ") || strings.ToLower(c.Meaning[:1]) != c.Meaning[:1] && c.Meaning[1] >= 'a' && !strings.HasPrefix(c.Meaning, "Conditional"):
			t.Errorf("%s: the meaning %q is no clause", c.Code, c.Meaning)
		case !strings.HasSuffix(c.Remedy, ".") || strings.ToUpper(c.Remedy[:1]) != c.Remedy[:1] || len(c.Remedy) > 200:
			t.Errorf("%s: the remedy %q is no sentence", c.Code, c.Remedy)
		case strings.Contains(c.Meaning+c.Remedy, "  ") || strings.ContainsAny(c.Meaning+c.Remedy, "\n\t%{}"):
			t.Errorf("%s: odd characters in %q, %q", c.Code, c.Meaning, c.Remedy)
		}
		if got, ok := domain.LookupServerCode(c.Code); !ok || got != c {
			t.Errorf("%s is looked up as %v, %v", c.Code, got, ok)
		}
		if c.Retry == domain.RetryAfterUser && c.Actor == domain.ActorServer && c.Problem != domain.ProblemServer {
			t.Errorf("%s waits for the user, and the server must act", c.Code)
		}
		if c.Problem == domain.ProblemConsent && c.Actor != domain.ActorUser && c.Actor != domain.ActorAdministrator {
			t.Errorf("%s: %v cannot consent", c.Code, c.Actor)
		}
		seen[c.Code] = true
	}
	if len(seen) < 150 {
		t.Errorf("%d codes are known, want 150 or more", len(seen))
	}
	for _, code := range []string{"", "aadsts50076", "AADSTS1", "invalid_grant "} {
		if got, ok := domain.LookupServerCode(code); ok {
			t.Errorf("%q is looked up as %v", code, got)
		}
	}
	for range domain.ServerCodes() { // stops when it is told to
		break
	}
}

// TestServerCodesKnowTheConstants: every code that callers branch on is explained.
func TestServerCodesKnowTheConstants(t *testing.T) {
	for _, code := range []string{
		domain.CodeInvalidClient, domain.CodeInvalidGrant, domain.CodeInvalidRequest, domain.CodeInvalidScope, domain.CodeUnauthorizedClient,
		domain.CodeUnsupportedGrantType, domain.CodeAccessDenied, domain.CodeInteractionRequired, domain.CodeLoginRequired,
		domain.CodeConsentRequired, domain.CodeTemporarilyUnavailable, domain.CodeServerError, domain.CodeAuthorizationPending,
		domain.CodeSlowDown, domain.CodeExpiredToken, domain.SubErrorBadToken, domain.SubErrorClientMismatch,
	} {
		if _, ok := domain.LookupServerCode(code); !ok {
			t.Errorf("nothing is known of %s", code)
		}
	}
}

func TestOAuthErrorCodes(t *testing.T) {
	for _, row := range []struct {
		name  string
		err   domain.OAuthError
		want  []string
		known string
	}{
		{"a bare code", domain.OAuthError{Code: "invalid_grant"}, []string{"invalid_grant"}, "invalid_grant"},
		{"numbers beside the description", domain.OAuthError{Code: "invalid_grant", SubError: "bad_token", ErrorCodes: []int{50173, 70000}, Description: domain.NewSecret("AADSTS50173: x")},
			[]string{"AADSTS50173", "AADSTS70000", "bad_token", "invalid_grant"}, "AADSTS50173"},
		{"a number that says nothing", domain.OAuthError{Code: "invalid_grant", SubError: "bad_token", ErrorCodes: []int{70000}}, []string{"AADSTS70000", "bad_token", "invalid_grant"}, "bad_token"},
		{"the second number is known", domain.OAuthError{Code: "x", ErrorCodes: []int{1, 53003}}, []string{"AADSTS1", "AADSTS53003", "x"}, "AADSTS53003"},
		{"B2C in the description", domain.OAuthError{Code: "access_denied", Description: domain.NewSecret("AADB2C90118: the user, ada@contoso.example, forgot\r\nCorrelation ID: 1")}, []string{"AADB2C90118", "access_denied"}, "AADB2C90118"},
		{"B2C in both", domain.OAuthError{Code: "access_denied", SubError: "AADB2C90091", Description: domain.NewSecret("AADB2C90091: x")}, []string{"AADB2C90091", "access_denied"}, "AADB2C90091"},
		{"AD FS", domain.OAuthError{Code: "invalid_client", Description: domain.NewSecret("MSIS9622: Client authentication failed.")}, []string{"MSIS9622", "invalid_client"}, "MSIS9622"},
		{"Entra behind B2C", domain.OAuthError{Code: "server_error", Description: domain.NewSecret("AADB2C90273: An invalid response was received : 'AADSTS50105: no'")}, []string{"AADB2C90273", "AADSTS50105", "server_error"}, "AADSTS50105"},
		{"a prefix alone", domain.OAuthError{Code: "x", Description: domain.NewSecret("AADSTS and MSIS: AADSTS50076.")}, []string{"AADSTS50076", "x"}, "AADSTS50076"},
		{"too many digits", domain.OAuthError{Code: "x", Description: domain.NewSecret("AADSTS1234567890123 MSIS5007")}, []string{"MSIS5007", "x"}, "MSIS5007"},
		{"codes that are none", domain.OAuthError{Code: "in valid\n", SubError: `"`}, nil, ""},
		{"nothing known", domain.OAuthError{Code: "x", SubError: "y"}, []string{"y", "x"}, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := row.err.Codes(); !slices.Equal(got, row.want) {
				t.Errorf("codes %q, want %q", got, row.want)
			}
			if got, ok := row.err.Known(); got.Code != row.known || ok != (row.known != "") {
				t.Errorf("known by %q, %v; want %q", got.Code, ok, row.known)
			}
		})
	}
}

// FuzzCodes: whatever a server writes into its description, numbers and nothing else
// come out of it, and they were in it.
func FuzzCodes(f *testing.F) {
	for _, text := range []string{
		"AADSTS50076: Due to a change ...\r\nTrace ID: 1", "AADB2C90118: x AADSTS50105", "MSIS9612", "AADSTS", "AADSTSAADSTS7", "AADSTS00", "AADSTS123456789", "AADSTS1234567890",
		"MSISMSIS1 MSIS2 MSIS3 MSIS4 MSIS5", "AADB2CAADB2C1x", "ada@contoso.example", "", "AADSTS\xff1", "aadsts1",
	} {
		f.Add(text)
	}
	number := regexp.MustCompile(`^(AADSTS|AADB2C|MSIS)[0-9]{1,9}$`)
	f.Fuzz(func(t *testing.T, description string) {
		e := &domain.OAuthError{Code: "code", Description: domain.NewSecret(description)}
		codes := e.Codes()
		if len(codes) == 0 || codes[len(codes)-1] != "code" || len(codes) > 5 {
			t.Fatalf("%q gives %q", description, codes)
		}
		from := 0
		for _, c := range codes[:len(codes)-1] {
			if !number.MatchString(c) {
				t.Errorf("%q is no number", c)
			}
			at := strings.Index(description[from:], c)
			if at < 0 {
				t.Fatalf("%q is not in %q after %d", c, description, from)
			}
			from += at + 1
		}
		if c, ok := e.Known(); ok && !slices.Contains(codes, c.Code) {
			t.Errorf("known by %q, which is none of %q", c.Code, codes)
		}
		if again := e.Codes(); !slices.Equal(again, codes) {
			t.Errorf("codes %q, and then %q", codes, again)
		}
	})
}
