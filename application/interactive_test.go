package application_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/mock/gomock"

	"github.com/seed57855a68/keyport/application"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/mocks"
)

// desk is a machine with a browser: what the user does there is answer.
type desk struct {
	browser  *mocks.MockBrowser
	listener *mocks.MockRedirectListener
	receiver *mocks.MockRedirectReceiver
	opened   url.Values // of the authorization URL
	outcome  error      // what the page showed in the end
	finished int
}

// newDesk expects one sign-in, which the listener answers with what answer makes of
// the authorization request.
func newDesk(t *testing.T, answer func(ctx context.Context, request url.Values) (url.Values, error)) *desk {
	t.Helper()
	ctrl := gomock.NewController(t)
	d := &desk{browser: mocks.NewMockBrowser(ctrl), listener: mocks.NewMockRedirectListener(ctrl), receiver: mocks.NewMockRedirectReceiver(ctrl)}
	d.listener.EXPECT().Listen(gomock.Any(), gomock.Any()).Return(d.receiver, nil).AnyTimes()
	d.receiver.EXPECT().RedirectURI().Return("http://localhost:41234").AnyTimes()
	d.receiver.EXPECT().Close().Return(nil).AnyTimes()
	d.browser.EXPECT().Open(gomock.Any(), gomock.Any()).DoAndReturn(func(_ context.Context, address string) error {
		u, err := url.Parse(address)
		if err != nil {
			return err
		}
		d.opened = u.Query()
		return nil
	}).AnyTimes()
	d.receiver.EXPECT().Receive(gomock.Any(), gomock.Any()).DoAndReturn(func(ctx context.Context, state string) (url.Values, func(error), error) {
		if state != d.opened.Get("state") {
			t.Errorf("waits for another state than was sent")
		}
		response, err := answer(ctx, d.opened)
		return response, func(outcome error) { d.finished++; d.outcome = outcome }, err
	}).AnyTimes()
	return d
}

func interactiveClient(t *testing.T, s *userServer, d *desk) *application.PublicClient {
	t.Helper()
	c := configOf(s)
	c.Ports.Browser, c.Ports.RedirectListener = d.browser, d.listener
	client, err := application.NewPublicClient(application.PublicClientConfig{
		ClientID: c.ClientID, Authority: c.Authority, InsecureSkipIDTokenVerification: true, Ports: c.Ports,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// good is a user who signs in.
func good(s *userServer) func(context.Context, url.Values) (url.Values, error) {
	return func(_ context.Context, request url.Values) (url.Values, error) {
		s.idToken = map[string]any{"nonce": request.Get("nonce")}
		return url.Values{"code": {"the-code"}, "state": {request.Get("state")}}, nil
	}
}

func TestAnInteractiveSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newUserServer(t)
		d := newDesk(t, good(s))
		client := interactiveClient(t, s, d)
		told := ""
		got, err := client.AcquireTokenInteractive(t.Context(), application.InteractiveRequest{
			Scopes: []string{userScope}, ExtraScopesToConsent: []string{"https://graph.microsoft.com/Mail.Read"}, Prompt: domain.PromptSelectAccount,
			LoginHint: "ada@contoso.example", OnAuthorizationURL: func(address string) { told = address },
		})
		if err != nil || got.Account.HomeAccountID != homeID || got.Account.Source != domain.SourceAuthorizationCode {
			t.Fatalf("got %v, %v", got.Account, err)
		}
		for name, want := range map[string]string{
			"redirect_uri": "http://localhost:41234", "response_mode": "form_post", "prompt": "select_account", "login_hint": "ada@contoso.example",
			"scope": "https://graph.microsoft.com/Mail.Read " + userScope + " offline_access openid profile", "code_challenge_method": "S256",
		} {
			if d.opened.Get(name) != want {
				t.Errorf("%s is %q, want %q", name, d.opened.Get(name), want)
			}
		}
		form := s.sent()[0]
		if form.Get("redirect_uri") != "http://localhost:41234" || form.Get("scope") != userScope+" offline_access openid profile" || form.Get("code_verifier") == "" {
			t.Errorf("redeemed with %v", form)
		}
		if s.headers[0].Get("x-client-current-telemetry") != "4|169,0|" || !strings.HasPrefix(told, "https://login.microsoftonline.com/") {
			t.Errorf("telemetry %q, told %q", s.headers[0].Get("x-client-current-telemetry"), told)
		}
		if d.finished != 1 || d.outcome != nil {
			t.Errorf("the page was shown %d times, with %v", d.finished, d.outcome)
		}
	})
}

