package domain

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The sentinels answer "what do I do now?". Test for them with [errors.Is]; the
// typed errors of this package say through it which of them they are.
var (
	// ErrInteractionRequired: only the user can go on (sign in, consent, multi-factor).
	// Start an interactive flow, with the Claims of the [*OAuthError] when it has any.
	ErrInteractionRequired = errors.New("interaction with the user is required")

	// ErrTokenNotCached: nothing in the cache serves the request, and no request was sent.
	ErrTokenNotCached = errors.New("no suitable token in the cache")

	// ErrAccessDenied: the user, or a policy, said no. Asking again does not help.
	ErrAccessDenied = errors.New("access was denied")

	// ErrInvalidClient: the server did not accept the client's own credential. An
	// operator must correct the client id, the secret or the certificate.
	ErrInvalidClient = errors.New("the client could not be authenticated")

	// ErrUnavailable: the server could not be reached or failed. Try again later.
	ErrUnavailable = errors.New("the server is unavailable")

	// ErrThrottled: the server asked for a pause that has not ended. A request that was
	// not sent because of it is a [*ThrottledError], which has the end. When the error is
	// [ErrInteractionRequired] too, the user can go on at once.
	ErrThrottled = errors.New("requests are throttled")

	// ErrResponseMismatch: an authorization response belongs to no flow, or to another
	// one. It is safe to ignore.
	ErrResponseMismatch = errors.New("the response does not belong to this flow")

	// ErrAuthorizationPending: the user has not finished on the other device. Poll again
	// at the flow's NextPoll.
	ErrAuthorizationPending = errors.New("the user has not finished signing in")

	// ErrRedirectRefused: a server answered a request that carries credentials with a
	// redirect. It was not followed and nothing was sent on.
	ErrRedirectRefused = errors.New("redirect refused")

	// ErrSealBroken: sealed bytes from a store are not what was sealed for that place.
	// They were changed, cut off or moved, and are not used.
	ErrSealBroken = errors.New("the seal is broken: the data was changed, moved or damaged")

	// ErrClientClosed: the client was used after Close.
	ErrClientClosed = errors.New("the client is closed")
)

// ConfigError says that an argument cannot be used. It names the field, the
// problem and the remedy, and never holds the value of a secret.
type ConfigError struct {
	Field   string // as the caller writes it: "Authority", "Credential.Thumbprint", "Scopes[1]"
	Problem string // what is wrong: "is empty"
	Remedy  string // what to do: "pass the application (client) ID of the app registration"
	Err     error  // the cause, when there is one
}

// Error implements error.
func (e *ConfigError) Error() string {
	var b strings.Builder
	b.WriteString("invalid " + e.Field + ": " + e.Problem)
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *ConfigError) Unwrap() error { return e.Err }

// TransportError says that a request was not answered: name resolution,
// connection, TLS, proxy or time-out. It is [ErrUnavailable]. When the caller's own
// context ended the request, it is that context's error as well.
type TransportError struct {
	Operation string // "token endpoint", "metadata"
	Host      string // the host that was asked
	Err       error  // without query strings or credentials

	CorrelationID string // the client-request-id of the request; "" where none is sent
}

// Error implements error.
func (e *TransportError) Error() string {
	return fmt.Sprintf("%s: no answer from %s: %v", e.Operation, e.Host, e.Err) + ids(e.CorrelationID, "")
}

// ids is what support asks for, in parentheses; "" without a correlation id.
func ids(correlation, trace string) string {
	switch {
	case correlation == "":
		return ""
	case trace == "":
		return " (correlation id " + correlation + ")"
	}
	return " (correlation id " + correlation + ", trace id " + trace + ")"
}

// Unwrap returns the cause.
func (e *TransportError) Unwrap() error { return e.Err }

// Is reports whether e is target, one of the sentinels of this package.
func (e *TransportError) Is(target error) bool { return target == ErrUnavailable }

// ResponseError says that a server's answer cannot be used: too large, not JSON,
// wrong types, a redirect. No part of the body is kept.
type ResponseError struct {
	Operation string // "token endpoint", "metadata"
	Host      string // the host that answered
	Status    int    // HTTP status
	Field     string // the member at fault, when there is one: "expires_in"
	Problem   string // "is not a JSON object"
	Remedy    string // what to do, when something can be said
	Err       error  // a sentinel or a cause, when there is one

	CorrelationID string // the client-request-id of the request
	TraceID       string // the server's own name for it (x-ms-request-id); "" for none
	// RetryAfter is how long the server asks to wait; zero when it does not say.
	RetryAfter time.Duration
}

// Error implements error.
func (e *ResponseError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: unusable answer from %s (HTTP %d): ", e.Operation, e.Host, e.Status)
	what := strings.TrimSpace(e.Field + " " + e.Problem)
	b.WriteString(what)
	if e.Err != nil && what != "" {
		b.WriteString(": ")
	}
	if e.Err != nil {
		b.WriteString(e.Err.Error())
	}
	if e.Remedy != "" {
		b.WriteString("; " + e.Remedy)
	}
	b.WriteString(ids(e.CorrelationID, e.TraceID))
	return b.String()
}

// Unwrap returns the cause.
func (e *ResponseError) Unwrap() error { return e.Err }

// Is reports whether e is target, one of the sentinels of this package: by its
// status, an unusable answer is [ErrThrottled] or [ErrUnavailable].
func (e *ResponseError) Is(target error) bool {
	switch target {
	case ErrThrottled:
		return e.Status == 429
	case ErrUnavailable:
		return e.Status >= 500
	}
	return false
}
