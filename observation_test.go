package keyport_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
	"github.com/seed57855a68/keyport/ports"
)

// tour is a run through all flows, with everything set that listens.
type tour struct {
	*testing.T
	server *keyporttest.Authority
	seen   keyporttest.Observations
	log    *keyporttest.LogRecorder
	pii    bool
	user   string // nobody else's tests know them
	errs   []error
}

// quietDesktop is a desktop that prints nothing.
type quietDesktop struct{ *desktop }

func (d quietDesktop) Listen(context.Context, string) (ports.RedirectReceiver, error) { return d, nil }

func (d quietDesktop) Receive(context.Context, string) (url.Values, func(error), error) {
	return d.answer, func(error) {}, nil
}

func newTour(t *testing.T, name string, pii bool) *tour {
	s := &tour{T: t, pii: pii, user: name + "@contoso.onmicrosoft.com", log: keyporttest.NewLogRecorder(), server: keyporttest.New(keyporttest.Options{AllowPersonalData: pii})}
	s.server.AddUser("", keyporttest.User{Username: s.user, Password: keyporttest.PlantSecret("password")})
	return s
}

func (s *tour) ports() keyport.Ports {
	machine := quietDesktop{&desktop{server: s.server, user: keyporttest.SignIn{Username: s.user}}}
	return keyport.Ports{
		HTTPClient: s.server.Client(), Clock: s.server.Clock(), Observer: &s.seen, Browser: machine, RedirectListener: machine,
	}
}

// confidential returns a client of a new app; change may be nil.
func (s *tour) confidential(app keyporttest.App, change func(*keyport.ConfidentialClientConfig)) *keyport.ConfidentialClient {
	s.Helper()
	secret := keyporttest.PlantSecret("client secret")
	app.Secrets = []string{secret}
	s.server.AddApp(app)
	config := keyport.ConfidentialClientConfig{
		ClientID: app.ClientID, Authority: keyporttest.AuthorityURL, Credential: keyport.ClientSecret(secret),
		Ports: s.ports(), Logger: slog.New(s.log), LogPII: s.pii,
	}
	if change != nil {
		change(&config)
	}
	client, err := keyport.NewConfidentialClient(config)
	if err != nil {
		s.Fatal(err)
	}
	return client
}

// call checks that one event tells of one call.
func (s *tour) call(api domain.APIID, kind domain.ErrorKind, do func(context.Context) (keyport.Result, error)) keyport.Result {
	s.Helper()
	before := len(s.seen.Acquisitions())
	result, err := do(s.Context())
	if (err == nil) != (kind == "") {
		s.Fatalf("%v: got %v, want an error of kind %q", api, err, kind)
	}
	s.errs = append(s.errs, err)
	told := s.seen.Acquisitions()[before:]
	if len(told) != 1 || told[0].API != api || told[0].Failure.Kind != kind {
		s.Errorf("%v: told %+v, want one event of it with failure %q", api, told, kind)
	}
	return result
}

func (s *tour) run() {
	s.Helper()
	app := s.confidential(keyporttest.App{ClientID: "tour-app", RedirectURIs: []string{callback}}, nil)
	s.runForClient(app)
	user := s.runSignIns(app)
	s.runForUser(app, user)
	s.runOnBehalfOf(app, user)
	s.runPublic()
}

func (s *tour) runForClient(app *keyport.ConfidentialClient) {
	s.Helper()
	get := func(ctx context.Context) (keyport.Result, error) {
		return app.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{Scopes: []string{keyporttest.Graph + "/.default"}})
	}
	s.fail(http.StatusInternalServerError, "oops")
	s.call(domain.AcquireTokenForClientID, domain.ErrorUnavailable, get)
	s.call(domain.AcquireTokenForClientID, "", get)
	mine := s.call(domain.AcquireTokenForClientID, "", get)
	if err := app.Invalidate(s.Context(), mine); err != nil {
		s.Error(err)
	}
	wrong := s.confidential(keyporttest.App{ClientID: "wrong-app"}, func(c *keyport.ConfidentialClientConfig) {
		c.Credential = keyport.ClientSecret(keyporttest.PlantSecret("wrong secret"))
	})
	s.call(domain.AcquireTokenForClientID, domain.ErrorInvalidClient, func(ctx context.Context) (keyport.Result, error) {
		return wrong.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{Scopes: []string{keyporttest.Graph + "/.default"}})
	})
}

