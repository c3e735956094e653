// Command webapp is a web application whose users sign in: authorization code flow
// with PKCE, sessions, an API that is called with the user's token, consent when it
// is needed, claims challenges, sign-out.
//
//	go run ./examples/webapp
//
// That starts an authority inside the program, so it needs no network and no
// registration. Open the address that it prints and click through; your browser will
// warn of the throw-away certificate at the sign-in. With a registration of your own
// (redirect URI http://localhost:8080/callback) it signs in real users:
//
//	CLIENT_SECRET=… go run ./examples/webapp -client-id 1111… \
//	    -authority https://login.microsoftonline.com/contoso.onmicrosoft.com \
//	    -scopes https://graph.microsoft.com/User.Read -api https://graph.microsoft.com/v1.0/me
//	CLIENT_SECRET=… go run ./examples/webapp -client-id … -issuer https://id.example.com \
//	    -scopes "api:read api:write" -api https://api.example.com/
//
// What to read: signin.go for the sign-in and its cookies, call.go for tokens and what
// to do when only the user can go on, store.go for sessions.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "webapp:", err)
		os.Exit(1)
	}
}

// settings are what the program is told.
type settings struct {
	listen, baseURL, certificate, key   string
	authority, issuer, clientID, secret string
	scopes, later                       string
	api                                 string
	query                               bool
}

func readSettings() settings {
	var s settings
	flag.StringVar(&s.listen, "listen", "localhost:8080", "`address` to listen on")
	flag.StringVar(&s.baseURL, "base-url", "", "`URL` at which browsers find the program; when empty, the address")
	flag.StringVar(&s.certificate, "tls-cert", "", "PEM `file` with a certificate; with none, plain HTTP")
	flag.StringVar(&s.key, "tls-key", "", "PEM `file` with its key")
	flag.StringVar(&s.authority, "authority", os.Getenv("AUTHORITY"), "`URL` of a Microsoft token server, with the tenant")
	flag.StringVar(&s.issuer, "issuer", os.Getenv("ISSUER"), "issuer `URL` of any other OpenID Connect provider")
	flag.StringVar(&s.clientID, "client-id", os.Getenv("CLIENT_ID"), "application (client) `ID`; its secret is in CLIENT_SECRET")
	flag.StringVar(&s.scopes, "scopes", "", "`scopes` of the API that users are asked for when they sign in")
	flag.StringVar(&s.later, "later-scopes", "", "`scopes` that they are asked for when one is needed")
	flag.StringVar(&s.api, "api", "", "`URL` to call with the tokens; when empty, none")
	flag.BoolVar(&s.query, "query", false, "have the answer of a sign-in come in the query and not in a form")
	flag.Parse()
	s.secret = os.Getenv("CLIENT_SECRET")
	return s
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s := readSettings()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if s.baseURL == "" {
		s.baseURL = s.defaultBaseURL(listener.Addr())
	}
	a, end, err := newApp(ctx, s)
	if err != nil {
		return err
	}
	defer end()
	fmt.Println("open", a.baseURL)
	if a.emulator != nil {
		fmt.Println("and sign in as", keyporttest.Username, "with the password", keyporttest.UserPassword)
	}
	return serve(ctx, listener, s, a.handler())
}

// defaultBaseURL is the address that was asked for, with the port that it became.
func (s settings) defaultBaseURL(bound net.Addr) string {
	scheme := "http"
	if s.certificate != "" {
		scheme = "https"
	}
	host, _, err := net.SplitHostPort(s.listen)
	_, port, boundErr := net.SplitHostPort(bound.String())
	if err != nil || boundErr != nil {
		return scheme + "://" + bound.String()
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// newApp makes the application. end ends what it has started.
func newApp(ctx context.Context, s settings) (a *app, end func(), err error) {
	if s.authority == "" && s.issuer == "" && s.clientID == "" {
		return newEmulatedApp(ctx, s)
	}
	client, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: s.clientID, Authority: s.authority, OIDCAuthority: s.issuer, Credential: keyport.ClientSecret(s.secret),
		Capabilities: s.capabilities(), Logger: slog.Default(),
	})
	if err != nil {
		return nil, nil, err
	}
	a, err = s.app(client)
	return a, func() { _ = client.Close(context.WithoutCancel(ctx)) }, err
}

// capabilities tell Microsoft's servers that claims challenges are understood here, so
// that their APIs may send some (continuous access evaluation).
func (s settings) capabilities() []string {
	if s.issuer != "" {
		return nil
	}
	return []string{"cp1"}
}

// app is the application for a client.
func (s settings) app(client *keyport.ConfidentialClient) (*app, error) {
	a := &app{
		client: client, baseURL: strings.TrimSuffix(s.baseURL, "/"), mode: keyport.ResponseModeFormPost,
		scopes: strings.Fields(s.scopes), later: strings.Fields(s.later), api: s.api,
		http: &http.Client{Timeout: 10 * time.Second, CheckRedirect: noRedirect}, log: slog.Default(),
	}
	if s.query {
		a.mode = keyport.ResponseModeQuery
	}
	if s.issuer != "" {
		// OIDC Core §11: without prompt=consent the server ignores offline_access, and gives
		// no refresh token. Microsoft's servers do not want it.
		a.prompt = keyport.PromptConsent
	}
	a.remember(time.Now)
	return a, checkBaseURL(a.baseURL)
}

// serve answers requests until ctx ends.
func serve(ctx context.Context, listener net.Listener, s settings, h http.Handler) error {
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute}
	done := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(done)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = server.Shutdown(last)
	})
	answer := server.Serve
	if s.certificate != "" {
		answer = func(l net.Listener) error { return server.ServeTLS(l, s.certificate, s.key) }
	}
	err := answer(listener)
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-done // the requests under way
	return nil
}
