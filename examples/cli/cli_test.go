package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/keyporttest"
)

func TestMain(m *testing.M) { os.Exit(keyporttest.ScanOutput(m)) }

// headless is a machine without a browser.
type headless struct{}

// Open implements ports.Browser.
func (headless) Open(context.Context, string) error {
	return &domain.ConfigError{Field: "Ports.Browser", Problem: "could not open a page"}
}

// What differs from run to run.
var (
	hosts = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	codes = regexp.MustCompile(`enter the code [A-Z]{9}\.`)
	ids   = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)
)

func steady(text string) string {
	return ids.ReplaceAllString(codes.ReplaceAllString(hosts.ReplaceAllString(text, "HOST"), "enter the code CODE."), "ID")
}

// parse reads arguments as a shell has them. It is noon.
func parse(t *testing.T, arguments string) settings {
	t.Helper()
	s, err := readSettings(strings.Fields(arguments), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	s.clock = keyporttest.NewClock(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
	return s
}

// outcome runs the program, and returns what it prints: on its standard output, and in
// the end about an error.
func outcome(t *testing.T, arguments string, opens browser) (printed, complaint string) {
	t.Helper()
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	s := parse(t, arguments)
	s.opens = opens
	var out strings.Builder
	if err := run(t.Context(), s, &out); err != nil {
		complaint = explain(err)
	}
	checkClean(t, out.String(), complaint)
	return steady(out.String()), steady(complaint)
}

// browser is ports.Browser.
type browser interface {
	Open(ctx context.Context, address string) error
}

// checkClean looks for secrets. Who is signed in is for everybody to see.
func checkClean(t *testing.T, printed ...any) {
	t.Helper()
	keyporttest.AssertClean(t, keyporttest.New(keyporttest.Options{AllowPersonalData: true}), "what was printed", printed...)
}

const (
	showsCode = "To sign in, open the page https://HOST/common/oauth2/deviceauth in a web browser and enter the code CODE.\n(the code is good for 15m0s)\n"
	signedIn  = "you are signed in, as Alice Example (alice@contoso.onmicrosoft.com)\ntoken from the server, good for 59m59s yet, until "
	fallsBack = "no browser can be opened here, so with a code:\n"
)

func TestSigningIn(t *testing.T) {
	for name, row := range map[string]struct {
		arguments string
		opens     browser
		want      string
	}{
		"in the browser, then silently": {
			"-robot -hurry login login", nil,
			signedIn + "2026-11-24 12:59:59 UTC\n" +
				"you are signed in already, as Alice Example (alice@contoso.onmicrosoft.com)\n" +
				"token from the cache, good for 59m59s yet, until 2026-11-24 12:59:59 UTC\n",
		},
		"in the browser, as it was told": {"-robot -hurry -browser login", nil, signedIn + "2026-11-24 12:59:59 UTC\n"},
		"with a code, as it was told":    {"-robot -hurry -device login", nil, showsCode + signedIn + "2026-11-24 13:00:00 UTC\n"},
		"with a code, without a browser": {"-robot -hurry login", headless{}, fallsBack + showsCode + signedIn + "2026-11-24 13:00:00 UTC\n"},
		"and who it is, and out": {
			"-robot -hurry login whoami logout", nil,
			signedIn + "2026-11-24 12:59:59 UTC\n" +
				"you are Alice Example (alice@contoso.onmicrosoft.com)\n" +
				"token from the cache, good for 59m59s yet, until 2026-11-24 12:59:59 UTC\n" +
				"signed out alice@contoso.onmicrosoft.com\n",
		},
		"by default": {
			"-robot -hurry", nil,
			signedIn + "2026-11-24 12:59:59 UTC\n" +
				"you are Alice Example (alice@contoso.onmicrosoft.com)\n" +
				"token from the cache, good for 59m59s yet, until 2026-11-24 12:59:59 UTC\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			printed, complaint := outcome(t, row.arguments, row.opens)
			if diff := cmp.Diff(row.want, printed); diff != "" || complaint != "" {
				t.Errorf("complaint %q, printed (-want +got):\n%s", complaint, diff)
			}
		})
	}
}

func TestErrorsReadWell(t *testing.T) {
	for name, row := range map[string]struct {
		arguments       string
		opens           browser
		printed, advice string
	}{
		"no browser": {"-robot -hurry -browser login", headless{}, "", "no browser can be opened on this machine. Try it with -device."},
		"the user denies in the browser": {
			"-robot=no -hurry login", nil, "", "you are not signed in: you said no, or a policy did.",
		},
		"the user denies at the device": {
			"-robot=no -hurry -device login", nil, showsCode, "you are not signed in: you said no, or a policy did.",
		},
		"nobody enters the code": {
			"-robot=away -hurry -device login", nil, showsCode, `the code has ended, and nobody had entered it. Run "login" for a new one.`,
		},
		"nobody comes back from the browser": {
			"-robot=away -wait 10ms login", nil, "", "you did not come back from the browser in time. Try again, or with -device.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			printed, complaint := outcome(t, row.arguments, row.opens)
			if diff := cmp.Diff(row.printed, printed); diff != "" {
				t.Errorf("printed (-want +got):\n%s", diff)
			}
			if advice, details, found := strings.Cut(complaint, "\n("); advice != row.advice || !found || !strings.HasSuffix(details, ")") {
				t.Errorf("complaint %q, want %q and what happened", complaint, row.advice)
			}
		})
	}
}

