// Package exchange sends requests that may carry credentials, over whatever
// HTTP client the user brought, under rules that hold for all of them:
//
//   - A request with a body is never sent to a second place: no redirect of it is
//     followed, by the client or here.
//   - An answer to a request that was not sent here is refused.
//   - At most 1 MiB of a body is read, counted after decompression.
//   - No error holds a query, a header or a part of a body.
package exchange
