package main

import (
	"context"
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

// emulate starts an authority of our own, and returns the configuration of a client of
// it. The program ends what it starts.
func (p *program) emulate(ctx context.Context, s settings) (keyport.PublicClientConfig, error) {
	if s.clock == nil {
		s.clock = keyporttest.NewClock(time.Now())
	}
	authority := keyporttest.New(keyporttest.Options{Clock: s.clock, AllowPersonalData: true}) // we print who is signed in
	authority.AddApp(keyporttest.App{ClientID: emulatedClientID, Public: true, RequireConsent: true, RedirectURIs: []string{"http://localhost"}})
	authority.AddResource(emulatedAPI)
	listener, err := authority.Listen()
	if err != nil {
		return keyport.PublicClientConfig{}, err
	}
	p.atEnd(func() { _ = listener.Close() })
	sender, err := httpclient.New(httpclient.Options{RootCAs: listener.CertPool()})
	if err != nil {
		return keyport.PublicClientConfig{}, err
	}
	ctx, stop := context.WithCancel(ctx)
	p.atEnd(stop)
	if s.hurry {
		go hurry(ctx, s.clock)
	} else {
		go tick(ctx, s.clock)
	}
	p.scopes, p.clock = []string{emulatedAPI + "/Read"}, s.clock
	config := keyport.PublicClientConfig{
		ClientID: emulatedClientID, Authority: listener.URL + "/" + keyporttest.TenantDomain,
		DisableInstanceDiscovery: true, // the host is our own, and Microsoft does not know it
		Ports:                    keyport.Ports{HTTPClient: sender, Clock: s.clock, Browser: s.opens},
	}
	if s.robot == "" {
		p.say("the user is %s, with the password %s", keyporttest.Username, keyporttest.UserPassword)
		return config, nil
	}
	authority.SetDeviceCodes(keyporttest.DeviceCodes{Interval: time.Second}) // robots are fast
	r := &robot{ctx: ctx, browser: authority.NewBrowser(), mode: s.robot}
	p.shown = r.enter
	p.atEnd(func() { r.leave(p.say) })
	if s.opens == nil {
		config.Ports.Browser = r
	}
	return config, nil
}

// tick has the authority's clock, which stands still, go on.
func tick(ctx context.Context, c *keyporttest.Clock) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-second.C:
			c.Advance(time.Second)
		case <-ctx.Done():
			return
		}
	}
}

// hurry has it go on as soon as somebody waits for that.
func hurry(ctx context.Context, c *keyporttest.Clock) {
	for c.WaitForSleepers(ctx, 1) == nil {
		c.Advance(time.Second)
	}
}