func TestNobodyIsSignedIn(t *testing.T) {
	for _, arguments := range []string{"-robot whoami", "-robot logout", "-robot -hurry login logout whoami"} {
		if _, complaint := outcome(t, arguments, nil); complaint != errNobody.Error() {
			t.Errorf("%s: %q", arguments, complaint)
		}
	}
}

// TestTheUserIsNotARobot: then it says who may sign in.
func TestTheUserIsNotARobot(t *testing.T) {
	var out strings.Builder
	err := run(t.Context(), parse(t, "whoami"), &out)
	if want := "the user is " + keyporttest.Username + ", with the password " + keyporttest.UserPassword + "\n"; out.String() != want || !errors.Is(err, errNobody) {
		t.Errorf("printed something else, and %v", err)
	}
}

// TestTheSignInEnds: after 91 days, which the refresh token does not live.
func TestTheSignInEnds(t *testing.T) {
	s := parse(t, "-robot -hurry")
	var out strings.Builder
	p, err := newProgram(t.Context(), s, &out)
	defer p.close()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := p.login(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.clock.Advance(91 * 24 * time.Hour)
	}
	if n := strings.Count(out.String(), signedIn); n != 2 {
		t.Errorf("%d sign-ins, want 2:\n%s", n, &out)
	}
	err = p.whoami(t.Context())
	if advice, _, _ := strings.Cut(explain(err), "\n"); advice != `your sign-in has ended. Run "login" again.` {
		t.Errorf("who am I? %s", advice)
	}
	checkClean(t, out.String(), err)
}

func TestMistakesOnTheCommandLine(t *testing.T) {
	for arguments, want := range map[string]string{
		"-device -browser login":                 "-device and -browser: which of the two?",
		"-client-id x -robot login":              "-robot and -hurry are for the authority inside the program, and not for real ones",
		"-issuer https://x -hurry":               "-robot and -hurry are for the authority inside the program, and not for real ones",
		"-robot=perhaps":                         `invalid boolean value "perhaps" for -robot: it is yes, no or away (-h shows the flags)`,
		"-scopes api://x/Read login":             "-scopes are for real authorities; name one with -client-id, and -authority or -issuer",
		"-wait -5s login":                        "-wait -5s: how long is that?",
		"-wait soon login":                       `invalid value "soon" for flag -wait: parse error (-h shows the flags)`,
		"-unknown":                               "flag provided but not defined: -unknown (-h shows the flags)",
		"-robot sing":                            `there is no command "sing": it is login, whoami or logout, and flags stand before it`,
		"-authority nonsense login":              "invalid ClientID: ",
		"-client-id x -authority nonsense login": "invalid Authority: ",
		"-client-id x -authority https://a -issuer https://b": "invalid Authority: is set together with OIDCAuthority",
	} {
		s, err := readSettings(strings.Fields(arguments), io.Discard)
		if err == nil {
			err = run(t.Context(), s, io.Discard)
		}
		if err == nil || !strings.HasPrefix(explain(err), want) {
			t.Errorf("%s: %v, want %s", arguments, err, want)
		}
	}
}

func TestHelp(t *testing.T) {
	var help strings.Builder
	_, err := readSettings([]string{"-h"}, &help)
	if !errors.Is(err, flag.ErrHelp) {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{"usage: cli [flags] login | whoami | logout", "-device\n", "-robot user\n", "-wait long\n"} {
		if strings.Count(help.String(), want) != 1 {
			t.Errorf("the help lacks %q, or repeats it:\n%s", want, &help)
		}
	}
}

func TestAnInterruptIsNoFailureOfTheServer(t *testing.T) {
	s, err := readSettings([]string{"-robot=away", "-device", "login"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	out := &trigger{on: "the code is good for", pull: interrupt}
	if err := run(ctx, s, out); !strings.HasPrefix(explain(err), "it was interrupted.\n") {
		t.Errorf("got %v", err)
	}
}

// trigger acts when a text is printed.
type trigger struct {
	on   string
	pull func()
}

// Write implements io.Writer.
func (w *trigger) Write(p []byte) (int, error) {
	if strings.Contains(string(p), w.on) {
		w.pull()
	}
	return len(p), nil
}

func TestAdvice(t *testing.T) {
	for _, row := range []struct {
		err  error
		want string
	}{
		{&domain.OAuthError{Code: "invalid_grant"}, `your sign-in has ended. Run "login" again.`},
		{&domain.OAuthError{Code: "unauthorized_client"}, "the server does not know this program as a public client: look at -client-id and at its registration."},
		{&domain.TransportError{Operation: "metadata", Host: "x", Err: errors.New("y")}, "the server cannot be reached, or has too much to do. Try again later."},
		{&domain.ConfigError{Field: "RedirectURI", Problem: "is taken"}, "no browser can be opened on this machine. Try it with -device."},
		{&domain.ConfigError{Field: "Scopes", Problem: "is wrong"}, "invalid Scopes: is wrong"},
	} {
		if advice, _, _ := strings.Cut(explain(row.err), "\n"); advice != row.want {
			t.Errorf("%v: %q, want %q", row.err, advice, row.want)
		}
	}
}
