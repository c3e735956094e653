// Package e2e tries Keyport against a server that its authors did not write:
// oidc-provider, which the OpenID Foundation has certified, over HTTPS on this
// machine. What the library and its own tests might misread in the same way, a
// stranger's server finds out.
//
// The tests have the build tag e2e, because they need Node.js, and some of them a
// browser; where it can, make installs what is missing:
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
// Users sign in at the server's own pages (peer/users.mjs). Most tests play these forms
// without a browser (player). The WebApp and Demo tests build examples/webapp, run it as
// a program of its own, and drive Chromium (window): there the rules for cookies,
// policies and cross-site forms are the browser's and not ours. In the ThisMachine and
// AnotherDevice tests Chromium is the browser that a program on the user's machine
// opens, over IPv4 and IPv6, or the other device on which a code is typed. The server rotates
// refresh tokens, detects when one is used twice, and keeps a log of what it granted,
// refused and revoked.
//
// Other tests share a cache file with MSAL Python, MSAL Node and MSAL Go (siblings), each with its own code
// and keyporttest for a server: what one of them writes, the others find without a request.
//
// The Peer tests speak to the server without the library. They show that it is
// what the other tests take it for.
package e2e
