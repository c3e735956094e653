package keyset

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/url"

	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/application/internal/throttle"
	"github.com/seed57855a68/keyport/domain"
)

// fetch asks the server and keeps the answer. It returns old keys with the error.
func (r *Resolver) fetch(ctx context.Context, address string) (*keys, error) {
	set, answer, err := r.askUnlessThrottled(ctx, address)
	if err != nil {
		r.report("fetch "+operation, err)
		old, _ := r.cached(ctx, address, true)
		return old, err
	}
	if err := r.cache.Set(ctx, cacheKey(address), answer.Body, r.clock.Now().Add(answer.Life(documentLife))); err != nil {
		r.report("store "+operation, err)
	}
	return set, nil
}

// askUnlessThrottled asks unless the server wants a pause.
func (r *Resolver) askUnlessThrottled(ctx context.Context, address string) (*keys, exchange.Answer, error) {
	pass, err := r.guard.Enter(ctx, throttle.Request{Operation: operation, Host: hostOf(address), Pause: throttle.Key(operation, address)})
	if err != nil {
		return nil, exchange.Answer{}, err
	}
	set, answer, err := r.ask(ctx, address)
	pass.Done(ctx, err)
	return set, answer, err
}

func (r *Resolver) ask(ctx context.Context, address string) (*keys, exchange.Answer, error) {
	if address == "" {
		return nil, exchange.Answer{}, &domain.ConfigError{
			Field: "Metadata.JWKSURI", Problem: "is empty, so ID tokens cannot be verified",
			Remedy: "set it, or leave Metadata nil so that the authority's document is fetched",
		}
	}
	answer, err := r.http.Get(ctx, operation, address, nil)
	if err != nil {
		return nil, exchange.Answer{}, err
	}
	refuse := func(problem string) (*keys, exchange.Answer, error) {
		return nil, exchange.Answer{}, &domain.ResponseError{
			Operation: operation, Host: hostOf(address), Status: answer.Status, Problem: problem,
			RetryAfter: throttle.RetryAfter(answer.Header, r.clock.Now()),
		}
	}
	if answer.Status != http.StatusOK {
		return refuse("holds no keys")
	}
	set, err := parse(answer.Body)
	if err != nil {
		return refuse(err.Error())
	}
	return set, answer, nil
}

// cached returns the keys that the HTTP cache holds; expired ones too when stale is set.
func (r *Resolver) cached(ctx context.Context, address string, stale bool) (*keys, bool) {
	body, expires, err := r.cache.Get(ctx, cacheKey(address))
	if err != nil {
		r.report("read "+operation, err)
		return nil, false
	}
	left := expires.Sub(r.clock.Now())
	if left > documentLife+clockSkew { // stored when a clock was wrong: nobody knows how old it is
		left = 0
	}
	if body == nil || left <= 0 && (!stale || left <= -staleLife) {
		return nil, false
	}
	set, err := parse(body)
	if err != nil {
		return nil, false
	}
	return set, true
}

// cacheKey is a digest: tenant names are nobody else's business.
func cacheKey(address string) string {
	sum := sha256.Sum256([]byte(address))
	return "keys." + base64.RawURLEncoding.EncodeToString(sum[:])
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
