package main

import (
	"context"

	"github.com/seed57855a68/keyport"
)

// abroad asks a real server.
func (s story) abroad(ctx context.Context, r registration) error {
	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
		ClientID: r.clientID, Authority: r.authority, OIDCAuthority: r.issuer, Credential: r.credential(),
	})
	if err != nil {
		return err
	}
	defer func() { _ = app.Close(context.WithoutCancel(ctx)) }()
	request := keyport.ClientCredentialsRequest{Scopes: []string{r.scope}}

	s.chapter("A token for " + r.scope)
	if err := s.acquire(ctx, app, request); err != nil {
		return err
	}
	s.chapter("The same again, from the cache")
	if err := s.repeat(ctx, app, request); err != nil {
		return err
	}
	s.chapter("A new one, because we insist (ForceRefresh)")
	request.ForceRefresh = true
	return s.acquire(ctx, app, request)
}
