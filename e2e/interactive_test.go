//go:build e2e

package e2e_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strings"
	"testing"

	"github.com/seed57855a68/keyport"
)

// toWindow is a ports.Browser that hands addresses to the test, which drives Chromium.
type toWindow chan string

// Open implements ports.Browser.
func (b toWindow) Open(ctx context.Context, address string) error {
	select {
	case b <- address:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// signInHere starts the sign-in, and has Chromium open its page.
func signInHere(t *testing.T, app *keyport.PublicClient, opened toWindow, w *window, r keyport.InteractiveRequest) (<-chan acquired, *url.URL) {
	t.Helper()
	r.Scopes, r.Prompt, r.Timeout = []string{"api:read"}, keyport.PromptConsent, patience
	done := meanwhile(func() (keyport.Result, error) { return app.AcquireTokenInteractive(t.Context(), r) })
	select {
	case address := <-opened:
		w.visit(address)
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		redirect, err := url.Parse(u.Query().Get("redirect_uri"))
		if err != nil {
			t.Fatal(err)
		}
		return done, redirect
	case got := <-done:
		t.Fatalf("it ended before a browser was opened: %v", got.err)
	}
	return nil, nil
}

// requireLoopback fails on a machine that lacks an address: what was not tried does not
// count as passed.
func requireLoopback(t *testing.T, address string) {
	t.Helper()
	listener, err := net.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatalf("NOT TRIED: this machine does not have %s (%v). Switch it on; on Linux, for ::1: sysctl net.ipv6.conf.lo.disable_ipv6=0", address, err)
	}
	_ = listener.Close()
}

func TestUserSignsInInTheBrowserOfThisMachine(t *testing.T) {
	p, opened := startPeer(t, peerOptions{}, deviceClient), make(toWindow)
	known, isKnown := openWindow(t, p.cert), false // the server asks once who it is
	for _, where := range []struct{ name, redirectURI, host string }{
		{"127.0.0.1", "http://127.0.0.1/signed-in", "127.0.0.1"},
		{"::1", "http://[::1]/signed-in", "::1"},
		{"localhost", "", "localhost"},
	} {
		for _, mode := range []keyport.ResponseMode{keyport.ResponseModeFormPost, keyport.ResponseModeQuery} {
			t.Run(where.name+" "+string(mode), func(t *testing.T) {
				if where.host != "localhost" {
					requireLoopback(t, where.host)
				}
				app, w := newPublicClient(t, p, keyport.Ports{Browser: opened}), known.in(t)
				done, redirect := signInHere(t, app, opened, w, keyport.InteractiveRequest{RedirectURI: where.redirectURI, ResponseMode: mode})
				if redirect.Hostname() != where.host || redirect.Port() == "" {
					t.Errorf("the redirect URI is %s", redirect)
				}
				if !isKnown {
					w.playSignIn()
					isKnown = true
				}
				w.click("#peer-consent button[value=accept]")
				p.checkSignedIn(t, app, <-done)

				if got := w.text("main h1"); got != "You are signed in" {
					t.Errorf("the page says %q", got)
				}
				if got := w.address(); strings.TrimSuffix(got, "/") != strings.TrimSuffix(redirect.String(), "/") {
					t.Errorf("the page is not at %s alone: the answer is still in the address", redirect)
				}
				checkPortIsFree(t, redirect)
			})
		}
	}
}

// checkPortIsFree looks whether the sign-in has left its port.
func checkPortIsFree(t *testing.T, redirect *url.URL) {
	t.Helper()
	listener, err := net.Listen("tcp", redirect.Host)
	if err != nil {
		t.Errorf("after the sign-in its port is taken: %v", err)
		return
	}
	_ = listener.Close()
}

func TestUserSaysNoInTheBrowserOfThisMachine(t *testing.T) {
	p, opened := startPeer(t, peerOptions{}, deviceClient), make(toWindow)
	stranger := openWindow(t, p.cert)
	for _, row := range []struct {
		name string
		mode keyport.ResponseMode
		no   func(*window)
	}{
		{"to the sign-in", keyport.ResponseModeFormPost, func(w *window) { w.click("#peer-sign-in button[value=cancel]") }},
		{"to the consent", keyport.ResponseModeQuery, func(w *window) { w.playSignIn(); w.click("#peer-consent button[value=cancel]") }},
	} {
		t.Run(row.name, func(t *testing.T) {
			app, w := newPublicClient(t, p, keyport.Ports{Browser: opened}), stranger.in(t)
			done, redirect := signInHere(t, app, opened, w, keyport.InteractiveRequest{ResponseMode: row.mode})
			row.no(w)
			checkDenied(t, (<-done).err)
			if title, text := w.text("main h1"), w.text("main"); title != "The sign-in failed" || !strings.Contains(text, "the user said no") {
				t.Errorf("the page says %q: %q", title, text)
			}
			checkNobodyIsSignedIn(t, app)
			checkPortIsFree(t, redirect)
		})
	}
}

func checkDenied(t *testing.T, err error) {
	t.Helper()
	var refused *keyport.OAuthError
	if !errors.Is(err, keyport.ErrAccessDenied) || !errors.As(err, &refused) || refused.Remedy() == "" {
		t.Errorf("%v, want ErrAccessDenied, and what to do", err)
	}
}
