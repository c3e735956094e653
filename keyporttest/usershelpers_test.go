package keyporttest_test

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

const (
	callback = "https://app.example/callback"
	reports  = "api://reports"
	verifier = "a-code-verifier-that-is-long-enough-0123456789"
)

// kinds of server, by the names of the tables here.
var kinds = []string{"Entra ID", "B2C", "CIAM", "AD FS", "dSTS", "OIDC"}

// documentsOf are the metadata documents that go with tokenURLs.
var documentsOf = map[string]string{
	"Entra ID": keyporttest.AuthorityURL + "/v2.0" + document, "B2C": documentURLs["B2C"], "CIAM": documentURLs["CIAM"],
	"AD FS": documentURLs["AD FS"], "dSTS": documentURLs["dSTS"], "OIDC": documentURLs["OIDC path"], "OIDC root": documentURLs["OIDC"],
	"common":        "https://login.microsoftonline.com/common/v2.0" + document,
	"organizations": "https://login.microsoftonline.com/organizations/v2.0" + document,
	"consumers":     "https://login.microsoftonline.com/consumers/v2.0" + document,
	"Entra ID v1":   documentURLs["Entra ID v1"],
}

// users is a server with an app to which users sign in, and its secret.
type users struct {
	*keyporttest.Authority
	t      *testing.T
	secret string
}

func newUsers(t *testing.T, change func(*keyporttest.App)) users {
	t.Helper()
	a, secret := newAuthority(t, func(app *keyporttest.App) {
		app.RedirectURIs = []string{callback}
		if change != nil {
			change(app)
		}
	})
	a.AddResource(reports)
	return users{a, t, secret}
}

// endpoint of a kind of server, by its name in the document.
func (u users) endpoint(kind, name string) string {
	u.t.Helper()
	return get(u.t, u.Authority, documentsOf[kind]).text(name)
}

// ask returns an authorization URL: a good one, but for the changes. An empty value
// takes a parameter away.
func (u users) ask(kind string, changed map[string]string) string {
	u.t.Helper()
	return u.endpoint(kind, "authorization_endpoint") + "?" + request(changed).Encode()
}

func request(changed map[string]string) url.Values {
	form := map[string]string{
		"client_id": clientID, "response_type": "code", "redirect_uri": callback, "scope": "openid profile offline_access " + reports + "/read",
		"state": "the-state", "nonce": "the-nonce", "code_challenge": domain.CodeChallenge(domain.NewSecret(verifier)), "code_challenge_method": "S256",
	}
	return laidOver(form, changed)
}

func laidOver(form, changed map[string]string) url.Values {
	maps.Copy(form, changed)
	out := url.Values{}
	for name, value := range form {
		if value != "" {
			out.Set(name, value)
		}
	}
	return out
}

// signIn signs a user in, and returns what reached the redirect URI.
func (u users) signIn(b *keyporttest.Browser, address string, as keyporttest.SignIn) url.Values {
	u.t.Helper()
	values, err := b.SignIn(address, as)
	if err != nil {
		u.t.Fatalf("sign-in: %v %s", err, textOf(err))
	}
	return values
}

func textOf(err error) string {
	var page *keyporttest.PageError
	if errors.As(err, &page) {
		return page.Text
	}
	return ""
}

// redeem redeems a code.
func (u users) redeem(kind, code string, changed map[string]string) reply {
	u.t.Helper()
	form := map[string]string{
		"grant_type": "authorization_code", "client_id": clientID, "client_secret": u.secret,
		"code": code, "redirect_uri": callback, "code_verifier": verifier,
	}
	return u.post(kind, laidOver(form, changed))
}

// refresh redeems a refresh token.
func (u users) refresh(kind, token string, changed map[string]string) reply {
	u.t.Helper()
	form := map[string]string{"grant_type": "refresh_token", "client_id": clientID, "client_secret": u.secret, "refresh_token": token}
	return u.post(kind, laidOver(form, changed))
}

func (u users) post(kind string, form url.Values) reply {
	u.t.Helper()
	return send(u.t, u.Authority, http.MethodPost, u.endpoint(kind, "token_endpoint"), form.Encode(), nil)
}

// tokens signs the default user in and redeems the code.
func (u users) tokens(kind string, changed map[string]string) reply {
	u.t.Helper()
	values := u.signIn(u.NewBrowser(), u.ask(kind, changed), keyporttest.SignIn{})
	got := u.redeem(kind, values.Get("code"), nil)
	if got.status != http.StatusOK {
		u.t.Fatalf("%s: code: %d %v", kind, got.status, got.body)
	}
	return got
}

// idClaims are those of the ID token in a reply.
func (r reply) idClaims(t *testing.T) map[string]any {
	t.Helper()
	_, claims := split(t, r.text("id_token"))
	return claims
}

// raw is an answer as it is, redirects not followed.
type raw struct {
	status int
	header http.Header
	text   string
}

func (u users) raw(method, address, body string, change func(*http.Request)) raw {
	u.t.Helper()
	r, err := http.NewRequestWithContext(u.t.Context(), method, address, strings.NewReader(body))
	if err != nil {
		u.t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", formType)
	}
	if change != nil {
		change(r)
	}
	response, err := u.RoundTripper().RoundTrip(r)
	if err != nil {
		u.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		u.t.Fatal(err)
	}
	return raw{response.StatusCode, response.Header, string(text)}
}

// location is where a redirect leads.
func (r raw) location(t *testing.T) *url.URL {
	t.Helper()
	u, err := url.Parse(r.header.Get("Location"))
	if err != nil || r.header.Get("Location") == "" {
		t.Fatalf("status %d leads nowhere: %v", r.status, err)
	}
	return u
}
