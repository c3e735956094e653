package portstest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/ports"
)

var redirects = []int{301, 302, 303, 307, 308}

// bodiesGoToNoSecondHost: without GetBody no http.Client can send a body again. A
// client that keeps a copy for its retries must not use it here.
func bodiesGoToNoSecondHost(t *testing.T, newClient newHTTPClient) {
	var guests visitors
	second := serve(t, func(_ http.ResponseWriter, r *http.Request) { guests.note(r) })
	first := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, second.URL, statusOf(r)) })
	client := newClient(t, rootsOf(first))
	for _, status := range redirects {
		wantRedirect(t, client, post(t.Context(), fmt.Sprintf("%s/%d", first.URL, status), form), status, second.URL)
	}
	for _, got := range guests.seen() {
		if got.body != "" {
			t.Errorf("the body of a POST that was redirected has reached the second host, by %s", got.method)
		}
	}
}

// redirectsCanBeSeen: the application refuses answers to requests that it did not send.
func redirectsCanBeSeen(t *testing.T, newClient newHTTPClient) {
	second := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "elsewhere") })
	first := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, second.URL, statusOf(r)) })
	client := newClient(t, rootsOf(first))
	for _, status := range redirects {
		wantRedirect(t, client, get(t.Context(), fmt.Sprintf("%s/%d", first.URL, status)), status, second.URL)
	}
}

// wantRedirect admits two answers: the redirect itself, or the one of the place it
// leads to with a Response.Request that says so.
func wantRedirect(t *testing.T, client ports.HTTPClient, req *http.Request, status int, location string) {
	t.Helper()
	got, err := exchange(client, req)
	switch {
	case err != nil:
		t.Errorf("a redirect with status %d is returned as an error: %v", status, err)
	case got.status == status:
		if to := got.header.Get("Location"); to != location {
			t.Errorf("a redirect with status %d to %s is returned with the Location %q", status, location, to)
		}
	case got.request == nil || got.isTo(req):
		t.Errorf("a redirect with status %d was followed, and Response.Request does not show it", status)
	}
}

func aContextEndsTheRequest(t *testing.T, newClient newHTTPClient) {
	wantEnd(t, newClient, func(http.ResponseWriter) {})
}

func aContextEndsTheReading(t *testing.T, newClient newHTTPClient) {
	wantEnd(t, newClient, func(w http.ResponseWriter) {
		_, _ = io.WriteString(w, "the beginning")
		_ = http.NewResponseController(w).Flush()
	})
}

// wantEnd cancels a request that a server has begun to answer.
func wantEnd(t *testing.T, newClient newHTTPClient, write func(http.ResponseWriter)) {
	t.Helper()
	arrived, release := make(chan struct{}, 8), make(chan struct{})
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		write(w)
		arrived <- struct{}{}
		<-release
	})
	t.Cleanup(func() { close(release) }) // before the server is closed, which waits for it
	client := newClient(t, rootsOf(server))

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := exchange(client, post(ctx, server.URL, form))
		ended <- err
	}()
	mustReturn(t, "the arrival of a request", func() { <-arrived })
	cancel()
	var err error
	mustReturn(t, "a request whose context was cancelled", func() { err = <-ended })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a request whose context was cancelled returns %v, want %v", err, context.Canceled)
	}
}

func endedContextsSendNothing(t *testing.T, newClient newHTTPClient) {
	var guests visitors
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) { guests.note(r) })
	client := newClient(t, rootsOf(server))
	late, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Hour))
	defer cancel()
	for _, ended := range []struct {
		ctx  context.Context
		want error
	}{{canceled(t), context.Canceled}, {late, context.DeadlineExceeded}} {
		if _, err := exchange(client, post(ended.ctx, server.URL, form)); !errors.Is(err, ended.want) {
			t.Errorf("Do returns %v, want %v", err, ended.want)
		}
	}
	if n := len(guests.seen()); n > 0 {
		t.Errorf("%d requests have arrived", n)
	}
}

func callersGetTheirOwnAnswers(t *testing.T, newClient newHTTPClient) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })
	client := newClient(t, rootsOf(server))
	together(t, "Do by many callers", callers, func(caller int) error {
		for round := range rounds {
			want := fmt.Sprintf("request %d of %d", round, caller)
			got, err := exchange(client, post(t.Context(), server.URL, want))
			if err != nil {
				return err
			}
			if got.body != want {
				return fmt.Errorf("%s is answered with the answer to %s", want, got.body)
			}
		}
		return nil
	})
}
