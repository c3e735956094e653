package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/seed57855a68/keyport"
	"github.com/seed57855a68/keyport/adapters/redirectloopback"
	"github.com/seed57855a68/keyport/adapters/system"
	"github.com/seed57855a68/keyport/ports"
)

// program is what the commands share.
type program struct {
	client *keyport.PublicClient
	scopes []string
	way    way
	wait   time.Duration
	clock  ports.Clock
	out    io.Writer
	shown  func(keyport.DeviceFlow) // is told after a code was shown; nil for nobody
	ends   []func()
}

// newProgram makes it. It must be closed, also when there is an error.
func newProgram(ctx context.Context, s settings, out io.Writer) (*program, error) {
	p := &program{scopes: s.scopeList(), way: s.way(), wait: s.wait, clock: system.Clock{}, out: out}
	config := keyport.PublicClientConfig{ClientID: s.clientID, Authority: s.authority, OIDCAuthority: s.issuer}
	if !s.isReal() {
		var err error
		if config, err = p.emulate(ctx, s); err != nil {
			return p, err
		}
	}
	config.AppName = "keyport-example-cli"
	config.Ports.RedirectListener = redirectloopback.New(redirectloopback.Options{
		SuccessPage: "<h1>You are signed in</h1><p>Go back to the terminal. You can close this page.</p>",
		ErrorPage:   "<h1>You are not signed in</h1><p>The terminal says why. You can close this page.</p>",
	})
	var err error
	if p.client, err = keyport.NewPublicClient(config); err == nil {
		p.atEnd(func() { _ = p.client.Close(context.WithoutCancel(ctx)) })
	}
	return p, err
}

func (p *program) atEnd(end func()) { p.ends = append(p.ends, end) }

// close ends what was started, the latest first.
func (p *program) close() {
	for _, end := range slices.Backward(p.ends) {
		end()
	}
}

func (p *program) say(format string, values ...any) {
	_, _ = fmt.Fprintf(p.out, format+"\n", values...)
}

// silent returns a token of who has signed in before, without them. When there is
// nobody, it sends nothing.
func (p *program) silent(ctx context.Context) (keyport.Result, keyport.Account, error) {
	accounts, err := p.client.Accounts(ctx, keyport.AccountFilter{})
	if err != nil {
		return keyport.Result{}, keyport.Account{}, err
	}
	var account keyport.Account // stands for nobody
	if len(accounts) > 0 {
		account = accounts[0]
	}
	result, err := p.client.AcquireTokenSilent(ctx, keyport.SilentRequest{Scopes: p.scopes, Account: account})
	return result, account, err
}

var errNobody = errors.New(`nobody is signed in: put "login" first, in the same run, because the tokens live in memory`)

// whoami says who is signed in, and asks nobody.
func (p *program) whoami(ctx context.Context) error {
	result, account, err := p.silent(ctx)
	switch {
	case err != nil && account.IsZero() && errors.Is(err, keyport.ErrTokenNotCached):
		return errNobody
	case err != nil:
		return err
	}
	p.say("you are %s", nameOf(result))
	p.sayToken(result)
	return nil
}

// nameOf is how a person is called: by their name, and by what they sign in with. No
// program should decide anything by either.
func nameOf(r keyport.Result) string {
	username := r.Account.Username
	if username == "" {
		username = r.Account.HomeAccountID
	}
	if claims, err := r.IDTokenClaims(); err == nil && claims.Name != "" {
		return fmt.Sprintf("%s (%s)", claims.Name, username)
	}
	return username
}

func (p *program) sayToken(r keyport.Result) {
	source := "server"
	if r.Metadata.Source == keyport.SourceCache {
		source = "cache"
	}
	if r.ExpiresOn.IsZero() {
		p.say("token from the %s; the server does not say when it ends", source)
		return
	}
	left := r.ExpiresOn.Sub(p.clock.Now()).Round(time.Second)
	p.say("token from the %s, good for %s yet, until %s UTC", source, left, r.ExpiresOn.UTC().Format(time.DateTime))
}

// logout forgets everybody, here and, where that is possible, at the server.
func (p *program) logout(ctx context.Context) error {
	accounts, err := p.client.Accounts(ctx, keyport.AccountFilter{})
	if err != nil {
		return err
	}
	if len(accounts) == 0 {
		return errNobody
	}
	for _, account := range accounts {
		var impossible *keyport.ConfigError
		if err := p.client.RevokeTokens(ctx, account); err != nil {
			if !errors.As(err, &impossible) { // not every server can take tokens back
				p.say("the server could not be told: %s", explain(err))
			}
			if err := p.client.RemoveAccount(ctx, account); err != nil {
				return err
			}
		}
		p.say("signed out %s", account.Username)
	}
	return nil
}
