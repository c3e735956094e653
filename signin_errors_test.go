package keyport_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// machine is one on which a user signs in: a browser that brings the answer to the
// loopback interface, or does not.
type machine struct {
	browser *keyporttest.Browser
	user    keyporttest.SignIn
	opens   func(address string) error // when nil, the user signs in

	redirect *url.URL // where the browser was to come back
}

// Open implements ports.Browser.
func (m *machine) Open(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil {
		return err
	}
	if m.redirect, err = url.Parse(u.Query().Get("redirect_uri")); err != nil {
		return err
	}
	if m.opens != nil {
		return m.opens(address)
	}
	answer, err := m.browser.SignIn(address, m.user)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPost, m.redirect.String(), strings.NewReader(answer.Encode()))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Close = true // the browser goes
	go func() {          // the page comes when the code is redeemed
		if response, err := http.DefaultClient.Do(request); err == nil {
			_ = response.Body.Close()
		}
	}()
	return nil
}

// away is a user who closes the page, or does nothing.
func away(string) error { return nil }

// failure is a sign-in that fails, and what the caller gets.
type failure struct {
	situation string // a heading of the page about errors
	sign      func(*testing.T, *signInMachine) error
	is        error // nil when no sentinel says it
}

// signInMachine is what a failure is made of.
type signInMachine struct {
	*machine
	authority *keyporttest.Authority
	app       *keyport.PublicClient
}

const userScope = "https://graph.microsoft.com/User.Read"

func newSignInMachine(t *testing.T) *signInMachine {
	t.Helper()
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddApp(keyporttest.App{ClientID: "my-app", Public: true, RequireConsent: true, RedirectURIs: []string{"http://localhost", "http://127.0.0.1"}})
	authority.AddApp(keyporttest.App{ClientID: "another-app", Public: true, RedirectURIs: []string{"http://localhost"}})
	s := &signInMachine{machine: &machine{browser: authority.NewBrowser()}, authority: authority}
	s.app = s.client(t, "my-app")
	return s
}

func (s *signInMachine) client(t *testing.T, id string) *keyport.PublicClient {
	t.Helper()
	app, err := keyport.NewPublicClient(keyport.PublicClientConfig{
		ClientID: id, Authority: keyporttest.AuthorityURL,
		Ports: keyport.Ports{HTTPClient: s.authority.Client(), Clock: s.authority.Clock(), Browser: s.machine},
	})
	if err != nil {
		t.Fatal(err)
	}
	return app
}

func (s *signInMachine) interactive(ctx context.Context, r keyport.InteractiveRequest) error {
	r.Scopes = []string{userScope}
	_, err := s.app.AcquireTokenInteractive(ctx, r)
	return err
}

// device has the user enter the code, and waits for the tokens. Time passes as soon as
// somebody waits for it.
func (s *signInMachine) device(ctx context.Context, t *testing.T, user func(keyport.DeviceFlow) error) error {
	t.Helper()
	flow, err := s.app.InitiateDeviceFlow(ctx, keyport.DeviceFlowRequest{Scopes: []string{userScope}})
	if err != nil {
		return err
	}
	if err := user(flow); err != nil {
		t.Fatal(err)
	}
	passing, stop := context.WithCancel(t.Context())
	defer stop()
	go func() {
		for s.authority.Clock().WaitForSleepers(passing, 1) == nil {
			s.authority.Clock().Advance(time.Second)
		}
	}()
	_, err = s.app.AcquireTokenByDeviceFlow(ctx, flow)
	return err
}

