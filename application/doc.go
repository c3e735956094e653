// Package application holds the use cases: one file for each acquire_token verb,
// and the corridor that all of them walk.
//
// A use case makes a plan: which partition of the cache, which exact key, which
// grant. The corridor (acquire.go) does the rest, the same for every plan:
//
//  1. Load the partition; the domain says how fresh its token is.
//  2. A fresh token is the answer: one crossing of one port. A stale one is too,
//     and is renewed in the background. Otherwise all who want the same token
//     share one flight.
//  3. Find the server's metadata, where that is needed.
//  4. Redeem the grant at the token endpoint.
//  5. Merge the response into the cache with [ports.TokenCache.Update].
//
// To add a flow, add a file: a request struct, a method, a plan.
//
// A plan for people (plan.go) runs a use case on a client whose doors are shut
// (dryrun.go). What a new field of the client changes in its requests belongs into its
// facts, which that client shares.
//
// Programs use this package through the root package, which names its types and
// supplies the default adapters.
package application
