package redirectloopback

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/seed57855a68/keyport/domain"
)

const (
	readLimit  = 5 * time.Second // for a whole request; the browser is on this machine
	writeLimit = 5 * time.Second
	maxHeader  = 64 << 10 // cookies of every program on localhost come along
	maxBody    = 64 << 10
	holdLimit  = time.Minute     // how long a page waits for the outcome: two slow requests
	closeLimit = 2 * time.Second // how long Close waits for pages under way
)

// errClosed is what Receive returns after Close.
var errClosed = fmt.Errorf("receive the answer of a sign-in: the receiver is closed: %w", net.ErrClosed)

// receiver implements [ports.RedirectReceiver].
type receiver struct {
	target target
	pages  pages
	server *http.Server

	connections *connections
	listeners   []net.Listener
	serving     sync.WaitGroup // one for each listener
	ended       chan struct{}  // closed by end, after why was set
	endOnce     sync.Once
	why         error
	close       func() error // shutDown, once

	mu   sync.Mutex // guards desk
	desk desk
}

func newReceiver(t target, p pages) *receiver {
	r := &receiver{target: t, pages: p, connections: newConnections(), ended: make(chan struct{})}
	r.close = sync.OnceValue(r.shutDown)
	r.server = &http.Server{
		Handler:           r,
		ReadHeaderTimeout: readLimit,
		ReadTimeout:       readLimit,
		WriteTimeout:      readLimit + writeLimit,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          log.New(io.Discard, "", 0), // it would print what strangers send
		ConnState:         r.connections.changed,
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, connKey{}, conn)
		},
		DisableGeneralOptionsHandler: true,
	}
	r.server.SetKeepAlivesEnabled(false)
	return r
}

// connKey is where a request's context holds its connection.
type connKey struct{}

func (r *receiver) serve(listeners []net.Listener) {
	r.listeners = listeners
	for _, l := range listeners {
		r.serving.Go(func() {
			err := r.server.Serve(l)
			r.end(fmt.Errorf("receive the answer of a sign-in: %w", err))
		})
	}
}

// RedirectURI implements [ports.RedirectReceiver].
func (r *receiver) RedirectURI() string { return r.target.uri }

// Receive implements [ports.RedirectReceiver]. It returns one answer in the life of a
// receiver; when a context ended before, it can be called again. Of an answer by GET,
// the query is read; of one by POST, the body.
func (r *receiver) Receive(ctx context.Context, state string) (url.Values, func(error), error) {
	if state == "" {
		return nil, nil, &domain.ConfigError{Field: "state", Problem: "is empty", Remedy: "pass the state of the authorization request"}
	}
	w, err := r.wait(ctx, state)
	if err != nil {
		return nil, nil, err
	}
	select {
	case a := <-w.got:
		return r.received(a)
	case <-ctx.Done():
		err = ctx.Err()
	case <-r.ended:
		err = r.why
	}
	if r.leave(w) {
		return nil, nil, err
	}
	return r.received(<-w.got)
}

func (r *receiver) wait(ctx context.Context, state string) (*waiter, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	select {
	case <-r.ended:
		return nil, r.why
	default:
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case r.desk.over:
		return nil, errors.New("receive the answer of a sign-in: it was received already")
	case r.desk.waiting != nil:
		return nil, errors.New("receive the answer of a sign-in: another call waits for it")
	}
	return r.desk.wait(digestOf(state)), nil
}

func (r *receiver) leave(w *waiter) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.desk.leave(w)
}

func (r *receiver) received(a *answer) (url.Values, func(error), error) {
	var once sync.Once
	return a.values, func(outcome error) {
		once.Do(func() { a.page <- r.pages.outcome(outcome) })
	}, nil
}

// end is the end of receiving; only the first reason counts.
func (r *receiver) end(why error) {
	r.endOnce.Do(func() {
		r.why = why
		close(r.ended)
	})
}

// Close implements [ports.RedirectReceiver]. A page whose outcome is known is written
// to its end, for at most 2 s; a Receive under way returns [net.ErrClosed]. Further
// calls return what the first one did.
func (r *receiver) Close() error { return r.close() }

func (r *receiver) shutDown() error {
	r.end(errClosed)
	var failed error
	for _, l := range r.listeners {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) { // the server closes one that was lost
			failed = errors.Join(failed, err)
		}
	}
	r.connections.shutDown()
	r.serving.Wait()
	written := make(chan struct{})
	go func() { r.connections.live.Wait(); close(written) }()
	limit := time.NewTimer(closeLimit)
	defer limit.Stop()
	select {
	case <-written:
	case <-limit.C:
	}
	failed = errors.Join(failed, r.server.Close())
	<-written
	return failed
}
