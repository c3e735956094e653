package main

import (
	"context"
	"errors"
	"time"

	"github.com/seed57855a68/keyport"
)

// way is how people sign in.
type way int

const (
	bestWay   way = iota // in the browser, if one can be opened
	inBrowser            // or not at all
	byCode
)

func (s settings) way() way {
	switch {
	case s.browser:
		return inBrowser
	case s.device:
		return byCode
	}
	return bestWay
}

// login signs a person in: without asking them when the cache has what it takes.
func (p *program) login(ctx context.Context) error {
	result, account, err := p.silent(ctx)
	switch {
	case err == nil:
		p.say("you are signed in already, as %s", nameOf(result))
	case needsUser(err):
		if result, err = p.interact(ctx, account.Username, challengeOf(err)); err != nil {
			return err
		}
		p.say("you are signed in, as %s", nameOf(result))
	default:
		return err // to sign in would not help: the server is away, say
	}
	p.sayToken(result)
	return nil
}

// needsUser reports whether only the user can go on.
func needsUser(err error) bool {
	return errors.Is(err, keyport.ErrTokenNotCached) || errors.Is(err, keyport.ErrInteractionRequired)
}

// challengeOf is what the server wants of the user: the second factor of a policy, say.
func challengeOf(err error) string {
	var refused *keyport.OAuthError
	if errors.As(err, &refused) {
		return refused.Claims
	}
	return ""
}

// interact asks the user, in the way that is possible here.
func (p *program) interact(ctx context.Context, username, challenge string) (keyport.Result, error) {
	if p.way != byCode {
		result, err := p.openBrowser(ctx, username, challenge)
		if p.way == inBrowser || !lacksBrowser(err) {
			return result, err
		}
		p.say("no browser can be opened here, so with a code:")
	}
	return p.showCode(ctx, challenge)
}

// openBrowser signs the user in in the browser of this machine.
func (p *program) openBrowser(ctx context.Context, username, challenge string) (keyport.Result, error) {
	return p.client.AcquireTokenInteractive(ctx, keyport.InteractiveRequest{
		Scopes: p.scopes, LoginHint: username, ClaimsChallenge: challenge, Timeout: p.wait,
	})
}

// showCode signs the user in on another device.
func (p *program) showCode(ctx context.Context, challenge string) (keyport.Result, error) {
	flow, err := p.client.InitiateDeviceFlow(ctx, keyport.DeviceFlowRequest{Scopes: p.scopes, ClaimsChallenge: challenge})
	if err != nil {
		return keyport.Result{}, err
	}
	p.say("%s", flow.Message)
	p.say("(the code is good for %s)", flow.ExpiresAt.Sub(p.clock.Now()).Round(time.Second))
	if p.shown != nil {
		p.shown(flow)
	}
	return p.client.AcquireTokenByDeviceFlow(ctx, flow)
}
