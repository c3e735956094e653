package ports

import (
	"context"

	"github.com/seed57855a68/keyport/domain"
)

// TokenSource yields tokens for one principal: an application, a user, a
// machine. Clients hand them out; bearer transports and SDK adapters accept them.
//
// Token returns a token that is valid now, from the cache where it can. It is
// safe for concurrent use. Its errors are those of package domain.
type TokenSource interface {
	Token(ctx context.Context, r domain.TokenRequest) (domain.Result, error)
}
