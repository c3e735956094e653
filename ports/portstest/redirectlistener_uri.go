package portstest

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/seed57855a68/keyport/ports"
)

func noURIIsLocalhost(t *testing.T, l ports.RedirectListener) {
	first, second := listen(t, l, ""), listen(t, l, "")
	for _, s := range []signIn{first, second} {
		// The registration is "http://localhost"; a path would be another URI.
		wantURI(t, s.RedirectURI(), "http://localhost")
	}
	if first.RedirectURI() == second.RedirectURI() {
		t.Errorf("two sign-ins are told the same URI %q", first.RedirectURI())
	}
}

// wantURI checks that a URI is the asked one with a port.
func wantURI(t *testing.T, got, asked string) {
	t.Helper()
	u, err := url.Parse(got)
	if err != nil || u.Port() == "" || u.Port() == "0" {
		t.Errorf("Listen at %q tells the URI %q, which has no port that was taken", asked, got)
		return
	}
	want, err := url.Parse(asked)
	if err != nil {
		panic(err) // the suite's own
	}
	want.Host = want.Hostname() + ":" + u.Port()
	if got != want.String() {
		t.Errorf("Listen at %q tells the URI %q, want %q", asked, got, want)
	}
}

func takenPortsAreTold(t *testing.T, l ports.RedirectListener) {
	for _, asked := range []string{
		"http://localhost", "http://localhost:0", "http://localhost/", "http://localhost:0/callback", "http://127.0.0.1/a/b", "http://127.0.0.1:0/",
	} {
		s := listen(t, l, asked)
		wantURI(t, s.RedirectURI(), asked)
		s.complete(s.waitFor(signInState), s.query(good("code")), good("code"), nil)
	}
}

// namedPortsAreTaken names a port that was free a moment ago. Others may take it in
// between, so some are tried.
func namedPortsAreTaken(t *testing.T, l ports.RedirectListener) {
	held := listen(t, l, "http://127.0.0.1/callback")
	if second, err := l.Listen(t.Context(), held.RedirectURI()); err == nil {
		_ = second.Close()
		t.Errorf("Listen at %q succeeds while another receiver has the port", held.RedirectURI())
	}
	var s signIn
	var uri string
	if !eventually(func() bool {
		uri = freed(t, l)
		r, err := l.Listen(t.Context(), uri)
		s = signIn{r, t}
		return err == nil
	}) {
		t.Fatal("Listen at a port that is named and free fails")
	}
	t.Cleanup(func() { _ = s.Close() })
	if got := s.RedirectURI(); got != uri {
		t.Errorf("Listen at %q tells the URI %q", uri, got)
	}
	s.complete(s.waitFor(signInState), s.query(good("code")), good("code"), nil)
}

const attempts = 10

// eventually tries what strangers on the machine can spoil.
func eventually(f func() bool) bool {
	for range attempts {
		if f() {
			return true
		}
	}
	return false
}

// freed returns a URI whose port was taken and given back.
func freed(t *testing.T, l ports.RedirectListener) string {
	t.Helper()
	r, err := l.Listen(t.Context(), "http://127.0.0.1:0/callback")
	if err != nil {
		t.Fatalf("Listen: %v", err)
	}
	mustReturn(t, "Close", func() { err = r.Close() })
	if err != nil {
		t.Errorf("Close: %v", err)
	}
	return r.RedirectURI()
}

func foreignURIsAreRefused(t *testing.T, l ports.RedirectListener) {
	for _, uri := range []string{
		"http://login.example/callback", "http://192.0.2.1/", "http://0.0.0.0/", "http://[::]/", "http://localhost.example/",
		"http://127.0.0.1.example/", "https://login.example", "com.example.app://callback", "urn:ietf:wg:oauth:2.0:oob", "localhost", "http://", "%",
	} {
		r, err := l.Listen(t.Context(), uri)
		if err == nil {
			_ = r.Close()
			t.Errorf("Listen at %q, which is not of this machine, succeeds", uri)
		}
	}
}

func closeFreesThePort(t *testing.T, l ports.RedirectListener) {
	// With a Receive under way, and a stranger who has connected.
	s := listen(t, l, "http://127.0.0.1/callback")
	stop := make(chan struct{})
	go func() { defer close(stop); _, _, _ = s.Receive(t.Context(), signInState) }()
	s.wait(s.send(s.query(url.Values{"state": {"another"}})))
	var err error
	mustReturn(t, "Close", func() { err = s.Close() })
	if err != nil {
		t.Errorf("Close: %v", err)
	}
	if p := s.wait(s.send(get(t.Context(), s.RedirectURI()))); p.err == nil {
		t.Errorf("after Close, a request is answered with status %d", p.status)
	}
	if !eventually(func() bool {
		r, err := l.Listen(t.Context(), freed(t, l))
		if err == nil {
			_ = r.Close()
		}
		return err == nil
	}) {
		t.Error("after Close, the port cannot be taken again")
	}
}

func receiversDoNotMeet(t *testing.T, l ports.RedirectListener) {
	for range 10 { // a mix-up may go well by chance
		twoReceivers(t, l)
	}
}

func twoReceivers(t *testing.T, l ports.RedirectListener) {
	t.Helper()
	a, b := listen(t, l, ""), listen(t, l, "")
	const otherState = "another-sign-in"
	other := func(code string) url.Values { return url.Values{"code": {code}, "state": {otherState}} }
	cameA, cameB := a.waitFor(signInState), b.waitFor(otherState)
	// Each is given the other's answer first.
	for _, req := range []*http.Request{a.query(other("misdirected")), b.query(good("misdirected"))} {
		if p := a.wait(a.send(req)); p.err != nil {
			t.Errorf("the answer of another sign-in is not answered: %v", p.err)
		}
	}
	b.complete(cameB, b.form(other("of b")), other("of b"), nil)
	a.complete(cameA, a.form(good("of a")), good("of a"), nil)
}
