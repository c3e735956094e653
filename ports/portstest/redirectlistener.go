package portstest

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

// RedirectListener checks an implementation of [ports.RedirectListener] against its
// contract, as the browser of this machine and as strangers. Each call of newListener
// returns a listener; two of them may be in use at once.
//
// That nothing happens cannot be seen at once: for a page that must wait, the suite
// waits for some fractions of a second.
func RedirectListener(t *testing.T, newListener func(t *testing.T) ports.RedirectListener) {
	t.Helper()
	for _, c := range redirectListenerChecks {
		t.Run(c.name, func(t *testing.T) { c.run(t, newListener(t)) })
	}
}

var redirectListenerChecks = []check[ports.RedirectListener]{
	alone("no URI is localhost on a free port", noURIIsLocalhost),
	alone("the port that was taken is told", takenPortsAreTold),
	alone("a port that is named is taken, or an error", namedPortsAreTaken),
	alone("a URI of another machine is refused", foreignURIsAreRefused),
	alone("the answer comes by GET", answersComeByGet),
	alone("the answer comes as a form by POST", answersComeByPost),
	alone("others are answered and ignored", othersAreIgnored),
	alone("others at the same time are ignored", othersTogetherAreIgnored),
	alone("others learn nothing of the state", othersLearnNothing),
	alone("an answer before Receive is kept", earlyAnswersAreKept),
	alone("one answer is received once", oneAnswerIsReceived),
	alone("the page waits for the outcome", thePageWaits),
	alone("success and failure have pages of their own", outcomesHavePages),
	alone("what a server says is text on the page", serversWriteText),
	alone("Receive ends with its context", receiveEndsWithItsContext),
	alone("Close waits for the page", closeWaitsForThePage),
	alone("Close frees the port", closeFreesThePort),
	alone("two receivers do not meet", receiversDoNotMeet),
}

// signInState is the state that the suite waits for. Only the good request has it.
const signInState = "Zm9yIHRlc3RzIG9ubHksIG5vdCBhIHNlY3JldA-0123456789"

// signIn is a receiver and what it has received.
type signIn struct {
	ports.RedirectReceiver
	t *testing.T
}

func listen(t *testing.T, l ports.RedirectListener, uri string) signIn {
	t.Helper()
	r, err := l.Listen(t.Context(), uri)
	if err != nil {
		t.Fatalf("Listen at %q: %v", uri, err)
	}
	t.Cleanup(func() { mustReturn(t, "Close", func() { _ = r.Close() }) })
	return signIn{r, t}
}

// reception is what Receive has returned.
type reception struct {
	values url.Values
	finish func(error)
	err    error
}

// waitFor begins to receive.
func (s signIn) waitFor(state string) (came chan reception) {
	s.t.Helper()
	ctx, cancel := context.WithCancel(s.t.Context())
	s.t.Cleanup(cancel)
	came = make(chan reception, 1)
	go func() {
		values, finish, err := s.Receive(ctx, state)
		came <- reception{values, finish, err}
	}()
	return came
}

// received waits until the good request is received. Its page does not come before.
func (s signIn) received(came chan reception, page chan shown) (r reception) {
	s.t.Helper()
	var early *shown
	mustReturn(s.t, "Receive", func() {
		select {
		case r = <-came:
			return
		case p := <-page:
			early = &p
			page <- p
		}
		// A page that was shown at once is another check's; here it need only be received.
		select {
		case r = <-came:
			early = nil
		case <-time.After(10 * aWhile):
		}
	})
	switch {
	case early != nil:
		s.t.Fatalf("the good request is not received; it is answered with status %d, error %v", early.status, early.err)
	case r.err != nil:
		s.t.Fatalf("Receive: %v", r.err)
	case r.finish == nil:
		s.t.Fatal("Receive returns no finish")
	}
	return r
}

// shown is the answer to a request.
type shown struct {
	answer
	err error
}

// send sends a request. The page comes meanwhile.
func (s signIn) send(req *http.Request) (page chan shown) {
	page = make(chan shown, 1)
	go func() {
		a, err := visit(req)
		page <- shown{a, err}
	}()
	return page
}

// wait returns the page when it has come.
func (s signIn) wait(page chan shown) (p shown) {
	s.t.Helper()
	mustReturn(s.t, "a request", func() { p = <-page })
	return p
}

// wantPage reports a page that does not come, or is empty.
func (s signIn) wantPage(page chan shown) shown {
	s.t.Helper()
	p := s.wait(page)
	if p.err != nil || p.body == "" {
		s.t.Errorf("after finish, the browser gets %d bytes, error %v; want a page", len(p.body), p.err)
	}
	return p
}

// wantNoPage reports a page that comes too early.
func (s signIn) wantNoPage(page chan shown, when string) {
	s.t.Helper()
	select {
	case p := <-page:
		s.t.Errorf("%s, the browser gets %d bytes with status %d, error %v", when, len(p.body), p.status, p.err)
		page <- p
	case <-time.After(aWhile):
	}
}

