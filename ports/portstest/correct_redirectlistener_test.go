package portstest_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

var (
	_ ports.RedirectListener = listener{}
	_ ports.RedirectReceiver = (*receiver)(nil)
)

// listener is a redirect listener that keeps the contract, as long as habits is empty.
type listener struct{ habits habits }

// habits are mistakes. A nil or false field is the right way.
type habits struct {
	listen   func(address string) string           // what it listens at
	anywhere bool                                  // it takes URIs of other machines
	tell     func(uri string) string               // what it tells of the URI
	reads    func(method string) bool              // of which methods it reads any request
	isGood   func(got, state string) bool          // what it takes for the answer
	fragile  bool                                  // it ends with the first other request
	forgets  bool                                  // it drops what comes before Receive
	again    bool                                  // it lets a second request with the state wait too
	hasty    bool                                  // it shows the page before the outcome
	page     func(outcome error) string            // what it shows
	stray    func(state string) (int, string)      // what it shows to others
	wait     func(context.Context) context.Context // which context it obeys
	hides    bool                                  // it hides why the wait ended
	holds    bool                                  // it keeps the port
	cuts     bool                                  // it cuts pages off
	desk     func() *receiver                      // where it hands answers in
}

func (l listener) Listen(_ context.Context, redirectURI string) (ports.RedirectReceiver, error) {
	if redirectURI == "" {
		redirectURI = "http://localhost"
	}
	u, err := url.Parse(redirectURI)
	if err != nil {
		return nil, err
	}
	isHere := u.Scheme == "http" && (u.Hostname() == "localhost" || u.Hostname() == "127.0.0.1")
	if !isHere && !l.habits.anywhere {
		return nil, errors.New("not of this machine")
	}
	port := u.Port()
	if port == "" {
		port = "0"
	}
	address := "127.0.0.1:" + port
	if l.habits.listen != nil {
		address = l.habits.listen(address)
	}
	door, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	_, port, _ = net.SplitHostPort(door.Addr().String())
	u.Host = u.Hostname() + ":" + port
	return l.receiverAt(u.String(), door), nil
}

func (l listener) receiverAt(uri string, door net.Listener) *receiver {
	r := &receiver{habits: l.habits, uri: uri, answers: make(chan *came, 100), waiting: make(chan struct{}), closed: make(chan struct{})}
	r.toDesk = r
	if l.habits.desk != nil {
		r.toDesk = l.habits.desk()
	}
	if l.habits.tell != nil {
		r.uri = l.habits.tell(uri)
	}
	r.server = &http.Server{Handler: r, ErrorLog: log.New(io.Discard, "", 0)}
	r.server.SetKeepAlivesEnabled(false)
	r.door = door
	go func() { _ = r.server.Serve(door) }()
	return r
}

// came is a request that waits for its page.
type came struct {
	values url.Values
	page   chan string
}

type receiver struct {
	habits
	uri     string
	server  *http.Server
	door    net.Listener
	toDesk  *receiver // itself
	answers chan *came
	taken   atomic.Bool
	state   string // after waiting was closed
	waiting chan struct{}
	begin   sync.Once
	closed  chan struct{}
}

func (r *receiver) RedirectURI() string { return r.uri }

func (r *receiver) Receive(ctx context.Context, state string) (url.Values, func(error), error) {
	if r.wait != nil {
		ctx = r.wait(ctx)
	}
	if ctx.Err() == nil {
		r.begin.Do(func() { r.state = state; close(r.waiting) })
	}
	select {
	case a := <-r.toDesk.answers:
		if a.values == nil {
			return nil, nil, errors.New("the answer of another sign-in")
		}
		return a.values, func(outcome error) { a.page <- r.pageOf(outcome) }, nil
	case <-ctx.Done():
		if r.hides {
			return nil, nil, errors.New("nobody came")
		}
		return nil, nil, fmt.Errorf("receive: %w", ctx.Err())
	}
}

func (r *receiver) pageOf(outcome error) string {
	switch {
	case r.page != nil:
		return r.page(outcome)
	case outcome != nil:
		return "<p>failure: " + html.EscapeString(outcome.Error())
	}
	return "<p>success"
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	values := r.read(req)
	if r.forgets {
		select {
		case <-r.waiting:
		default:
			values = nil
		}
	}
	if values.Get("state") == "" {
		r.showStray(w)
		return
	}
	select {
	case <-r.waiting: // early ones wait for it
	case <-r.closed:
		return
	}
	if !r.takes(values.Get("state")) || !r.taken.CompareAndSwap(false, true) && !r.again {
		r.showStray(w)
		return
	}
	r.show(w, req, values)
}

func (r *receiver) takes(state string) bool {
	if r.isGood != nil {
		return r.isGood(state, r.state)
	}
	return state == r.state
}

// read returns the parameters of a request that an answer may be.
func (r *receiver) read(req *http.Request) url.Values {
	isForm := req.Header.Get("Content-Type") == "application/x-www-form-urlencoded"
	isAnswer := req.Method == http.MethodGet || req.Method == http.MethodPost && isForm
	if r.reads != nil {
		isAnswer = r.reads(req.Method)
	}
	if !isAnswer {
		return nil
	}
	if req.Method != http.MethodPost {
		return req.URL.Query()
	}
	body, _ := io.ReadAll(req.Body) // what has arrived counts
	values, _ := url.ParseQuery(string(body))
	return values
}

func (r *receiver) show(w http.ResponseWriter, req *http.Request, values url.Values) {
	a := &came{values, make(chan string, 1)}
	if r.hasty {
		_, _ = io.WriteString(w, "<p>success")
		r.answers <- a
		return
	}
	r.toDesk.answers <- a
	select {
	case page := <-a.page:
		if r.cuts { // it takes its time, so that Close comes first
			select {
			case <-time.After(100 * time.Millisecond):
			case <-req.Context().Done():
			}
		}
		_, _ = io.WriteString(w, page)
	case <-req.Context().Done():
	case <-r.closed:
		select { // the outcome may have come just before
		case page := <-a.page:
			_, _ = io.WriteString(w, page)
		default:
		}
	}
}

func (r *receiver) showStray(w http.ResponseWriter) {
	if r.fragile {
		r.answers <- &came{}
	}
	status, text := http.StatusBadRequest, "not expected"
	if r.stray != nil {
		select {
		case <-r.waiting:
		case <-r.closed:
			return
		}
		status, text = r.stray(r.state)
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

func (r *receiver) Close() error {
	if r.holds {
		return nil
	}
	select {
	case <-r.closed:
		return nil
	default:
		close(r.closed)
	}
	_ = r.door.Close() // the server may not have begun
	if r.cuts {
		return r.server.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := r.server.Shutdown(ctx)
	if errors.Is(err, net.ErrClosed) { // the door
		return nil
	}
	return err
}