var failures = []failure{
	{"The port is taken", func(t *testing.T, s *signInMachine) error {
		other, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = other.Close() }()
		return s.interactive(t.Context(), keyport.InteractiveRequest{RedirectURI: "http://" + other.Addr().String()})
	}, nil},
	{"The redirect URI cannot be served", func(t *testing.T, s *signInMachine) error {
		return s.interactive(t.Context(), keyport.InteractiveRequest{RedirectURI: "https://app.example/callback"})
	}, nil},
	{"A browser of your own cannot be opened", func(t *testing.T, s *signInMachine) error {
		s.opens = func(string) error { return errors.New("firefox: not found") }
		return s.interactive(t.Context(), keyport.InteractiveRequest{})
	}, nil},
	{"The user closes the page, or nobody comes back", func(t *testing.T, s *signInMachine) error {
		s.opens = away
		return s.interactive(t.Context(), keyport.InteractiveRequest{Timeout: 10 * time.Millisecond})
	}, context.DeadlineExceeded},
	{"The user closes the page, or nobody comes back", func(t *testing.T, s *signInMachine) error {
		s.opens = away
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond) // the caller's own limit
		defer cancel()
		return s.interactive(ctx, keyport.InteractiveRequest{})
	}, context.DeadlineExceeded},
	{"The program gives up", func(t *testing.T, s *signInMachine) error {
		ctx, cancel := context.WithCancel(t.Context())
		s.opens = func(string) error { cancel(); return nil }
		return s.interactive(ctx, keyport.InteractiveRequest{})
	}, context.Canceled},
	{"The program gives up", func(t *testing.T, s *signInMachine) error { // while the browser is being opened
		ctx, cancel := context.WithCancel(t.Context())
		s.opens = func(string) error { cancel(); return ctx.Err() }
		return s.interactive(ctx, keyport.InteractiveRequest{})
	}, context.Canceled},
	{"The user says no", func(t *testing.T, s *signInMachine) error {
		s.user.Cancel = true
		return s.interactive(t.Context(), keyport.InteractiveRequest{})
	}, keyport.ErrAccessDenied},
	{"The user says no", func(t *testing.T, s *signInMachine) error { // to the consent
		s.user.Deny = true
		return s.interactive(t.Context(), keyport.InteractiveRequest{})
	}, keyport.ErrAccessDenied},
	{"Consent is missing, and nobody may be asked", func(t *testing.T, s *signInMachine) error {
		another := *s
		another.app = s.client(t, "another-app") // there the user has signed in, in the same browser
		if err := another.interactive(t.Context(), keyport.InteractiveRequest{}); err != nil {
			t.Fatal(err)
		}
		return s.interactive(t.Context(), keyport.InteractiveRequest{Prompt: keyport.PromptNone})
	}, keyport.ErrInteractionRequired},
	{"Nobody is signed in, and nobody may be asked", func(t *testing.T, s *signInMachine) error {
		return s.interactive(t.Context(), keyport.InteractiveRequest{Prompt: keyport.PromptNone})
	}, keyport.ErrInteractionRequired},

	{"The user says no on the other device", func(t *testing.T, s *signInMachine) error {
		return s.device(t.Context(), t, func(f keyport.DeviceFlow) error {
			return s.browser.EnterCode(f.VerificationURI, f.UserCode, keyporttest.SignIn{Deny: true})
		})
	}, keyport.ErrAccessDenied},
	{"Nobody enters the code", func(t *testing.T, s *signInMachine) error {
		return s.device(t.Context(), t, func(keyport.DeviceFlow) error { return nil })
	}, keyport.ErrInteractionRequired},
	{"Nobody enters the code", func(t *testing.T, s *signInMachine) error { // and the program comes late
		return s.device(t.Context(), t, func(keyport.DeviceFlow) error { s.authority.Clock().Advance(time.Hour); return nil })
	}, keyport.ErrInteractionRequired},
	{"The program stops waiting for the device", func(t *testing.T, s *signInMachine) error {
		ctx, cancel := context.WithCancel(t.Context())
		return s.device(ctx, t, func(keyport.DeviceFlow) error {
			go func() { _ = s.authority.Clock().WaitForSleepers(ctx, 1); cancel() }() // between two polls
			return nil
		})
	}, context.Canceled},
	{"The authority has no codes for devices", func(t *testing.T, s *signInMachine) error {
		app, err := keyport.NewPublicClient(keyport.PublicClientConfig{
			ClientID: "my-app", Authority: keyporttest.B2CAuthorityURL, Ports: keyport.Ports{HTTPClient: s.authority.Client(), Clock: s.authority.Clock()},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = app.InitiateDeviceFlow(t.Context(), keyport.DeviceFlowRequest{})
		return err
	}, nil},
}

// TestWhenASignInFails holds the page about errors to what callers get. Read it aloud:
// each text must say to a person what to do.
func TestWhenASignInFails(t *testing.T) {
	documented := readErrorPage(t)
	for _, f := range failures {
		t.Run(f.situation, func(t *testing.T) {
			defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
			s := newSignInMachine(t)
			err := f.sign(t, s)
			if err == nil {
				t.Fatal("it did not fail")
			}
			if diff := cmp.Diff(documented[f.situation], steady(err)); diff != "" {
				t.Errorf("the error is not the one of %s (-page +error):\n%s", errorPage, diff)
			}
			if f.is != nil && !errors.Is(err, f.is) {
				t.Errorf("%v is not %v", err, f.is)
			}
			keyporttest.AssertClean(t, s.authority, "the error", err)
			if s.redirect != nil {
				wantFree(t, s.redirect)
			}
		})
	}
}

// wantFree checks that a sign-in has left its port, at each address.
func wantFree(t *testing.T, redirect *url.URL) {
	t.Helper()
	for _, address := range []string{"127.0.0.1", "::1"} {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", net.JoinHostPort(address, redirect.Port()))
		if err == nil {
			_ = conn.Close()
			t.Errorf("after the sign-in, somebody still listens at %s", redirect)
		}
	}
}

const errorPage = "docs/when-a-sign-in-fails.md"

// readErrorPage returns the block under each heading of the page.
func readErrorPage(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile(errorPage)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, m := range regexp.MustCompile("(?ms)^### (.+?)$.*?^```\n(.+?)\n```$").FindAllStringSubmatch(string(page), -1) {
		texts[m[1]] = m[2]
	}
	return texts
}

var steadyPatterns = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`), "…"},
	{regexp.MustCompile(`listen tcp4 .+?; `), "…; "}, // in the system's words
	{regexp.MustCompile(`port \d+`), "port …"},
}

// steady takes out of a text what differs from run to run and from system to system.
func steady(err error) string {
	text := err.Error()
	for _, p := range steadyPatterns {
		text = p.what.ReplaceAllString(text, p.as)
	}
	return text
}

// TestEverySituationIsTried: those that only an adapter can bring about are tried there.
func TestEverySituationIsTried(t *testing.T) {
	tried := map[string]bool{"No browser can be opened": true, "No port is free": true, "The machine lacks the address": true, "The port may not be opened": true}
	for _, f := range failures {
		tried[f.situation] = true
	}
	for situation := range readErrorPage(t) {
		if !tried[situation] {
			t.Errorf("%s has %q, which no test tries", errorPage, situation)
		}
		delete(tried, situation)
	}
	for situation := range tried {
		t.Errorf("%s lacks %q", errorPage, situation)
	}
}
