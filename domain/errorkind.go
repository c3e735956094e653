package domain

import (
	"errors"
	"slices"
)

// ErrorKind sorts errors for metrics: few kinds, and each answers "whose turn is it?".
// "" is no error.
type ErrorKind string

// The kinds of errors.
const (
	ErrorConfig               ErrorKind = "config"                // the program's: [ConfigError]
	ErrorInteractionRequired  ErrorKind = "interaction_required"  // the user's
	ErrorTokenNotCached       ErrorKind = "token_not_cached"      // the user's: nothing was sent
	ErrorAccessDenied         ErrorKind = "access_denied"         // the user's or an administrator's: no
	ErrorInvalidClient        ErrorKind = "invalid_client"        // the operator's: the credential
	ErrorThrottled            ErrorKind = "throttled"             // the server wants a pause
	ErrorUnavailable          ErrorKind = "unavailable"           // the server could not be reached or failed
	ErrorTimeout              ErrorKind = "timeout"               // there was not enough time
	ErrorCanceled             ErrorKind = "canceled"              // the caller gave up
	ErrorRefused              ErrorKind = "refused"               // the server's other refusals
	ErrorBadResponse          ErrorKind = "bad_response"          // the server's answer makes no sense
	ErrorResponseMismatch     ErrorKind = "response_mismatch"     // somebody answered another sign-in
	ErrorAuthorizationPending ErrorKind = "authorization_pending" // the user is not done yet
	ErrorClientClosed         ErrorKind = "client_closed"         // the program's: after Close
	ErrorOther                ErrorKind = "other"                 // a cache, a callback, a panic
)

// kinds are the sentinels in the order in which they are asked for.
var kinds = []struct {
	is   error
	kind ErrorKind
}{
	{ErrClientClosed, ErrorClientClosed},
	{ErrAuthorizationPending, ErrorAuthorizationPending},
	{ErrThrottled, ErrorThrottled},
	{ErrUnavailable, ErrorUnavailable},
	{ErrInvalidClient, ErrorInvalidClient},
	{ErrInteractionRequired, ErrorInteractionRequired},
	{ErrAccessDenied, ErrorAccessDenied},
	{ErrTokenNotCached, ErrorTokenNotCached},
	{ErrResponseMismatch, ErrorResponseMismatch},
	{ErrRedirectRefused, ErrorBadResponse},
}

// FailureOf returns what err is, without its words. The errors of a context that ended
// are not the domain's to know, save that one that says it timed out did.
func FailureOf(err error) Failure {
	if err == nil {
		return Failure{}
	}
	var f Failure
	var refused *OAuthError
	var bad *ResponseError
	switch {
	case errors.As(err, &refused):
		f = Failure{Kind: ErrorRefused, Code: registered(refused.Code), Status: refused.StatusCode}
		if len(refused.ErrorCodes) > 0 {
			f.ServerCode = refused.ErrorCodes[0]
		}
	case errors.As(err, &bad):
		f = Failure{Kind: ErrorBadResponse, Status: bad.Status}
	}
	f.Kind = kindOf(err, f.Kind)
	return f
}

func kindOf(err error, typed ErrorKind) ErrorKind {
	var config *ConfigError
	var late interface{ Timeout() bool }
	switch {
	case errors.As(err, &config):
		return ErrorConfig
	case errors.As(err, &late) && late.Timeout():
		return ErrorTimeout
	}
	for _, k := range kinds {
		if errors.Is(err, k.is) {
			return k.kind
		}
	}
	if typed != "" {
		return typed
	}
	return ErrorOther
}

// registered bounds what a server may call its errors.
func registered(code string) string {
	known := []string{
		CodeInvalidClient, CodeInvalidGrant, CodeInvalidRequest, CodeInvalidScope, CodeUnauthorizedClient, CodeUnsupportedGrantType,
		CodeAccessDenied, CodeInteractionRequired, CodeLoginRequired, CodeConsentRequired, CodeTemporarilyUnavailable, CodeServerError,
		CodeAuthorizationPending, CodeSlowDown, CodeExpiredToken,
	}
	if slices.Contains(known, code) {
		return code
	}
	return "other"
}
