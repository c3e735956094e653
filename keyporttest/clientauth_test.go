package keyporttest_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/keyporttest"
)

// TestRefusalsOfClients: how each kind of server says no to a client.
func TestRefusalsOfClients(t *testing.T) {
	a, secret := newAuthority(t, func(app *keyporttest.App) { app.ExpiredSecrets = []string{"last year's secret"} })
	for _, row := range []struct {
		name string
		form map[string]string
		want map[string]string // by kind: status, code, how the description begins
	}{
		{"the right secret", map[string]string{"client_secret": secret}, map[string]string{
			"Entra ID": "200 ", "B2C": "200 ", "CIAM": "200 ", "AD FS": "200 ", "dSTS": "200 ", "OIDC": "200 ",
		}},
		{"a wrong secret", map[string]string{"client_secret": "wrong"}, map[string]string{
			"Entra ID": "401 invalid_client AADSTS7000215:", "CIAM": "401 invalid_client AADSTS7000215:", "dSTS": "401 invalid_client AADSTS7000215:",
			"B2C": "400 invalid_client AADB2C90081:", "AD FS": "400 invalid_client MSIS9622:", "OIDC": "401 invalid_client the client secret",
		}},
		{"a secret that has expired", map[string]string{"client_secret": "last year's secret"}, map[string]string{
			"Entra ID": "401 invalid_client AADSTS7000222:", "B2C": "400 invalid_client AADB2C90081:",
			"AD FS": "400 invalid_client MSIS9622:", "OIDC": "401 invalid_client the client secret has expired",
		}},
		{"an unknown client", map[string]string{"client_id": "nobody", "client_secret": "wrong"}, map[string]string{
			"Entra ID": "400 unauthorized_client AADSTS700016:", "B2C": "400 invalid_client AADB2C90018:",
			"AD FS": "400 invalid_client MSIS9607:", "OIDC": "401 invalid_client no application",
		}},
		{"no client", map[string]string{"client_id": "", "client_secret": secret}, map[string]string{
			"Entra ID": "400 invalid_request AADSTS900144:", "B2C": "400 invalid_request AADB2C90008:",
			"AD FS": "400 invalid_request MSIS9607:", "OIDC": "400 invalid_request client_id is missing",
		}},
		{"no credential", nil, map[string]string{
			"Entra ID": "401 invalid_client AADSTS7000216:", "B2C": "400 invalid_client AADB2C90079:",
			"AD FS": "400 invalid_client MSIS9622:", "OIDC": "401 invalid_client client_secret or client_assertion",
		}},
		{"two at once", map[string]string{"client_secret": secret, "client_assertion": "a.b.c", "client_assertion_type": jwtBearer}, map[string]string{
			"Entra ID": "400 invalid_request AADSTS9002313:", "B2C": "400 invalid_request AADSTS9002313:",
			"AD FS": "400 invalid_request the client authenticates", "OIDC": "400 invalid_request the client authenticates",
		}},
		{"an assertion of no type", map[string]string{"client_assertion": "a.b.c"}, map[string]string{
			"Entra ID": "400 invalid_request AADSTS900144:", "B2C": "400 invalid_request AADB2C90083:", "OIDC": "400 invalid_request the body must",
		}},
		{"an assertion of another type", map[string]string{"client_assertion": "a.b.c", "client_assertion_type": "urn:saml"}, map[string]string{
			"Entra ID": "400 invalid_request AADSTS9002313:", "B2C": "400 invalid_client AADB2C90016:",
			"AD FS": "400 invalid_client MSIS9622:", "OIDC": "401 invalid_client client_assertion_type",
		}},
	} {
		for kind, want := range row.want {
			got := post(t, a, tokenURLs[kind], row.form)
			if !isRefusal(got, want) {
				t.Errorf("%s, %s: got %d %s %.60q, want %s", row.name, kind, got.status, got.text("error"), got.text("error_description"), want)
			}
		}
	}
}

// isRefusal compares with "<status> <code> <beginning of the description>".
func isRefusal(got reply, want string) bool {
	line := strconv.Itoa(got.status) + " " + got.text("error") + " " + got.text("error_description")
	return strings.HasPrefix(line, want)
}

