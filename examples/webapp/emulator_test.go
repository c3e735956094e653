package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/keyporttest"
)

// plainBrowser sends cookies that are for HTTPS over HTTP, as browsers do to this
// machine and no cookie jar does.
type plainBrowser struct {
	*testing.T
	base    string
	cookies map[string]*http.Cookie
}

func (b plainBrowser) send(method, path string, form url.Values) (body, location string) {
	b.Helper()
	request, err := http.NewRequestWithContext(b.Context(), method, b.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, c := range b.cookies {
		request.AddCookie(c)
	}
	response, err := (&http.Client{CheckRedirect: noRedirect}).Do(request)
	if err != nil {
		b.Fatal(err)
	}
	defer response.Body.Close()
	for _, c := range response.Cookies() {
		b.cookies[c.Name] = c
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		b.Fatal(err)
	}
	return string(text), response.Header.Get("Location")
}

// TestTheProgramStartsByItself: with an authority and an API on ports of their own.
func TestTheProgramStartsByItself(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o := settings{listen: "127.0.0.1:0"}
	o.baseURL = o.defaultBaseURL(listener.Addr())
	a, end, err := newApp(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer end()
	served := make(chan error, 1)
	go func() { served <- serve(ctx, listener, o, a.handler()) }()

	b := plainBrowser{t, a.baseURL, map[string]*http.Cookie{}}
	_, to := b.send(http.MethodGet, "/signin", nil)
	answer, err := a.emulator.authority.SignIn(to, keyporttest.SignIn{})
	if err != nil {
		t.Fatal(err)
	}
	if _, to := b.send(http.MethodPost, callbackPath, answer); to != "/" {
		t.Fatalf("after the sign-in the browser is sent to %q", to)
	}
	if body, _ := b.send(http.MethodGet, callRead, nil); !strings.Contains(body, `<span id="status">200</span>`) {
		t.Errorf("the API's answer:\n%s", body)
	}
	if _, to := b.send(http.MethodGet, callWrite, nil); !strings.HasPrefix(to, "https://127.0.0.1:") {
		t.Errorf("for consent the browser is sent to %q", to)
	}
	stop()
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// TestTheButtonsOfTheEmulator: an hour passes, challenges come.
func TestTheButtonsOfTheEmulator(t *testing.T) {
	s := newSite(t)
	s.app.emulator = s.emulator
	s.server.Config.Handler = s.app.handler()
	b := s.newBrowser()
	if home := b.get("/signin"); !strings.Contains(home.body, "Let an hour pass") {
		t.Error("the home page has no buttons")
	}
	if ends := b.press("/emulator", url.Values{"do": {"hour"}}).text("ends"); ends != "2026-11-24 13:59:59 UTC" {
		t.Errorf("an hour later, the token ends %q", ends)
	}
	for _, do := range []string{"challenge", "revoke"} {
		b.get(callRead).want(t, http.StatusOK, "call")
		b.press("/emulator", url.Values{"do": {do}})
		s.authority.Clock().Advance(time.Second)
		before := s.tokenRequests()
		b.get(callRead).want(t, http.StatusOK, "call")
		if s.tokenRequests() == before {
			t.Errorf("%s: the token is good for the API yet", do)
		}
	}
}
