// Command msal starts, takes a token from a file and ends, with MSAL for Go: msal <file> <tenant>.
package main

import (
	"context"
	"errors"
	"log"
	"net/http"
	"os"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/cache"
	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
)

// silence is an HTTP client for those who have the token already.
type silence struct{}

// Do implements MSAL's HTTP client.
func (silence) Do(*http.Request) (*http.Response, error) {
	return nil, errors.New("a request was sent")
}

// CloseIdleConnections belongs to it.
func (silence) CloseIdleConnections() {}

// accessor reads the file.
type accessor string

// Replace implements [cache.ExportReplace].
func (a accessor) Replace(_ context.Context, c cache.Unmarshaler, _ cache.ReplaceHints) error {
	data, err := os.ReadFile(string(a))
	if err != nil {
		return err
	}
	return c.Unmarshal(data)
}

// Export implements [cache.ExportReplace].
func (accessor) Export(context.Context, cache.Marshaler, cache.ExportHints) error { return nil }

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func run(path, tenant string) error {
	credential, err := confidential.NewCredFromSecret("a-secret")
	if err != nil {
		return err
	}
	app, err := confidential.New("https://login.microsoftonline.com/"+tenant, "11111111-2222-3333-4444-555555555555", credential,
		confidential.WithHTTPClient(silence{}), confidential.WithCache(accessor(path)))
	if err != nil {
		return err
	}
	_, err = app.AcquireTokenByCredential(context.Background(), []string{"https://graph.microsoft.com/.default"})
	return err
}
