package cachefile_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/cachefile"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/domain/unified"
	"github.com/seed57855a68/keyport/keyporttest"
)

func secret(t testing.TB, c *cachefile.TokenCache) string {
	t.Helper()
	set, err := c.Load(t.Context(), userKey)
	if err != nil {
		t.Fatal(err)
	}
	for r := range set.Records() {
		if token, ok := r.(domain.AccessToken); ok {
			return token.Secret.Reveal()
		}
	}
	return ""
}

// overwrite changes a file as other libraries do: in place. Size and time of change stay.
func overwrite(t *testing.T, path, old, fresh string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.ReplaceAll(data, []byte(old), []byte(fresh))
	if err := errors.Join(os.WriteFile(path, data, 0o600), os.Chtimes(path, info.ModTime(), info.ModTime())); err != nil {
		t.Fatal(err)
	}
}

// TestAnUnchangedFileIsNotRead: what is served is not what stands in a file that looks the same.
func TestAnUnchangedFileIsNotRead(t *testing.T) {
	path := newPath(t)
	if err := open(t, path).Update(t.Context(), userKey, adding("first")); err != nil {
		t.Fatal(err)
	}
	past := time.Now().Add(-time.Hour)
	if err := os.Chtimes(path, past, past); err != nil {
		t.Fatal(err)
	}
	c := open(t, path)
	if got := secret(t, c); got != "first" {
		t.Fatalf("the token is %q", got)
	}
	overwrite(t, path, "first", "other")
	if got := secret(t, c); got != "first" {
		t.Errorf("the file was read again: %q", got)
	}
	later := past.Add(time.Nanosecond)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	if got := secret(t, c); got != "other" {
		t.Errorf("a change of a nanosecond was not noticed: %q", got)
	}
}

// TestAWriteWithinOneTickIsNoticed: the file looks the same and is not, soon after it was written. Who writes
// notices at once, because the other's tokens would be lost.
func TestAWriteWithinOneTickIsNoticed(t *testing.T) {
	for name, tick := range map[string]struct{ length, most time.Duration }{
		"milliseconds": {time.Nanosecond, 10 * time.Millisecond}, "seconds": {time.Second, 1500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			for what, notices := range map[string]func(c *cachefile.TokenCache) bool{
				"load": func(c *cachefile.TokenCache) bool {
					for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
						if secret(t, c) == "other" {
							return true
						}
					}
					return false
				},
				"update": func(c *cachefile.TokenCache) bool {
					found := ""
					err := c.Update(t.Context(), userKey, func(set domain.TokenSet) (domain.TokenSet, error) {
						found = secretsOf(set)
						return set, nil
					})
					return err == nil && found == "other"
				},
			} {
				c, inTime := secondWrite(t, tick.length, tick.most)
				for !inTime { // the machine was too slow to be within one tick
					c, inTime = secondWrite(t, tick.length, tick.most)
				}
				if !notices(c) {
					t.Errorf("%s: the second write was not noticed", what)
				}
			}
		})
	}
}

// secondWrite returns a cache that has read what another library wrote over since, within one tick of the clock.
func secondWrite(t *testing.T, tick, most time.Duration) (c *cachefile.TokenCache, inTime bool) {
	t.Helper()
	path := newPath(t)
	c = open(t, path)
	if err := c.Update(t.Context(), userKey, adding("first")); err != nil {
		t.Fatal(err)
	}
	now := time.Now().Truncate(tick)
	if err := os.Chtimes(path, now, now); err != nil {
		t.Fatal(err)
	}
	if got := secret(t, c); got != "first" {
		t.Fatalf("the token is %q", got)
	}
	inTime = time.Since(now) < most
	overwrite(t, path, "first", "other")
	return c, inTime
}

// TestClocksThatAreSetBack: a file from the future is replaced by one from a later future.
func TestClocksThatAreSetBack(t *testing.T) {
	path := newPath(t)
	a, b := open(t, path), open(t, path)
	if err := a.Update(t.Context(), userKey, adding("first")); err != nil {
		t.Fatal(err)
	}
	future := time.Now().AddDate(10, 0, 0)
	if err := os.Chtimes(path, future, future); err != nil {
		t.Fatal(err)
	}
	last := future
	for i := range 5 {
		secret(t, a)
		if err := b.Update(t.Context(), userKey, replacing(fmt.Sprintf("later-%d", i))); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil || !info.ModTime().After(last) {
			t.Fatalf("the time of change is %v after %v: %v", info.ModTime(), last, err)
		}
		last = info.ModTime()
		if got := secret(t, a); got != fmt.Sprintf("later-%d", i) {
			t.Fatalf("the token is %q", got)
		}
	}
}

