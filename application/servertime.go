package application

import (
	"errors"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

// serverTime is the time as the authority's servers have it, as far as their answers
// have told. It is for what they judge by their clock, and not for how long tokens live.
func (c *core) serverTime() time.Time {
	return c.ports.Clock.Now().Add(c.skew.Offset()).Round(0) // as a wall clock: the server has no other
}

// isMistimed reports whether a refusal is to an assertion that was signed by a wrong
// clock, by which the answer has taught better since.
func (c *core) isMistimed(err error, before time.Duration) bool {
	var refused *domain.OAuthError
	if c.skew.Offset() == before || !errors.As(err, &refused) || refused.Code != domain.CodeInvalidClient {
		return false
	}
	if !refused.HasCode(assertionOutsideItsTime) && len(refused.ErrorCodes) > 0 {
		return false
	}
	switch c.auth.credential.kind.(type) {
	case *signerCredential, *providerCredential:
		return true
	}
	return c.auth.method == ClientSecretJWT
}

// assertionOutsideItsTime is AADSTS700024.
const assertionOutsideItsTime = 700024
