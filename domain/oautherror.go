package domain

import (
	"slices"
	"strings"
	"time"
)

// The error codes of RFC 6749 §5.2, OIDC Core §3.1.2.6 and RFC 8628 §3.5 that callers branch on.
const (
	CodeInvalidClient          = "invalid_client"
	CodeInvalidGrant           = "invalid_grant"
	CodeInvalidRequest         = "invalid_request"
	CodeInvalidScope           = "invalid_scope"
	CodeUnauthorizedClient     = "unauthorized_client"
	CodeUnsupportedGrantType   = "unsupported_grant_type"
	CodeAccessDenied           = "access_denied"
	CodeInteractionRequired    = "interaction_required"
	CodeLoginRequired          = "login_required"
	CodeConsentRequired        = "consent_required"
	CodeTemporarilyUnavailable = "temporarily_unavailable"
	CodeServerError            = "server_error"
	CodeAuthorizationPending   = "authorization_pending"
	CodeSlowDown               = "slow_down"
	CodeExpiredToken           = "expired_token"
)

// The suberrors of Microsoft's servers that say something of a refresh token.
const (
	SubErrorBadToken       = "bad_token"       // it will never serve again
	SubErrorClientMismatch = "client_mismatch" // it is a family's that the client is not in
)

// OAuthError is a server's refusal (RFC 6749 §5.2), with what Microsoft's servers
// add to it. [errors.Is] tells through it what to do next.
type OAuthError struct {
	Code          string // "error"
	Description   Secret // "error_description": for people to read; may hold personal data, so it does not print
	URI           string // "error_uri": never opened
	SubError      string // "suberror"
	ErrorCodes    []int  // "error_codes": the numbers behind AADSTS
	Claims        string // "claims": the challenge to pass on to an interactive request
	CorrelationID string // of the request; give it to support
	TraceID       string // of the server's side
	Timestamp     string // as the server wrote it
	StatusCode    int    // HTTP status
	// RetryAfter is how long the server asks to wait; zero when it does not say.
	RetryAfter time.Duration
	// Operation names what was attempted: "acquire token for client".
	Operation string
}

// Error returns the codes and ids, and what they mean and call for where that is known. It holds
// nothing of the description, which a server may fill with user names.
func (e *OAuthError) Error() string {
	var b strings.Builder
	if e.Operation != "" {
		b.WriteString(e.Operation + ": ")
	}
	if e.Code != CodeExpiredToken { // which the client finds out by its own clock, too
		b.WriteString("the server refused: ")
	}
	b.WriteString(e.Code)
	for _, c := range e.Codes() {
		if c != e.Code && c != e.SubError {
			b.WriteString(" " + c)
		}
	}
	if e.SubError != "" {
		b.WriteString(" (" + e.SubError + ")")
	}
	if known, ok := e.Known(); ok {
		b.WriteString(": " + known.Meaning + ". " + strings.TrimSuffix(known.Remedy, "."))
	}
	b.WriteString(ids(e.CorrelationID, e.TraceID))
	return b.String()
}

// Is reports whether e is target, one of the sentinels of this package.
func (e *OAuthError) Is(target error) bool {
	switch target {
	case ErrInvalidClient:
		return e.Code == CodeInvalidClient || e.Code == CodeUnauthorizedClient
	case ErrInteractionRequired:
		return slices.Contains([]string{CodeInvalidGrant, CodeInteractionRequired, CodeLoginRequired, CodeConsentRequired, CodeExpiredToken}, e.Code)
	case ErrAccessDenied:
		return e.Code == CodeAccessDenied || e.Code == codeDeclined
	case ErrThrottled:
		return e.StatusCode == 429
	case ErrUnavailable:
		return e.StatusCode >= 500 || e.Code == CodeTemporarilyUnavailable || e.Code == CodeServerError
	}
	return false
}

// Remedy says what to do about the error, or "" when nothing general can be said.
func (e *OAuthError) Remedy() string {
	known, _ := e.Known()
	return known.Remedy
}

// HasCode reports whether the server named this AADSTS number.
func (e *OAuthError) HasCode(number int) bool { return slices.Contains(e.ErrorCodes, number) }

// codeDeclined is Microsoft's word for access_denied in the device flow.
const codeDeclined = "authorization_declined"
