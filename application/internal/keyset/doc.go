// Package keyset verifies the signatures of ID tokens with the keys that an
// authority publishes (RFC 7517).
//
// Keys are fetched once for all who wait, kept for a day, and fetched again when a
// token names one that is not there, but not more often than every five minutes:
// a stranger's made-up key ids must not become requests. While the server fails,
// old keys serve.
package keyset
