package tokenendpoint

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/domain"
)

const revocation = "revocation endpoint"

// Revoke sends a revocation request (RFC 7009 §2). Any body of a good answer is
// passed over; a token that the server does not know is no error (§2.2).
func Revoke(ctx context.Context, c *exchange.Client, r Request, now func() time.Time) error {
	req, err := newRequest(ctx, r)
	if err != nil {
		return err
	}
	answer, err := c.Do(revocation, req)
	if err != nil {
		return withCorrelation(err, r.CorrelationID)
	}
	if answer.Status == http.StatusOK {
		return nil
	}
	_, err = parser{host: req.URL.Host, correlation: r.CorrelationID, now: now()}.parse(answer)
	var bad *domain.ResponseError
	if errors.As(err, &bad) {
		bad.Operation = revocation
	}
	return err
}
