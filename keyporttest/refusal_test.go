package keyporttest_test

import (
	"maps"
	"net/http"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const uuid = `[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`

// TestTheFormOfRefusals: what is beside the code, server by server.
func TestTheFormOfRefusals(t *testing.T) {
	a, _ := newAuthority(t, nil)
	for _, row := range []struct {
		kind        string
		members     []string
		description string
	}{
		{"Entra ID", []string{"correlation_id", "error", "error_codes", "error_description", "error_uri", "timestamp", "trace_id"},
			`^AADSTS7000215: the client secret is wrong\.\r\nTrace ID: ` + uuid + `\r\nCorrelation ID: ` + uuid + `\r\nTimestamp: 2026-11-24 12:00:00Z$`},
		{"CIAM", []string{"correlation_id", "error", "error_codes", "error_description", "error_uri", "timestamp", "trace_id"}, `^AADSTS7000215: `},
		{"B2C", []string{"error", "error_description"},
			`^AADB2C90081: the client secret is wrong\.\r\nCorrelation ID: ` + uuid + `\r\nTimestamp: 2026-11-24 12:00:00Z\r\n$`},
		{"AD FS", []string{"error", "error_description"}, `^MSIS9622: the client secret is wrong\.$`},
		{"OIDC", []string{"error", "error_description"}, `^the client secret is wrong$`},
	} {
		got := post(t, a, tokenURLs[row.kind], map[string]string{"client_secret": "wrong"})
		if diff := cmp.Diff(row.members, slices.Sorted(maps.Keys(got.body))); diff != "" {
			t.Errorf("%s: members (-want +got):\n%s", row.kind, diff)
		}
		if !regexp.MustCompile(row.description).MatchString(got.text("error_description")) {
			t.Errorf("%s: description %q", row.kind, got.text("error_description"))
		}
	}
}

func TestEntraIDSaysTheSameTwice(t *testing.T) {
	a, _ := newAuthority(t, nil)
	got := post(t, a, tokenURL, map[string]string{"client_secret": "wrong"})
	for member, want := range map[string]string{
		"error": "^invalid_client$", "timestamp": `^2026-11-24 12:00:00Z$`, "trace_id": "^" + uuid + "$", "correlation_id": "^" + uuid + "$",
		"error_uri": `^https://login\.microsoftonline\.com/error\?code=7000215$`,
	} {
		if !regexp.MustCompile(want).MatchString(got.text(member)) {
			t.Errorf("%s is %q, want %s", member, got.text(member), want)
		}
	}
	if diff := cmp.Diff([]any{7000215.0}, got.body["error_codes"]); diff != "" {
		t.Errorf("error_codes (-want +got):\n%s", diff)
	}
	if got.header.Get("x-ms-request-id") != got.text("trace_id") {
		t.Errorf("x-ms-request-id is %q", got.header.Get("x-ms-request-id"))
	}
	other := post(t, a, "https://login.microsoftonline.us/contoso.onmicrosoft.com/oauth2/v2.0/token", map[string]string{"client_secret": "wrong"})
	if want := "https://login.microsoftonline.us/error?code=7000215"; other.text("error_uri") != want {
		t.Errorf("in another cloud: error_uri %q, want %q", other.text("error_uri"), want)
	}
	if other.text("trace_id") == got.text("trace_id") || other.text("correlation_id") == got.text("correlation_id") {
		t.Error("two refusals have the same id")
	}
}

func TestACorrelationIDThatIsNoneIsReplaced(t *testing.T) {
	a, _ := newAuthority(t, nil)
	got := send(t, a, http.MethodPost, tokenURL, formOf(nil).Encode(), func(r *http.Request) { r.Header.Set("client-request-id", "42") })
	if id := got.text("correlation_id"); id == "42" || !regexp.MustCompile("^"+uuid+"$").MatchString(id) {
		t.Errorf("correlation_id is %q", id)
	}
}
