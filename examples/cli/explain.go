package main

import (
	"context"
	"errors"
	"slices"

	"github.com/seed57855a68/keyport"
)

// explain says what a person can do about an error, and then what happened. No error of
// the library holds a secret.
func explain(err error) string {
	if advice := adviceOn(err); advice != "" {
		return advice + "\n(" + err.Error() + ")"
	}
	return err.Error()
}

// adviceOn is what to do now; "" for an error that says so itself.
func adviceOn(err error) string {
	var refused *keyport.OAuthError
	isRefused := errors.As(err, &refused)
	switch {
	case errors.Is(err, context.Canceled):
		return "it was interrupted."
	case errors.Is(err, keyport.ErrAccessDenied):
		return "you are not signed in: you said no, or a policy did."
	case isRefused && refused.Code == "expired_token":
		return `the code has ended, and nobody had entered it. Run "login" for a new one.`
	case errors.Is(err, keyport.ErrInteractionRequired):
		return `your sign-in has ended. Run "login" again.`
	case errors.Is(err, keyport.ErrUnavailable), errors.Is(err, keyport.ErrThrottled):
		return "the server cannot be reached, or has too much to do. Try again later."
	case errors.Is(err, context.DeadlineExceeded):
		return "you did not come back from the browser in time. Try again, or with -device."
	case errors.Is(err, keyport.ErrInvalidClient):
		return "the server does not know this program as a public client: look at -client-id and at its registration."
	case lacksBrowser(err):
		return "no browser can be opened on this machine. Try it with -device."
	}
	return ""
}

// lacksBrowser reports whether a sign-in in the browser failed before anybody was asked,
// because this machine does not have what it takes.
func lacksBrowser(err error) bool {
	var missing *keyport.ConfigError
	return errors.As(err, &missing) && slices.Contains([]string{"Ports.Browser", "Ports.RedirectListener", "RedirectURI"}, missing.Field)
}