// TestVerify tells what will not work, and what is set aside.
func TestVerify(t *testing.T) {
	path := newPath(t)
	c := open(t, path)
	if problems, err := c.Verify(t.Context()); err != nil || len(problems) > 0 {
		t.Errorf("of no file: %v %v", problems, err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Verify has made the file: %v", err)
	}
	if err := os.WriteFile(path, []byte(`{"IdToken":{"a":{"environment":5}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if problems, err := c.Verify(t.Context()); err != nil || len(problems) != 1 {
		t.Errorf("of a file with one bad record: %v %v", problems, err)
	}
	if err := os.WriteFile(path, []byte(`{"Keyport":{"version":99}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Verify(t.Context()); !errors.Is(err, unified.ErrNewer) {
		t.Errorf("of a file of a newer version: %v", err)
	}
	err := c.Update(t.Context(), userKey, adding("token"))
	if data, _ := os.ReadFile(path); !errors.Is(err, unified.ErrNewer) || string(data) != `{"Keyport":{"version":99}}` {
		t.Errorf("Update: %v; the file is %s", err, data)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".*.tmp")); len(left) > 0 {
		t.Error("Verify has left a file")
	}
}

// TestPaths that cannot be one.
func TestPaths(t *testing.T) {
	for _, path := range []string{"", "a\x00b"} {
		var config *domain.ConfigError
		if _, err := cachefile.NewTokenCache(cachefile.TokenCacheOptions{Path: path}); !errors.As(err, &config) || config.Field != "Path" || config.Remedy == "" {
			t.Errorf("%q: %v", path, err)
		}
		if _, err := cachefile.NewHTTPCache(cachefile.HTTPCacheOptions{Path: path}); !errors.As(err, &config) {
			t.Errorf("%q: %v", path, err)
		}
	}
}

// TestTheTokenIsReturnedAllTheSame when it cannot be stored.
func TestTheTokenIsReturnedAllTheSame(t *testing.T) {
	authority := keyporttest.New(keyporttest.Options{})
	authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-app's secret"}})
	path := newPath(t)
	cache := open(t, path)
	if err := errors.Join(os.RemoveAll(filepath.Dir(path)), os.WriteFile(filepath.Dir(path), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: "my-app", Authority: keyporttest.AuthorityURL, Credential: keyport.ClientSecret("my-app's secret"),
		Ports: keyport.Ports{TokenCache: cache, HTTPClient: authority.Client(), Clock: authority.Clock()},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := app.AcquireTokenForClient(t.Context(), keyport.ClientCredentialsRequest{Scopes: []string{"https://graph.microsoft.com/.default"}})
	var typed *cachefile.Error
	if err != nil || got.AccessToken.IsZero() || !errors.As(got.Metadata.CacheError, &typed) {
		t.Errorf("the result: %v; the cache's error: %v", err, got.Metadata.CacheError)
	}
	if err := app.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestRemoveAccountOfOneClient signs a user out of one of two clients that share a file.
func TestRemoveAccountOfOneClient(t *testing.T) {
	authority := keyporttest.New(keyporttest.Options{})
	path := newPath(t)
	clients := map[string]*keyport.ConfidentialClient{}
	accounts := map[string]keyport.Account{}
	for _, id := range []string{"client-a", "client-b"} {
		authority.AddApp(keyporttest.App{ClientID: id, Secrets: []string{"secret of " + id}, RedirectURIs: []string{"https://app.example/callback"}})
		app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
			ClientID: id, Authority: keyporttest.AuthorityURL, Credential: keyport.ClientSecret("secret of " + id),
			Ports: keyport.Ports{TokenCache: open(t, path), HTTPClient: authority.Client(), Clock: authority.Clock()},
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = app.Close(t.Context()) })
		clients[id], accounts[id] = app, signInTo(t, authority, app)
	}
	if err := clients["client-a"].RemoveAccount(t.Context(), accounts["client-a"]); err != nil {
		t.Fatal(err)
	}
	if left, err := clients["client-a"].Accounts(t.Context(), keyport.AccountFilter{}); err != nil || len(left) > 0 {
		t.Errorf("client A has %d accounts: %v", len(left), err)
	}
	left, err := clients["client-b"].Accounts(t.Context(), keyport.AccountFilter{})
	if err != nil || len(left) != 1 || left[0] != accounts["client-b"] {
		t.Errorf("client B has %d accounts: %v", len(left), err)
	}
	got, err := clients["client-b"].AcquireTokenSilent(t.Context(), keyport.SilentRequest{Scopes: graphScopes, Account: accounts["client-b"]})
	if err != nil || got.Metadata.Source != keyport.SourceCache {
		t.Errorf("client B: %v from %v", err, got.Metadata.Source)
	}
	if data, _ := os.ReadFile(path); strings.Contains(string(data), "client-a") {
		t.Error("the file still has something of client A")
	}
}

var graphScopes = []string{"https://graph.microsoft.com/User.Read"}

func signInTo(t *testing.T, authority *keyporttest.Authority, app *keyport.ConfidentialClient) keyport.Account {
	t.Helper()
	flow, err := app.InitiateAuthCodeFlow(t.Context(), keyport.AuthCodeFlowRequest{Scopes: graphScopes, RedirectURI: "https://app.example/callback"})
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
	return got.Account
}

// TestHTTPCacheIsBounded and a damaged file is an empty one.
func TestHTTPCacheIsBounded(t *testing.T) {
	path := newPath(t)
	c, err := cachefile.NewHTTPCache(cachefile.HTTPCacheOptions{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(`{"version":1,"entries":{"torn`), 0o600); err != nil {
		t.Fatal(err)
	}
	third := make([]byte, 6<<20)
	for i, key := range []string{"ends first", "ends last", "ends second"} {
		expires := map[string]int64{"ends first": 1, "ends second": 2, "ends last": 3}[key]
		if err := c.Set(t.Context(), key, third, time.Unix(expires*1_000_000_000, 0)); err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	for key, want := range map[string]bool{"ends first": false, "ends second": true, "ends last": true} {
		if got, _, err := c.Get(t.Context(), key); err != nil || (got != nil) != want {
			t.Errorf("%s is there: %v, %v", key, got != nil, err)
		}
	}
	if err := c.Set(t.Context(), "ends last", make([]byte, 17<<20), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if got, _, _ := c.Get(t.Context(), "ends last"); got != nil {
		t.Error("a value that does not fit has left the one before")
	}
}
