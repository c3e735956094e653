// Package exchange sends requests that may carry credentials, over whatever
// HTTP client the user brought, under rules that hold for all of them:
//
//   - A body is never sent to a second place: no redirect of it is followed, by an
//     *http.Client or here.
//   - An answer to a request that was not sent here is refused.
//   - At most 1 MiB of a body is read, counted after decompression.
//   - No error holds a query, a header or a part of a body, nor what net/http quotes of
//     a peer that does not speak HTTP.
//
// A client of the caller's own that follows a 301, 302 or 303 does so without the
// body, but net/http takes the Authorization header along to other ports and
// sub-domains of the host. Such a client should return redirects as they are.
package exchange