func (s *tour) runSignIns(app *keyport.ConfidentialClient) keyport.Account {
	s.Helper()
	begin := func() (keyport.AuthCodeFlow, url.Values) {
		s.Helper()
		flow, err := app.InitiateAuthCodeFlow(s.Context(), keyport.AuthCodeFlowRequest{Scopes: []string{reports}, RedirectURI: callback, LoginHint: s.user})
		if err != nil {
			s.Fatal(err)
		}
		answer, err := s.server.SignIn(flow.AuthorizationURL, keyporttest.SignIn{Username: s.user})
		if err != nil {
			s.Fatal(err)
		}
		return flow, answer
	}
	s.server.AddApp(keyporttest.App{ClientID: "tour-api", IdentifierURIs: []string{"api://reports"}})
	flow, answer := begin()
	s.call(domain.AcquireTokenByAuthorizationCodeID, domain.ErrorResponseMismatch, func(ctx context.Context) (keyport.Result, error) {
		return app.AcquireTokenByAuthCodeFlow(ctx, flow, url.Values{"code": {keyporttest.PlantSecret("code")}, "state": {keyporttest.PlantSecret("state")}})
	})
	s.fail(http.StatusOK, `{"access_token":"`+keyporttest.PlantSecret("access token")+`","id_token":"`+keyporttest.PlantSecret("ID token")+`"}`)
	s.call(domain.AcquireTokenByAuthorizationCodeID, domain.ErrorBadResponse, func(ctx context.Context) (keyport.Result, error) {
		return app.AcquireTokenByAuthCodeFlow(ctx, flow, answer)
	})
	flow, answer = begin()
	signedIn := s.call(domain.AcquireTokenByAuthorizationCodeID, "", func(ctx context.Context) (keyport.Result, error) {
		return app.AcquireTokenByAuthCodeFlow(ctx, flow, answer)
	})
	s.call(domain.AcquireTokenByAuthorizationCodeID, domain.ErrorInteractionRequired, func(ctx context.Context) (keyport.Result, error) {
		return app.AcquireTokenByAuthorizationCode(ctx, keyport.AuthorizationCodeRequest{
			Code: keyport.NewSecret(keyporttest.PlantSecret("code")), Scopes: []string{reports}, RedirectURI: callback,
		})
	})
	s.call(domain.AcquireTokenByRefreshTokenID, domain.ErrorInteractionRequired, func(ctx context.Context) (keyport.Result, error) {
		return app.AcquireTokenByRefreshToken(ctx, keyport.RefreshTokenRequest{
			RefreshToken: keyport.NewSecret(keyporttest.PlantSecret("refresh token")), Scopes: []string{reports},
		})
	})
	return signedIn.Account
}

func (s *tour) runForUser(app *keyport.ConfidentialClient, user keyport.Account) {
	s.Helper()
	silently := func(ctx context.Context) (keyport.Result, error) {
		return app.AcquireTokenSilent(ctx, keyport.SilentRequest{Scopes: []string{reports}, Account: user})
	}
	s.call(domain.AcquireTokenSilentID, "", silently)
	s.server.Clock().Advance(2 * time.Hour)
	s.fail(http.StatusBadGateway, "<html>"+keyporttest.PlantSecret("page"))
	s.call(domain.AcquireTokenSilentID, domain.ErrorUnavailable, silently)
	s.call(domain.AcquireTokenSilentID, "", silently)
	if _, err := app.Accounts(s.Context(), keyport.AccountFilter{Username: s.user}); err != nil {
		s.Error(err)
	}
}

