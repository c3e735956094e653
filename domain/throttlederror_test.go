package domain_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

func TestAThrottledErrorIsThePauseAndItsCause(t *testing.T) {
	until := time.Date(2026, 11, 24, 14, 0, 0, 0, time.FixedZone("", 7200))
	for _, row := range []struct {
		err  *domain.ThrottledError
		text string
		is   []error
	}{
		{&domain.ThrottledError{Until: until}, "requests are throttled until 2026-11-24T12:00:00Z", []error{domain.ErrThrottled}},
		{
			&domain.ThrottledError{Operation: "acquire token silent", Until: until, Cause: &domain.OAuthError{Code: "invalid_grant", StatusCode: 400}},
			"acquire token silent: requests are throttled until 2026-11-24T12:00:00Z: the server refused: invalid_grant: " +
				"the code, assertion or refresh token is not valid, has ended or was revoked. Have the user sign in again",
			[]error{domain.ErrThrottled, domain.ErrInteractionRequired},
		},
		{
			&domain.ThrottledError{Until: until, Cause: &domain.ResponseError{Operation: "token endpoint", Host: "h", Status: 503, Problem: "could not be used"}},
			"requests are throttled until 2026-11-24T12:00:00Z: token endpoint: unusable answer from h (HTTP 503): could not be used",
			[]error{domain.ErrThrottled, domain.ErrUnavailable},
		},
	} {
		if row.err.Error() != row.text {
			t.Errorf("got  %s\nwant %s", row.err, row.text)
		}
		for _, sentinel := range []error{domain.ErrThrottled, domain.ErrInteractionRequired, domain.ErrUnavailable, domain.ErrInvalidClient} {
			if want := slices.Contains(row.is, sentinel); errors.Is(row.err, sentinel) != want {
				t.Errorf("%v: is %v: %v, want %v", row.err, sentinel, !want, want)
			}
		}
	}
}
