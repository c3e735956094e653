// Package domain holds the nouns and the rules of token acquisition: scopes,
// authorities, accounts, tokens, the sets they are cached in, and the errors a
// caller meets.
//
// Everything here is a value or a function of values. Nothing waits, reads a
// clock, draws a random number, opens a socket or logs: time and entropy are
// arguments. That is what makes each rule a table test, and a cached
// [TokenSet] safe to share between goroutines without a lock.
//
// # Values
//
//   - [Scopes]: what is asked for (RFC 6749 §3.3), in one normal form.
//   - [Authority]: who is asked. [ParseAuthority] tells Entra ID, AD FS, B2C,
//     External ID (CIAM), dSTS and plain OpenID Connect issuers apart.
//   - [Secret]: a string that does not print. Every token and credential is one.
//   - [AccessToken], [RefreshToken], [IDToken], [Account], [AppMetadata]: what is
//     kept. They live in a [TokenSet], filed under a [PartitionKey].
//   - [Result]: what a caller gets.
//
// # Rules
//
//   - [TokenSet.Select] picks the token that serves a request and says how fresh it is.
//   - [TokenSet.With] merges a token response into what other writers stored.
//   - [Authority.CheckIssuer] decides whether a metadata document may speak for an authority.
//   - [MergeClaims] combines a claims challenge with the client's capabilities.
//
// # Errors
//
// A [*ConfigError] is the caller's to mend and names the field and the remedy.
// An [*OAuthError] is the server's refusal. A [*ResponseError] is an answer that
// makes no sense, a [*TransportError] one that never came. [errors.Is] with the
// sentinels of this package tells what to do next. A [Diagnosis] says it in words, by
// the catalogue of [ServerCodes]; a new code is a line in one of its tables.
package domain
