package keyporttest_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/seed57855a68/keyport/keyporttest"
)

const (
	clientID  = "11111111-2222-3333-4444-555555555555"
	graph     = keyporttest.Graph + "/.default"
	entraBase = "https://login.microsoftonline.com/" + keyporttest.TenantID
	tokenURL  = entraBase + "/oauth2/v2.0/token"
	formType  = "application/x-www-form-urlencoded"
	jwtBearer = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

	jwtBearerGrant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// tokenURLs of an authority of each kind.
var tokenURLs = map[string]string{
	"Entra ID": tokenURL,
	"B2C":      keyporttest.B2CAuthorityURL + "/oauth2/v2.0/token",
	"CIAM":     keyporttest.CIAMAuthorityURL + "/" + keyporttest.TenantID + "/oauth2/v2.0/token",
	"AD FS":    keyporttest.ADFSAuthorityURL + "/oauth2/token",
	"dSTS":     keyporttest.DSTSAuthorityURL + "/oauth2/token",
	"OIDC":     keyporttest.OIDCIssuerPath + "/token",
}

// newAuthority returns a server with one app, and the app's secret.
func newAuthority(t *testing.T, change func(*keyporttest.App)) (*keyporttest.Authority, string) {
	t.Helper()
	secret := keyporttest.PlantSecret("client secret")
	a := keyporttest.New(keyporttest.Options{})
	app := keyporttest.App{ClientID: clientID, Secrets: []string{secret}}
	if change != nil {
		change(&app)
	}
	a.AddApp(app)
	return a, secret
}

// reply is an answer that was read.
type reply struct {
	status int
	header http.Header
	body   map[string]any // when it was JSON
}

func (r reply) text(member string) string {
	s, _ := r.body[member].(string)
	return s
}

// number is the first of error_codes.
func (r reply) number() int {
	codes, _ := r.body["error_codes"].([]any)
	if len(codes) == 0 {
		return 0
	}
	n, _ := codes[0].(float64)
	return int(n)
}

func (r reply) claims(t *testing.T) map[string]any {
	t.Helper()
	_, claims := split(t, r.text("access_token"))
	return claims
}

// split decodes a JWT.
func split(t *testing.T, token string) (header, claims map[string]any) {
	t.Helper()
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256, jose.RS256})
	if err != nil {
		t.Fatalf("no JWT: %v", err)
	}
	if err := json.Unmarshal(jws.UnsafePayloadWithoutVerification(), &claims); err != nil {
		t.Fatal(err)
	}
	return map[string]any{"alg": jws.Signatures[0].Header.Algorithm, "kid": jws.Signatures[0].Header.KeyID, "typ": jws.Signatures[0].Header.ExtraHeaders["typ"]}, claims
}

// send sends a request to an authority, inside the process.
func send(t *testing.T, a *keyporttest.Authority, method, address, body string, change func(*http.Request)) reply {
	t.Helper()
	return sendBy(t, a.Client(), method, address, body, change)
}

func sendBy(t *testing.T, client *http.Client, method, address, body string, change func(*http.Request)) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", formType)
	}
	if change != nil {
		change(r)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := reply{status: resp.StatusCode, header: resp.Header}
	if len(text) > 0 && json.Unmarshal(text, &out.body) != nil {
		out.body = nil
	}
	return out
}

// post sends a client credentials request; form is laid over a good one, and an
// empty value takes a parameter away.
func post(t *testing.T, a *keyporttest.Authority, address string, form map[string]string) reply {
	t.Helper()
	return send(t, a, http.MethodPost, address, formOf(form).Encode(), nil)
}

func formOf(changed map[string]string) url.Values {
	form := map[string]string{"grant_type": "client_credentials", "client_id": clientID, "scope": graph}
	maps.Copy(form, changed)
	out := url.Values{}
	for name, value := range form {
		if value != "" {
			out.Set(name, value)
		}
	}
	return out
}

// get fetches a document.
func get(t *testing.T, a *keyporttest.Authority, address string) reply {
	t.Helper()
	return send(t, a, http.MethodGet, address, "", nil)
}

// soon is a context that outlives what a healthy test waits for.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
