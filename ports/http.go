package ports

import (
	"net/http"

	"github.com/seed57855a68/keyport/domain"
)

// HTTPClient sends requests. *http.Client implements it.
//
// It must honour the request's context and be safe for concurrent use. The duty of
// an implementer ends with delivering the request and the answer as they are; retries,
// proxies, time-outs and TLS are its own affair.
//
// It should follow no redirects. The application sees to it that no body can be sent
// on, refuses answers to requests that it did not send, and reads at most 1 MiB of a
// body; but a client that follows a redirect takes the Authorization header
// (client_secret_basic) along wherever net/http lets it. Of an *http.Client the
// application uses a copy that follows none.
type HTTPClient interface {
	Do(*http.Request) (*http.Response, error)
}

// TLSConfigurer is what an [HTTPClient] may also offer: a client for one TLS
// binding (client certificate, pinned server certificate, no proxy) that follows
// no redirects. Equal bindings give clients that share connections, different
// ones never do. Without it, flows that need a binding fail with a
// [domain.ConfigError] that says so.
type TLSConfigurer interface {
	ForTLS(domain.TLSBinding) (HTTPClient, error)
}
