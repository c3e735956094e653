// Package portstest holds conformance suites: one function for each port that a
// program may implement itself. A suite runs an implementation through the contract
// in the port's doc comment, and each of its subtests is named for one promise.
//
// # Use
//
// Write the adapter, and one test:
//
//	func TestTokenCache(t *testing.T) {
//		portstest.TokenCache(t, func(t *testing.T) ports.TokenCache {
//			c, err := mystore.Open(t.TempDir())
//			if err != nil {
//				t.Fatal(err)
//			}
//			t.Cleanup(func() { _ = c.Close() })
//			return c
//		})
//	}
//
// The function that is handed over makes a new, empty implementation each time it is
// called: a folder, a schema or a key prefix of its own. A store that processes or
// machines share passes a second suite, with two handles on one store:
//
//	portstest.SharedTokenCache(t, func(t *testing.T) (a, b ports.TokenCache) {
//		dir := t.TempDir()
//		return open(t, dir), open(t, dir)
//	})
//
// Run them with -race. A call that hangs fails the test that made it, a minute later
// or when half of the time is used that -timeout leaves.
//
// # The suites
//
//   - [TokenCache]: what was stored comes back, field by field; keys that look alike
//     do not meet; Update is one step, whatever change, its errors and its panics do;
//     Keys filters, is complete and may be used to delete; contexts are obeyed.
//   - [SharedTokenCache]: the same between handles; nothing is lost, nothing is stale.
//   - [HTTPCache]: entries come back, expired ones too.
//   - [HTTPClient]: requests and answers pass as they are; contexts end them;
//     certificates are checked; no body is sent to a second host.
//   - [Clock]: Sleep lasts, and ends with its context.
//   - [Locker]: one holder at a time; leases end; nobody frees another's lock.
//   - [Sealer]: what was sealed is opened, in its place only; nothing that was changed opens.
//   - [RedirectListener]: only the request with the state is received, at any time;
//     strangers are answered with 4xx, learn nothing and end nothing; the page waits for
//     the outcome; Close frees the port.
//   - [Browser]: https addresses are opened as they are, and nothing else is; errors quote
//     no address.
//
// # What a token cache may and may not do
//
// Where the contract leaves a choice, the suite makes it:
//
//   - Times may lose what is below a second, but never move forward. The zero time,
//     which means unknown, stays the zero time.
//   - Parts of keys and records are valid UTF-8 without NUL; no other character may be
//     lost or folded, letter case and blanks at the end included.
//     [domain.PartitionKey.Text] is ASCII; a store that does not keep letter case, as
//     some file systems, or has a limit on names, hashes it.
//   - Records belong to their partition: its client, its user or tenant, its resource.
//     A store may file by them.
//   - change may run more than once. It does not use the cache: a
//     store may hold a lock meanwhile, for one key or for all.
//   - A set whose tokens are all over, or that has none, may be dropped or kept.
//   - Load with a context that has ended returns the set or the context's error, never
//     the empty set in place of one.
//   - Nothing that fmt prints of the cache holds a token. Personal data is not looked
//     for: it is in the keys, so implement [fmt.Formatter] and print a number.
//
// # What the suites cannot check
//
// They do not see what a crash leaves, a full disk, a server that is away, file
// modes, or encryption. They do not wait for the end of a time to live, and two
// handles in one process are not two processes. Speed is nobody's promise. Such
// tests are the adapter's own.
//
// That the suites fail when they should is itself tested, with an implementation for
// each way to break a contract.
package portstest
