package redirectloopback_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/seed57855a68/keyport/adapters/redirectloopback"
	"github.com/seed57855a68/keyport/domain"
	"github.com/seed57855a68/keyport/ports"
)

func TestWhatIsReceived(t *testing.T) {
	values := url.Values{
		"code": {"a b+c%&=/é\x00\u65e5"}, "state": {state}, "session_state": {""}, "iss": {"https://login.example/v2.0"},
		"client_info": {"eyJ1aWQiOiIifQ"}, "error_description": {"<script>"},
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		for _, type_ := range []string{"", "; charset=UTF-8"} {
			r := listen(t, byDefault(), "http://localhost/callback")
			came := receive(t.Context(), r)
			req := get(t, r.RedirectURI(), values)
			if method == http.MethodPost {
				req = post(t, r.RedirectURI(), values)
				req.Header.Set("Content-Type", req.Header.Get("Content-Type")+type_)
				req.Header.Set("Origin", "https://login.microsoftonline.com")
			}
			// As browsers send it.
			req.Header.Set("Sec-Fetch-Site", "cross-site")
			req.Header.Set("Sec-Fetch-Mode", "navigate")
			req.Header.Set("Sec-Fetch-Dest", "document")
			page := send(req)
			got := <-came
			if diff := cmp.Diff(values, got.values); got.err != nil || diff != "" {
				t.Errorf("by %s: %v\n%s", method, got.err, diff)
			}
			got.finish(nil)
			<-page
		}
	}
}

func TestThePageAgain(t *testing.T) {
	r := listen(t, byDefault(), "http://localhost/callback")
	page := complete(t, receive(t.Context(), r), get(t, r.RedirectURI(), answer("good")), "good", nil)
	var neutral shown
	for _, req := range []*http.Request{
		get(t, r.RedirectURI(), answer("good")),
		post(t, r.RedirectURI(), answer("good")),
		get(t, r.RedirectURI(), url.Values{"state": {"foreign"}}), // who guesses late learns nothing either
		request(t, http.MethodGet, r.RedirectURI(), ""),           // what the address bar has
	} {
		got := visit(req)
		got.header.Del("Date")
		if neutral.body == "" {
			neutral = got
		}
		if diff := cmp.Diff(neutral, got, cmp.AllowUnexported(shown{})); diff != "" {
			t.Errorf("the answers differ:\n%s", diff)
		}
		if got.status != http.StatusGone || got.body == page.body || !strings.Contains(got.body, "This sign-in is over") {
			t.Errorf("status %d:\n%s", got.status, got.body)
		}
	}
}

// A user who loads the page again while the code is redeemed gets a page at once; the
// outcome is for the first.
func TestThePageAgainBeforeTheOutcome(t *testing.T) {
	r := listen(t, byDefault(), "")
	came := receive(t.Context(), r)
	first := send(get(t, r.RedirectURI(), answer("good")))
	got := <-came
	if again := visit(get(t, r.RedirectURI(), answer("good"))); again.status != http.StatusGone {
		t.Errorf("the second gets status %d", again.status)
	}
	got.finish(nil)
	got.finish(errors.New("too late"))
	if p := <-first; p.status != http.StatusOK || !strings.Contains(p.body, "You are signed in") {
		t.Errorf("the first gets status %d:\n%s", p.status, p.body)
	}
}

func TestABrowserThatLeaves(t *testing.T) {
	for _, when := range []string{"before Receive", "before the outcome"} {
		t.Run(when, func(t *testing.T) {
			r := listen(t, byDefault(), "http://127.0.0.1/callback")
			conn := dial(t, "tcp4", hostOf(r))
			var came chan reception
			if when == "before the outcome" {
				came = receive(t.Context(), r)
			}
			if _, err := conn.Write(theAnswer(r)); err != nil {
				t.Fatal(err)
			}
			if came == nil {
				_ = conn.Close()
				came = receive(t.Context(), r)
			}
			got := <-came
			if got.err != nil || got.values.Get("code") != "good" {
				t.Fatalf("received %v, %v", got.values, got.err)
			}
			_ = conn.Close()
			got.finish(nil)
		})
	}
}

// A client may end its side of the connection with its request.
func TestAClientThatHasFinishedWriting(t *testing.T) {
	r := listen(t, byDefault(), "http://127.0.0.1/callback")
	conn := dial(t, "tcp4", hostOf(r))
	page := make(chan string, 1)
	go func() { page <- exchange(conn, theAnswer(r)) }()
	got := <-receive(t.Context(), r)
	if got.err != nil {
		t.Fatal(got.err)
	}
	got.finish(nil)
	if p := <-page; !strings.Contains(p, "You are signed in") {
		t.Errorf("the page is %.200q", p)
	}
}

