// Package redirectloopback receives the answers of sign-ins on this machine.
//
// A desktop or command-line program sends the user to the authority with a redirect
// URI such as "http://localhost:53682", and the browser brings the answer to that
// address (RFC 8252 §7.3). [RedirectListener] is what keyport uses for this when you
// bring no ports.RedirectListener of your own. Bring one of this package with your
// own pages, or with a port that firewalls know:
//
//	listener := redirectloopback.New(redirectloopback.Options{
//		SuccessPage: "<h1>Thank you</h1><p>Go back to the terminal.</p>",
//		ErrorPage:   "<h1>That did not work</h1><p>$error_description</p>",
//	})
//	receiver, err := listener.Listen(ctx, "http://localhost:8400/signed-in")
//
// # Which redirect URI?
//
//   - Empty: "http://localhost" on a free port. Register "http://localhost" with the
//     authority; Microsoft Entra ID ignores the port of it.
//   - "http://127.0.0.1/path" or "http://[::1]/path": for authorities that follow
//     RFC 8252 §7.3 to the letter. With port 0 or none, a free port is taken.
//   - With a port: for authorities that compare the whole URI. Then only one sign-in
//     runs at a time on the machine, and another program may hold the port.
//
// "localhost" is served at 127.0.0.1 and at ::1, on the same port, because a browser
// may try either; so no other program can be given the answer. A machine without
// one of the two is fine. No other interface is ever opened.
//
// # Who else can knock
//
// Every program and every user of the machine can connect to a loopback port, and so
// can every web page in the user's browser. So the listener
//
//   - takes the request that carries the state of the sign-in, and ignores all others.
//     They are answered with 4xx, do not end the sign-in, and learn nothing of the
//     state: the answers are equal, and comparing takes the same time;
//   - admits GET, and POST of a form, at one path, under its own Host (which stops DNS
//     rebinding), as the navigation of a page (no prefetch, image or script), with
//     every parameter once (RFC 6749 §3.1);
//   - reads at most 64 KiB of header and as much of a body, for at most 5 s;
//   - holds 256 connections. When more come, the oldest without a whole request goes.
//
// What it cannot do: tell apart programs of the same user. One that reads this
// program's memory, or the browser's, knows the state. PKCE, which keyport always
// uses, keeps an authorization code useless for it.
//
// # What the user sees
//
// The browser waits while the code is redeemed, so that the page tells the truth:
// success, or what went wrong. Pages are not stored, run no foreign script, cannot be
// framed, and send no referrer. A short script takes the answer out of the address bar.
package redirectloopback
