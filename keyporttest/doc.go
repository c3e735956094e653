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
// # Users
//
// A user is there from the start: [Username], who signs in with [UserPassword].
// [Authority.AddUser] adds others, guests and personal accounts among them. An app to
// which users sign in has [App].RedirectURIs:
//
//	response, err := authority.SignIn(flow.AuthorizationURL, keyporttest.SignIn{})
//
// [Authority.SignIn] is the browser and the user. It visits the pages that a person
// would see, signs in, consents, or does what [SignIn] says instead, and returns what
// reaches the redirect URI: the web app under test needs no browser. A [Browser] keeps
// its cookies from one sign-in to the next. The pages are for people as well: through
// [Authority.Listen] any browser can use them.
//
// The server insists on registered redirect URIs and on PKCE with S256, takes each code
// once and for ten minutes, and takes back what came of one that is replayed. It knows
// prompt, max_age, login_hint, claims, form_post, and iss in answers (RFC 9207). It
// issues access tokens, ID tokens, refresh tokens and client_info as each kind of server
// has them; refreshes, for members of a family of clients too; and acts on behalf of
// users. There are userinfo, revocation and end-session endpoints where the real ones
// have them. It does not serve implicit responses, fragments and request objects.
//
// # Devices
//
// Users sign in with a code, too (RFC 8628), where the real servers have that: everywhere
// but at B2C. [Authority.EnterCode] is the user, who visits the verification URI, and
// says yes or no:
//
//	err := authority.EnterCode(flow.VerificationURI, flow.UserCode, keyporttest.SignIn{})
//
// Until then polls are told to wait, and at the OpenID Connect issuers to slow down when
// they come too early; Entra ID and its kin are patient, as the real ones. The first poll
// may come at once. Codes end after 15 minutes and serve once; [Authority.SetDeviceCodes]
// sets how long they live and how often devices may poll.
//
// # What goes wrong with users
//
// [Authority.RevokeSessions] signs a user out everywhere, [Authority.UpdateUser]
// disables them or changes the password, [Authority.WithdrawConsent] has them asked
// again. [Authority.RequireClaims] makes a resource want a second factor, with the
// claims challenge of Entra ID; [Authority.Resource] is an API that sends one itself.
// [Authority.SetRefreshTokens] chooses whether refresh tokens rotate, end, and give
// reuse away. [Authority.RotateKeys] changes the keys, and [Authority.ForgeIDTokens]
// signs ID tokens that a client must not believe.
//
// # Regions
//
// Regional hosts are served like all others. [Authority.SetRegion] puts the program under
// test into a region, as the metadata service of its machine tells it, and [Environment]
// is an environment of the test's own.
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
// its key, and a test adds its own with [PlantSecret] and [Plant]. [AssertClean] checks that
// what a program returned or logged shows none of them, however it is printed or
// encoded. [ScanOutput] checks all that the tests of a package have written:
//
//	func TestMain(m *testing.M) { os.Exit(keyporttest.ScanOutput(m)) }
//
// and what they have logged, where clients are configured with [Logger]. [Observations]
// is what they tell an observer.
//
// Names and addresses of users who have signed in are looked for likewise, unless
// [Options].AllowPersonalData says that they may be seen.
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
