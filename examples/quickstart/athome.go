package main

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/httpclient"
	"github.com/seed57855a68/keyport/keyporttest"
)

const (
	clientID = "11111111-2222-3333-4444-555555555555"
	secret   = "correct horse battery staple"
	graph    = "https://graph.microsoft.com/.default"
	reports  = "api://reports/.default"
)

// home is a token server of our own and the way to it.
type home struct {
	story
	server *keyporttest.Authority
	url    string
	http   *httpclient.Client
}

// atHome starts a token server in the process and tells the whole story with it.
func (s story) atHome(ctx context.Context) error {
	h := home{story: s, server: keyporttest.New(keyporttest.Options{Clock: keyporttest.NewClock(time.Now())})}
	certificate := keyporttest.NewCertificate("quickstart")
	h.server.AddApp(keyporttest.App{ClientID: clientID, Secrets: []string{secret}, Certificates: certificate.Chain})
	h.server.AddResource("api://reports")
	h.server.SetTokenLifetime(time.Hour, 30*time.Minute)
	listener, err := h.server.Listen()
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if h.http, err = httpclient.New(httpclient.Options{RootCAs: listener.CertPool()}); err != nil {
		return err
	}
	h.url = listener.URL + "/" + keyporttest.TenantDomain
	h.printf("A token server of our own listens at %s, with TLS and a throw-away certificate.\n", listener.URL)

	app, err := h.client(keyport.ClientSecret(secret))
	if err != nil {
		return err
	}
	for _, chapter := range []func(context.Context, *keyport.ConfidentialClient) error{
		h.firstToken, h.cached, h.crowd, h.renewal, h.outage,
	} {
		if err := chapter(ctx, app); err != nil {
			return err
		}
	}
	if err := h.byCertificate(ctx, certificate); err != nil {
		return err
	}
	if err := h.mistakes(ctx); err != nil {
		return err
	}
	h.printf("\nThat was %d requests to the token endpoint in all.\n", h.requests())
	h.printf("To try it with an application of your own: go run ./examples/quickstart -h\n")
	return app.Close(ctx)
}

// client is what a service makes once.
func (h home) client(credential keyport.Credential) (*keyport.ConfidentialClient, error) {
	return keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: clientID, Authority: h.url, Credential: credential,
		DisableInstanceDiscovery: true, // the host is our own, and Microsoft does not know it
		Ports:                    keyport.Ports{HTTPClient: h.http, Clock: h.server.Clock()},
	})
}

func (h home) requests() int { return len(h.server.Requests(keyporttest.EndpointToken)) }

func (h home) firstToken(ctx context.Context, app *keyport.ConfidentialClient) error {
	h.chapter("1. A first token, by client secret")
	return h.acquire(ctx, app, keyport.ClientCredentialsRequest{Scopes: []string{graph}})
}

func (h home) cached(ctx context.Context, app *keyport.ConfidentialClient) error {
	h.chapter("2. The same again")
	return h.repeat(ctx, app, keyport.ClientCredentialsRequest{Scopes: []string{graph}})
}

// crowd has a thousand goroutines ask for one token that is not cached.
func (h home) crowd(ctx context.Context, app *keyport.ConfidentialClient) error {
	h.chapter("3. A thousand goroutines want one token that nobody has yet")
	before := h.requests()
	var all sync.WaitGroup
	failures := make(chan error, 1000)
	for range 1000 {
		all.Go(func() {
			if _, err := app.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{Scopes: []string{reports}}); err != nil {
				failures <- err
			}
		})
	}
	all.Wait()
	if len(failures) > 0 {
		return <-failures
	}
	h.say("all have it, after %d request", h.requests()-before)
	return nil
}

// renewal lets time pass: past the refresh time, then past the end.
func (h home) renewal(ctx context.Context, app *keyport.ConfidentialClient) error {
	request := keyport.ClientCredentialsRequest{Scopes: []string{graph}}
	h.chapter("4. 31 minutes later, when the server wants the token renewed")
	h.server.Clock().Advance(31 * time.Minute)
	before := h.requests()
	old, err := app.AcquireTokenForClient(ctx, request)
	if err != nil {
		return err
	}
	h.say("the old one at once, from the %s; a new one is fetched behind our back", place(old))
	fresh := old
	for fresh.AccessToken.Equal(old.AccessToken) { // until the renewal is done
		if fresh, err = app.AcquireTokenForClient(ctx, request); err != nil {
			return err
		}
	}
	h.say("and then the new one, from the %s, after %d request", place(fresh), h.requests()-before)
	h.chapter("5. Two hours later, when it has ended")
	h.server.Clock().Advance(2 * time.Hour)
	return h.acquire(ctx, app, request)
}

// outage shows that a token that is still good serves while the server fails.
func (h home) outage(ctx context.Context, app *keyport.ConfidentialClient) error {
	h.chapter("6. 57 minutes later the token is almost over, and the server is down")
	h.server.Clock().Advance(57 * time.Minute)
	h.server.Script(keyporttest.Rule{Endpoint: keyporttest.EndpointToken, Times: 1, Status: http.StatusServiceUnavailable, Body: "down for maintenance"})
	got, err := app.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{Scopes: []string{graph}})
	if err != nil {
		return err
	}
	h.say("the service does not notice: the token from the %s is good for %v yet", place(got), got.ExpiresOn.Sub(h.server.Clock().Now()).Round(time.Second))
	return nil
}

func (h home) byCertificate(ctx context.Context, c keyporttest.Certificate) error {
	h.chapter("7. By certificate instead of a secret")
	app, err := h.client(keyport.ClientCertificate(keyport.CertificateSource{PEM: append(c.KeyPEM(), c.PEM()...)}, keyport.CertificateOptions{}))
	if err != nil {
		return err
	}
	defer func() { _ = app.Close(ctx) }()
	return h.acquire(ctx, app, keyport.ClientCredentialsRequest{Scopes: []string{graph}})
}

// mistakes shows what errors look like.
func (h home) mistakes(ctx context.Context) error {
	h.chapter("8. A wrong secret")
	app, err := h.client(keyport.ClientSecret("the ID instead of the value"))
	if err != nil {
		return err
	}
	defer func() { _ = app.Close(ctx) }()
	_, err = app.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{Scopes: []string{graph}})
	if err == nil {
		return errors.New("the server accepted a wrong secret")
	}
	h.say("%v", err)
	h.say("errors.Is(err, keyport.ErrInvalidClient): %v", errors.Is(err, keyport.ErrInvalidClient))

	h.chapter("9. A scope that an application cannot ask for; nothing is sent")
	_, err = app.AcquireTokenForClient(ctx, keyport.ClientCredentialsRequest{Scopes: []string{"User.Read"}})
	if err == nil {
		return errors.New("a wrong scope was accepted")
	}
	h.say("%v", err)
	return nil
}
