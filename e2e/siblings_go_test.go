//go:build e2e

package e2e_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"testing"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
)

// runGo runs MSAL Go, in this process.
func runGo(t *testing.T, j job) report {
	t.Helper()
	credential, err := confidential.NewCredFromSecret(j.Secret)
	if err != nil {
		t.Fatal(err)
	}
	app, err := confidential.New(j.Authority, j.ClientID, credential,
		confidential.WithHTTPClient(bridge(j.Bridge)), confidential.WithCache(sharedFile(j.Cache)))
	if err != nil {
		t.Fatal(err)
	}
	var r report
	for _, s := range j.Steps {
		token, err := stepInGo(t.Context(), app, j, s)
		if err != nil {
			t.Logf("MSAL Go: %s: %v", s.Do, err)
		}
		r.Tokens = append(r.Tokens, token)
	}
	account, err := app.Account(t.Context(), homeAccount) // it does not list them
	if err != nil {
		t.Fatal(err)
	}
	r.Accounts = append(r.Accounts, account.HomeAccountID)
	return r
}

func stepInGo(ctx context.Context, app confidential.Client, j job, s step) (token string, err error) {
	var result confidential.AuthResult
	switch s.Do {
	case "app":
		result, err = app.AcquireTokenByCredential(ctx, s.Scopes)
	case "sign in":
		result, err = app.AcquireTokenByAuthCode(ctx, s.Code, j.RedirectURI, s.Scopes, confidential.WithChallenge(s.Verifier))
	default:
		account, failed := app.Account(ctx, homeAccount)
		if failed != nil {
			return "", failed
		}
		result, err = app.AcquireTokenSilent(ctx, s.Scopes, confidential.WithSilentAccount(account))
	}
	return result.AccessToken, err
}

// bridge sends every request to the test's own server. The host that is meant stands in the Host header.
type bridge string

// Do implements the HTTP client of MSAL Go.
func (b bridge) Do(r *http.Request) (*http.Response, error) {
	base, err := url.Parse(string(b))
	if err != nil {
		return nil, err
	}
	sent := r.Clone(r.Context())
	sent.Host, sent.URL.Scheme, sent.URL.Host = r.URL.Host, base.Scheme, base.Host
	return http.DefaultTransport.RoundTrip(sent)
}

// CloseIdleConnections is what it asks of a client besides.
func (bridge) CloseIdleConnections() {}

// sharedFile is the accessor of its documentation: the file as a whole, without a lock.
type sharedFile string

// Replace implements [cache.ExportReplace].
func (f sharedFile) Replace(_ context.Context, c cache.Unmarshaler, _ cache.ReplaceHints) error {
	data, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.Unmarshal(data)
}

// Export implements [cache.ExportReplace].
func (f sharedFile) Export(_ context.Context, c cache.Marshaler, _ cache.ExportHints) error {
	data, err := c.Marshal()
	if err != nil {
		return err
	}
	return os.WriteFile(string(f), data, 0o600)
}
