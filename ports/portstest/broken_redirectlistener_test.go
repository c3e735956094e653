package portstest_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/seed57855a68/keyport/ports"
	"github.com/seed57855a68/keyport/ports/portstest"
)

// redirectListener runs the suite on listeners with habits.
func redirectListener(h habits) func(*testing.T) {
	return func(t *testing.T) {
		portstest.RedirectListener(t, func(*testing.T) ports.RedirectListener { return listener{h} })
	}
}

const (
	noURI      = "no URI is localhost on a free port"
	portTold   = "the port that was taken is told"
	portNamed  = "a port that is named is taken, or an error"
	byPost     = "the answer comes as a form by POST"
	others     = "others are answered and ignored"
	learn      = "others learn nothing of the state"
	pageWaits  = "the page waits for the outcome"
	waitStops  = "Receive ends with its context"
	ownAnswers = "two receivers do not meet"
)

var brokenRedirectListeners = []broken{
	{"takes a port of its own", redirectListener(habits{listen: func(string) string { return "127.0.0.1:0" }}), []string{portNamed}},
	{"tells no port", redirectListener(habits{tell: func(uri string) string { return uri[:strings.LastIndex(uri, ":")] }}), []string{noURI, portTold}},
	{"tells a path", redirectListener(habits{tell: func(uri string) string { return strings.TrimSuffix(uri, "/") + "/" }}), []string{noURI, portTold}},
	{"tells the address", redirectListener(habits{tell: func(uri string) string { return strings.Replace(uri, "localhost", "127.0.0.1", 1) }}), []string{
		noURI, portTold,
	}},
	{"serves every host", redirectListener(habits{anywhere: true}), []string{"a URI of another machine is refused"}},
	{"reads queries only", redirectListener(habits{reads: func(method string) bool { return method == http.MethodGet }}), []string{byPost}},
	{"reads forms only", redirectListener(habits{reads: func(method string) bool { return method == http.MethodPost }}), []string{
		"the answer comes by GET", others,
	}},
	{"reads whatever has a query", redirectListener(habits{reads: func(string) bool { return true }}), []string{others}},
	{"takes the first comer", redirectListener(habits{isGood: func(string, string) bool { return true }}), []string{others}},
	{"takes the beginning of a state", redirectListener(habits{isGood: func(got, state string) bool { return strings.HasPrefix(state, got) }}), []string{others}},
	{"ignores letter case", redirectListener(habits{isGood: strings.EqualFold}), []string{others}},
	{"trims blanks", redirectListener(habits{isGood: func(got, state string) bool { return strings.TrimSpace(got) == state }}), []string{others}},
	{"ends with a stranger", redirectListener(habits{fragile: true}), []string{others, "others at the same time are ignored", learn, ownAnswers}},
	{"forgets what came early", redirectListener(habits{forgets: true}), []string{"an answer before Receive is kept"}},
	{"lets the second wait", redirectListener(habits{again: true}), []string{"one answer is received once"}},
	{"shows the page at once", redirectListener(habits{hasty: true}), []string{pageWaits, "success and failure have pages of their own"}},
	{"shows one page", redirectListener(habits{page: func(error) string { return "<p>Done" }}), []string{"success and failure have pages of their own"}},
	{"writes markup", redirectListener(habits{page: func(outcome error) string {
		if outcome == nil {
			return "<p>Done"
		}
		return "<p>" + outcome.Error()
	}}), []string{"what a server says is text on the page"}},
	{"shows nothing", redirectListener(habits{page: func(error) string { return "" }}), []string{"the answer comes by GET", byPost, pageWaits}},
	{"tells strangers the state", redirectListener(habits{stray: func(state string) (int, string) { return 400, "want " + state }}), []string{learn}},
	{"is content with strangers", redirectListener(habits{stray: func(string) (int, string) { return 200, "done" }}), []string{learn}},
	{"ignores contexts", redirectListener(habits{wait: context.WithoutCancel}), []string{waitStops}},
	{"hides why it ended", redirectListener(habits{hides: true}), []string{waitStops}},
	{"keeps its port", redirectListener(habits{holds: true}), []string{"Close frees the port"}},
	{"cuts pages off", redirectListener(habits{cuts: true}), []string{"Close waits for the page"}},
	{"mixes sign-ins up", mixesSignInsUp, []string{ownAnswers}},
}

// mixesSignInsUp has all receivers of a process hand their answers to the first one.
func mixesSignInsUp(t *testing.T) {
	first := sync.OnceValue(func() *receiver { return &receiver{answers: make(chan *came, 100)} })
	redirectListener(habits{desk: first})(t)
}