func (s *tour) runOnBehalfOf(app *keyport.ConfidentialClient, user keyport.Account) {
	s.Helper()
	api := s.confidential(keyporttest.App{ClientID: "tour-api", IdentifierURIs: []string{"api://reports"}}, nil)
	incoming, err := app.AcquireTokenSilent(s.Context(), keyport.SilentRequest{Scopes: []string{reports}, Account: user})
	if err != nil {
		s.Fatal(err)
	}
	request := keyport.OnBehalfOfRequest{UserAssertion: incoming.AccessToken, Scopes: []string{userRead}}
	for range 2 {
		s.call(domain.AcquireTokenOnBehalfOfID, "", func(ctx context.Context) (keyport.Result, error) {
			return api.AcquireTokenOnBehalfOf(ctx, request)
		})
	}
	session := keyporttest.PlantSecret("session key")
	s.call(domain.AcquireTokenOnBehalfOfID, "", func(ctx context.Context) (keyport.Result, error) {
		_, result, err := api.InitiateLongRunningOnBehalfOf(ctx, session, request)
		return result, err
	})
	s.call(domain.AcquireTokenOnBehalfOfID, "", func(ctx context.Context) (keyport.Result, error) {
		return api.AcquireTokenInLongRunningOnBehalfOf(ctx, keyport.LongRunningRequest{SessionKey: session, Scopes: []string{userRead}, ForceRefresh: true})
	})
	s.server.RevokeSessions(s.user)
	s.call(domain.AcquireTokenSilentID, domain.ErrorInteractionRequired, func(ctx context.Context) (keyport.Result, error) {
		return app.AcquireTokenSilent(ctx, keyport.SilentRequest{Scopes: []string{reports}, Account: user, ForceRefresh: true})
	})
	if err := app.RemoveAccount(s.Context(), user); err != nil {
		s.Error(err)
	}
	s.call(domain.AcquireTokenSilentID, domain.ErrorTokenNotCached, func(ctx context.Context) (keyport.Result, error) {
		return app.AcquireTokenSilent(ctx, keyport.SilentRequest{Scopes: []string{reports}, Account: user})
	})
}

func (s *tour) runPublic() {
	s.Helper()
	s.server.AddApp(keyporttest.App{ClientID: "tour-desktop", Public: true, RedirectURIs: []string{"http://localhost"}})
	app, err := keyport.NewPublicClient(keyport.PublicClientConfig{
		ClientID: "tour-desktop", Authority: keyporttest.AuthorityURL, Ports: s.ports(), Logger: slog.New(s.log), LogPII: s.pii,
	})
	if err != nil {
		s.Fatal(err)
	}
	s.call(domain.AcquireTokenInteractiveID, "", func(ctx context.Context) (keyport.Result, error) {
		return app.AcquireTokenInteractive(ctx, keyport.InteractiveRequest{Scopes: []string{userRead}, LoginHint: s.user})
	})
	flow, err := app.InitiateDeviceFlow(s.Context(), keyport.DeviceFlowRequest{Scopes: []string{userRead}})
	if err != nil {
		s.Fatal(err)
	}
	s.server.Clock().Advance(10 * time.Second)
	s.call(domain.AcquireTokenByDeviceFlowID, domain.ErrorAuthorizationPending, func(ctx context.Context) (result keyport.Result, err error) {
		result, flow, err = app.PollDeviceFlow(ctx, flow)
		return result, err
	})
	if err := s.server.EnterCode(flow.VerificationURI, flow.UserCode, keyporttest.SignIn{Username: s.user}); err != nil {
		s.Fatal(err)
	}
	s.server.Clock().Advance(10 * time.Second)
	s.call(domain.AcquireTokenByDeviceFlowID, "", func(ctx context.Context) (keyport.Result, error) { return app.AcquireTokenByDeviceFlow(ctx, flow) })
}