func TestAnInteractiveSignInThatFails(t *testing.T) {
	for _, row := range []struct {
		name   string
		answer func(context.Context, url.Values) (url.Values, error)
		change func(*userServer)
		want   error
		pages  int
	}{
		{"the user says no", func(_ context.Context, r url.Values) (url.Values, error) {
			return url.Values{"error": {"access_denied"}, "state": {r.Get("state")}}, nil
		}, nil, domain.ErrAccessDenied, 1},
		{"the user does not come back", func(ctx context.Context, _ url.Values) (url.Values, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}, nil, context.DeadlineExceeded, 0},
		{"the token endpoint fails", nil, func(s *userServer) {
			s.hook = func(url.Values) (int, string) { return 503, "down" }
		}, domain.ErrUnavailable, 1},
		{"the ID token is another sign-in's", func(_ context.Context, r url.Values) (url.Values, error) {
			return url.Values{"code": {"c"}, "state": {r.Get("state")}}, nil
		}, nil, nil, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newUserServer(t)
				if row.answer == nil {
					row.answer = good(s)
				}
				d := newDesk(t, row.answer)
				client := interactiveClient(t, s, d)
				if row.change != nil {
					row.change(s)
				}
				begin := time.Now()
				_, err := client.AcquireTokenInteractive(t.Context(), application.InteractiveRequest{Scopes: []string{userScope}})
				if err == nil || row.want != nil && !errors.Is(err, row.want) {
					t.Errorf("got %v, want %v", err, row.want)
				}
				if d.finished != row.pages || row.pages == 1 && d.outcome == nil {
					t.Errorf("the page was shown %d times, with %v", d.finished, d.outcome)
				}
				if errors.Is(row.want, context.DeadlineExceeded) && time.Since(begin) != 10*time.Minute {
					t.Errorf("waited for %v, want ten minutes", time.Since(begin))
				}
				accounts, err := client.Accounts(t.Context(), application.AccountFilter{})
				if err != nil || len(accounts) != 0 {
					t.Errorf("%d accounts are cached", len(accounts))
				}
			})
		})
	}
}

// openFails is a desk whose browser does not open.
func openFails(t *testing.T, s *userServer, open func() error) *desk {
	t.Helper()
	d := newDesk(t, good(s))
	d.browser = mocks.NewMockBrowser(gomock.NewController(t))
	d.browser.EXPECT().Open(gomock.Any(), gomock.Any()).DoAndReturn(func(context.Context, string) error { return open() }).Times(1)
	return d
}

func TestWithoutABrowserTheErrorSaysWhatElseThereIs(t *testing.T) {
	config := &domain.ConfigError{Field: "Ports.Browser", Problem: "finds no display", Remedy: "use another way"}
	for want, err := range map[string]error{
		config.Error(): config, // it says so itself
		"acquire token interactive: no browser could be opened: no display; set OnAuthorizationURL to show the address to the user, or use InitiateDeviceFlow": errors.New("no display"),
	} {
		s := newUserServer(t)
		d := openFails(t, s, func() error { return err })
		_, got := interactiveClient(t, s, d).AcquireTokenInteractive(t.Context(), application.InteractiveRequest{Scopes: []string{userScope}})
		if got == nil || got.Error() != want || !errors.Is(got, err) {
			t.Errorf("got %v, want %s", got, want)
		}
	}
}

// TestTheTimeEndsWhileTheBrowserIsOpened: that is no matter of the browser.
func TestTheTimeEndsWhileTheBrowserIsOpened(t *testing.T) {
	for _, tell := range []func(string){nil, func(string) {}} {
		synctest.Test(t, func(t *testing.T) {
			s := newUserServer(t)
			d := openFails(t, s, func() error { pass(time.Hour); return context.DeadlineExceeded })
			_, err := interactiveClient(t, s, d).AcquireTokenInteractive(t.Context(), application.InteractiveRequest{OnAuthorizationURL: tell})
			if !errors.Is(err, context.DeadlineExceeded) || strings.Contains(err.Error(), "browser could be opened") {
				t.Errorf("got %v, want that the time is over", err)
			}
		})
	}
}

func TestAnInteractiveSignInRefusesWhatCannotBe(t *testing.T) {
	s := newUserServer(t)
	d := newDesk(t, good(s))
	client := interactiveClient(t, s, d)
	for field, r := range map[string]application.InteractiveRequest{
		"Scopes[0]":            {Scopes: []string{"a b"}},
		"Timeout":              {Timeout: -1},
		"Tenant":               {Tenant: "a/b"},
		"Scheme":               {Scheme: domain.PoP{Method: "GET", URL: "https://api.example/x", Nonce: "n"}},
		"ExtraScopesToConsent": {ExtraScopesToConsent: []string{""}},
		"ResponseMode":         {ResponseMode: "fragment"},
	} {
		_, err := client.AcquireTokenInteractive(t.Context(), r)
		wantConfigError(t, err, field)
	}
	bare := clientOfPorts(t, configOf(s).Ports)
	_, err := bare.AcquireTokenInteractive(t.Context(), application.InteractiveRequest{})
	var config *domain.ConfigError
	if !errors.As(err, &config) || !strings.HasPrefix(config.Field, "Ports.") {
		t.Errorf("without the ports: %v", err)
	}
}

func clientOfPorts(t *testing.T, p application.Ports) *application.PublicClient {
	t.Helper()
	client, err := application.NewPublicClient(application.PublicClientConfig{ClientID: "my-app", Ports: p})
	if err != nil {
		t.Fatal(err)
	}
	return client
}
