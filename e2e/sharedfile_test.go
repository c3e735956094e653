//go:build e2e

package e2e_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/keyporttest"
)

const (
	sharedClient = "11111111-2222-3333-4444-555555555555"
	sharedSecret = "the secret of the shared client"
	homeAccount  = keyporttest.UserID + "." + keyporttest.TenantID
	tenantURL    = "https://login.microsoftonline.com/" + keyporttest.TenantID
	verifier     = "a verifier of forty-three characters or more" // RFC 7636 §4.1
)

var (
	appScopes  = []string{keyporttest.Graph + "/.default"}
	userScopes = []string{keyporttest.Graph + "/User.Read"}
)

// desk is a file that several libraries use for one client, and the authority of all.
type desk struct {
	authority *keyporttest.Authority
	job       job          // without steps
	doors     atomic.Int32 // open, metadataOnly or closed, for the siblings
}

const (
	open int32 = iota
	metadataOnly
	closed
)

func newDesk(t *testing.T) *desk {
	t.Helper()
	authority := keyporttest.New(keyporttest.Options{Clock: keyporttest.NewClock(time.Now())}) // the siblings go by the real clock
	authority.AddApp(keyporttest.App{
		ClientID: sharedClient, Secrets: []string{sharedSecret}, RedirectURIs: []string{redirectURI}, IdentifierURIs: []string{"api://shared"},
	})
	for _, s := range siblings {
		authority.AddResource(s.resource)
	}
	d := &desk{authority: authority}
	server := httptest.NewServer(http.HandlerFunc(d.serve))
	t.Cleanup(server.Close)
	d.job = job{
		Cache: filepath.Join(t.TempDir(), "tokens.json"), Bridge: server.URL, Authority: tenantURL,
		ClientID: sharedClient, Secret: sharedSecret, RedirectURI: redirectURI,
	}
	return d
}

// serve is the server behind the siblings' HTTP layers.
func (d *desk) serve(w http.ResponseWriter, r *http.Request) {
	doors := d.doors.Load()
	if doors == closed || doors == metadataOnly && r.Method != http.MethodGet {
		http.Error(w, `{"error":"temporarily_unavailable","error_description":"the doors are closed"}`, http.StatusServiceUnavailable)
		return
	}
	d.authority.ServeHTTP(w, r)
}

// newKeyport is a client as a new process would have it: it knows what is in the file.
func (d *desk) newKeyport(t *testing.T) *keyport.ConfidentialClient {
	t.Helper()
	tokens, err := cachefile.NewTokenCache(cachefile.TokenCacheOptions{Path: d.job.Cache})
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, keyport.ConfidentialClientConfig{
		ClientID: sharedClient, Authority: tenantURL, Credential: keyport.ClientSecret(sharedSecret),
		Ports: keyport.Ports{HTTPClient: d.authority.Client(), TokenCache: tokens},
	})
}

// code is what a sign-in brings to the redirect URI.
func (d *desk) code(t *testing.T, scopes []string) string {
	t.Helper()
	challenge := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"client_id": {sharedClient}, "response_type": {"code"}, "redirect_uri": {redirectURI}, "state": {"state"},
		"scope":          {"openid profile offline_access " + scopes[0]},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(challenge[:])}, "code_challenge_method": {"S256"},
		"client_info": {"1"},
	}
	response, err := d.authority.SignIn(tenantURL+"/oauth2/v2.0/authorize?"+query.Encode(), keyporttest.SignIn{})
	if err != nil {
		t.Fatal(err)
	}
	return response.Get("code")
}

func (d *desk) run(t *testing.T, s sibling, steps ...step) report {
	t.Helper()
	j := d.job
	j.Steps = steps
	r := s.run(t, j)
	if diff := cmp.Diff([]string{homeAccount}, r.Accounts); diff != "" {
		t.Errorf("%s: accounts (-want +got):\n%s", s.name, diff)
	}
	return r
}

func appStep(scopes []string) step  { return step{Do: "app", Scopes: scopes} }
func userStep(scopes []string) step { return step{Do: "user", Scopes: scopes} }

func (d *desk) signInStep(t *testing.T, scopes []string) step {
	return step{Do: "sign in", Scopes: scopes, Code: d.code(t, scopes), Verifier: verifier}
}

