package keyport_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"pgregory.net/rapid"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/cachememory"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

const otherTenantID = "0e8b3c55-9a1f-4d27-8a50-6c1d2e3f4a5b"

// isolationUser is somebody who signs in.
type isolationUser struct{ id, username, home string }

func (u isolationUser) homeID() string { return u.id + "." + u.home }

func (u isolationUser) account() keyport.Account {
	return keyport.Account{
		HomeAccountID: u.homeID(), LocalAccountID: u.id, Environment: "login.microsoftonline.com", Tenant: u.home,
		Username: u.username, AuthorityType: "MSSTS",
	}
}

// Two of one tenant, and one of another; the first and the last are guests in the tenant
// of the other.
var isolationUsers = []isolationUser{
	{"aaaaaaaa-0000-4000-8000-000000000001", "first@" + keyporttest.TenantDomain, keyporttest.TenantID},
	{"bbbbbbbb-0000-4000-8000-000000000002", "second@" + keyporttest.TenantDomain, keyporttest.TenantID},
	{"cccccccc-0000-4000-8000-000000000003", "third@other.example", otherTenantID},
}

const (
	apiClient     = "22222222-0000-4000-8000-000000000022" // a web API, which calls the next one
	userReadScope = keyporttest.Graph + "/User.Read"
	mailReadScope = keyporttest.Graph + "/Mail.Read"
	reportsScope  = "api://" + apiClient + "/read"
)

// isolationClients are clients by name; two are the same to the server.
var isolationClients = []string{"web", "web in another process", "shop", "family one", "family two", apiClient}

// userClient is what public and confidential clients have in common here.
type userClient interface {
	AcquireTokenSilent(context.Context, keyport.SilentRequest) (keyport.Result, error)
	InitiateAuthCodeFlow(context.Context, keyport.AuthCodeFlowRequest) (keyport.AuthCodeFlow, error)
	AcquireTokenByAuthCodeFlow(context.Context, keyport.AuthCodeFlow, url.Values) (keyport.Result, error)
	Accounts(context.Context, keyport.AccountFilter) ([]keyport.Account, error)
	RemoveAccount(context.Context, keyport.Account) error
	Close(context.Context) error
}

// isolationWorld is a server, a cache, and clients.
type isolationWorld struct {
	t         *rapid.T
	seen      *tally
	authority *keyporttest.Authority
	schedule  *schedule
	clients   map[string]userClient
	api       *keyport.ConfidentialClient
	portal    *keyport.ConfidentialClient // calls the API; what it does takes no time
	callers   sync.WaitGroup

	mu         sync.Mutex // guards what follows
	cancel     map[int]context.CancelFunc
	assertions map[string]keyport.Result
}

// newIsolationWorld has every user signed in to the clients that will be used.
func newIsolationWorld(t *rapid.T, seen *tally, callers [][]action) *isolationWorld {
	a := keyporttest.New(keyporttest.Options{})
	a.AddTenant(keyporttest.Tenant{ID: otherTenantID, Domains: []string{"other.example"}})
	for _, u := range isolationUsers {
		guest := map[string][]string{isolationUsers[0].id: {otherTenantID}, isolationUsers[2].id: {keyporttest.TenantID}}[u.id]
		a.AddUser(u.home, keyporttest.User{ID: u.id, Username: u.username, Password: "password of " + u.id, GuestOf: guest})
	}
	a.SetTokenLifetime(time.Hour, 30*time.Minute)
	signedIn := map[action]bool{}
	w := &isolationWorld{
		t: t, seen: seen, authority: a, schedule: &schedule{visits: map[string]int{}}, clients: map[string]userClient{},
		cancel: map[int]context.CancelFunc{}, assertions: map[string]keyport.Result{},
	}
	shared := keyport.Ports{
		HTTPClient: scheduledServer{a, w.schedule}, Clock: a.Clock(),
		TokenCache: scheduledCache{cachememory.NewTokenCache(cachememory.TokenCacheOptions{Clock: a.Clock()}), w.schedule},
		HTTPCache:  cachememory.NewHTTPCache(cachememory.HTTPCacheOptions{}),
	}
	for _, name := range isolationClients {
		w.clients[name] = w.newClient(name, shared)
	}
	w.api = w.clients[apiClient].(*keyport.ConfidentialClient)
	w.portal = w.newClient("portal", keyport.Ports{HTTPClient: a.Client(), Clock: a.Clock()}).(*keyport.ConfidentialClient)
	for _, a := range slices.Concat(callers...) {
		a = action{client: a.client, user: a.user, scope: userReadScope}
		if signedIn[a] {
			continue
		}
		signedIn[a] = true
		if _, err := w.signIn(context.Background(), w.clients[a.client], a); err != nil {
			t.Fatal(err)
		}
	}
	w.schedule.on = true
	return w
}

