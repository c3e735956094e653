package domain_test

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/seed57855a68/keyport/domain"
)

func TestFailureOf(t *testing.T) {
	refused := func(code string, status int, numbers ...int) error {
		return fmt.Errorf("acquire: %w", &domain.OAuthError{Code: code, StatusCode: status, ErrorCodes: numbers, Description: domain.NewSecret(canary)})
	}
	for _, row := range []struct {
		err  error
		want domain.Failure
	}{
		{nil, domain.Failure{}},
		{errors.New(canary), domain.Failure{Kind: domain.ErrorOther}},
		{&domain.ConfigError{Field: "Scopes"}, domain.Failure{Kind: domain.ErrorConfig}},
		{&domain.ConfigError{Field: "Ports.Browser", Err: os.ErrDeadlineExceeded}, domain.Failure{Kind: domain.ErrorConfig}},
		{domain.ErrClientClosed, domain.Failure{Kind: domain.ErrorClientClosed}},
		{fmt.Errorf("x: %w", domain.ErrTokenNotCached), domain.Failure{Kind: domain.ErrorTokenNotCached}},
		{domain.ErrResponseMismatch, domain.Failure{Kind: domain.ErrorResponseMismatch}},
		{domain.ErrAuthorizationPending, domain.Failure{Kind: domain.ErrorAuthorizationPending}},
		{&domain.TransportError{Err: os.ErrDeadlineExceeded}, domain.Failure{Kind: domain.ErrorTimeout}},
		{&domain.TransportError{Err: errors.New("reset")}, domain.Failure{Kind: domain.ErrorUnavailable}},
		{&domain.ResponseError{Status: 200}, domain.Failure{Kind: domain.ErrorBadResponse, Status: 200}},
		{&domain.ResponseError{Status: 302, Err: domain.ErrRedirectRefused}, domain.Failure{Kind: domain.ErrorBadResponse, Status: 302}},
		{&domain.ResponseError{Status: 429}, domain.Failure{Kind: domain.ErrorThrottled, Status: 429}},
		{&domain.ResponseError{Status: 502}, domain.Failure{Kind: domain.ErrorUnavailable, Status: 502}},
		{refused("invalid_client", 401, 7000215, 1), domain.Failure{Kind: domain.ErrorInvalidClient, Code: "invalid_client", ServerCode: 7000215, Status: 401}},
		{refused("invalid_grant", 400), domain.Failure{Kind: domain.ErrorInteractionRequired, Code: "invalid_grant", Status: 400}},
		{refused("access_denied", 0), domain.Failure{Kind: domain.ErrorAccessDenied, Code: "access_denied"}},
		{refused("invalid_scope", 400, 70011), domain.Failure{Kind: domain.ErrorRefused, Code: "invalid_scope", ServerCode: 70011, Status: 400}},
		{refused("invalid_scope", 429), domain.Failure{Kind: domain.ErrorThrottled, Code: "invalid_scope", Status: 429}},
		{refused(canary, 400), domain.Failure{Kind: domain.ErrorRefused, Code: "other", Status: 400}},
	} {
		if got := domain.FailureOf(row.err); got != row.want {
			t.Errorf("%T: got %+v, want %+v", row.err, got, row.want)
		}
	}
	if !(domain.Failure{}).IsZero() || (domain.Failure{Status: 1}).IsZero() {
		t.Error("IsZero is wrong")
	}
}
