// Package tokenendpoint speaks to token endpoints: a form out (RFC 6749 §4), JSON
// in (§5). It knows the wire and nothing of flows or caches: what it returns is
// what the server said, checked for form.
package tokenendpoint
