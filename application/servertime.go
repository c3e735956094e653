package application

import (
	"context"
	"errors"
	"time"

	"github.com/seed57855a68/keyport/application/internal/tokenendpoint"
	"github.com/seed57855a68/keyport/domain"
)

// assertionOutsideItsTime is AADSTS700024.
const assertionOutsideItsTime = 700024

// serverTime is the time as the authority's servers have it, as far as their answers
// have told. It is for what they judge by their clock, and not for how long tokens live.
func (c *core) serverTime() time.Time {
	return c.ports.Clock.Now().Add(c.skew.Offset()).Round(0) // as a wall clock: the server has no other
}

// postTimely posts a token request, and once more with a new proof when the clock by
// which the client signed was wrong and the answer has told the time.
func (c *core) postTimely(ctx context.Context, r tokenRequest, to tokenendpoint.Request) (tokenendpoint.Response, error) {
	c.noteRequest(ctx, r.info, to.Endpoint)
	got, err := c.post(ctx, r.api, to)
	if err == nil || c.skew.Offset() == r.offset || !c.isMistimed(to, err) {
		return got, err
	}
	// In place, so that the other host of a region gets the new proof too.
	if err := c.prove(ctx, r.facts, to.Form, to.Header); err != nil {
		return tokenendpoint.Response{}, err
	}
	c.noteRequest(ctx, r.info, to.Endpoint)
	return c.post(ctx, r.api, to)
}

// isMistimed reports whether a refusal can be due to the time in an assertion that this
// client signed itself. Servers without numbers say no more than invalid_client.
func (c *core) isMistimed(sent tokenendpoint.Request, err error) bool {
	switch c.auth.credential.kind.(type) {
	case *textCredential, *funcCredential:
		return false // signed by somebody else, by another clock
	}
	var refused *domain.OAuthError
	return sent.Form.Has("client_assertion") && errors.As(err, &refused) && refused.Code == domain.CodeInvalidClient &&
		(refused.HasCode(assertionOutsideItsTime) || len(refused.ErrorCodes) == 0)
}
