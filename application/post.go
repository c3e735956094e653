package application

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/seed57855a68/keyport/application/internal/tokenendpoint"
	"github.com/seed57855a68/keyport/domain"
)

// post sends a token request and keeps the count of failures that the next
// request's telemetry header reports.
func (c *core) post(ctx context.Context, id domain.APIID, r tokenendpoint.Request) (tokenendpoint.Response, error) {
	r.Dated = c.skew.Learn
	response, err := tokenendpoint.Post(ctx, c.http, r, c.ports.Clock.Now)
	var refused *domain.OAuthError
	switch {
	case err == nil:
		c.telemetry.Succeeded()
		err = checkTokenType(r, response)
	case errors.As(err, &refused):
		c.telemetry.Failed(id, r.CorrelationID, refused.Code)
	}
	return response, err
}

// checkTokenType refuses a token that must be presented in another way than was
// asked for (RFC 6749 §7.1).
func checkTokenType(r tokenendpoint.Request, got tokenendpoint.Response) error {
	wanted := r.Form.Get("token_type")
	if wanted == "" {
		wanted = domain.TokenTypeBearer
	}
	if strings.EqualFold(got.TokenType, wanted) {
		return nil
	}
	return &domain.ResponseError{
		Operation: "token endpoint", Host: hostOf(r.Endpoint), Status: http.StatusOK, Field: "token_type",
		Problem: fmt.Sprintf("is not %s, which was asked for", wanted), CorrelationID: r.CorrelationID,
	}
}

// failedAs names the use case in an error, once. Errors are shared by all who wait for
// a flight, so none is written to.
func failedAs(operation string, err error) error {
	if throttled, ok := err.(*domain.ThrottledError); ok { //nolint:errorlint // what wraps one has more to say
		named := *throttled
		named.Operation = operation
		return &named
	}
	if refused, ok := err.(*domain.OAuthError); ok { //nolint:errorlint // one that is wrapped came from elsewhere, by a callback
		if refused.Operation == operation {
			return err
		}
		named := *refused
		named.Operation = operation
		return &named
	}
	var config *domain.ConfigError
	if errors.As(err, &config) || strings.HasPrefix(err.Error(), operation+": ") {
		return err // a ConfigError names the field, which says more
	}
	return fmt.Errorf("%s: %w", operation, err)
}

// refusalOf returns the server's refusal of a request, which kept says was not sent
// because of it; nil when err is none. A refusal that is wrapped is another request's:
// a callback may have asked another server.
func refusalOf(err error) (refused *domain.OAuthError, kept bool) {
	throttled, kept := err.(*domain.ThrottledError) //nolint:errorlint // see above
	if kept {
		err = throttled.Cause
	}
	refused, _ = err.(*domain.OAuthError) //nolint:errorlint // see above
	return refused, kept
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
}