// visit sends a request on a connection of its own.
func visit(req *http.Request) (answer, error) {
	transport := &http.Transport{DisableKeepAlives: true}
	defer transport.CloseIdleConnections()
	return exchange(&http.Client{Transport: transport}, req)
}

// query is a request by GET, as a browser sends it.
func (s signIn) query(values url.Values) *http.Request {
	return get(s.t.Context(), s.RedirectURI()+"?"+values.Encode())
}

// form is a request by POST.
func (s signIn) form(values url.Values) *http.Request {
	return post(s.t.Context(), s.RedirectURI(), values.Encode())
}

func good(code string) url.Values {
	return url.Values{"code": {code}, "state": {signInState}, "session_state": {"a b+c%&=/é"}}
}

func wantValues(t *testing.T, got, want url.Values) {
	t.Helper()
	if got.Encode() != want.Encode() {
		t.Errorf("received %q, want %q", got, want)
	}
}

// complete sends the good request and checks that it is the one that is received.
func (s signIn) complete(came chan reception, req *http.Request, want url.Values, outcome error) shown {
	s.t.Helper()
	page := s.send(req)
	r := s.received(came, page)
	wantValues(s.t, r.values, want)
	r.finish(outcome)
	return s.wantPage(page)
}

func answersComeByGet(t *testing.T, l ports.RedirectListener) {
	for _, uri := range []string{"", "http://localhost/callback", "http://127.0.0.1/a/b"} {
		s := listen(t, l, uri)
		s.complete(s.waitFor(signInState), s.query(good("by GET")), good("by GET"), nil)
	}
	s := listen(t, l, "")
	refused := url.Values{"error": {"access_denied"}, "error_description": {"AADSTS65004: no"}, "state": {signInState}}
	s.complete(s.waitFor(signInState), s.query(refused), refused, errors.New("denied"))
}

func answersComeByPost(t *testing.T, l ports.RedirectListener) {
	for _, uri := range []string{"", "http://localhost/callback"} {
		s := listen(t, l, uri)
		s.complete(s.waitFor(signInState), s.form(good("by POST")), good("by POST"), nil)
	}
	s := listen(t, l, "")
	long := good(strings.Repeat("long code ", 800))
	s.complete(s.waitFor(signInState), s.form(long), long, nil)
}

func earlyAnswersAreKept(t *testing.T, l ports.RedirectListener) {
	for _, way := range []func(signIn, url.Values) *http.Request{signIn.query, signIn.form} {
		s := listen(t, l, "")
		stranger := s.send(way(s, url.Values{"code": {"foreign"}, "state": {"another"}}))
		page := s.send(way(s, good("early")))
		s.wantNoPage(page, "before Receive")
		r := s.received(s.waitFor(signInState), page)
		wantValues(t, r.values, good("early"))
		r.finish(nil)
		s.wantPage(page)
		s.wait(stranger)
	}
}

func oneAnswerIsReceived(t *testing.T, l ports.RedirectListener) {
	s := listen(t, l, "")
	came := s.waitFor(signInState)
	page := make(chan shown, callers)
	for range callers {
		go func() {
			a, err := visit(s.query(good("the same")))
			page <- shown{a, err}
		}()
	}
	var r reception
	mustReturn(t, "Receive", func() { r = <-came })
	if r.err != nil {
		t.Fatalf("Receive: %v", r.err)
	}
	wantValues(t, r.values, good("the same"))
	r.finish(nil)
	for range callers {
		if p := s.wait(page); p.err != nil {
			t.Errorf("one of several equal requests is not answered: %v", p.err)
		}
	}
}

func thePageWaits(t *testing.T, l ports.RedirectListener) {
	for _, way := range []func(signIn, url.Values) *http.Request{signIn.query, signIn.form} {
		s := listen(t, l, "")
		came := s.waitFor(signInState)
		page := s.send(way(s, good("code")))
		r := s.received(came, page)
		s.wantNoPage(page, "before the outcome is known")
		r.finish(nil)
		s.wantPage(page)
	}
}

func receiveEndsWithItsContext(t *testing.T, l ports.RedirectListener) {
	s := listen(t, l, "")
	for _, row := range []struct {
		begin func(context.Context) (context.Context, context.CancelFunc)
		after time.Duration // when it is cancelled
		want  error
	}{
		{context.WithCancel, 0, context.Canceled},
		{context.WithCancel, aWhile, context.Canceled},
		{func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, aWhile)
		}, time.Hour, context.DeadlineExceeded},
	} {
		ctx, cancel := row.begin(t.Context())
		timer := time.AfterFunc(row.after, cancel)
		var err error
		mustReturn(t, "Receive whose context ends", func() { _, _, err = s.Receive(ctx, signInState) })
		if !errors.Is(err, row.want) {
			t.Errorf("Receive whose context ended returns %v, want %v", err, row.want)
		}
		timer.Stop()
		cancel()
	}
}
