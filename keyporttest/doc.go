// Package keyporttest is an authority for tests and demonstrations: a token server
// in the shape of Entra ID, B2C, External ID, AD FS, dSTS and plain OpenID Connect,
// inside the process and without a network.
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
// It checks what a real server checks: the client's secret or the signature,
// audience, life and replay of its assertion, the tenant, the scopes. What it
// refuses, it refuses with the codes that Entra ID uses, so that a test sees the
// error that production would see. Tokens are signed JWTs, and no two are alike.
//
// # Time
//
// [Authority.Clock] stands still until [Clock.Advance]. Hand it to the client, and
// an hour is one line.
//
// # Faults
//
// [Authority.Script] scripts answers: a status, a header, a body that is torn, far
// too large or no JSON, a redirect, a connection that breaks. [Authority.Hold]
// keeps requests waiting until the test lets them go, so that "a thousand callers
// at once" needs no sleep.
//
// # What was sent
//
// [Authority.Requests] records every request. [AssertClean] checks that what a
// program logged or returned holds none of the secrets that the authority has seen
// or issued.
//
// # Over a socket
//
// [Authority.Listen] serves the same over HTTPS on the loopback interface, with a
// certificate of a throw-away CA, for clients that must be tried with TLS.
package keyporttest
