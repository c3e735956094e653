package domain

import "time"

// ThrottledError says that a request was not sent: the server asked for a pause that
// has not ended, or it refused the very same request a moment ago. It is
// [ErrThrottled], and by its cause whatever the server's answer was then, such as
// [ErrUnavailable] or [ErrInteractionRequired].
type ThrottledError struct {
	Operation string    // what was attempted: "acquire token silent"
	Until     time.Time // when the request will be sent again
	// Cause is the answer that began the pause, an [*OAuthError] or a [*ResponseError].
	// Its correlation id is that of the request which was answered.
	Cause error
}

// Error implements error.
func (e *ThrottledError) Error() string {
	text := ErrThrottled.Error() + " until " + e.Until.UTC().Format(time.RFC3339)
	if e.Operation != "" {
		text = e.Operation + ": " + text
	}
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *ThrottledError) Unwrap() error { return e.Cause }

// Is reports whether e is target, one of the sentinels of this package.
func (e *ThrottledError) Is(target error) bool { return target == ErrThrottled }
