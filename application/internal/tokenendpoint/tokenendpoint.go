package tokenendpoint

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/domain"
)

const operation = "token endpoint"

// Request is one token request.
type Request struct {
	Endpoint      string // absolute https URL
	Query         []domain.Parameter
	Form          url.Values
	Header        http.Header
	CorrelationID string // for errors; the header holds it too
	// SignIn says that an ID token alone will do: B2C issues an access token only for an API.
	SignIn bool
	// Dated, unless nil, is told the Date of the answer, whatever else that says, and when
	// by the own clock the request was sent and the answer received.
	Dated func(date, sent, received time.Time)
}

// Response is a successful token response (RFC 6749 §5.1) with what Microsoft's
// servers add.
type Response struct {
	AccessToken  domain.Secret
	RefreshToken domain.Secret
	IDToken      domain.Secret
	TokenType    string        // as spelled; "Bearer" when the server is silent
	Scopes       domain.Scopes // zero when the server is silent
	ClientInfo   string
	FamilyID     string // "foci"
	TraceID      string // the server's own name for the request; "" for none

	ExpiresIn    time.Duration // zero and !HasExpiry when the server is silent
	HasExpiry    bool
	ExtExpiresIn time.Duration // zero for none
	RefreshIn    time.Duration // zero for none

	Extra map[string][]byte // members not named above, in JSON
}

// Post sends the request and reads the response. Its errors are
// [*domain.OAuthError], [*domain.ResponseError] and [*domain.TransportError].
func Post(ctx context.Context, c *exchange.Client, r Request, now func() time.Time) (Response, error) {
	req, err := newRequest(ctx, r)
	if err != nil {
		return Response{}, err
	}
	sent := now()
	answer, err := c.Do(operation, req)
	if err != nil {
		return Response{}, withCorrelation(err, r.CorrelationID)
	}
	received := now()
	if date, err := http.ParseTime(answer.Header.Get("Date")); err == nil && r.Dated != nil {
		r.Dated(date, sent, received)
	}
	return parser{host: req.URL.Host, correlation: r.CorrelationID, now: received, signIn: r.SignIn}.parse(answer)
}

// withCorrelation notes the request in an error that only just came into being.
func withCorrelation(err error, id string) error {
	var unanswered *domain.TransportError
	var refused *domain.ResponseError
	switch {
	case errors.As(err, &unanswered):
		unanswered.CorrelationID = id
	case errors.As(err, &refused):
		refused.CorrelationID = id
	}
	return err
}

func newRequest(ctx context.Context, r Request) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.Endpoint, strings.NewReader(r.Form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("%s: the endpoint is not a URL", operation)
	}
	if len(r.Query) > 0 {
		query := req.URL.Query()
		for _, p := range r.Query {
			query.Set(p.Name, p.Value)
		}
		req.URL.RawQuery = query.Encode()
	}
	for name, values := range r.Header {
		req.Header[name] = values
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	return req, nil
}