func TestBasicAuthentication(t *testing.T) {
	const odd = "p%20 +/:é" // RFC 6749 §2.3.1: form-encoded before it is joined
	a, _ := newAuthority(t, func(app *keyporttest.App) { app.Secrets = []string{odd} })
	for _, row := range []struct {
		name      string
		user, key string
		form      map[string]string
		want      string
	}{
		{"right", clientID, url.QueryEscape(odd), map[string]string{"client_id": ""}, "200 "},
		{"right, and the client in the form too", clientID, url.QueryEscape(odd), nil, "200 "},
		{"another client in the form", clientID, url.QueryEscape(odd), map[string]string{"client_id": "another"}, "400 invalid_request"},
		{"not encoded", clientID, odd, map[string]string{"client_id": ""}, "401 invalid_client"},
		{"wrong", clientID, "wrong", map[string]string{"client_id": ""}, "401 invalid_client"},
		{"unknown", "nobody", "wrong", map[string]string{"client_id": ""}, "401 invalid_client"},
		{"not an encoding", clientID, "%zz", map[string]string{"client_id": ""}, "401 invalid_client"},
		{"a secret in the form too", clientID, url.QueryEscape(odd), map[string]string{"client_secret": odd}, "400 invalid_request"},
	} {
		for _, kind := range []string{"OIDC", "AD FS", "Entra ID"} {
			got := send(t, a, http.MethodPost, tokenURLs[kind], formOf(row.form).Encode(), func(r *http.Request) { r.SetBasicAuth(row.user, row.key) })
			want := row.want
			if kind == "Entra ID" && row.name == "unknown" {
				want = "400 unauthorized_client"
			}
			if !isRefusal(got, want) {
				t.Errorf("%s, %s: got %d %v, want %s", row.name, kind, got.status, got.body, want)
			}
			// RFC 6749 §5.2: with the scheme that the client used.
			if hasScheme := got.header.Get("WWW-Authenticate") != ""; hasScheme != (got.status == http.StatusUnauthorized) {
				t.Errorf("%s, %s: status %d, WWW-Authenticate %q", row.name, kind, got.status, got.header.Get("WWW-Authenticate"))
			}
		}
	}
	got := send(t, a, http.MethodPost, tokenURLs["OIDC"], formOf(nil).Encode(), func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") })
	if !isRefusal(got, "401 invalid_client the Authorization header") {
		t.Errorf("another scheme: %d %v", got.status, got.body)
	}
}

func TestAClientRegisteredForAMethodUsesIt(t *testing.T) {
	a, secret := newAuthority(t, func(app *keyporttest.App) { app.AuthMethods = []string{"client_secret_basic"} })
	if got := post(t, a, tokenURLs["OIDC"], map[string]string{"client_secret": secret}); !isRefusal(got, "401 invalid_client the client is registered") {
		t.Errorf("client_secret_post: %d %v", got.status, got.body)
	}
	got := send(t, a, http.MethodPost, tokenURLs["OIDC"], formOf(map[string]string{"client_id": ""}).Encode(), func(r *http.Request) { r.SetBasicAuth(clientID, secret) })
	if got.status != http.StatusOK {
		t.Errorf("client_secret_basic: %d %v", got.status, got.body)
	}
	if got := post(t, a, tokenURL, map[string]string{"client_secret": secret}); got.status != http.StatusOK {
		t.Errorf("Entra ID registers no method: %d %v", got.status, got.body)
	}
}

func TestRegistrationsAreCopies(t *testing.T) {
	secret := keyporttest.PlantSecret("client secret")
	a := keyporttest.New(keyporttest.Options{})
	app := keyporttest.App{ClientID: clientID, Secrets: []string{secret}}
	tenant := keyporttest.Tenant{ID: "6babcaad-604b-40ac-a9d7-9fd97c0b779f", Domains: []string{"fabrikam.example"}}
	a.AddApp(app)
	a.AddTenant(tenant)
	app.Secrets[0], tenant.Domains[0] = "another", "another.example"
	got := post(t, a, "https://login.microsoftonline.com/fabrikam.example/oauth2/v2.0/token", map[string]string{"client_secret": secret})
	if got.status != http.StatusOK {
		t.Errorf("a later change of the caller's got through: %v", got.body)
	}
}
