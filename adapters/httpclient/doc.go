// Package httpclient is the HTTP client that Keyport uses when you bring none.
//
// # Do you need it?
//
// Any *http.Client serves as [ports.HTTPClient], with its own proxy, TLS, tracing
// and retries. Take this one when you want what token requests need and
// http.DefaultClient lacks: time limits, a careful retry, errors that can be logged,
// and client certificates or pinned servers for single requests ([Client.ForTLS]).
//
//	client, err := httpclient.New(httpclient.Options{
//		RootCAFile: "/etc/ssl/corp-root.pem",
//		Timeout:    15 * time.Second,
//	})
//
// To keep these rules and add tracing or metrics below them, pass your own
// [Options].Transport; to add them above, wrap the [Client].
//
// # What is repeated, and why
//
// An authorization code or a rotating refresh token can be redeemed once. A POST
// that was processed must therefore never be sent again, and from outside nobody
// can tell a client-credentials POST, which would be harmless, from a code
// redemption. So a request is repeated, once unless [Options].MaxRetries says otherwise:
//
//   - any method, when no connection came about: refused, unreachable, DNS, a
//     TLS handshake cut off. Nothing of the request was sent;
//   - GET and HEAD also when the connection broke after sending, and after 408,
//     429, 500, 502, 503 and 504, with exponential back-off and full jitter;
//   - POST after 429 or 503 only, and only with a Retry-After of at most
//     [Options].MaxRetryAfter: the server says that it refused to work.
//
// Beneath, net/http itself repeats a request on another connection when a kept
// connection turns out to be closed before anything was written, or when an HTTP/2
// server refused the stream.
//
// Never repeated: a certificate or TLS version that does not fit, a wrong URL, a
// proxy that refuses, a request whose context has ended. When the wait would outlast
// the deadline, or Retry-After its limit, you get the answer at once. The last answer
// is always handed through with its status and body.
// See docs/adr/0006-retries-in-the-http-adapter.md.
//
// # What else it does
//
//   - TLS 1.2 or later, HTTP/2, kept connections.
//   - No cookies, and no redirect is followed: the 3xx answer is returned.
//   - Loopback and link-local addresses, the metadata services of clouds among
//     them, never go through a proxy.
//   - Errors hold no query string, user info or proxy credentials. Causes stay
//     reachable with errors.Is and errors.As.
package httpclient
