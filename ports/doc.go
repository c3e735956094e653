// Package ports names what the application needs from the outside world, as
// interfaces of one to three methods, and what it offers to other programs.
//
// # Driven ports: bring your own
//
//   - [HTTPClient] sends requests; *http.Client is one. [TLSConfigurer] is what it may also offer.
//   - [TokenCache] keeps token sets. Package ports/portstest checks an implementation of yours.
//   - [HTTPCache] keeps public documents and throttling marks.
//   - [Clock] tells the time, so that an hour can pass in a test in no time.
//   - [Locker] lets one of many processes refresh at a time.
//   - [Sealer] encrypts what a cache stores. Package adapters/cachekit has one.
//   - [Environment] reads environment variables.
//   - [Browser] shows the sign-in page to a user of this machine, and a
//     [RedirectListener] receives the answer.
//   - [Observer] is told what happened, for metrics and traces.
//
// # Driving port: hand it on
//
// [TokenSource] is what the rest of a program asks for tokens. Accept it where
// you need a token, and a test can pass a mock (package mocks) or a three-line fake.
package ports
