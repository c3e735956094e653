package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/httpclient"
	"github.com/seed57855a68/keyport/keyporttest"
)

// What is registered at the authority inside the program.
const (
	emulatedClientID = "11111111-2222-3333-4444-555555555555"
	emulatedAPI      = "api://demo"
)

// emulator is an authority and an API of our own.
type emulator struct {
	authority *keyporttest.Authority
	api       *keyporttest.Resource
}

// newEmulator registers the application. Users are asked for consent.
func newEmulator(clock *keyporttest.Clock, secret, baseURL string) *emulator {
	authority := keyporttest.New(keyporttest.Options{Clock: clock, AllowPersonalData: true}) // the pages show who is signed in
	authority.AddApp(keyporttest.App{
		ClientID: emulatedClientID, Secrets: []string{secret}, RequireConsent: true,
		RedirectURIs: []string{baseURL + callbackPath}, PostLogoutRedirectURIs: []string{baseURL + "/"},
	})
	return &emulator{authority, authority.Resource(emulatedAPI)}
}

// newEmulatedApp starts them, on ports of their own, and the application with them.
func newEmulatedApp(ctx context.Context, s settings) (*app, func(), error) {
	secret := newName()
	e := newEmulator(keyporttest.NewClock(time.Now()), secret, s.baseURL)
	listener, err := e.authority.Listen()
	if err != nil {
		return nil, nil, err
	}
	end := func() { _ = listener.Close() }
	a, err := e.app(ctx, s, listener, secret)
	if err != nil {
		end()
		return nil, nil, err
	}
	context.AfterFunc(ctx, end)
	go e.tick(ctx)
	return a, end, nil
}

func (e *emulator) app(ctx context.Context, s settings, at *keyporttest.Listener, secret string) (*app, error) {
	sender, err := httpclient.New(httpclient.Options{RootCAs: at.CertPool()})
	if err != nil {
		return nil, err
	}
	client, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: emulatedClientID, Authority: at.URL + "/" + keyporttest.TenantDomain, Credential: keyport.ClientSecret(secret),
		DisableInstanceDiscovery: true, // the host is our own, and Microsoft does not know it
		Capabilities:             s.capabilities(), Logger: slog.Default(),
		Ports: keyport.Ports{HTTPClient: sender, Clock: e.authority.Clock()},
	})
	if err != nil {
		return nil, err
	}
	s.scopes, s.later = emulatedAPI+"/Read", emulatedAPI+"/Write"
	if s.api, err = e.serveAPI(ctx); err != nil {
		return nil, err
	}
	a, err := s.app(client)
	if err != nil {
		return nil, err
	}
	a.emulator = e
	a.remember(e.authority.Clock().Now)
	return a, nil
}

// serveAPI serves the API on the loopback interface until ctx ends.
func (e *emulator) serveAPI(ctx context.Context) (address string, err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: e.api, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	go func() { _ = server.Serve(listener) }()
	return "http://" + listener.Addr().String() + "/", nil
}

// tick has the authority's clock, which stands still, go on.
func (e *emulator) tick(ctx context.Context) {
	for range time.Tick(time.Second) {
		if ctx.Err() != nil {
			return
		}
		e.authority.Clock().Advance(time.Second)
	}
}

// press does what the buttons of the home page say.
func (e *emulator) press(w http.ResponseWriter, r *http.Request) {
	switch r.PostFormValue("do") {
	case "hour":
		e.authority.Clock().Advance(time.Hour)
	case "challenge":
		e.api.Challenge(`{"access_token":{"acrs":{"essential":true,"value":"c1"}}}`)
	case "revoke":
		e.authority.RevokeSessions(keyporttest.Username)
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