func TestReceiveAgain(t *testing.T) {
	r := listen(t, byDefault(), "")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := r.Receive(ended, state); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	complete(t, receive(t.Context(), r), get(t, r.RedirectURI(), answer("good")), "good", nil)
	if _, _, err := r.Receive(t.Context(), state); err == nil || !strings.Contains(err.Error(), "received already") {
		t.Errorf("after the answer, Receive returns %v", err)
	}
}

func TestReceiveTwiceAtOnce(t *testing.T) {
	r := listen(t, byDefault(), "")
	results := make(chan reception, 2)
	for range 2 {
		go func() {
			values, finish, err := r.Receive(t.Context(), state)
			results <- reception{values, finish, err}
		}()
	}
	refused := <-results
	if refused.err == nil || !strings.Contains(refused.err.Error(), "another call waits") {
		t.Fatalf("one of two returns %v, %v", refused.values, refused.err)
	}
	complete(t, results, get(t, r.RedirectURI(), answer("good")), "good", nil)
}

func TestReceiveNeedsAState(t *testing.T) {
	r := listen(t, byDefault(), "")
	_, _, err := r.Receive(t.Context(), "")
	var config *domain.ConfigError
	if !errors.As(err, &config) || config.Field != "state" {
		t.Errorf("got %v", err)
	}
}

func TestReceiveEndsWithClose(t *testing.T) {
	r := listen(t, byDefault(), "")
	came := receive(t.Context(), r)
	visit(get(t, r.RedirectURI(), url.Values{"state": {"foreign"}})) // answered: so Receive waits
	if err := r.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if got := <-came; !errors.Is(got.err, net.ErrClosed) || !strings.Contains(got.err.Error(), "the receiver is closed") {
		t.Errorf("Receive under way returns %v", got.err)
	}
	if _, _, err := r.Receive(t.Context(), state); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Receive after Close returns %v", err)
	}
	if err := r.Close(); err != nil {
		t.Errorf("Close again: %v", err)
	}
}

// dying is a port that is lost.
type dying struct {
	net.Listener
	lost chan struct{}
}

var errLost = errors.New("the port was lost")

func (d dying) Accept() (net.Conn, error) { <-d.lost; return nil, errLost }

func TestReceiveEndsWhenThePortIsLost(t *testing.T) {
	lost := make(chan struct{})
	l := redirectloopback.NewOn(redirectloopback.Options{}, func(ctx context.Context, network, address string) (net.Listener, error) {
		l, err := redirectloopback.ListenHere(ctx, network, address)
		return dying{l, lost}, err
	})
	r := listen(t, l, "http://127.0.0.1")
	came := receive(t.Context(), r)
	close(lost)
	if got := <-came; !errors.Is(got.err, errLost) {
		t.Errorf("got %v", got.err)
	}
}

func TestTwoReceiversAtOnce(t *testing.T) {
	l := byDefault()
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			r, err := l.Listen(t.Context(), "")
			if err != nil {
				t.Error(err)
				return
			}
			own := "state at " + r.RedirectURI()
			go visit(get(t, r.RedirectURI(), answer("of another")))
			page := send(post(t, r.RedirectURI(), url.Values{"state": {own}, "code": {own}}))
			values, finish, err := r.Receive(t.Context(), own)
			if err != nil || values.Get("code") != own {
				t.Errorf("received %v, %v", values, err)
				return
			}
			finish(nil)
			if p := <-page; p.status != http.StatusOK {
				t.Errorf("the page has status %d, error %v", p.status, p.err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// endsMeanwhile is a context that ends as soon as Receive waits.
type endsMeanwhile struct {
	context.Context
	asked atomic.Bool
}

func (*endsMeanwhile) Done() <-chan struct{} {
	ended := make(chan struct{})
	close(ended)
	return ended
}

func (c *endsMeanwhile) Err() error {
	if !c.asked.Swap(true) {
		return nil
	}
	return context.Canceled
}

// When the answer is there and the context has ended, nothing is lost.
func TestTheAnswerAndTheEndOfTheContext(t *testing.T) {
	for range 50 { // a select would choose either
		onAWire(t, func(t *testing.T, w *wire, r ports.RedirectReceiver) {
			conn := w.dial()
			defer func() { _ = conn.Close() }()
			page, _ := sendOn(conn, string(theAnswerTo("127.0.0.1:8400")))
			synctest.Wait() // the answer is there
			ended, cancel := context.WithCancel(t.Context())
			cancel()
			if values, _, err := r.Receive(ended, state); !errors.Is(err, context.Canceled) {
				t.Fatalf("with a context that has ended, Receive returns %v, %v", values, err)
			}
			values, finish, err := r.Receive(&endsMeanwhile{Context: t.Context()}, state)
			if err != nil || values.Get("code") != "good" {
				t.Fatalf("with an answer that came first, Receive returns %v, %v", values, err)
			}
			for range 3 { // only the first counts, and none waits
				finish(nil)
			}
			<-page
		})
	}
}
