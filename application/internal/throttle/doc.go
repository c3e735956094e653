// Package throttle keeps requests from a server that does not want them: one that
// asked for a pause (Retry-After, status 429), that fails (5xx), or that has just
// refused the very same request.
//
// Marks are kept in a ports.HTTPCache, so processes that share one share their pauses.
// A mark is filed under a digest, and holds an error's codes and none of its texts: no
// token, and nothing of a person. Losing one costs a request.
//
// The reasons are in docs/adr/0013-throttling-marks.md.
//
//	pass, err := guard.Enter(ctx, request) // a *domain.ThrottledError: do not send it
//	answer, err := send()
//	pass.Done(ctx, err)
package throttle
