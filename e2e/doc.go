// Package e2e tries Keyport against a server that its authors did not write:
// oidc-provider, which the OpenID Foundation has certified, over HTTPS on this
// machine. What the library and its own tests might misread in the same way, a
// stranger's server finds out.
//
// The tests have the build tag e2e, because they need Node.js:
//
//	make e2e
//
// Each test starts a server of its own (peer/server.mjs) on a free port, with a
// throw-away certificate authority and with the clients that the test registers.
// The server offers the authentication methods and algorithms of those clients and
// no others, so the clients decide what the metadata say. It holds every client to
// the method and the algorithm that it registered, and tells afterwards which
// requests it got.
//
// The Peer tests speak to the server without the library. They show that it is
// what the other tests take it for.
package e2e