// newClient registers a client and makes it.
func (w *isolationWorld) newClient(name string, p keyport.Ports) userClient {
	const authority = "https://login.microsoftonline.com/organizations"
	app := keyporttest.App{ClientID: clientIDOf(name), RedirectURIs: []string{redirectURI}}
	if strings.HasPrefix(name, "family") {
		app.Public, app.FamilyID = true, "1"
		w.authority.AddApp(app)
		client, err := keyport.NewPublicClient(keyport.PublicClientConfig{ClientID: app.ClientID, Authority: authority, Ports: p})
		if err != nil {
			w.t.Fatal(err)
		}
		return client
	}
	app.Secrets = []string{"secret of " + app.ClientID}
	if name == apiClient {
		app.IdentifierURIs = []string{"api://" + apiClient}
	}
	w.authority.AddApp(app)
	client, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: app.ClientID, Authority: authority, Credential: keyport.ClientSecret(app.Secrets[0]), Ports: p,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return client
}

func clientIDOf(name string) string {
	name, _, _ = strings.Cut(name, " in another")
	return strings.ReplaceAll(name, " ", "-")
}

// start has a caller do one thing after the other.
func (w *isolationWorld) start(caller int, actions []action) {
	w.callers.Go(func() {
		for i, a := range actions {
			ctx, cancel := context.WithCancel(as(context.Background(), "caller "+strconv.Itoa(caller)+", action "+strconv.Itoa(i)))
			w.mu.Lock()
			w.cancel[caller] = cancel
			w.mu.Unlock()
			if w.schedule.cross(ctx, "begins: "+a.String()) == nil {
				w.act(ctx, a)
			}
			cancel()
		}
	})
}

func (w *isolationWorld) giveUp(caller int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if cancel := w.cancel[caller]; cancel != nil {
		cancel()
	}
}

func (w *isolationWorld) close() {
	for _, c := range w.clients {
		if err := c.Close(context.Background()); err != nil {
			w.t.Error(err)
		}
	}
	if err := w.portal.Close(context.Background()); err != nil {
		w.t.Error(err)
	}
}

// assertion is an access token for the API that a user has; another one for each number.
func (w *isolationWorld) assertion(u isolationUser, nth int) keyport.Secret {
	w.mu.Lock()
	defer w.mu.Unlock()
	name := u.id + strconv.Itoa(nth)
	if t, ok := w.assertions[name]; ok && t.ExpiresOn.After(w.authority.Clock().Now()) {
		return t.AccessToken
	}
	got, err := w.signIn(context.Background(), w.portal, action{user: u, scope: reportsScope})
	if err != nil {
		w.t.Errorf("sign in to the portal: %v", err)
	}
	w.assertions[name] = got
	return got.AccessToken
}

func (w *isolationWorld) count(a action, got keyport.Result) {
	if got.Metadata.Source == keyport.SourceCache {
		w.seen.cached.Add(1)
	} else {
		w.seen.fresh.Add(1)
	}
	if got.Metadata.Shared {
		w.seen.shared.Add(1)
	}
	if a.tenant != "" && a.tenant != a.user.home {
		w.seen.guests.Add(1)
	}
	if a.do == onBehalfAction || a.do == forcedOnBehalf {
		w.seen.onBehalf.Add(1)
	}
}

// tokenClaims are what the emulator's tokens say of whose they are.
type tokenClaims struct {
	UPN      string `json:"upn"`                // access tokens of version 1.0
	Username string `json:"preferred_username"` // of version 2.0, and ID tokens
	Tenant   string `json:"tid"`
	AppID    string `json:"appid"` // 1.0
	AZP      string `json:"azp"`   // 2.0
	Audience string `json:"aud"`
	Scopes   string `json:"scp"`
}

func (w *isolationWorld) read(token keyport.Secret) (c tokenClaims) {
	parts := strings.Split(token.Reveal(), ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[len(parts)/2])
	if err != nil || json.Unmarshal(payload, &c) != nil {
		w.t.Error("a token is no JWT")
	}
	return c
}

// check compares a result with who asked for what.
func (w *isolationWorld) check(a action, got keyport.Result) {
	tenant, client := a.tenant, clientIDOf(a.client)
	if tenant == "" {
		tenant = a.user.home
	}
	resource, permission, api := keyporttest.Graph, strings.TrimPrefix(a.scope, keyporttest.Graph+"/"), keyporttest.Graph
	if a.scope == reportsScope {
		resource, permission, api = "api://"+apiClient, "read", apiClient
	}
	access, id := w.read(got.AccessToken), tokenClaims{Username: a.user.username, Tenant: tenant, Audience: client}
	if !got.IDToken.IsZero() { // a refresh does without when hours passed on its way
		id = w.read(got.IDToken)
		w.seen.ids.Add(1)
	}
	wanted, _ := domain.ParseScopes([]string{a.scope})
	for what, good := range map[string]bool{
		"the access token's user":   access.UPN+access.Username == a.user.username,
		"the access token's tenant": access.Tenant == tenant,
		"the access token's client": access.AppID+access.AZP == client,
		"the access token's API":    access.Audience == api || access.Audience == resource,
		"the access token's scopes": slices.Contains(strings.Fields(access.Scopes), permission),
		"the ID token's user":       id.Username == a.user.username,
		"the ID token's tenant":     id.Tenant == tenant,
		"the ID token's client":     id.Audience == client,
		"the account's id":          got.Account.HomeAccountID == a.user.homeID(),
		"the account's name":        got.Account.Username == a.user.username,
		"the scopes of the result":  got.Scopes.Contains(wanted),
	} {
		if !good {
			w.t.Errorf("%v, from %v: %s is wrong", a, got.Metadata.Source, what)
		}
	}
}
