package cachefile_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/keyporttest"
)

// standing is a clock that stands: of the server, in another process.
type standing struct{ now time.Time }

func (s standing) Now() time.Time { return s.now }

func (s standing) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// unlocked lets everybody in.
type unlocked struct{}

func (unlocked) Lock(context.Context, string, time.Duration) (func(), error) { return func() {}, nil }

func newApp(issuer string, p keyport.Ports) (*keyport.ConfidentialClient, error) {
	return keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: "my-app", OIDCAuthority: issuer, Credential: keyport.ClientSecret("my-app's secret"), Ports: p,
	})
}

var silent = keyport.SilentRequest{Scopes: []string{"api:read"}}

// refreshChild asks for the user's token and prints where it came from, and what it is.
func refreshChild() error {
	cache, err := openCache(os.Getenv("CACHE"))
	if err != nil {
		return err
	}
	seconds, err := strconv.ParseInt(os.Getenv("NOW"), 10, 64)
	if err != nil {
		return err
	}
	sender, err := clientTrusting([]byte(os.Getenv("CA")))
	if err != nil {
		return err
	}
	p := keyport.Ports{TokenCache: cache, HTTPClient: sender, Clock: standing{time.Unix(seconds, 0)}}
	if os.Getenv("BUG") == bugNoLease {
		p.Locker = unlocked{}
	}
	app, err := newApp(os.Getenv("ISSUER"), p)
	if err != nil {
		return err
	}
	ctx := context.Background()
	accounts, err := app.Accounts(ctx, keyport.AccountFilter{})
	if err != nil || len(accounts) != 1 {
		return fmt.Errorf("%d accounts, %w", len(accounts), err)
	}
	request := silent
	request.Account = accounts[0]
	waitForStart()
	got, err := app.AcquireTokenSilent(ctx, request)
	if err != nil {
		fmt.Println("error", err)
		return app.Close(ctx)
	}
	fmt.Println(got.Metadata.Source, got.AccessToken.Reveal())
	return app.Close(ctx)
}

// redemptions signs a user in, lets the token end, and has processes ask for it at once.
func redemptions(t *testing.T, path, bug string, processes int) (requests int, lines []string) {
	t.Helper()
	authority := keyporttest.New(keyporttest.Options{})
	authority.SetRefreshTokens(keyporttest.RefreshTokens{Rotate: true, DetectReuse: true})
	authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-app's secret"}, RedirectURIs: []string{"https://app.example/callback"}})
	listener, err := authority.Listen()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	signIn(t, authority, listener, path)
	authority.Clock().Advance(2 * time.Hour)
	before := len(authority.Requests(keyporttest.EndpointToken))

	var all []*child
	for range processes {
		all = append(all, start(t, "refresh", "CACHE="+path, "BUG="+bug, "ISSUER="+listener.URL, "CA="+rootOf(t, listener),
			fmt.Sprint("NOW=", authority.Clock().Now().Unix())))
	}
	for _, c := range all {
		_ = c.in.Close()
	}
	for _, c := range all {
		lines = append(lines, c.end(t)...)
	}
	return len(authority.Requests(keyporttest.EndpointToken)) - before, lines
}

func signIn(t *testing.T, authority *keyporttest.Authority, l *keyporttest.Listener, path string) {
	t.Helper()
	cache, err := openCache(path)
	if err != nil {
		t.Fatal(err)
	}
	app, err := newApp(l.URL, keyport.Ports{TokenCache: cache, HTTPClient: l.Client(), Clock: authority.Clock()})
	if err != nil {
		t.Fatal(err)
	}
	flow, err := app.InitiateAuthCodeFlow(t.Context(), keyport.AuthCodeFlowRequest{Scopes: silent.Scopes, RedirectURI: "https://app.example/callback"})
	if err != nil {
		t.Fatal(err)
	}
	response, err := authority.SignIn(flow.AuthorizationURL, keyporttest.SignIn{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := app.AcquireTokenByAuthCodeFlow(t.Context(), flow, response)
	if err != nil || got.Metadata.CacheError != nil {
		t.Fatal(err, got.Metadata.CacheError)
	}
	if err := app.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// rootOf returns the throw-away CA, for a process that has only its environment.
func rootOf(t *testing.T, l *keyporttest.Listener) string {
	t.Helper()
	response, err := l.Client().Get(l.URL + "/.well-known/openid-configuration")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	chain := response.TLS.VerifiedChains[0]
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: chain[len(chain)-1].Raw}))
}

func clientTrusting(root []byte) (*http.Client, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(root) {
		return nil, fmt.Errorf("no certificate in %d bytes", len(root))
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}, nil
}

// TestOneProcessRedeems: the refresh token is spent once, and the others adopt what came of it.
func TestOneProcessRedeems(t *testing.T) { oneProcessRedeems(t, pathIn) }

func oneProcessRedeems(t *testing.T, path func(testing.TB) string) {
	t.Helper()
	for range pick(1, 20) {
		requests, lines := redemptions(t, path(t), bugNone, 8)
		fromServer, tokens := 0, map[string]bool{}
		for _, line := range lines {
			source, token, _ := strings.Cut(line, " ")
			if source == "identity_provider" {
				fromServer++
			}
			tokens[token] = true
		}
		if requests != 1 || fromServer != 1 || len(tokens) != 1 || len(lines) != 8 {
			t.Fatalf("%d requests, %d of %d processes asked the server, %d tokens: %v", requests, fromServer, len(lines), len(tokens), sources(lines))
		}
	}
}

// sources are the lines without the tokens.
func sources(lines []string) []string {
	var out []string
	for _, line := range lines {
		source, rest, _ := strings.Cut(line, " ")
		if source == "error" {
			source += " " + rest
		}
		out = append(out, source)
	}
	return out
}

// TestSecondRedemptionsAreSeen: without the lease, a second process redeems.
func TestSecondRedemptionsAreSeen(t *testing.T) { secondRedemptionsAreSeen(t, pathIn) }

func secondRedemptionsAreSeen(t *testing.T, path func(testing.TB) string) {
	t.Helper()
	for range 10 {
		if requests, _ := redemptions(t, path(t), bugNoLease, 8); requests > 1 {
			return
		}
	}
	t.Error("without a lease, one process redeems")
}