// signIn signs the user in to Keyport, and returns the token.
func (d *desk) signIn(t *testing.T, app *keyport.ConfidentialClient, scopes []string) string {
	t.Helper()
	return stored(t)(app.AcquireTokenByAuthorizationCode(t.Context(), keyport.AuthorizationCodeRequest{
		Code: keyport.NewSecret(d.code(t, scopes)), Scopes: scopes, RedirectURI: redirectURI, CodeVerifier: keyport.NewSecret(verifier),
	}))
}

// stored returns the token of a result that is also in the cache.
func stored(t *testing.T) func(keyport.Result, error) string {
	return func(result keyport.Result, err error) string {
		t.Helper()
		if err == nil {
			err = result.Metadata.CacheError
		}
		if err != nil {
			t.Fatal(err)
		}
		return result.AccessToken.Reveal()
	}
}

func (d *desk) appToken(t *testing.T, app *keyport.ConfidentialClient, scopes []string) string {
	t.Helper()
	return stored(t)(app.AcquireTokenForClient(t.Context(), keyport.ClientCredentialsRequest{Scopes: scopes}))
}

// userToken is the token of the one account that the file has.
func (d *desk) userToken(t *testing.T, app *keyport.ConfidentialClient, scopes []string) string {
	t.Helper()
	accounts, err := app.Accounts(t.Context(), keyport.AccountFilter{})
	if err != nil {
		t.Fatal(err)
	}
	if len(accounts) != 1 || accounts[0].HomeAccountID != homeAccount {
		t.Fatalf("Keyport finds %d accounts, want the user's", len(accounts))
	}
	return stored(t)(app.AcquireTokenSilent(t.Context(), keyport.SilentRequest{Scopes: scopes, Account: accounts[0]}))
}

// compare says which tokens are not those that were wanted, without showing any. "" stands for none.
func compare(t *testing.T, who string, want, got []string) {
	t.Helper()
	if len(want) != len(got) {
		t.Errorf("%s: %d tokens, want %d", who, len(got), len(want))
		return
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("%s: token %d of %d is not the one that was stored, or not absent", who, i+1, len(want))
		}
	}
}

// checkSibling wants the tokens from a sibling's cache: nobody answers it.
func (d *desk) checkSibling(t *testing.T, s sibling, want []string, steps ...step) {
	t.Helper()
	d.doors.Store(closed)
	if s.needsMetadata {
		d.doors.Store(metadataOnly)
	}
	defer d.doors.Store(open)
	compare(t, s.name, want, d.run(t, s, steps...).Tokens)
}

// checkKeyport wants tokens from a new client's cache, with no request.
func (d *desk) checkKeyport(t *testing.T, want []string, get func(*keyport.ConfidentialClient) []string) {
	t.Helper()
	d.authority.Reset()
	compare(t, "Keyport", want, get(d.newKeyport(t)))
	for _, r := range d.authority.Requests() {
		t.Errorf("Keyport has sent a request: %v", r)
	}
}

func TestSiblingsFindWhatKeyportWrote(t *testing.T) {
	for _, s := range siblings {
		t.Run(s.name, func(t *testing.T) {
			d := newDesk(t)
			app := d.newKeyport(t)
			want := []string{d.appToken(t, app, appScopes), d.signIn(t, app, userScopes)}
			d.checkSibling(t, s, want, appStep(appScopes), userStep(userScopes))
		})
	}
}

func TestKeyportFindsWhatSiblingsWrote(t *testing.T) {
	for _, s := range siblings {
		t.Run(s.name, func(t *testing.T) {
			d := newDesk(t)
			want := d.run(t, s, appStep(appScopes), d.signInStep(t, userScopes)).Tokens
			d.checkKeyport(t, want, func(app *keyport.ConfidentialClient) []string {
				return []string{d.appToken(t, app, appScopes), d.userToken(t, app, userScopes)}
			})
		})
	}
}

