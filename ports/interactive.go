package ports

import (
	"context"
	"net/url"
)

// Browser shows a page to the user.
type Browser interface {
	// Open opens an https address in the user's browser and returns as soon as that is
	// under way; it does not wait for the user. It fails when there is no browser to
	// open, as on a server or in a container. Its errors do not quote the address.
	Open(ctx context.Context, address string) error
}

// RedirectListener receives the answers of sign-ins on this machine (RFC 8252 §7.3).
type RedirectListener interface {
	// Listen begins to receive at redirectURI, a loopback URL such as
	// "http://localhost:8400/callback"; with port 0 or none on a free port; when empty,
	// at "http://localhost" on a free port. It fails when the port is taken or the URL
	// is not one of this machine. Answers that come before Receive are kept.
	Listen(ctx context.Context, redirectURI string) (RedirectReceiver, error)
}

// RedirectReceiver waits for the answer of one sign-in.
type RedirectReceiver interface {
	// RedirectURI is what to send as redirect_uri: with the port that was taken.
	RedirectURI() string
	// Receive returns the first request, by GET or as a form by POST, that carries this
	// state, compared in constant time; all others are answered and ignored, and tell
	// nothing of the state. finish must be called with the outcome: only then the user
	// sees a page, and it is one of success or failure. Receive returns the context's
	// error when that ends first.
	Receive(ctx context.Context, state string) (response url.Values, finish func(outcome error), err error)
	// Close stops listening, frees the port, and waits for the pages under way.
	Close() error
}
