package portstest

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

// newBrowser makes a browser on a machine that has one, or has none.
type newBrowser = func(t *testing.T, works bool) (b ports.Browser, opened func() []string)

// Browser checks an implementation of [ports.Browser] against its contract. Each call
// of newBrowser returns one whose pages nobody sees, and what tells which addresses it
// has opened so far. When works is false, the machine has no browser. One that works
// stays open until the test ends, as a browser does, and Open returns all the same.
func Browser(t *testing.T, newBrowser func(t *testing.T, works bool) (b ports.Browser, opened func() []string)) {
	t.Helper()
	for _, c := range browserChecks {
		t.Run(c.name, func(t *testing.T) { c.run(t, newBrowser) })
	}
}

var browserChecks = []struct {
	name string
	run  func(*testing.T, newBrowser)
}{
	{"an https address is opened as it is", addressesAreOpened},
	{"each call opens a page", callsOpenPages},
	{"what is no https address is not opened", othersAreNotOpened},
	{"without a browser Open fails", noBrowserIsAnError},
	{"errors do not quote the address", errorsQuoteNothing},
	{"with a context that has ended nothing is opened", endedContextsOpenNothing},
	{"many callers open their own pages", callersOpenTheirOwn},
}

// secretPart is in addresses that must not be in errors.
const secretPart = "c3RhdGUtb2YtdGhlLXNpZ24taW4"

func signInPage(more string) string {
	return "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?" + url.Values{
		"client_id": {"11111111-2222-3333-4444-555555555555"}, "state": {secretPart}, "response_mode": {"form_post"},
		"redirect_uri": {"http://localhost:53682"}, "scope": {"openid profile https://graph.microsoft.com/User.Read"}, "login_hint": {more},
	}.Encode()
}

func open(t *testing.T, b ports.Browser, address string) error {
	t.Helper()
	var err error
	mustReturn(t, "Open", func() { err = b.Open(t.Context(), address) })
	return err
}

// wantOpened reports addresses that were not opened, or more than once. Opening goes
// on after Open, so a page may be late, but not for ever.
func wantOpened(t *testing.T, opened func() []string, want ...string) {
	t.Helper()
	got := opened()
	for end := time.Now().Add(patience(t)); len(got) < len(want) && time.Now().Before(end); got = opened() {
		<-time.After(time.Millisecond)
	}
	if !slices.Equal(got, want) {
		t.Errorf("opened %q, want %q", got, want)
	}
}

func addressesAreOpened(t *testing.T, newBrowser newBrowser) {
	for _, address := range []string{
		signInPage(""), signInPage("ada+lovelace@contoso.example"), signInPage(`%PATH% $HOME $(id) "'` + "`id`; & | < > ^ \\ é \n--version"),
		signInPage(strings.Repeat("long", 1500)), "https://login.example", "https://login.example:8443/a%2Fb/authorize?x=1&y=%26&z=a+b",
		"https://[2001:db8::1]/authorize?x=1",
	} {
		b, opened := newBrowser(t, true)
		if err := open(t, b, address); err != nil {
			t.Errorf("Open: %v", err)
			continue
		}
		wantOpened(t, opened, address)
	}
}

func callsOpenPages(t *testing.T, newBrowser newBrowser) {
	b, opened := newBrowser(t, true)
	var want []string
	for _, more := range []string{"first", "second", "second"} {
		want = append(want, signInPage(more))
		if err := open(t, b, signInPage(more)); err != nil {
			t.Errorf("Open: %v", err)
		}
		wantOpened(t, opened, want...)
	}
}

// notForBrowsers are addresses that a hostile authority might want to have opened.
func notForBrowsers() []string {
	return []string{
		"", "https://", "https:///authorize", "login.example/authorize", "//login.example/authorize", "http://login.example/authorize?state=" + secretPart,
		"file:///etc/passwd?state=" + secretPart, "javascript:alert('" + secretPart + "')", "data:text/html," + secretPart, "ms-settings:" + secretPart,
		"smb://host/" + secretPart, "--version=" + secretPart, "-" + signInPage(""), "calc.exe " + secretPart, `C:\Windows\System32\calc.exe`, "/bin/sh",
		" " + signInPage(""), "https://login.example/\x00?state=" + secretPart, "https://login.example/\n?state=" + secretPart, "%" + secretPart,
	}
}

func othersAreNotOpened(t *testing.T, newBrowser newBrowser) {
	b, opened := newBrowser(t, true)
	for _, address := range notForBrowsers() {
		if err := open(t, b, address); err == nil {
			t.Errorf("Open of %q succeeds", address)
		}
	}
	wantOpened(t, opened)
}

func noBrowserIsAnError(t *testing.T, newBrowser newBrowser) {
	b, opened := newBrowser(t, false)
	if err := open(t, b, signInPage("")); err == nil {
		t.Error("on a machine without a browser, Open succeeds")
	}
	wantOpened(t, opened)
}

func errorsQuoteNothing(t *testing.T, newBrowser newBrowser) {
	for _, works := range []bool{true, false} {
		for _, address := range append(notForBrowsers(), signInPage("")) {
			b, _ := newBrowser(t, works)
			if err := open(t, b, address); err != nil && strings.Contains(err.Error(), secretPart) {
				t.Errorf("the error quotes the address: %v", err)
			}
		}
	}
}

func endedContextsOpenNothing(t *testing.T, newBrowser newBrowser) {
	b, opened := newBrowser(t, true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var err error
	mustReturn(t, "Open with a context that has ended", func() { err = b.Open(ctx, signInPage("")) })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Open with a context that was cancelled returns %v, want %v", err, context.Canceled)
	}
	wantOpened(t, opened)
}

func callersOpenTheirOwn(t *testing.T, newBrowser newBrowser) {
	b, opened := newBrowser(t, true)
	var want []string
	for i := range callers {
		want = append(want, signInPage(strings.Repeat("a", i)))
	}
	together(t, "Open by many callers", callers, func(i int) error { return b.Open(t.Context(), want[i]) })
	wantOpened(t, func() []string {
		got := opened()
		slices.SortFunc(got, func(a, b string) int { return len(a) - len(b) })
		return got
	}, want...)
}
