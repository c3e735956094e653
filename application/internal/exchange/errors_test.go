package exchange_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/seed57855a68/keyport/application/internal/exchange"
	"github.com/seed57855a68/keyport/domain"
)

func TestClientsThatBreakTheContract(t *testing.T) {
	broken := errors.New("half-way")
	answer := &body{Reader: strings.NewReader(canary)}
	for _, tt := range []struct {
		name string
		do   client
		want string
	}{
		{"neither an answer nor an error", func(*http.Request) (*http.Response, error) { return nil, nil }, "the HTTP client returned neither an answer nor an error"},
		{"an answer without a body", func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Request: r}, nil
		}, "the HTTP client returned neither an answer nor an error"},
		{"both", func(r *http.Request) (*http.Response, error) {
			resp := response(r, http.StatusOK, "")
			resp.Body = answer
			return resp, broken
		}, "half-way"},
		{"an error, and an answer without a body", func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Request: r}, broken
		}, "half-way"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := exchange.New(tt.do).Do(operation, newPost(t, address))
			if none := unanswered(t, err); none.Err.Error() != tt.want || none.Host != "login.example.com" || got.Body != nil {
				t.Errorf("got %+v of host %q, want %q", got, none.Host, tt.want)
			}
		})
	}
	if answer.closed != 1 || answer.read != 0 {
		t.Errorf("the body beside an error was closed %d times and read for %d bytes, want closed unread", answer.closed, answer.read)
	}
}

func TestErrorsHaveNoURL(t *testing.T) {
	reset := errors.New("connection reset")
	where := address + "?code=" + canary
	one := &url.Error{Op: "Post", URL: where, Err: reset}
	for name, cause := range map[string]error{
		"plain":               reset,
		"of http.Client":      one,
		"of a client on top":  &url.Error{Op: "Post", URL: where, Err: one},
		"wrapped":             fmt.Errorf("sending to %s: %w", where, one),
		"wrapped and on top":  &url.Error{Op: "Post", URL: where, Err: fmt.Errorf("trace: %w", one)},
		"with a deadline":     &url.Error{Op: "Post", URL: where, Err: context.DeadlineExceeded},
		"without any reason":  &url.Error{Op: "Post", URL: where},
		"of a body being cut": io.ErrUnexpectedEOF,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := exchange.New(client(func(*http.Request) (*http.Response, error) { return nil, cause })).Do(operation, newPost(t, address))
			unanswered(t, err)
			if errors.Is(cause, reset) && !errors.Is(err, reset) {
				t.Errorf("got %v, want it to wrap the cause", err)
			}
		})
	}
	_, err := exchange.New(client(nil)).Get(t.Context(), operation, "https://login.example.com/\x00?code="+canary, nil)
	if err == nil || !strings.HasPrefix(err.Error(), operation+": ") {
		t.Errorf("an address that is no URL gives %v", err)
	}
	checkClean(t, err)
}

func TestAContextThatEnds(t *testing.T) {
	var end context.CancelFunc // of the request under way
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/inside" { // the answer stops inside of its body
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, canary)
			_ = http.NewResponseController(w).Flush()
		}
		end()
		<-r.Context().Done()
		panic(http.ErrAbortHandler) // or the client might find an answer before it closes the connection
	})
	c := exchange.New(server.Client())
	for _, path := range []string{"/before", "/inside"} {
		ctx, cancel := context.WithCancel(t.Context())
		end = cancel
		got, err := c.Do(operation, newPost(t, server.URL+path).WithContext(ctx))
		if !errors.Is(err, context.Canceled) || errors.Is(err, domain.ErrUnavailable) || got.Body != nil {
			t.Errorf("%s: got %q, %v, want context.Canceled", path, got.Body, err)
		}
		if _, err = c.Do(operation, newPost(t, server.URL).WithContext(ctx)); !errors.Is(err, context.Canceled) {
			t.Errorf("a context that ended beforehand gives %v", err)
		}
	}
	ctx, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	_, err := c.Get(ctx, operation, server.URL, nil)
	if unanswered(t, err); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a deadline that has passed gives %v", err)
	}
}

func TestAnEndedContextIsTheCauseWhateverTheClientSays(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c := exchange.New(client(func(*http.Request) (*http.Response, error) {
		cancel()
		return nil, errors.New("use of closed network connection")
	}))
	_, err := c.Do(operation, newPost(t, address).WithContext(ctx))
	if !errors.Is(err, context.Canceled) || errors.Is(err, domain.ErrUnavailable) { // it says nothing of the server
		t.Errorf("got %v, want context.Canceled alone", err)
	}
}