// A scope that has no token yet is got with the refresh token that another library has stored.
func TestRefreshTokensServeInBothDirections(t *testing.T) {
	other := []string{keyporttest.Graph + "/Mail.Read"}
	for _, s := range siblings {
		t.Run(s.name+" redeems Keyport's", func(t *testing.T) {
			d := newDesk(t)
			d.signIn(t, d.newKeyport(t), userScopes)
			want := d.run(t, s, userStep(other)).Tokens
			d.checkKeyport(t, want, func(app *keyport.ConfidentialClient) []string { return []string{d.userToken(t, app, other)} })
		})
		t.Run("Keyport redeems that of "+s.name, func(t *testing.T) {
			d := newDesk(t)
			d.run(t, s, d.signInStep(t, userScopes))
			want := []string{d.userToken(t, d.newKeyport(t), other)}
			d.checkSibling(t, s, want, userStep(other))
		})
	}
}

// Each library in turn reads the file, adds tokens, and writes it. After each, all find what is theirs.
// One thing is lost, and docs/caching.md says so: MSAL Go drops the empty field by which MSAL Python and
// MSAL Node know an application's token, their own as well as Keyport's.
func TestNobodyLosesWhatOthersWrote(t *testing.T) {
	d := newDesk(t)
	ours := d.fill(t, d.newKeyport(t))
	steps, theirs := map[string][]step{}, map[string][]string{}
	for _, s := range siblings { // who see what is in the shared schema
		steps[s.name], theirs[s.name] = []step{appStep(appScopes), userStep(userScopes)}, ours[:2:2]
	}
	everybodyLooks := func(writer string) {
		t.Run("after "+writer, func(t *testing.T) {
			d.checkKeyport(t, ours, func(app *keyport.ConfidentialClient) []string { return d.fill(t, app) })
			for _, s := range siblings {
				d.checkSibling(t, s, theirs[s.name], steps[s.name]...)
			}
		})
	}
	everybodyLooks("Keyport")
	for _, s := range siblings {
		more := []step{appStep([]string{s.resource + "/.default"}), userStep([]string{s.resource + "/Read"})}
		tokens := d.run(t, s, more...).Tokens
		steps[s.name], theirs[s.name] = append(steps[s.name], more...), append(theirs[s.name], tokens...)
		for _, other := range siblings {
			if s.dropsEmpty && other.needsEmpty {
				theirs[other.name] = withoutApp(steps[other.name], theirs[other.name])
			}
		}
		everybodyLooks(s.name)
		d.checkKeyport(t, tokens, func(app *keyport.ConfidentialClient) []string {
			return []string{d.appToken(t, app, more[0].Scopes), d.userToken(t, app, more[1].Scopes)}
		})
	}

	// The next token of the application is there for everybody again.
	ours[0] = stored(t)(d.newKeyport(t).AcquireTokenForClient(t.Context(), keyport.ClientCredentialsRequest{Scopes: appScopes, ForceRefresh: true}))
	for _, tokens := range theirs {
		tokens[0] = ours[0]
	}
	everybodyLooks("Keyport again")
}

// withoutApp takes the application's tokens out of a list.
func withoutApp(steps []step, tokens []string) []string {
	list := slices.Clone(tokens)
	for i := range list {
		if steps[i].Do == "app" {
			list[i] = ""
		}
	}
	return list
}

// fill gets a token of every kind: from the cache where it is there. The first two are in the
// schema that all share, the others in Keyport's own section.
func (d *desk) fill(t *testing.T, app *keyport.ConfidentialClient) []string {
	t.Helper()
	tokens := []string{d.appToken(t, app, appScopes), ""}
	accounts, err := app.Accounts(t.Context(), keyport.AccountFilter{})
	if err != nil {
		t.Fatal(err)
	}
	if len(accounts) == 0 {
		d.signIn(t, app, userScopes)
	}
	tokens[1] = d.userToken(t, app, userScopes)
	keyed := keyport.ClientCredentialsRequest{Scopes: appScopes}
	keyed.ExtraParameters.Body = []keyport.Parameter{{Name: "slice", Value: "one", InCacheKey: true}}
	assertion := keyport.NewSecret(d.userToken(t, app, []string{"api://shared/Read"}))
	return append(tokens,
		stored(t)(app.AcquireTokenForClient(t.Context(), keyed)),
		stored(t)(app.AcquireTokenOnBehalfOf(t.Context(), keyport.OnBehalfOfRequest{UserAssertion: assertion, Scopes: userScopes})),
	)
}
