// Package keyporttest is an authority for tests and demonstrations: a token server
// in the shape of Entra ID, B2C, External ID (CIAM), AD FS, dSTS and plain OpenID
// Connect, inside the process and without a network.
//
// # A first use
//
//	authority := keyporttest.New(keyporttest.Options{})
//	authority.AddApp(keyporttest.App{ClientID: "my-app", Secrets: []string{"my-secret"}})
//	app, err := keyport.NewConfidentialClient(keyport.ConfidentialClientConfig{
//		ClientID: "my-app", Authority: keyporttest.AuthorityURL, Credential: keyport.ClientSecret("my-secret"),
//		Ports: keyport.Ports{HTTPClient: authority.Client(), Clock: authority.Clock()},
//	})
//
// The HTTP client and the clock are all that tells this from production.
//
// # What it checks
//
// What a real server checks: the form of the request; that the client uses one way
// to authenticate, and its secret, or the signature, algorithm, names, audience and
// life of its assertion; the tenant, and that the app exists there; the scopes. Each
// kind of server does so in its own way. Entra ID finds a certificate by its
// thumbprint, takes RSA signatures only, and an assertion again and again; a plain
// provider takes it once, and not when it is for anybody else too. AD FS wants RS256.
//
// What is refused is refused in the words of that kind of server, so that a test
// sees the error that production would see: AADSTS numbers with trace and
// correlation ids, AADB2C and MSIS numbers, or a bare code of RFC 6749. Metadata and
// instance discovery are published as each kind does: issuers by the tenant's GUID,
// "{tenantid}" for many tenants, a cloud under any of its names. Tokens are signed
// JWTs with the claims of their server, verify against its JWKS, and no two are alike.
//
// Every host name leads here. Which of them is one of Microsoft's, instance
// discovery says; [Authority.AddHost] adds to them.
//
// # Time
//
// [Authority.Clock] stands still until [Clock.Advance]. Hand it to the client, and
// an hour is one line. The server issues and judges by it, and sends it as Date.
//
// # Faults
//
// [Authority.Script] scripts answers: a status, a header, a body that is torn, far
// too large or no JSON, a redirect, a connection that breaks, a delay on the clock.
// [Authority.Hold] keeps requests waiting until the test lets them go, so that "a
// thousand callers at once" needs no sleep.
//
// # What was sent
//
// [Authority.Requests] returns every request, whatever host and path it was for.
//
// # What must not be seen
//
// Authorities know the secrets that they were given and have issued, [Certificate]
// its key, and a test adds its own with [PlantSecret]. [AssertClean] checks that
// what a program returned or logged shows none of them, however it is printed or
// encoded. [ScanOutput] checks all that the tests of a package have written:
//
//	func TestMain(m *testing.M) { os.Exit(keyporttest.ScanOutput(m)) }
//
// Use secrets of eight bytes or more. Shorter ones are parts of ordinary words, and
// ScanOutput does not look for them.
//
// # Over a socket
//
// [Authority.Listen] serves the same over HTTPS (HTTP/1.1 and HTTP/2) on the loopback
// interface, with a certificate of a throw-away CA, for clients that must be tried
// with TLS.
//
// # What it is not
//
// No server for production: it keeps everything in memory, and all who reach it may
// script it. Where the behaviour of the real servers is not public, it does what the
// standard says. [Options] and [App] say what can be set.
package keyporttest
