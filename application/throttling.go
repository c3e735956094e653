package application

import (
	"context"
	"maps"
	"net/url"
	"strings"

	"github.com/seed57855a68/keyport/application/internal/throttle"
	"github.com/seed57855a68/keyport/application/internal/tokenendpoint"
	"github.com/seed57855a68/keyport/domain"
)

// postUnlessThrottled sends a token request that the server wants. Polls for a device
// code have a pace of their own (RFC 8628 §3.5).
func (c *core) postUnlessThrottled(ctx context.Context, r tokenRequest, q tokenendpoint.Request) (tokenendpoint.Response, error) {
	post := func() (tokenendpoint.Response, error) { return c.postTimely(ctx, r, q) }
	if r.grant.Has("device_code") {
		return post()
	}
	return unlessThrottled(ctx, c, r, q, post)
}

// unlessThrottled sends a request unless the server asked for a pause, or refused the
// same one a moment ago.
func unlessThrottled[T any](ctx context.Context, c *core, r tokenRequest, q tokenendpoint.Request, send func() (T, error)) (T, error) {
	if c.throttle == nil {
		return send()
	}
	pass, err := c.throttle.Enter(ctx, c.throttled(ctx, r, q))
	if err != nil {
		var none T
		return none, err
	}
	answer, err := send()
	pass.Done(ctx, err)
	return answer, err
}

// throttled says which requests a pause or a refusal is for. All goes into digests.
func (c *core) throttled(ctx context.Context, r tokenRequest, q tokenendpoint.Request) throttle.Request {
	proof, known := c.proofIn(q)
	out := throttle.Request{
		Operation: "token endpoint", Host: hostOf(q.Endpoint), Proof: known,
		Pause: throttle.Key(c.clientID, q.Endpoint, r.subject(), r.scopes.Key(), proof),
		// Who brings a refresh token from elsewhere wants it tried, but is in no hurry. A hook
		// that has a refused request sent again knows that it was refused.
		Forced: r.info.Attempt > 1 || r.reason == domain.ReasonForced && r.api != domain.AcquireTokenByRefreshTokenID,
	}
	if q.Form.Has("password") {
		return out // what people choose can be guessed from its digest
	}
	body := maps.Clone(q.Form)
	body.Del("client_assertion") // a new one each time; proof stands for it
	// Of the headers those of the caller: a hook's are new each time, such as a trace id, save
	// for what CacheKey tells.
	out.Refusal = throttle.Key(c.clientID, q.Endpoint, encoded(q.Query), body.Encode(), proof,
		encoded(r.parameters.Header), c.extraKey(ctx, domain.Parameters{}, ""))
	return out
}

func encoded(list []domain.Parameter) string {
	values := url.Values{}
	for _, p := range list {
		values.Add(p.Name, p.Value)
	}
	return values.Encode()
}

// subject is whom a pause is for: the user whose tokens are renewed, and else what the
// grant is made with. So one user's pause is nobody else's, and none outlives a code.
func (r tokenRequest) subject() string {
	if r.anchor != "" && r.grant.Has("refresh_token") {
		return r.anchor
	}
	grant := maps.Clone(r.grant)
	grant.Del("password")
	return grant.Encode()
}

// proofIn is what tells the client's credential from another one: the secret itself,
// the key, or what the assertion says of its key.
func (c *core) proofIn(q tokenendpoint.Request) (string, throttle.Proof) {
	jwt := q.Form.Get("client_assertion")
	if jwt == "" {
		return q.Form.Get("client_secret") + q.Header.Get("Authorization"), throttle.ProofKnown
	}
	kind := c.auth.credential.kind
	if s, ok := kind.(*standInCredential); ok {
		kind = s.of
	}
	switch k := kind.(type) {
	case *signerCredential:
		return string(k.key.PublicHash[:]), throttle.ProofKnown
	case *secretCredential:
		return k.secret.Reveal(), throttle.ProofKnown
	case *textCredential:
		return jwt, throttle.ProofKnown
	}
	header, _, _ := strings.Cut(jwt, ".")
	return header, throttle.ProofUnknown
}