// fail has the next token request answered like this.
func (s *tour) fail(status int, body string) {
	s.server.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointToken, Times: 1, Status: status, Body: body})
}

// told is all that went to the log and to the observer.
func (s *tour) told() map[string]string {
	events := s.seen.All()
	encoded, err := json.Marshal(events)
	if err != nil {
		s.Error(err)
	}
	return map[string]string{"the log": s.log.Text(), "an event": fmt.Sprintf("%+v %s", events, encoded)}
}

// TestEveryFlowIsToldOnceAndNothingShows: no secret, no person, no tenant.
func TestEveryFlowIsToldOnceAndNothingShows(t *testing.T) {
	s := newTour(t, "colin", false)
	s.run()
	for where, text := range s.told() {
		keyporttest.AssertClean(t, s.server, where, text)
		for _, name := range []string{"colin", keyporttest.TenantID, keyporttest.TenantDomain} {
			if strings.Contains(strings.ToLower(text), name) {
				t.Errorf("%s shows %q", where, name)
			}
		}
	}
	for _, err := range s.errs {
		keyporttest.AssertClean(t, s.server, "error", err)
	}
	if n := strings.Count(s.log.Text(), `msg="keyport: a token was acquired"`); n < 10 {
		t.Errorf("%d acquisitions were logged; is anything recorded?\n%s", n, s.log.Text())
	}
	for _, level := range []string{"level=INFO", "level=ERROR"} {
		if strings.Contains(s.log.Text(), level) {
			t.Errorf("a record has %s: decisions are for debugging, degraded service is a warning", level)
		}
	}
}

// TestLogPIIShowsWhoAndWhereAndNoSecret: and events are as before.
func TestLogPIIShowsWhoAndWhereAndNoSecret(t *testing.T) {
	s := newTour(t, "delia", true)
	s.run()
	told := s.told()
	for _, want := range []string{"username=" + s.user, "account=", "." + keyporttest.TenantID, "tenant="} {
		if !strings.Contains(told["the log"], want) {
			t.Errorf("the log lacks %q:\n%s", want, told["the log"])
		}
	}
	for where, text := range told {
		keyporttest.AssertClean(t, s.server, where, text)
	}
	for _, name := range []string{"delia", keyporttest.TenantID, keyporttest.TenantDomain} {
		if strings.Contains(told["an event"], name) {
			t.Errorf("an event shows %q", name)
		}
	}
}

// TestAFailureThatNobodySeesIsWarnedOfOnce: a cache that cannot be written.
func TestAFailureThatNobodySeesIsWarnedOfOnce(t *testing.T) {
	s := newTour(t, "colin", false)
	app := s.confidential(keyporttest.App{ClientID: "tour-app"}, func(c *keyport.ConfidentialClientConfig) {
		c.Ports.TokenCache = fullDisk{}
	})
	s.call(domain.AcquireTokenForClientID, "", func(ctx context.Context) (keyport.Result, error) {
		return app.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{Scopes: []string{keyporttest.Graph + "/.default"}})
	})
	if n := strings.Count(s.log.Text(), "level=WARN"); n != 1 || !strings.Contains(s.log.Text(), "no space left") {
		t.Errorf("%d warnings, want 1 that says why:\n%s", n, s.log.Text())
	}
}

// fullDisk is a cache that has nothing and takes nothing.
type fullDisk struct{ ports.TokenCache }

func (fullDisk) Load(context.Context, domain.PartitionKey) (domain.TokenSet, error) {
	return domain.TokenSet{}, nil
}

func (fullDisk) Update(context.Context, domain.PartitionKey, func(domain.TokenSet) (domain.TokenSet, error)) error {
	return errors.New("no space left on device")
}
