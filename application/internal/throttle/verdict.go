package throttle

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

const (
	// longestPause bounds what a server can make a client wait for.
	longestPause = time.Hour
	// tooMany is the pause after a 429 that names none.
	tooMany = time.Minute
	// firstFailure is the pause after the second bad answer in a row. It doubles with each
	// further one up to lastFailure. One bad answer begins none: the next node may be well.
	firstFailure = 5 * time.Second
	lastFailure  = time.Minute
	// memory is how long after its pause a failure still counts as the one before.
	memory = 10 * time.Minute

	// interaction is how long a refusal stands that only the user can change, refusal how
	// long any other does. A client that could not prove itself is often being mended.
	interaction = 2 * time.Minute
	refusal     = time.Minute
	unproven    = 5 * time.Second
)

// verdict is what an answer means for the requests after it.
type verdict struct {
	pause   time.Duration // for all requests of the same kind
	refused time.Duration // for identical ones
	failed  bool          // the pause is of our choice; it may be none, and grows
}

// judge reads the error that came of a request. failures are those before it.
func judge(err error, failures int, provenAs Proof) verdict {
	status, asked, answered := answerIn(err)
	switch {
	case !answered || status < 400:
		return verdict{}
	case errors.Is(err, domain.ErrInteractionRequired) && status != http.StatusTooManyRequests:
		// No pause, even if one is asked for: it would outlast the sign-in that mends this.
		return verdict{refused: max(standing(err, status, provenAs), min(asked, longestPause))}
	case asked > 0:
		return verdict{pause: min(asked, longestPause)}
	case status == http.StatusTooManyRequests:
		return verdict{pause: tooMany}
	case errors.Is(err, domain.ErrUnavailable):
		return verdict{pause: growing(failures), failed: true}
	}
	return verdict{refused: standing(err, status, provenAs)}
}

// answerIn finds the answer in an error.
func answerIn(err error) (status int, asked time.Duration, answered bool) {
	var refused *domain.OAuthError
	var unusable *domain.ResponseError
	switch {
	case errors.As(err, &refused):
		return refused.StatusCode, refused.RetryAfter, true
	case errors.As(err, &unusable):
		return unusable.Status, unusable.RetryAfter, true
	}
	return 0, 0, false
}

// growing is the pause after a failure that followed others.
func growing(failures int) time.Duration {
	if failures == 0 {
		return 0
	}
	return min(firstFailure<<min(failures-1, 10), lastFailure)
}

// passing are refusals that the next request mends: it is made differently.
var passing = []string{
	domain.CodeAuthorizationPending, domain.CodeSlowDown,
	"use_dpop_nonce", "invalid_dpop_proof", // RFC 9449 §5, §8
}

// badTimes is AADSTS700024: an assertion outside its time, which a corrected clock mends.
const badTimes = 700024

// standing is how long a refusal holds for identical requests; zero for not at all.
func standing(err error, status int, provenAs Proof) time.Duration {
	var refused *domain.OAuthError
	if errors.As(err, &refused) && (slices.Contains(passing, refused.Code) || refused.HasCode(badTimes)) {
		return 0
	}
	switch {
	case errors.Is(err, domain.ErrInteractionRequired):
		return interaction
	case errors.Is(err, domain.ErrInvalidClient) && provenAs == ProofUnknown:
		return 0 // the next proof may be another one
	case errors.Is(err, domain.ErrInvalidClient):
		return unproven
	case status == http.StatusBadRequest:
		return refusal
	}
	return 0
}
