// Command webapi is a web API: it is called with access tokens of users, checks them,
// and calls the next API on behalf of the user (the on-behalf-of flow).
//
//	go run ./examples/webapi
//
// That starts an authority, the API and the next API inside the program, has a user
// sign in and call, and tells what happens; it needs no network and no registration.
// With registrations of your own it serves:
//
//	CLIENT_SECRET=… go run ./examples/webapi -client-id 1111… \
//	    -authority https://login.microsoftonline.com/contoso.onmicrosoft.com -scope access \
//	    -next https://graph.microsoft.com/v1.0/me -next-scope https://graph.microsoft.com/User.Read
//
// What to read: check.go for the tokens that come in, which are the API's own business
// and not the library's; api.go for the tokens that go out, and for claims challenges;
// jobs.go for work that outlives the caller's token.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/seed57855a68/keyport"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "webapi:", err)
		os.Exit(1)
	}
}

// settings are what the program is told.
type settings struct {
	listen, authority, clientID, secret string
	scope, next, nextScope              string
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var s settings
	flag.StringVar(&s.listen, "listen", "localhost:8081", "`address` to listen on")
	flag.StringVar(&s.authority, "authority", os.Getenv("AUTHORITY"), "`URL` of a Microsoft token server, with the tenant")
	flag.StringVar(&s.clientID, "client-id", os.Getenv("CLIENT_ID"), "application (client) `ID` of the API; its secret is in CLIENT_SECRET")
	flag.StringVar(&s.scope, "scope", "access", "the `permission` that callers need, without the API's name")
	flag.StringVar(&s.next, "next", "", "`URL` of the next API")
	flag.StringVar(&s.nextScope, "next-scope", "", "`scope` of the next API")
	flag.Parse()
	s.secret = os.Getenv("CLIENT_SECRET")
	if s.authority == "" && s.clientID == "" {
		return story{out: os.Stdout}.tell(ctx)
	}
	a, err := newAPI(s, keyport.ConfidentialClientConfig{}, http.DefaultClient, time.Now)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.listen)
	if err != nil {
		return err
	}
	fmt.Println("listening at http://" + listener.Addr().String())
	return serve(ctx, listener, a.handler())
}

// newAPI makes the API. config is completed; sender fetches the keys that tokens are
// checked with and calls the next API.
func newAPI(s settings, config keyport.ConfidentialClientConfig, sender *http.Client, now func() time.Time) (*api, error) {
	if s.next == "" || s.nextScope == "" {
		return nil, errors.New("which API is the next? Pass -next and -next-scope")
	}
	config.ClientID, config.Authority, config.Credential = s.clientID, s.authority, keyport.ClientSecret(s.secret)
	config.Capabilities = []string{"cp1"} // claims challenges are handed on here
	client, err := keyport.NewConfidentialClient(config)
	if err != nil {
		return nil, err
	}
	once := *sender
	once.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // a token goes to the API and nowhere else
	once.Timeout = 10 * time.Second
	return &api{
		client: client, next: s.next, nextScopes: []string{s.nextScope}, http: &once, jobs: newJobs(),
		check: &checker{document: s.authority + "/v2.0/.well-known/openid-configuration", audience: s.clientID, scope: s.scope, http: &once, now: now},
	}, nil
}

// serve answers requests until ctx ends.
func serve(ctx context.Context, listener net.Listener, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute}
	done := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(done)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(last)
	})
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-done // the requests under way
	return nil
}
